// JSON Schema documents: makes the plain copy that clients receive.
import { doNothing } from '../../do-nothing.ts'
import { messageOf } from './problem.ts'
import { isDraft07 } from './json-validator.ts'
import { deepFreeze } from './listed-schema.ts'
import { normaliseSchema } from './normal-schema.ts'
import type { MutableSchema } from './schema-document.ts'
import type { JsonSchema } from './validation.ts'
import { isStandardSchema } from './standard-schema.ts'

const TYPEBOX_KIND = Symbol.for('TypeBox.Kind')

/** Returns whether a value is a plain object, as from a literal or `JSON.parse`, of this realm or another. */
export function isPlainObject (value: unknown): value is { readonly [key: string]: unknown } {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false

  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === null || Object.getPrototypeOf(prototype) === null
}

/**
 * Returns a deep-frozen copy of a schema that JSON can carry and every client understands, with its keywords in their
 * original order. Two constructs of TypeBox are translated to JSON Schema: tuples (in 2020-12) and regular expressions.
 *
 * @param prepare Changes the copy before references are made local.
 * @throws Error whose message continues "the schema …"
 */
export function toPlainJsonSchema (
  schema: JsonSchema, direction: 'input' | 'output', prepare: (copy: MutableSchema) => void = doNothing
): JsonSchema {
  // Ajv would return a promise, which is truthy even if it rejects.
  if (schema.$async !== undefined) throw new TypeError("has the keyword '$async', which is not supported")

  const copy = copySchema(schema)
  prepare(copy)
  normaliseSchema(copy, direction)
  return deepFreeze(copy)
}

function copySchema (schema: JsonSchema): MutableSchema {
  const hasPrefixItems = !isDraft07(schema)
  let problem: string | undefined

  function replace (this: { readonly [key: string]: unknown }, key: string, value: unknown): unknown {
    // JSON.stringify() has already called toJSON() on `value`.
    const original = key === '' ? value : this[key]

    if (key !== '') problem ??= findForeignProblem(original, key)
    if (problem !== undefined) return undefined
    if (original instanceof RegExp && original.flags === '') return original.source
    return isTypeBoxTuple(original) && hasPrefixItems ? toPrefixItems(original) : value
  }

  try {
    const text = JSON.stringify(schema, replace)
    if (problem === undefined) return JSON.parse(text)
  } catch (error) {
    problem = `cannot be written as JSON: ${messageOf(error)}`
  }
  throw new TypeError(problem)
}

// JSON.stringify() would silently turn these into schemas that accept other values than their author meant.
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
    // A JSON Schema document that zod has rendered carries a non-enumerable '~standard'; it is plain JSON Schema.
    const isRendered = isPlain && !Object.prototype.propertyIsEnumerable.call(value, '~standard')
    return isRendered ? undefined : value['~standard'].vendor
  }
  // zod before 3.24
  return !isPlain && typeof value === 'object' && value !== null && '_def' in value ? 'zod' : undefined
}

function isTypeBoxTuple (value: unknown): value is { readonly [keyword: string]: unknown } {
  return isPlainObject(value) && (value['~kind'] === 'Tuple' || Reflect.get(value, TYPEBOX_KIND) === 'Tuple')
}

// TypeBox renders tuples in the form of draft-07. The form of 2020-12 is in JSON Schema 2020-12, 10.3.1.1 and 10.3.1.2.
function toPrefixItems (tuple: { readonly [keyword: string]: unknown }): { readonly [keyword: string]: unknown } {
  const renamed = new Map([['items', 'prefixItems'], ['additionalItems', 'items']])
  return Object.fromEntries(Object.entries(tuple).map(([keyword, value]) => [renamed.get(keyword) ?? keyword, value]))
}
