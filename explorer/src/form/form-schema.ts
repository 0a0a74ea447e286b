// A schema as the form library understands it. The server still gets what the original schema asks for.
import { asSchema, isObject, type JsonSchema } from '../schema/json-schema.ts'
import { fileEncodingOf } from './file.ts'

const MAX_DEPTH = 40

/** Rewrites what the form library does not know into what it knows. */
export function toFormSchema (schema: unknown, depth = 0): JsonSchema {
  if (depth > MAX_DEPTH) return {}
  const source = withChoices(asSchema(schema))
  const target: Record<string, unknown> = { ...source }
  for (const keyword of ['properties', 'patternProperties', '$defs', 'definitions'] as const) {
    if (isObject(source[keyword])) target[keyword] = mapValues(source[keyword], (one) => toFormSchema(one, depth + 1))
  }
  for (const keyword of ['anyOf', 'oneOf', 'allOf'] as const) {
    const parts = source[keyword]
    if (!Array.isArray(parts) || isTitledChoice(source)) continue
    target[keyword] = parts.map((one) => toFormSchema(one, depth + 1))
  }
  for (const keyword of ['items', 'additionalProperties'] as const) {
    if (isObject(source[keyword])) target[keyword] = toFormSchema(source[keyword], depth + 1)
  }
  return withTuple(withFile(target), depth)
}

function mapValues (object: Readonly<Record<string, unknown>>, map: (value: unknown) => unknown): object {
  return Object.fromEntries(Object.entries(object).map(([name, value]) => [name, map(value)]))
}

// A union of constants is a choice. The library takes `enum`, or `oneOf` with titles and a type.
function withChoices (schema: JsonSchema): JsonSchema {
  const { anyOf, oneOf, ...others } = schema
  const parts = anyOf ?? oneOf
  if (!isConstants(parts) || parts.length === 0) return schema
  const type = others.type ?? typeOfAll(parts.map((part) => part.const))
  return parts.some((part) => part.title !== undefined)
    ? { ...others, type, oneOf: parts }
    : { ...others, type, enum: parts.map((part) => part.const) }
}

function isTitledChoice ({ oneOf }: JsonSchema): boolean {
  return isConstants(oneOf)
}

function isConstants (parts: unknown): parts is ReadonlyArray<{ readonly const: unknown, readonly title?: unknown }> {
  return Array.isArray(parts) && parts.every((part) => isObject(part) && 'const' in part)
}

function typeOfAll (values: readonly unknown[]): string | readonly string[] {
  const types = [...new Set(values.map((value) => value === null ? 'null' : typeof value))]
  return types.length === 1 ? String(types[0]) : types
}

// JSON Schema 2020-12 10.3.1.1 calls the items of a tuple `prefixItems`.
function withTuple (schema: JsonSchema, depth: number): JsonSchema {
  const { prefixItems, items, ...others } = schema
  if (!Array.isArray(prefixItems)) return schema
  return {
    ...others,
    items: prefixItems.map((item) => toFormSchema(item, depth + 1)),
    ...(items !== undefined && { additionalItems: items })
  }
}

// The library draws a field for files for one format alone, which may take the place of that of the schema.
function withFile (schema: JsonSchema): JsonSchema {
  const encoding = fileEncodingOf(schema)
  if (encoding === undefined) return schema
  return { ...schema, format: 'data-url', ...(encoding !== 'data-uri' && { contentEncoding: encoding }) }
}
