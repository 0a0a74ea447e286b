// Validates arguments against schemas without compiling code, which the policy of the page forbids.
import { Validator, type OutputUnit, type Schema } from '@cfworker/json-schema'
import type { JsonSchema } from './json-schema.ts'

/** One thing that is wrong with a value. */
export interface Fault {
  /** The JSON Pointer to the value, such as `/filter/limit`. */
  readonly path: string
  readonly message: string
}

const validators = new WeakMap<JsonSchema, Validator>()

// Units that only say that a part of the schema failed, which another unit explains.
const WRAPPERS = new Set([
  'properties', 'patternProperties', 'additionalProperties', 'items', 'prefixItems',
  'allOf', '$ref', 'if', 'then', 'else'
])

/** Finds what is wrong with a value. A schema that cannot be checked allows everything: the server decides. */
export function findFaults (schema: JsonSchema, value: unknown): readonly Fault[] {
  try {
    let validator = validators.get(schema)
    if (validator === undefined) {
      // The library takes any object, and complains when it meets what it does not know.
      validator = new Validator(schema as Schema, '2020-12', false)
      validators.set(schema, validator)
    }
    return summarize(validator.validate(value).errors)
  } catch {
    return []
  }
}

function summarize (errors: readonly OutputUnit[]): readonly Fault[] {
  const told = errors.filter(({ keyword }) => !WRAPPERS.has(keyword) && keyword !== 'false')
  return (told.length > 0 ? told : errors).map(toFault)
}

// A property that is missing is reported at its own place, and not at that of its object.
function toFault ({ instanceLocation, error, keyword }: OutputUnit): Fault {
  const path = decode(instanceLocation.replace(/^#/, ''))
  const missing = keyword === 'required' ? /"(.*)"/s.exec(error)?.[1] : undefined
  if (missing === undefined) return { path, message: error }
  return { path: `${path}/${missing.replaceAll('~', '~0').replaceAll('/', '~1')}`, message: 'This is required.' }
}

// The library gives the pointer as the fragment of a URI (RFC 6901 6).
function decode (text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

/** The names and indices that a JSON Pointer leads through. */
export function stepsOf (pointer: string): readonly string[] {
  return pointer.split('/').slice(1).map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'))
}
