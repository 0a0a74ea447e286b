// A schema as the form library understands it. The server still gets what the original schema asks for.
import { asSchema, isObject, resolveRef, type JsonSchema } from '../schema/json-schema.ts'
import { writeJsonLine } from '../schema/json-text.ts'
import { listTitles } from '../schema/type-name.ts'
import { fileEncodingOf } from './file.ts'

/** The format of fields that are written as JSON, because their schema leaves open what they hold. */
export const JSON_FORMAT = 'json'

const MAX_DEPTH = 40
const TYPES: ReadonlySet<unknown> = new Set(['string', 'number', 'integer', 'boolean', 'object', 'array', 'null'])
const UNIONS = ['anyOf', 'oneOf'] as const

interface Place {
  readonly root: JsonSchema
  readonly depth: number
  /** Whether the value has to be there. */
  readonly isRequired?: boolean
  /** Whether another schema says the rest, as in `allOf`. */
  readonly isPart?: boolean
}

/** Rewrites what the form library does not know into what it knows. */
export function toFormSchema (root: JsonSchema): JsonSchema {
  return convert(root, { root, depth: 0 })
}

function convert (value: unknown, place: Place): JsonSchema {
  const { root, depth, isPart = false } = place
  if (depth > MAX_DEPTH) return { format: JSON_FORMAT }
  const given = asSchema(value)
  const source = withChoices(withTypes(withRef(given, root), place))
  const inner = { root, depth: depth + 1 }
  if (depth > 0 && !isPart && isOpen(source)) return asJsonField(source)
  const target: Record<string, unknown> = { ...source }
  if (isObject(source.properties)) target['properties'] = convertProperties(source, inner)
  for (const keyword of ['patternProperties', '$defs', 'definitions'] as const) {
    const schemas = source[keyword]
    if (isObject(schemas)) target[keyword] = mapValues(schemas, (one) => convert(one, inner))
  }
  for (const keyword of ['if', 'then', 'else'] as const) {
    if (isObject(source[keyword])) target[keyword] = convert(source[keyword], { ...inner, isPart: true })
  }
  if (Array.isArray(source['allOf'])) {
    target['allOf'] = source['allOf'].map((one) => convert(one, { ...inner, isPart: true }))
  }
  for (const keyword of UNIONS) convertUnion(target, keyword, inner)
  for (const keyword of ['items', 'additionalProperties'] as const) {
    if (isObject(source[keyword])) target[keyword] = convert(source[keyword], inner)
  }
  return withSeveral(withTuple(withFile(target), inner))
}

function mapValues (object: Readonly<Record<string, unknown>>, map: (value: unknown) => unknown): object {
  return Object.fromEntries(Object.entries(object).map(([name, value]) => [name, map(value)]))
}

function convertProperties ({ properties, required }: JsonSchema, place: Place): object {
  const names = new Set(Array.isArray(required) ? required : [])
  // The library takes a property without a name for the object itself.
  const entries = Object.entries(asSchema(properties)).filter(([name, schema]) => name !== '' && schema !== false)
  return Object.fromEntries(entries.map(([name, schema]) => {
    const isRequired = names.has(name)
    const converted = convert(schema, { ...place, isRequired })
    return [name, isRequired && converted['const'] !== undefined ? { ...converted, readOnly: true } : converted]
  }))
}

function convertUnion (target: Record<string, unknown>, keyword: 'anyOf' | 'oneOf', place: Place): void {
  const parts = target[keyword]
  if (!Array.isArray(parts) || parts.every(isConstant)) return
  // There is nothing to fill in where the parts say only what is required.
  if (parts.every(isRequirement)) delete target[keyword]
  else {
    const titles = listTitles(parts, place.root)
    // Of `oneOf`, the library does not fill in the constants by which the alternatives are told apart.
    delete target[keyword]
    target[target['anyOf'] === undefined ? 'anyOf' : keyword] = parts.map((part, index) => {
      const { type, ...others } = convert(part, place)
      // The library prefers null for what is absent, unless the type is a list.
      return { ...others, ...type !== undefined && { type: type === 'null' ? [type] : type }, title: titles[index] }
    })
  }
}

const REQUIREMENTS: ReadonlySet<string> = new Set(['required', 'not', 'title', 'description'])

function isRequirement (part: unknown): boolean {
  return isObject(part) && 'required' in part && Object.keys(part).every((keyword) => REQUIREMENTS.has(keyword))
}

interface Constant extends JsonSchema { readonly const: unknown }

function isConstant (part: unknown): part is Constant {
  return isObject(part) && 'const' in part
}

// A reference that leads nowhere leaves open what the value is. The library knows no anchors.
function withRef (schema: JsonSchema, root: JsonSchema): JsonSchema {
  const { $ref, ...others } = schema
  if (typeof $ref !== 'string' || $ref === '#' || ($ref.startsWith('#/') && resolveRef(root, $ref) !== undefined)) {
    return schema
  }
  for (const keyword of ['$defs', 'definitions']) {
    const found = Object.entries(asSchema(root[keyword])).find(([, one]) => `#${asSchema(one)['$anchor']}` === $ref)
    if (found !== undefined) {
      return { ...others, $ref: `#/${keyword}/${found[0].replaceAll('~', '~0').replaceAll('/', '~1')}` }
    }
  }
  return others
}

// The type of the values that a keyword with schemas is about, or `all`.
const HOLDERS: ReadonlyMap<string, unknown> = new Map([
  ['properties', 'object'],
  ['patternProperties', 'object'],
  ['additionalProperties', 'object'],
  ['items', 'array'],
  ['prefixItems', 'array'],
  ...['allOf', 'if', 'then', 'else', '$defs', 'definitions'].map((keyword) => [keyword, 'all'] as const)
])

// The library takes the first of several types. A value that may be absent needs no choice to be null.
function withTypes (schema: JsonSchema, { isRequired = false }: Place): JsonSchema {
  const { type, title, description, default: initial, ...others } = schema
  if (!Array.isArray(type) || schema.enum !== undefined || UNIONS.some((keyword) => keyword in schema)) return schema
  const isNullable = type.includes('null')
  if (type.length < 2 || (type.length === 2 && isNullable && !isRequired)) return schema
  // Each schema within goes to one place. Copies in every alternative, at every depth, would grow without end.
  const pick = (isPicked: (keyword: string) => boolean): object =>
    Object.fromEntries(Object.entries(others).filter(([keyword]) => isPicked(keyword)))
  return {
    ...title !== undefined && { title },
    ...description !== undefined && { description },
    ...initial !== undefined && { default: initial },
    ...pick((keyword) => HOLDERS.get(keyword) === 'all'),
    anyOf: type.map((one: unknown) => {
      return { ...one !== 'null' && pick((keyword) => [undefined, one].includes(HOLDERS.get(keyword))), type: one }
    })
  }
}

// A choice of constants. The library takes `enum`, or `oneOf` with titles and a type.
function withChoices (schema: JsonSchema): JsonSchema {
  const { anyOf, oneOf, enum: values, enumNames, ...others } = schema
  if (Array.isArray(values)) {
    const isNamed = Array.isArray(enumNames) && enumNames.length === values.length
    const types = new Set(values.map((value) => value === null ? 'object' : typeof value))
    if (!isNamed && types.size === 1 && !types.has('object')) return schema
    const names = isNamed ? enumNames : values.map((value) => typeof value === 'string' ? value : writeJsonLine(value))
    return asChoice(others, values.map((value, index) => ({ const: value, title: String(names[index]) })))
  }
  const parts = anyOf ?? oneOf
  if (!Array.isArray(parts) || parts.length === 0 || !parts.every(isConstant)) return schema
  if (parts.some((part) => part.title !== undefined)) return asChoice(others, parts)
  return { ...others, type: typeOfAll(parts), enum: parts.map((part) => part.const) }
}

/** The format of choices whose values are no texts, or are of several types. */
export const CHOICE_FORMAT = 'choice'

function asChoice (others: JsonSchema, parts: readonly Constant[]): JsonSchema {
  const type = typeOfAll(parts)
  const isMixed = parts.some(({ const: value }) => `${typeof value}` !== type)
  return { ...others, type, oneOf: parts, ...isMixed && { format: CHOICE_FORMAT } }
}

// The library draws a choice for all values that have the type of a text or a number.
function typeOfAll (parts: readonly Constant[]): string {
  const types = new Set(parts.map(({ const: value }) => typeof value))
  const [type] = types
  return types.size === 1 && (type === 'number' || type === 'boolean') ? type : 'string'
}

const KINDS = ['enum', 'const', '$ref', 'allOf', 'not', ...UNIONS]

// Whether a schema leaves open what its values hold.
function isOpen (schema: JsonSchema): boolean {
  if (KINDS.some((keyword) => keyword in schema)) return false
  const { type, properties, patternProperties, additionalProperties, items, prefixItems } = schema
  const hasNames = Object.keys({ ...asSchema(properties), ...asSchema(patternProperties) }).length > 0 ||
    isObject(additionalProperties)
  const hasItems = items !== undefined || prefixItems !== undefined
  const types = [type].flat().filter((one) => TYPES.has(one) && one !== 'null')
  if (types.length === 0) return !hasNames && !hasItems && type !== 'null'
  return types[0] === 'object' ? !hasNames : types[0] === 'array' && (!hasItems || items === true)
}

function asJsonField ({ type, title, description, default: initial }: JsonSchema): JsonSchema {
  return {
    format: JSON_FORMAT,
    ...[type].flat().every((one) => TYPES.has(one)) && { type },
    ...title !== undefined && { title },
    ...description !== undefined && { description },
    ...initial !== undefined && { default: initial }
  }
}

// Several choices are ticked. The library does so where none can be made twice.
function withSeveral (schema: JsonSchema): JsonSchema {
  const { enum: values, oneOf } = asSchema(schema.items)
  const isChoice = Array.isArray(values) || (Array.isArray(oneOf) && oneOf.every(isConstant))
  return schema.type === 'array' && isChoice ? { ...schema, uniqueItems: true } : schema
}

// JSON Schema 2020-12 10.3.1.1 calls the items of a tuple `prefixItems`.
function withTuple (schema: JsonSchema, place: Place): JsonSchema {
  const { prefixItems, items, ...others } = schema
  if (!Array.isArray(prefixItems)) return schema
  return {
    ...others,
    items: prefixItems.map((item) => convert(item, place)),
    ...(items !== undefined && { additionalItems: items })
  }
}

// The library draws a field for files for one format alone, which may take the place of that of the schema.
function withFile (schema: JsonSchema): JsonSchema {
  const encoding = fileEncodingOf(schema)
  if (encoding === undefined) return schema
  return { ...schema, format: 'data-url', ...(encoding !== 'data-uri' && { contentEncoding: encoding }) }
}
