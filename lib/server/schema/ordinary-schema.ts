// Recognises the schemas that most tools have, of which it is certain that they are valid and compile. To have Ajv find
// that out takes 85 ms at the first tool of a process, where all of Fastify starts in 230, and 1 ms at each of the
// others.
import { fullFormats } from 'ajv-formats/dist/formats.js'
import { isWireObject } from '../../protocol/message.ts'
import type { JsonSchema } from './validation.ts'

type Test = (value: unknown, depth: number) => boolean

// What is nested deeper may take more stack than there is.
const MAX_DEPTH = 32

const TYPES: ReadonlySet<unknown> = new Set(['array', 'boolean', 'integer', 'null', 'number', 'object', 'string'])

// What passes here is valid in 2020-12 and in draft-07. No references: they are known to lead somewhere by following
// them.
const KEYWORDS: ReadonlyMap<string, Test> = new Map<string, Test>([
  ...list(isAnything, 'const', 'default'),
  ...list(isString, '$comment', 'description', 'title'),
  ...list(isBoolean, 'deprecated', 'readOnly', 'uniqueItems', 'writeOnly'),
  ...list(isNumber, 'exclusiveMaximum', 'exclusiveMinimum', 'maximum', 'minimum'),
  ...list(isCount, 'maxItems', 'maxLength', 'maxProperties', 'minItems', 'minLength', 'minProperties'),
  ...list(isSubschema, 'additionalProperties', 'contains', 'items', 'not', 'propertyNames'),
  ...list(isSubschemas, 'allOf', 'anyOf', 'oneOf'),
  ['enum', isChoice],
  ['examples', (value) => Array.isArray(value)],
  ['format', (value) => typeof value === 'string' && Object.hasOwn(fullFormats, value)],
  ['multipleOf', (value) => isNumber(value) && Number(value) > 0],
  ['pattern', isPattern],
  ['properties', (value, depth) => isWireObject(value) && Object.values(value).every((entry) => isSubschema(entry, depth))],
  ['required', (value) => Array.isArray(value) && value.every(isString) && isUnique(value)],
  ['type', (value) => TYPES.has(value) || (isChoice(value) && value.every((type) => TYPES.has(type)))]
])

/**
 * Whether a plain schema of a known dialect is certainly valid by its meta-schema, and compiles. One that is not
 * ordinary may do so, too.
 */
export function isOrdinarySchema ({ $schema: dialect = '', ...schema }: JsonSchema): boolean {
  return isString(dialect) && isSubschema(schema, 0)
}

function isSubschema (value: unknown, depth: number): boolean {
  if (typeof value === 'boolean') return true
  return depth < MAX_DEPTH && isWireObject(value) &&
    Object.entries(value).every(([keyword, operand]) => KEYWORDS.get(keyword)?.(operand, depth + 1) === true)
}

function isSubschemas (value: unknown, depth: number): boolean {
  return Array.isArray(value) && value.length > 0 && value.every((entry) => isSubschema(entry, depth))
}

function isChoice (value: unknown): value is readonly unknown[] {
  // Objects that are equal are not told by identity.
  return Array.isArray(value) && value.length > 0 && value.every((entry) => Object(entry) !== entry) && isUnique(value)
}

// Ajv's format 'regex' knows no flag and no anchor \Z, and what it compiles has the flag 'u'.
function isPattern (value: unknown): boolean {
  if (typeof value !== 'string' || value.includes('\\Z')) return false
  try {
    return Boolean(new RegExp(value) && new RegExp(value, 'u'))
  } catch {
    return false
  }
}

function isUnique (values: readonly unknown[]): boolean {
  return new Set(values).size === values.length
}

function isAnything (): boolean {
  return true
}

function isString (value: unknown): boolean {
  return typeof value === 'string'
}

function isBoolean (value: unknown): boolean {
  return typeof value === 'boolean'
}

function isNumber (value: unknown): boolean {
  return typeof value === 'number'
}

function isCount (value: unknown): boolean {
  return Number.isSafeInteger(value) && Number(value) >= 0
}

function list (test: Test, ...keywords: readonly string[]): ReadonlyArray<[string, Test]> {
  return keywords.map((keyword) => [keyword, test])
}
