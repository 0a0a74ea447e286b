// `x-mcp-header`: tool arguments that clients mirror into headers. They are collected at registration and compared on
// each call. MCP 2026-07-28 Streamable HTTP, Custom Headers from Tool Parameters.
import { shorten } from './bounds.ts'
import { decodeHeaderValue, type ReceivedHeaders } from './headers.ts'
import { isWireObject } from './message.ts'
import { subschemasOf } from './subschemas.ts'

/** One argument that a client mirrors into a header. */
export interface ParamHeader {
  /** The key in the headers object of Node.js, in lower case: `mcp-param-region`. */
  readonly header: string
  /** The header's name in error messages: `Mcp-Param-Region`. */
  readonly display: string
  /** The property names that lead from the arguments to the value. */
  readonly path: readonly string[]
  readonly type: 'string' | 'integer' | 'boolean'
}

/** The result of `collectParamHeaders`: the headers, or a sentence about the first invalid annotation. */
export type ParamHeaderScan = { readonly headers: readonly ParamHeader[] } | { readonly problem: string }

// RFC 9110 5.6.2: 1*tchar
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/

// Decimal only, because intermediaries differ in how they read an exponent, a leading zero or a '+'.
const DECIMAL = /^-?(?:0|[1-9]\d*)(?:\.0+)?$/

/**
 * Collects the `x-mcp-header` annotations of a tool's input schema, or says what makes one invalid: its place, its
 * value or the type of its parameter. Conforming clients drop a tool that has an invalid annotation.
 *
 * @see https://modelcontextprotocol.io/specification/2026-07-28/basic/transports/streamable-http#schema-extension
 */
export function collectParamHeaders (inputSchema: { readonly [keyword: string]: unknown }): ParamHeaderScan {
  const found = new Map<string, ParamHeader>()
  const problem = scanSchema(inputSchema, '#', [], found)
  return problem === undefined ? { headers: [...found.values()] } : { problem }
}

/**
 * Compares the `Mcp-Param-*` headers of a call with its arguments. Returns the contradiction, as the message of a
 * -32020 error, or undefined. A value without its header contradicts the body, and so does a header without its value.
 * A value that does not have the declared type cannot be mirrored; the schema validation refuses it later.
 *
 * @see https://modelcontextprotocol.io/specification/2026-07-28/basic/transports/streamable-http
 */
export function findParamHeaderMismatch (
  headers: readonly ParamHeader[], args: unknown, received: ReceivedHeaders
): string | undefined {
  for (const param of headers) {
    const problem = findProblem(param, valueAt(args, param.path), received[param.header])
    if (problem !== undefined) return `${param.display} header ${problem}`
  }
  return undefined
}

// `path` is undefined for a schema that `properties` alone do not lead to.
function scanSchema (
  schema: unknown, pointer: string, path: readonly string[] | undefined, found: Map<string, ParamHeader>
): string | undefined {
  if (!isWireObject(schema)) return undefined

  const annotation = schema['x-mcp-header']
  if (annotation !== undefined) {
    const problem = addHeader(annotation, schema['type'], path, found)
    if (problem !== undefined) return `the 'x-mcp-header' annotation at '${pointer}' ${problem}`
  }

  for (const { path: [keyword, name], schema: subschema } of subschemasOf(schema)) {
    const place = name === undefined ? `${pointer}/${keyword}` : `${pointer}/${keyword}/${name}`
    const isReached = keyword === 'properties' && name !== undefined
    const problem = scanSchema(subschema, place, isReached ? path && [...path, name] : undefined, found)
    if (problem !== undefined) return problem
  }
  return undefined
}

function addHeader (
  name: unknown, type: unknown, path: readonly string[] | undefined, found: Map<string, ParamHeader>
): string | undefined {
  if (path === undefined || path.length === 0) {
    return "is not on a property that the schema's root reaches by 'properties' alone"
  }
  if (typeof name !== 'string') return 'is not a string'
  if (name === '') return 'is empty'
  if (!TOKEN.test(name)) return 'is not a token (RFC 9110): only letters, digits and !#$%&\'*+-.^_`|~ are allowed'
  if (type !== 'string' && type !== 'integer' && type !== 'boolean') {
    return "is on a property whose 'type' is not 'string', 'integer' or 'boolean'"
  }

  const header = `mcp-param-${name.toLowerCase()}`
  if (found.has(header)) return `repeats the name '${name}'; names are unique regardless of case`
  found.set(header, { header, display: `Mcp-Param-${name}`, path, type })
  return undefined
}

function findProblem (
  { path, type }: ParamHeader, value: unknown, header: string | string[] | undefined
): string | undefined {
  const isAbsent = value === undefined || value === null
  if (header === undefined) {
    return isAbsent || !hasType(value, type) ? undefined : `is missing, but the body has a value at '${path.join('.')}'`
  }
  if (typeof header !== 'string') return 'was sent more than once'

  const decoded = decodeHeaderValue(header)
  if (decoded === undefined) return 'has invalid characters or an invalid Base64 value'
  if (isAbsent) return `was sent, but the body has no value at '${path.join('.')}'`
  if (!hasType(value, type) || isEqual(decoded, value)) return undefined
  return `value '${shorten(decoded)}' does not match body value '${shorten(String(value))}'`
}

function hasType (value: unknown, type: ParamHeader['type']): boolean {
  if (type === 'integer') return Number.isInteger(value)
  return type === 'string' ? typeof value === 'string' : typeof value === 'boolean'
}

function isEqual (decoded: string, value: unknown): boolean {
  if (typeof value !== 'number') return decoded === String(value)
  return Number.isSafeInteger(value) && DECIMAL.test(decoded) && Number(decoded) === value
}

// Reads own properties only, because the path and the body may both name '__proto__'.
function valueAt (args: unknown, path: readonly string[]): unknown {
  let value = args
  for (const name of path) {
    if (!isWireObject(value) || !Object.hasOwn(value, name)) return undefined
    value = value[name]
  }
  return value
}
