// Validates arguments against schemas without compiling code, which the policy of the page forbids.
import { Validator, type OutputUnit, type Schema } from '@cfworker/json-schema'
import type { JsonSchema } from './json-schema.ts'

/** One thing that is wrong with a value. */
export interface Fault {
  /** The path to the value, such as `/filter/limit`. */
  readonly path: string
  readonly message: string
}

const validators = new WeakMap<JsonSchema, Validator>()

// Units that only say that a part of the schema failed, which another unit explains.
const WRAPPERS = new Set([
  'properties', 'patternProperties', 'additionalProperties', 'items', 'prefixItems', 'allOf', '$ref'
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

// What is missing is wrong where it belongs.
function toFault ({ instanceLocation, error, keyword }: OutputUnit): Fault {
  const path = instanceLocation.replace(/^#/, '')
  const missing = keyword === 'required' ? /"(.*)"/s.exec(error)?.[1] : undefined
  if (missing === undefined) return { path, message: error }
  return { path: `${path}/${encodeURIComponent(missing)}`, message: 'This is required.' }
}
