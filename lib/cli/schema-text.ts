// Writes JSON Schemas the way TypeScript writes types, because a schema itself is too long for a terminal.

/** The keywords of JSON Schema that are shown. */
export interface Schema {
  readonly type?: unknown
  readonly const?: unknown
  readonly enum?: readonly unknown[]
  readonly anyOf?: readonly Schema[]
  readonly oneOf?: readonly Schema[]
  readonly allOf?: readonly Schema[]
  readonly items?: Schema | boolean | readonly Schema[]
  readonly prefixItems?: readonly Schema[]
  readonly properties?: { readonly [name: string]: Schema }
  readonly required?: readonly string[]
  readonly additionalProperties?: Schema | boolean
  readonly patternProperties?: { readonly [pattern: string]: Schema }
  readonly $ref?: string
  readonly default?: unknown
  readonly description?: unknown
}

// Deeper levels are shown as 'object' or 'array'. Schemas may refer to themselves.
const DEEPEST = 3

/** Returns a schema as text, such as `"price" | "title"`. @param root The schema that local references lead into. */
export function formatSchema (schema: Schema | boolean, root: object, depth = 0): string {
  if (typeof schema === 'boolean') return 'any'
  const within = (inner: Schema | boolean): string => formatSchema(inner, root, depth + 1)
  const { $ref, anyOf, oneOf = anyOf, allOf } = schema
  if ($ref !== undefined) {
    const target = depth < DEEPEST ? resolveReference($ref, root) : undefined
    return target === undefined ? nameOf($ref) : within(target)
  }
  if (Object.hasOwn(schema, 'const')) return JSON.stringify(schema.const)
  if (schema.enum !== undefined) return join(schema.enum.map((choice) => JSON.stringify(choice)), ' | ')
  if (oneOf !== undefined) return join(oneOf.map(within), ' | ')
  if (allOf !== undefined) return join(allOf.map(within).map(inBrackets), ' & ')
  const types = schema.type === undefined ? [impliedType(schema)] : [schema.type].flat()
  return join(types.map((type) => formatType(String(type), schema, depth < DEEPEST ? within : undefined)), ' | ')
}

type Format = (schema: Schema | boolean) => string

function formatType (type: string, schema: Schema, within: Format | undefined): string {
  if (within === undefined) return type
  if (type === 'array') return formatArray(schema, within)
  if (type === 'object') return formatObject(schema, within)
  return type
}

function formatArray ({ items, prefixItems }: Schema, within: Format): string {
  // Until draft 2019-09 the items of a tuple were an array in `items`.
  const tuple = prefixItems ?? (Array.isArray(items) ? items as readonly Schema[] : undefined)
  if (tuple !== undefined) return `[${tuple.map(within).join(', ')}]`
  return items === undefined ? 'array' : `${inBrackets(within(items as Schema | boolean))}[]`
}

function formatObject (schema: Schema, within: Format): string {
  const { properties = {}, required = [], patternProperties = {}, additionalProperties } = schema
  const members = Object.entries(properties).map(([name, property]) => {
    const isOptional = !required.includes(name) || Object.hasOwn(property, 'default')
    return `${name}${isOptional ? '?' : ''}: ${within(property)}`
  })
  const others = Object.values(patternProperties)
  if (typeof additionalProperties === 'object') others.push(additionalProperties)
  members.push(...others.map((other) => `[key]: ${within(other)}`))
  return members.length === 0 ? 'object' : `{ ${members.join(', ')} }`
}

function impliedType ({ properties, items, prefixItems }: Schema): string {
  return properties !== undefined ? 'object' : items !== undefined || prefixItems !== undefined ? 'array' : 'any'
}

// A union may name one type more than once, for example for different formats.
function join (texts: readonly string[], separator: string): string {
  return [...new Set(texts)].join(separator) || 'any'
}

// Separators outside of braces and strings need brackets before `[]` and inside of `&`.
function inBrackets (text: string): string {
  const outer = text.replace(/"(?:[^"\\]|\\.)*"/g, '""').replace(/[{[(].*[)\]}]/g, '')
  return / [|&] /.test(outer) ? `(${text})` : text
}

// JSON Pointers (RFC 6901), for example `#/$defs/Order`.
function resolveReference ($ref: string, root: object): Schema | undefined {
  if (!$ref.startsWith('#')) return undefined
  const keys = $ref.slice(1).split('/').slice(1)
    .map((key) => decode(key).replaceAll('~1', '/').replaceAll('~0', '~'))
  const found = keys.reduce<unknown>((value, key) => {
    return typeof value === 'object' && value !== null && Object.hasOwn(value, key)
      ? (value as { readonly [key: string]: unknown })[key]
      : undefined
  }, root)
  return typeof found === 'object' && found !== null ? found : undefined
}

function decode (key: string): string {
  try {
    return decodeURIComponent(key)
  } catch {
    return key
  }
}

function nameOf ($ref: string): string {
  return $ref.split('/').at(-1)?.replace(/^#/, '') || 'any'
}
