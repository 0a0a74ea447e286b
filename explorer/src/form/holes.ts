// What the form library keeps for fields that are empty.
import { asSchema, type JsonSchema } from '../schema/json-schema.ts'

/**
 * Returns a value without the lists in which nothing was filled in. JSON would have a null for each of their items.
 * @param schema The schema of the form.
 */
export function withoutHoles (value: unknown, schema: JsonSchema): unknown {
  const { items, properties } = schema
  if (Array.isArray(value)) {
    const members = value.map((item, index) => {
      return withoutHoles(item, asSchema(Array.isArray(items) ? items[index] : items))
    })
    // The library writes null into a tuple of which something was filled in before.
    const isHole = (item: unknown): boolean => item === undefined || (item === null && Array.isArray(items))
    return members.length > 0 && members.every(isHole) ? undefined : members
  }
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).map(([name, one]) => {
    return [name, withoutHoles(one, asSchema(asSchema(properties)[name]))] as const
  })
  return Object.fromEntries(entries.filter(([, one]) => one !== undefined))
}
