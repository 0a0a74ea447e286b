// Output schemas as clients receive them. The official clients reject a result that does not match its listed schema.
import { subschemasOf } from '../../protocol/subschemas.ts'
import type { MutableSchema } from './schema-document.ts'
import type { JsonSchema } from './validation.ts'

const DRAFT_07 = 'http://json-schema.org/draft-07/schema#'

/**
 * Removes `multipleOf` with a fraction, such as 0.01: the official clients divide doubles, so for them 19.99 is not a
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
 * Translates to draft-07 the keywords that it reads differently from 2020-12. The official client v1 compiles every
 * schema as draft-07, whatever its `$schema` says, and there `items` beside `prefixItems` applies to all items.
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

// Returns the schema itself if nothing was changed, else a frozen copy.
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

/** Freezes a value and all values inside it. */
export function deepFreeze<T> (value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value
  Object.freeze(value)
  for (const part of Object.values(value)) deepFreeze(part)
  return value
}
