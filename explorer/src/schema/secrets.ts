// Which arguments of a tool are secrets.
import { asSchema, isObject, resolveRef, type JsonSchema } from './json-schema.ts'

/** Leaves out what is secret in the arguments of a tool, however deep it is. */
export function withoutSecrets (
  schema: JsonSchema, args: Readonly<Record<string, unknown>>
): Readonly<Record<string, unknown>> {
  const rest = leaveOut(args, [schema], schema)
  return isObject(rest) ? rest : {}
}

// Returns undefined for what is secret by one of the schemas that hold for it.
function leaveOut (value: unknown, schemas: readonly unknown[], root: JsonSchema): unknown {
  const all = expand(schemas, root)
  if (all.some(({ format, writeOnly }) => format === 'password' || writeOnly === true)) return undefined
  if (Array.isArray(value)) {
    const items = value.map((item, index) => leaveOut(item, all.flatMap((schema) => itemsOf(schema, index)), root))
    return items.filter((item) => item !== undefined)
  }
  if (!isObject(value)) return value
  const entries = Object.entries(value).map(([name, one]) => {
    return [name, leaveOut(one, all.flatMap((schema) => propertiesOf(schema, name)), root)] as const
  })
  return Object.fromEntries(entries.filter(([, one]) => one !== undefined))
}

// All schemas that may hold for a value: also those of references and of every alternative.
function expand (schemas: readonly unknown[], root: JsonSchema): readonly JsonSchema[] {
  const found = new Set<JsonSchema>()
  const add = (schema: JsonSchema): void => {
    if (found.has(schema)) return
    found.add(schema)
    const { $ref, anyOf, oneOf, allOf, if: condition, then, else: otherwise } = schema
    if (typeof $ref === 'string') add(asSchema(resolveRef(root, $ref)))
    for (const part of [anyOf, oneOf, allOf, condition, then, otherwise].flat()) if (isObject(part)) add(part)
  }
  for (const schema of schemas) if (isObject(schema)) add(schema)
  return [...found]
}

function itemsOf ({ items, prefixItems, additionalItems }: JsonSchema, index: number): readonly unknown[] {
  const tuple = [prefixItems, items].find(Array.isArray)
  return [tuple?.[index], Array.isArray(items) ? additionalItems : items]
}

function propertiesOf (schema: JsonSchema, name: string): readonly unknown[] {
  const { properties, patternProperties, additionalProperties } = schema
  const own = asSchema(properties)
  return [
    ...Object.hasOwn(own, name) ? [own[name]] : [],
    ...Object.values(asSchema(patternProperties)),
    additionalProperties
  ]
}
