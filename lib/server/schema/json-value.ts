// Converts a value to the value that its JSON represents.
import { isStackOverflow } from './problem.ts'
import type { Validation } from './validation.ts'

/**
 * Returns the value that clients receive: the same object if JSON carries it unchanged, else the parsed JSON of it, as
 * for a Date, an object with `toJSON` or an undefined property. NaN and Infinity are invalid: JSON makes them null.
 *
 * @throws TypeError for values that JSON cannot represent, such as a cycle or a bigint.
 */
export function toJsonValue (value: unknown): Validation {
  if (value === undefined || isPlain(value)) return { valid: true, value }

  let problem: string | undefined
  const text: string | undefined = JSON.stringify(value, (key, part: unknown) => {
    if (isNonFinite(part)) problem ??= `has ${String(part)}${key === '' ? '' : ` at '${key}'`}, which JSON cannot carry`
    return part
  })
  if (problem !== undefined) return { valid: false, problem }
  return { valid: true, value: text === undefined ? undefined : JSON.parse(text) }
}

function isPlain (value: unknown): boolean {
  try {
    return isPlainPart(value)
  } catch (error) {
    // The value has a cycle or is nested too deeply; JSON.stringify() throws an error that says which.
    if (isStackOverflow(error)) return false
    throw error
  }
}

function isPlainPart (value: unknown): boolean {
  if (typeof value === 'number') return Number.isFinite(value)
  if (typeof value !== 'object' || value === null) {
    return typeof value === 'string' || typeof value === 'boolean' || value === null
  }
  if ('toJSON' in value) return false
  if (Array.isArray(value)) {
    for (let index = 0; index < value.length; index++) if (!isPlainPart(value[index])) return false
    return true
  }
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype !== Object.prototype && prototype !== null) return false
  for (const name of Object.keys(value)) if (!isPlainPart(Reflect.get(value, name))) return false
  return true
}

function isNonFinite (value: unknown): boolean {
  return (typeof value === 'number' || value instanceof Number) && !Number.isFinite(Number(value))
}
