// Finds the schemas inside a JSON Schema, of 2020-12 or draft-07.

// Each of these keywords holds one schema or a list of schemas.
const SCHEMA_KEYWORDS: ReadonlySet<string> = new Set([
  'items', 'prefixItems', 'additionalItems', 'unevaluatedItems', 'contains',
  'additionalProperties', 'unevaluatedProperties', 'propertyNames',
  'oneOf', 'anyOf', 'allOf', 'not', 'if', 'then', 'else', 'contentSchema'
])

// Each of these keywords holds schemas by name. `dependencies` may also hold lists of names.
const NAMED_SCHEMA_KEYWORDS: ReadonlySet<string> = new Set([
  'properties', 'patternProperties', '$defs', 'definitions', 'dependentSchemas', 'dependencies'
])

/** A schema directly inside another one, and the path to it. */
export interface Subschema {
  readonly path: readonly [keyword: string, name?: string]
  readonly schema: unknown
}

/** Lists the schemas directly inside a schema. All other values are data, and not searched. */
export function subschemasOf (schema: { readonly [keyword: string]: unknown }): Subschema[] {
  return Object.entries(schema).flatMap(([keyword, value]): Subschema[] => {
    if (SCHEMA_KEYWORDS.has(keyword)) {
      if (!Array.isArray(value)) return [{ path: [keyword], schema: value }]
      return value.map((entry: unknown, index) => ({ path: [keyword, String(index)], schema: entry }))
    }
    if (!NAMED_SCHEMA_KEYWORDS.has(keyword) || typeof value !== 'object' || value === null) return []
    return Object.entries(value).map(([name, entry]: [string, unknown]) => ({ path: [keyword, name], schema: entry }))
  })
}

/** Whether a keyword holds schemas by name. */
export function holdsNamedSchemas (keyword: string): boolean {
  return NAMED_SCHEMA_KEYWORDS.has(keyword)
}

/** Whether a keyword holds schemas. */
export function holdsSchemas (keyword: string): boolean {
  return SCHEMA_KEYWORDS.has(keyword) || NAMED_SCHEMA_KEYWORDS.has(keyword)
}
