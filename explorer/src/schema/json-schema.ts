// JSON Schemas as the page reads them. Servers write them, so nothing about them is certain.
import { decodeComponent } from './uri-component.ts'

/** A JSON Schema, or what claims to be one. */
export interface JsonSchema {
  readonly [keyword: string]: unknown
  readonly type?: unknown
  readonly title?: unknown
  readonly description?: unknown
  readonly properties?: unknown
  readonly required?: unknown
  readonly items?: unknown
  readonly $ref?: unknown
  readonly enum?: unknown
}

/** Whether a value is an object, and not an array. */
export function isObject (value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Reads a value as a schema: `true` and anything broken allows everything. */
export function asSchema (value: unknown): JsonSchema {
  return isObject(value) ? value : {}
}

/** Finds what a `$ref` within the same document points to. */
export function resolveRef (root: JsonSchema, ref: string): JsonSchema | undefined {
  if (ref === '#') return root
  if (!ref.startsWith('#/')) return undefined
  let found: unknown = root
  for (const part of ref.slice(2).split('/')) {
    const name = decodeComponent(part).replaceAll('~1', '/').replaceAll('~0', '~')
    found = isObject(found) || Array.isArray(found) ? Reflect.get(found, name) : undefined
  }
  return isObject(found) ? found : undefined
}

/** Whether a schema has anything to fill in. */
export function hasProperties (schema: JsonSchema): boolean {
  const { type: _type, properties, $schema: _dialect, additionalProperties, title: _title, ...others } = schema
  return Object.keys(asSchema(properties)).length > 0 || isObject(additionalProperties) ||
    ['anyOf', 'oneOf', 'allOf', '$ref', 'patternProperties'].some((keyword) => keyword in others)
}
