// Output schemas as clients are shown them. Official clients throw a result away that such a schema does not accept.
import { subschemasOf } from '../../protocol/subschemas.ts'
import type { MutableSchema } from './schema-document.ts'
import type { JsonSchema } from './validation.ts'

const DRAFT_07 = 'http://json-schema.org/draft-07/schema#'

/**
 * Leaves out `multipleOf: 0.01` and other fractions: the official clients divide doubles, and to them 19.99 is no
 * multiple of 0.01.
 */
export function toListedOutput (json: JsonSchema): JsonSchema {
  return rewrite(json, (schema) => {
    const isFraction = typeof schema.multipleOf === 'number' && !Number.isInteger(schema.multipleOf)
    if (isFraction) delete schema.multipleOf
    return isFraction
  })
}

/**
 * Translates an output schema to draft-07 where 2020-12 is read otherwise: the official client v1 takes each schema for
 * draft-07, whatever its `$schema` says, and there `items` beside `prefixItems` means all items.
 */
export function toLegacyOutput (json: JsonSchema): JsonSchema {
  const translated = rewrite(json, translate)
  return translated === json ? json : Object.freeze({ ...translated, $schema: DRAFT_07 })
}

function translate (schema: MutableSchema): boolean {
  const { prefixItems, items, minContains, $ref } = schema
  const isForeign = typeof $ref === 'string' && !$ref.startsWith('#')
  if (isForeign) delete schema.$ref
  if (minContains === 0) delete schema.contains
  if (prefixItems !== undefined) {
    delete schema.prefixItems
    schema.items = prefixItems
    if (items !== undefined) schema.additionalItems = items
  }
  return isForeign || minContains === 0 || prefixItems !== undefined
}

/** Returns the schema itself where nothing was changed, else a frozen copy. */
function rewrite (json: JsonSchema, change: (schema: MutableSchema) => boolean): JsonSchema {
  const copy: MutableSchema = structuredClone(json)
  return changeAll(copy, change) ? deepFreeze(copy) : json
}

function changeAll (schema: unknown, change: (schema: MutableSchema) => boolean): boolean {
  if (!isSchema(schema)) return false
  const subschemas = subschemasOf(schema).map(({ schema: subschema }) => changeAll(subschema, change))
  return [change(schema), ...subschemas].includes(true)
}

function isSchema (value: unknown): value is MutableSchema {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Freezes a document with all its parts. */
export function deepFreeze<T> (value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value
  Object.freeze(value)
  for (const part of Object.values(value)) deepFreeze(part)
  return value
}
