// JSON Schema documents: the plain copy that is shown to clients, and its validator by Ajv.
import { Ajv, type ErrorObject, type Options, type ValidateFunction } from 'ajv'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { fullFormats } from 'ajv-formats/dist/formats.js'
import { isOrdinarySchema } from './ordinary-schema.ts'
import { isStackOverflow, messageOf, NESTED_TOO_DEEPLY, toProblem } from './problem.ts'
import type { JsonSchema, Validation } from './schema.ts'
import { isStandardSchema } from './standard-schema.ts'

type Direction = 'input' | 'output'

interface Dialect {
  readonly metaSchema: string
  readonly createAjv: (options: Options) => Ajv
  checkSchema?: ValidateFunction
}

const DRAFT_2020_12: Dialect = {
  metaSchema: 'https://json-schema.org/draft/2020-12/schema', createAjv: (options) => new Ajv2020(options)
}
const DRAFT_07: Dialect = {
  metaSchema: 'http://json-schema.org/draft-07/schema', createAjv: (options) => new Ajv(options)
}

const AJV_OPTIONS: Options = {
  strict: false,
  logger: false,
  formats: fullFormats,
  validateSchema: false,
  // Without it, `{}` has a property named 'constructor'.
  ownProperties: true
}

const TYPEBOX_KIND = Symbol.for('TypeBox.Kind')
const MAX_LISTED_LENGTH = 200

/** Whether a value is an object as a literal or `JSON.parse` makes it, of this realm or another. */
export function isPlainObject (value: unknown): value is { readonly [key: string]: unknown } {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false

  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === null || Object.getPrototypeOf(prototype) === null
}

/**
 * Copies a schema to what JSON can carry, keywords in their order, deep-frozen. Two forms of TypeBox become JSON Schema:
 * tuples in 2020-12 and regular expressions.
 *
 * @throws Error whose message continues "the schema …"
 */
export function toPlainJsonSchema (schema: JsonSchema): JsonSchema {
  const isDraft07 = resolveDialect(schema) === DRAFT_07
  let problem: string | undefined

  function replace (this: { readonly [key: string]: unknown }, key: string, value: unknown): unknown {
    // Not `value`, on which toJSON() has been called already.
    const original = key === '' ? value : this[key]

    if (key !== '') problem ??= findForeignProblem(original, key)
    if (problem !== undefined) return undefined
    if (original instanceof RegExp && original.flags === '') return original.source
    return isTypeBoxTuple(original) && !isDraft07 ? toPrefixItems(original) : value
  }

  try {
    const text = JSON.stringify(schema, replace)
    if (problem === undefined) return JSON.parse(text, (_key, value: unknown) => Object.freeze(value))
  } catch (error) {
    problem = `cannot be written as JSON: ${messageOf(error)}`
  }
  throw new TypeError(problem)
}

/**
 * Builds the validator of a plain schema. Defaults are written into inputs, and never into what a handler returned.
 *
 * @throws Error whose message continues "the schema …"
 */
export function createJsonValidator (json: JsonSchema, direction: Direction): (value: unknown) => Validation {
  const isOrdinary = isOrdinarySchema(json)
  // An ordinary one is compiled by the first call of its tool, for which an app with many tools need not wait to start.
  let check = isOrdinary ? undefined : checkAndCompile(json, direction)

  return function validateJson (value) {
    check ??= compile(json, { direction, isOrdinary })
    try {
      if (check(value)) return { valid: true, value }
    } catch (error) {
      if (isStackOverflow(error)) return NESTED_TOO_DEEPLY
      throw error
    }
    return { valid: false, problem: toProblem(errorsOf(check), describeError) }
  }
}

function checkAndCompile (json: JsonSchema, direction: Direction): ValidateFunction {
  checkSchema(json, resolveDialect(json))
  // Ajv would answer with a promise, which is true whatever it resolves to.
  if (json.$async !== undefined) throw new TypeError("has the keyword '$async', which is not supported")

  try {
    return compile(json, { direction, isOrdinary: false })
  } catch (error) {
    throw new TypeError(`does not compile: ${messageOf(error)}`, { cause: error })
  }
}

// An Ajv of its own: a shared one keeps what it compiled in its scope, even after removeSchema(), and the `$id`s within.
// An ordinary schema has no references, of which one to the meta-schema would need it.
function compile (json: JsonSchema, { direction, isOrdinary }: { readonly direction: Direction, readonly isOrdinary: boolean }): ValidateFunction {
  return resolveDialect(json).createAjv({ ...AJV_OPTIONS, useDefaults: direction === 'input', meta: !isOrdinary }).compile(json)
}

function checkSchema (json: JsonSchema, dialect: Dialect): void {
  dialect.checkSchema ??= dialect.createAjv(AJV_OPTIONS).compile({ $ref: dialect.metaSchema })
  if (dialect.checkSchema(json)) return
  throw new TypeError(`is no valid JSON Schema: ${toProblem(errorsOf(dialect.checkSchema), describeError)}`)
}

function resolveDialect ({ $schema }: JsonSchema): Dialect {
  if ($schema === undefined) return DRAFT_2020_12

  const id = String($schema).replace(/#$/, '').replace(/^http:/, 'https:')
  if (id === DRAFT_2020_12.metaSchema) return DRAFT_2020_12
  if (id === DRAFT_07.metaSchema.replace('http:', 'https:')) return DRAFT_07
  throw new TypeError(`has the $schema '${String($schema)}'; supported are ${DRAFT_2020_12.metaSchema} and ${DRAFT_07.metaSchema}#`)
}

function errorsOf (check: ValidateFunction): ErrorObject[] {
  // Ajv sets them whenever it answers false.
  const errors = check.errors as ErrorObject[]
  check.errors = null
  return errors
}

function describeError ({ instancePath, message, params }: ErrorObject): string {
  const { additionalProperty, unevaluatedProperty, allowedValues, allowedValue }: { readonly [param: string]: unknown } = params
  const listed = additionalProperty ?? unevaluatedProperty ?? allowedValues ?? allowedValue
  const detail = listed === undefined ? '' : `: ${JSON.stringify(listed).slice(0, MAX_LISTED_LENGTH)}`

  return `${instancePath} ${message}${detail}`.trimStart()
}

// What JSON would silently turn into a schema that accepts other values than its author meant.
function findForeignProblem (value: unknown, key: string): string | undefined {
  const vendor = foreignVendorOf(value)

  if (vendor === 'zod') return `holds a zod schema at '${key}'; wrap the shape in z.object({ … })`
  if (vendor !== undefined) return `holds a schema of ${vendor} at '${key}'; write the whole schema with ${vendor}`
  if (isPlainObject(value) && Array.isArray(value['~refine'])) {
    return `holds a refinement at '${key}', which JSON Schema cannot carry; check it in the handler`
  }
}

function foreignVendorOf (value: unknown): string | undefined {
  const isPlain = isPlainObject(value)

  if (isStandardSchema(value)) {
    // A JSON Schema document made by zod carries a hidden '~standard', and is one all the same.
    return isPlain && !Object.prototype.propertyIsEnumerable.call(value, '~standard') ? undefined : value['~standard'].vendor
  }
  // zod before 3.24
  return !isPlain && typeof value === 'object' && value !== null && '_def' in value ? 'zod' : undefined
}

function isTypeBoxTuple (value: unknown): value is { readonly [keyword: string]: unknown } {
  return isPlainObject(value) && (value['~kind'] === 'Tuple' || Reflect.get(value, TYPEBOX_KIND) === 'Tuple')
}

// TypeBox writes tuples as draft-07 has them; JSON Schema 2020-12, 10.3.1.1 and 10.3.1.2.
function toPrefixItems (tuple: { readonly [keyword: string]: unknown }): { readonly [keyword: string]: unknown } {
  const renamed = new Map([['items', 'prefixItems'], ['additionalItems', 'items']])
  return Object.fromEntries(Object.entries(tuple).map(([keyword, value]) => [renamed.get(keyword) ?? keyword, value]))
}
