// What the form library keeps for fields that are empty.
import { asSchema, isObject, resolveRef, type JsonSchema } from '../schema/json-schema.ts'

/**
 * Returns a value without the lists in which nothing was filled in, for whose items JSON would have nulls, and without
 * the optional objects in which the library alone has filled in something, and not all that they need.
 * @param schema The schema of the form.
 */
export function withoutHoles (value: unknown, schema: JsonSchema, root = schema): unknown {
  const { items, properties, required } = resolve(schema, root)
  if (Array.isArray(value)) {
    const members = value.map((item, index) => {
      return withoutHoles(item, asSchema(Array.isArray(items) ? items[index] : items), root)
    })
    // The library writes null into a tuple of which something was filled in before.
    const isHole = (item: unknown): boolean => item === undefined || (item === null && Array.isArray(items))
    return members.length > 0 && members.every(isHole) ? undefined : members
  }
  if (!isObject(value)) return value
  const needed = new Set(Array.isArray(required) ? required : [])
  const entries = Object.entries(value).map(([name, one]) => {
    const property = asSchema(asSchema(properties)[name])
    const rest = withoutHoles(one, property, root)
    return [name, !needed.has(name) && isUnfilled(rest, property, root) ? undefined : rest] as const
  })
  return Object.fromEntries(entries.filter(([, one]) => one !== undefined))
}

function resolve (schema: JsonSchema, root: JsonSchema): JsonSchema {
  return typeof schema.$ref === 'string' ? asSchema(resolveRef(root, schema.$ref)) : schema
}

// Whether an object has constants and defaults alone, and lacks something.
function isUnfilled (value: unknown, schema: JsonSchema, root: JsonSchema): boolean {
  const whole = resolve(schema, root)
  if (!isObject(value) || whole['default'] !== undefined) return false
  return [whole, whole['anyOf'], whole['oneOf']].flat().filter(isObject).some((part) => {
    const { properties, required } = resolve(part, root)
    const isGiven = ([name, one]: [string, unknown]): boolean => {
      const { const: fixed, default: initial } = resolve(asSchema(asSchema(properties)[name]), root)
      return [fixed, initial].some((known) => known !== undefined && JSON.stringify(known) === JSON.stringify(one))
    }
    return Array.isArray(required) && required.some((name) => value[name] === undefined) &&
      Object.entries(value).every(isGiven)
  })
}
