// A schema as the rows of a table: one for each property, nested ones below their parents.
import { asSchema, isObject, resolveRef, type JsonSchema } from './json-schema.ts'
import { writeJsonLine } from './json-text.ts'
import { listTitles, typeName } from './type-name.ts'

/** One row. */
export interface SchemaRow {
  readonly depth: number
  readonly name: string
  readonly isRequired: boolean
  readonly type: string
  readonly description: string
  /** What a value must comply with, such as `≥ 1` and `default 20`. */
  readonly limits: readonly string[]
}

const MAX_DEPTH = 8
const MAX_ROWS = 500

interface Walk {
  readonly root: JsonSchema
  readonly rows: SchemaRow[]
}

interface Step {
  readonly schema: JsonSchema
  readonly name: string
  readonly isRequired: boolean
  readonly depth: number
  /** The references that led here, by which a recursive schema is noticed. */
  readonly refs: readonly string[]
}

/** Lists the rows of a schema. */
export function listRows (root: JsonSchema): readonly SchemaRow[] {
  const walk: Walk = { root, rows: [] }
  addChildren(walk, { schema: root, name: '', isRequired: true, depth: 0, refs: [] })
  return walk.rows
}

function addRow (walk: Walk, step: Step): void {
  if (walk.rows.length >= MAX_ROWS) return
  const { schema, refs, isRecursive } = follow(walk, step)
  walk.rows.push({
    depth: step.depth,
    name: step.name,
    isRequired: step.isRequired,
    type: isRecursive ? `${typeName(schema, walk.root)} (recursive)` : typeName(schema, walk.root),
    description: typeof schema.description === 'string' ? schema.description : '',
    limits: listLimits(schema)
  })
  if (!isRecursive) addChildren(walk, { ...step, schema, refs, depth: step.depth + 1 })
}

function follow ({ root }: Walk, { schema, refs }: Step): {
  readonly schema: JsonSchema, readonly refs: readonly string[], readonly isRecursive: boolean
} {
  const { $ref, ...others } = schema
  if (typeof $ref !== 'string') return { schema, refs, isRecursive: false }
  const target = resolveRef(root, $ref)
  const joined = { ...target, ...others, title: others.title ?? target?.title ?? $ref.slice($ref.lastIndexOf('/') + 1) }
  return { schema: joined, refs: [...refs, $ref], isRecursive: refs.includes($ref) }
}

function addChildren (walk: Walk, step: Step): void {
  if (step.depth > MAX_DEPTH) return
  const { schema, depth } = step
  const required = Array.isArray(schema.required) ? schema.required : []
  for (const [name, value] of Object.entries(asSchema(schema.properties))) {
    addRow(walk, { ...step, schema: asSchema(value), name, isRequired: required.includes(name), depth })
  }
  const { items, additionalProperties, prefixItems } = schema
  if (isObject(items) && isNested(walk, items)) addRow(walk, { ...step, schema: items, name: '[ ]', isRequired: false })
  for (const [pattern, value] of Object.entries(asSchema(schema.patternProperties))) {
    addRow(walk, { ...step, schema: asSchema(value), name: `(names like ${pattern})`, isRequired: false })
  }
  for (const [index, item] of (Array.isArray(prefixItems) ? prefixItems : []).entries()) {
    addRow(walk, { ...step, schema: asSchema(item), name: `[${index}]`, isRequired: false })
  }
  if (isObject(additionalProperties)) {
    addRow(walk, { ...step, schema: additionalProperties, name: '(other names)', isRequired: false })
  }
  for (const keyword of ['anyOf', 'oneOf', 'allOf'] as const) addParts(walk, step, keyword)
}

function addParts (walk: Walk, step: Step, keyword: 'anyOf' | 'oneOf' | 'allOf'): void {
  const parts = step.schema[keyword]
  if (!Array.isArray(parts)) return
  const titles = listTitles(parts, walk.root)
  for (const [index, part] of parts.entries()) {
    const schema = asSchema(part)
    if (!isNested(walk, schema)) continue
    if (keyword === 'allOf') addChildren(walk, { ...step, ...follow(walk, { ...step, schema }) })
    else addRow(walk, { ...step, schema, name: `(${titles[index]})`, isRequired: false })
  }
}

const NESTING = ['properties', 'patternProperties', 'allOf', 'prefixItems']

// Whether a schema says more than its type and its limits. What was looked at before is skipped, because a schema may
// lead to itself by each of many parts.
function isNested (walk: Walk, schema: JsonSchema, depth = 0, seen = new Set<JsonSchema>()): boolean {
  const target = typeof schema.$ref === 'string' ? asSchema(resolveRef(walk.root, schema.$ref)) : schema
  if (depth > MAX_DEPTH || seen.has(target)) return false
  seen.add(target)
  if (NESTING.some((keyword) => target[keyword] !== undefined) || isObject(target['additionalProperties'])) return true
  const parts = [target['anyOf'], target['oneOf'], target.items].flat()
  return parts.some((part) => isObject(part) && isNested(walk, part, depth + 1, seen))
}

const LIMITS: Readonly<Record<string, (value: unknown) => string>> = {
  enum: (value) => [value].flat().slice(0, 50).map((one) => writeJsonLine(one)).join(', '),
  oneOf: listConstants,
  anyOf: listConstants,
  default: (value) => `default ${writeJsonLine(value)}`,
  minimum: (value) => `≥ ${value}`,
  exclusiveMinimum: (value) => `> ${value}`,
  maximum: (value) => `≤ ${value}`,
  exclusiveMaximum: (value) => `< ${value}`,
  multipleOf: (value) => `multiple of ${value}`,
  minLength: (value) => `at least ${value} characters`,
  maxLength: (value) => `at most ${value} characters`,
  pattern: (value) => `matches ${value}`,
  minItems: (value) => `at least ${value} items`,
  maxItems: (value) => `at most ${value} items`,
  uniqueItems: (value) => value === true ? 'unique items' : '',
  contentEncoding: (value) => String(value),
  contentMediaType: (value) => String(value),
  'x-mcp-header': (value) => `header Mcp-Param-${value}`
}

// The titles of a choice of constants.
function listConstants (parts: unknown): string {
  const constants = [parts].flat().slice(0, 50).map(asSchema)
  if (!constants.every((part) => part['const'] !== undefined && typeof part.title === 'string')) return ''
  return constants.map((part) => `${writeJsonLine(part['const'])} ${String(part.title)}`).join(', ')
}

function listLimits (schema: JsonSchema): readonly string[] {
  return Object.entries(LIMITS)
    .filter(([keyword]) => schema[keyword] !== undefined)
    .map(([keyword, describe]) => describe(schema[keyword]))
    .filter((text) => text !== '')
}
