// Recognises the schemas that most tools have. They need not be checked against their meta-schema, whose validator takes
// Ajv longer to compile than Fastify takes to start: 70 ms of 250 at the first schema of a process.
import { isWireObject } from '../protocol/message.ts'
import type { JsonSchema } from './schema.ts'

type Test = (value: unknown) => boolean

const TYPES: ReadonlySet<unknown> = new Set(['array', 'boolean', 'integer', 'null', 'number', 'object', 'string'])

// What passes here is valid in 2020-12 and in draft-07.
const KEYWORDS: ReadonlyMap<string, Test> = new Map<string, Test>([
  ...list(isAnything, 'const', 'default'),
  ...list(isString, '$comment', 'description', 'format', 'title'),
  ...list(isBoolean, 'deprecated', 'readOnly', 'uniqueItems', 'writeOnly'),
  ...list(isNumber, 'exclusiveMaximum', 'exclusiveMinimum', 'maximum', 'minimum'),
  ...list(isCount, 'maxItems', 'maxLength', 'maxProperties', 'minItems', 'minLength', 'minProperties'),
  ...list(isSubschema, 'additionalProperties', 'contains', 'items', 'not', 'propertyNames'),
  ...list(isSubschemas, 'allOf', 'anyOf', 'oneOf'),
  ['enum', isChoice],
  ['examples', Array.isArray],
  ['multipleOf', (value) => isNumber(value) && Number(value) > 0],
  ['pattern', isPattern],
  ['properties', (value) => isWireObject(value) && Object.values(value).every(isSubschema)],
  ['required', (value) => Array.isArray(value) && value.every(isString) && isUnique(value)],
  ['type', (value) => TYPES.has(value) || (isChoice(value) && value.every((type) => TYPES.has(type)))]
])

/** Whether a plain schema is certainly valid by its meta-schema. One that is not ordinary may be valid, too. */
export function isOrdinarySchema ({ $schema: dialect = '', ...schema }: JsonSchema): boolean {
  return isString(dialect) && isSubschema(schema)
}

function isSubschema (value: unknown): boolean {
  if (typeof value === 'boolean') return true
  return isWireObject(value) && Object.entries(value).every(([keyword, operand]) => KEYWORDS.get(keyword)?.(operand) === true)
}

function isSubschemas (value: unknown): boolean {
  return Array.isArray(value) && value.length > 0 && value.every(isSubschema)
}

function isChoice (value: unknown): value is readonly unknown[] {
  // Objects that are equal are not told by identity.
  return Array.isArray(value) && value.length > 0 && value.every((entry) => Object(entry) !== entry) && isUnique(value)
}

// Ajv's format 'regex' knows no anchor \Z.
function isPattern (value: unknown): boolean {
  if (typeof value !== 'string' || value.includes('\\Z')) return false
  try {
    return Boolean(new RegExp(value))
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
