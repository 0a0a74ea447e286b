// What types, and the parts of unions, are called.
import { asSchema, isObject, resolveRef, type JsonSchema } from './json-schema.ts'
import { writeJsonLine } from './json-text.ts'

// How many parts of a union are named.
const MAX_PARTS = 12

/** Names the type of a schema. */
export function typeName (schema: JsonSchema, root: JsonSchema, depth = 0): string {
  const target = typeof schema.$ref === 'string' ? resolveRef(root, schema.$ref) ?? {} : schema
  const { type, format, items, const: fixed } = target
  if (fixed !== undefined) return writeJsonLine(fixed)
  if (Array.isArray(target.enum)) return 'enum'
  const parts = target.anyOf ?? target.oneOf
  if (Array.isArray(parts) && depth < 3) {
    const names = parts.slice(0, MAX_PARTS).map((part) => typeName(asSchema(part), root, depth + 1))
    return [...new Set(names), ...parts.length > MAX_PARTS ? ['…'] : []].join(' | ')
  }
  const name = Array.isArray(type) ? type.join(' | ') : typeof type === 'string' ? type : guessType(target)
  if (name === 'array' && isObject(items) && depth < 3) return `${typeName(items, root, depth + 1)}[]`
  return typeof format === 'string' ? `${name} (${format})` : name
}

function guessType (schema: JsonSchema): string {
  if (schema.properties !== undefined) return 'object'
  return schema.items === undefined ? 'any' : 'array'
}

/** Lists what the parts of a union are called, so that the user can tell them apart. */
export function listTitles (parts: readonly unknown[], root: JsonSchema): readonly string[] {
  const titles = parts.map((part) => titleOf(asSchema(part), root))
  const counts = new Map<string, number>()
  for (const title of titles) counts.set(title, (counts.get(title) ?? 0) + 1)
  return titles.map((title, index) => counts.get(title) === 1 ? title : `${title} (${index + 1})`)
}

function titleOf (part: JsonSchema, root: JsonSchema): string {
  const target = typeof part.$ref === 'string' ? { ...resolveRef(root, part.$ref), ...part } : part
  if (typeof target.title === 'string' && target.title !== '') return target.title
  if (typeof part.$ref === 'string' && part.$ref.includes('/')) return part.$ref.slice(part.$ref.lastIndexOf('/') + 1)
  const properties = Object.entries(asSchema(target.properties))
  const tag = properties.map(([, schema]) => asSchema(schema)['const']).find((value) => typeof value === 'string')
  if (typeof tag === 'string') return tag
  const names = properties.slice(0, 3).map(([name]) => name)
  return names.length === 0 ? typeName(target, root) : `object with ${names.join(', ')}`
}
