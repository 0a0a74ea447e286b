// Recognises Standard Schemas, renders them as JSON Schema, and validates by them.
import { isStackOverflow, messageOf, NESTED_TOO_DEEPLY, toProblem } from './problem.ts'
import type { Validation } from './validation.ts'

/**
 * A Standard Schema that can render JSON Schema: zod >= 4.2, arktype, valibot by `toStandardJsonSchema()`.
 *
 * @see https://standardschema.dev/schema
 * @see https://standardschema.dev/json-schema
 */
export interface StandardSchema<Input = unknown, Output = unknown> {
  readonly '~standard': {
    readonly version: 1
    readonly vendor: string
    readonly types?: { readonly input: Input, readonly output: Output } | undefined
    readonly validate: (value: unknown) => StandardResult<Output> | Promise<StandardResult<Output>>
    readonly jsonSchema: { readonly [direction in 'input' | 'output']: RenderJsonSchema }
  }
}

type RenderJsonSchema = (options: { readonly target: 'draft-2020-12' }) => Record<string, unknown>

type StandardResult<Output> =
  | { readonly value: Output, readonly issues?: undefined }
  | { readonly issues: readonly StandardIssue[] }

interface StandardIssue {
  readonly message: string
  readonly path?: ReadonlyArray<PropertyKey | { readonly key: PropertyKey }> | undefined
}

type Standard = StandardSchema['~standard']

/** A Standard Schema that may be unable to render JSON Schema. */
export interface AnyStandardSchema {
  readonly '~standard': Omit<Standard, 'jsonSchema'> & Partial<Pick<Standard, 'jsonSchema'>>
}

const MISSING_JSON_SCHEMA = new Map([
  ['zod', "upgrade zod to >= 4.2 and import it from 'zod' ('zod/mini' renders none)"],
  ['valibot', 'wrap it with toStandardJsonSchema() from @valibot/to-json-schema']
])

/** Returns whether a value is a Standard Schema. Those of arktype are functions. */
export function isStandardSchema (value: unknown): value is AnyStandardSchema {
  if (value === null || (typeof value !== 'object' && typeof value !== 'function')) return false
  if (!('~standard' in value)) return false

  const standard = value['~standard']
  return typeof standard === 'object' && standard !== null &&
    'validate' in standard && typeof standard.validate === 'function'
}

/** Renders the input or output of a Standard Schema. @throws Error whose message continues "the schema …" */
export function renderStandardSchema (schema: AnyStandardSchema, direction: 'input' | 'output'): unknown {
  const { vendor, jsonSchema } = schema['~standard']

  if (jsonSchema === undefined) {
    const remedy = MISSING_JSON_SCHEMA.get(vendor) ?? "use a version that has '~standard'.jsonSchema"
    throw new TypeError(`is a schema of ${vendor} that cannot render JSON Schema; ${remedy}`)
  }

  try {
    return jsonSchema[direction]({ target: 'draft-2020-12' })
  } catch (error) {
    throw new TypeError(`cannot be rendered as JSON Schema by ${vendor}: ${messageOf(error)}`, { cause: error })
  }
}

/** Creates a validator. It returns a promise only if the schema does, and throws or rejects if the schema does. */
export function createStandardValidator (
  schema: AnyStandardSchema
): (value: unknown) => Validation | Promise<Validation> {
  const standard = schema['~standard']

  return function validateStandard (value) {
    try {
      const result = standard.validate(value)
      return result instanceof Promise ? result.then(toValidation, toFailure) : toValidation(result)
    } catch (error) {
      return toFailure(error)
    }
  }
}

function toValidation (result: StandardResult<unknown>): Validation {
  if (result.issues === undefined) return { valid: true, value: result.value }

  return { valid: false, problem: toProblem(result.issues, describeIssue) }
}

function toFailure (error: unknown): Validation {
  if (isStackOverflow(error)) return NESTED_TOO_DEEPLY
  throw error
}

function describeIssue (issue: StandardIssue): string {
  const pointer = (issue.path ?? []).map(toPointerToken).join('')
  return pointer === '' ? issue.message : `${pointer}: ${issue.message}`
}

// RFC 6901
function toPointerToken (segment: PropertyKey | { readonly key: PropertyKey }): string {
  const key = typeof segment === 'object' ? segment.key : segment
  return `/${String(key).replaceAll('~', '~0').replaceAll('/', '~1')}`
}
