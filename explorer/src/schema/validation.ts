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
  const told = withoutOthers(errors).filter(({ keyword }) => !WRAPPERS.has(keyword) && keyword !== 'false')
  return (told.length > 0 ? told : errors).map(toFault)
}

// Of a union, only the alternative that is meant explains what is wrong, if there is just one whose kind the value has.
function withoutOthers (errors: readonly OutputUnit[]): readonly OutputUnit[] {
  const dropped = new Set<OutputUnit>()
  for (const [index, union] of errors.entries()) {
    if (dropped.has(union) || !isUnmatched(union)) continue
    const inside = listInside(errors, union, index)
    const meant = findMeant(inside, union)
    if (meant === undefined) continue
    for (const error of [union, ...inside]) if (alternativeOf(error, union) !== meant) dropped.add(error)
  }
  return errors.filter((error) => !dropped.has(error))
}

// Where several alternatives match, nothing explains it.
function isUnmatched ({ keyword, error }: OutputUnit): boolean {
  return keyword === 'anyOf' || (keyword === 'oneOf' && error.includes('(0 matches)'))
}

// The library lists the errors of the alternatives right after that of their union.
function listInside (errors: readonly OutputUnit[], union: OutputUnit, index: number): readonly OutputUnit[] {
  const inside: OutputUnit[] = []
  for (let at = index + 1, error = errors[at]; error !== undefined; error = errors[++at]) {
    if (alternativeOf(error, union) === undefined) break
    inside.push(error)
  }
  return inside
}

function findMeant (inside: readonly OutputUnit[], union: OutputUnit): string | undefined {
  const indexOf = (error: OutputUnit): string | undefined => alternativeOf(error, union)
  const others = new Set(inside.filter((error) => isOtherKind(error, union)).map(indexOf))
  const meant = new Set(inside.map(indexOf).filter((one) => !others.has(one)))
  return meant.size === 1 ? [...meant][0] : undefined
}

// The index of the alternative that an error is of; undefined if it is of none of the union. Items share a schema.
function alternativeOf (error: OutputUnit, { keywordLocation, instanceLocation }: OutputUnit): string | undefined {
  const isInside = `${error.instanceLocation}/`.startsWith(`${instanceLocation}/`) &&
    error.keywordLocation.startsWith(`${keywordLocation}/`)
  return isInside ? error.keywordLocation.slice(keywordLocation.length + 1).split('/', 1)[0] : undefined
}

// Whether the value has another type, or another constant by which alternatives are told apart.
function isOtherKind ({ keyword, instanceLocation }: OutputUnit, union: OutputUnit): boolean {
  const depth = instanceLocation.split('/').length - union.instanceLocation.split('/').length
  return keyword === 'const' ? depth <= 1 : depth === 0 && (keyword === 'type' || keyword === 'enum')
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
