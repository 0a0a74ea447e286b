// The parts of a request that a route takes, as its schema describes them.
import type { FastifySchema } from 'fastify'
import { isWireObject, type WireObject } from '../protocol/message.ts'
import type { JsonSchema } from '../server/schema/validation.ts'
import type { RoutePath } from './path.ts'
import type { KnownSchemas } from './route-schema.ts'

/** The parts of a request, by the names that a handler knows them by. */
export type PartName = 'params' | 'query' | 'body' | 'headers'

/** One part of the requests of a route. */
export interface Part {
  readonly name: PartName
  /** What the part may be; its references lead into itself. */
  readonly schema: JsonSchema
  /** Whether the schema is that of an object with properties of its own, which may be arguments. */
  readonly hasProperties: boolean
  /** Whether a request cannot do without it. */
  readonly isRequired: boolean
}

/** How a body is sent. */
export type BodyType = 'application/json' | 'text/plain'

/** The properties of a route that its parts follow from. */
export interface PartsOf {
  readonly method: string
  readonly path: RoutePath
  readonly schema: FastifySchema
  /** The headers that a model may send. */
  readonly headers: readonly string[]
}

const BODY_METHODS: ReadonlySet<string> = new Set(['POST', 'PUT', 'PATCH', 'QUERY'])
const TEXT: JsonSchema = { type: 'string' }
const ANY_BODY: Part = {
  name: 'body', schema: { type: 'object', properties: {} }, hasProperties: true, isRequired: false
}

// Where an object has no properties of its own, these say what it may be.
const ALTERNATIVES = ['oneOf', 'anyOf', 'allOf', 'patternProperties', 'additionalProperties']

/** Lists the parts of the requests of a route. @throws Error whose message continues "the schema …" */
export function listParts ({ method, path, schema, headers }: PartsOf, known: KnownSchemas): readonly Part[] {
  const { params, querystring, body } = schema
  const sent = findBodySchema(body)?.schema
  const plain = (part: unknown): JsonSchema => part === undefined ? { type: 'object' } : known.toPlain(part, 'input')
  return [
    ...(path.params.length === 0 ? [] : [toPart('params', describeParams(plain(params), path))]),
    ...(querystring === undefined ? [] : [toPart('query', plain(querystring))]),
    ...(sent !== undefined
      ? [toPart('body', plain(sent))]
      : BODY_METHODS.has(method) ? [ANY_BODY] : []),
    ...(headers.length === 0 ? [] : [toPart('headers', pickHeaders(plain(schema.headers), headers))])
  ]
}

/** Finds the schema of a body that a tool can send, and how it is sent; undefined if there is none. */
export function findBodySchema (body: unknown): { readonly type: BodyType, readonly schema: unknown } | undefined {
  if (body === undefined || body === null) return undefined
  const content = isWireObject(body) ? body.content : undefined
  if (!isWireObject(content)) return { type: 'application/json', schema: body }
  const entries = Object.entries(content)
  const json = entries.find(([type]) => /^application\/(?:[\w.-]+\+)?json\b|^\*\/\*$/.test(type))
  const text = entries.find(([type]) => /^text\/plain\b/.test(type))
  const found = json ?? text
  if (found === undefined) return undefined
  return { type: found === json ? 'application/json' : 'text/plain', schema: Object(found[1]).schema ?? {} }
}

function toPart (name: PartName, schema: JsonSchema): Part {
  const isObject = schema.type === 'object' || (schema.type === undefined && isWireObject(schema.properties))
  const isEmpty = Object.keys(Object(schema.properties)).length === 0
  const hasAlternatives = ALTERNATIVES.some((keyword) => Object(schema[keyword]) === schema[keyword])
  const hasProperties = isObject && !(isEmpty && hasAlternatives)
  const { required } = schema
  const isRequired = name === 'body' || (Array.isArray(required) && required.length > 0)
  return { name, schema, hasProperties, isRequired }
}

// The path decides which parameters there are; the schema describes them.
function describeParams ({ properties, $defs, definitions }: JsonSchema, path: RoutePath): JsonSchema {
  const described = isWireObject(properties) ? properties : {}
  const required = path.params.filter(({ isOptional }) => !isOptional).map(({ name }) => name)
  return {
    type: 'object',
    properties: Object.fromEntries(path.params.map(({ name }) => [name, ownOf(described, name) ?? TEXT])),
    ...(required.length > 0 && { required }),
    additionalProperties: false,
    ...($defs !== undefined && { $defs }),
    ...(definitions !== undefined && { definitions })
  }
}

// Names of headers have no case.
function pickHeaders ({ properties, required, $defs, definitions }: JsonSchema, names: readonly string[]): JsonSchema {
  const described = lowerKeys(isWireObject(properties) ? properties : {})
  const needed = new Set((Array.isArray(required) ? required : []).map((name) => String(name).toLowerCase()))
  const requiredNames = names.filter((name) => needed.has(name.toLowerCase()))
  return {
    type: 'object',
    properties: Object.fromEntries(names.map((name) => [name, ownOf(described, name.toLowerCase()) ?? TEXT])),
    ...(requiredNames.length > 0 && { required: requiredNames }),
    additionalProperties: false,
    ...($defs !== undefined && { $defs }),
    ...(definitions !== undefined && { definitions })
  }
}

function lowerKeys (object: WireObject): WireObject {
  return Object.fromEntries(Object.entries(object).map(([name, value]) => [name.toLowerCase(), value]))
}

function ownOf (object: WireObject, name: string): unknown {
  return Object.hasOwn(object, name) ? object[name] : undefined
}
