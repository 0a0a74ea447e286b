// Recognises simple schemas, which most tools have and which are certain to be valid and to compile. Asking Ajv instead
// takes 85 ms for the first tool of a process and 1 ms for each further tool. All of Fastify starts in 230 ms.
import { fullFormats } from 'ajv-formats/dist/formats.js'
import { isWireObject } from '../../protocol/message.ts'
import type { JsonSchema } from './validation.ts'

type Test = (value: unknown, depth: number) => boolean

// Schemas nested more deeply might overflow the stack.
const MAX_DEPTH = 32

const TYPES: ReadonlySet<unknown> = new Set(['array', 'boolean', 'integer', 'null', 'number', 'object', 'string'])

// Operands that pass these tests are valid in 2020-12 and in draft-07. References are not simple: a reference has to be
// followed to know whether its target exists.
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
  ['properties', isSubschemaMap],
  ['required', (value) => Array.isArray(value) && value.every(isString) && isUnique(value)],
  ['type', (value) => TYPES.has(value) || (isChoice(value) && value.every((type) => TYPES.has(type)))]
])

/**
 * Returns whether a plain schema of a known dialect is certain to be valid by its meta-schema and to compile. Schemas
 * that are not simple may still be valid.
 */
export function isSimpleSchema ({ $schema: dialect = '', ...schema }: JsonSchema): boolean {
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

function isSubschemaMap (value: unknown, depth: number): boolean {
  return isWireObject(value) && Object.values(value).every((entry) => isSubschema(entry, depth))
}

function isChoice (value: unknown): value is readonly unknown[] {
  // A Set compares objects by identity, so lists that hold objects are not simple.
  return Array.isArray(value) && value.length > 0 && value.every((entry) => Object(entry) !== entry) && isUnique(value)
}

// Ajv's format 'regex', which meta-schemas apply to patterns, compiles them without flags and refuses the anchor \Z.
// Validators compile them with the flag 'u'.
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
