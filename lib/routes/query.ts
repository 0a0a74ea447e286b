// Query strings as an HTTP client writes them: repeated names for arrays, brackets for what is nested.
import { encode } from './path.ts'

/**
 * Encodes values as a query string, without the question mark. An array repeats its name, a nested object has its keys
 * in brackets (`filter[name]=x`), null is an empty text, and undefined is left out. The app's own parser reads it.
 */
export function buildQuery (values: ReadonlyMap<string, unknown>): string {
  const pairs: string[] = []
  for (const [name, value] of values) addPairs(pairs, name, value)
  return pairs.join('&')
}

function addPairs (pairs: string[], name: string, value: unknown): void {
  if (value === undefined) return
  if (Array.isArray(value)) {
    value.forEach((item, index) => addPairs(pairs, isNested(item) ? `${name}[${index}]` : name, item))
  } else if (isNested(value)) {
    for (const [key, item] of Object.entries(value)) addPairs(pairs, `${name}[${key}]`, item)
  } else {
    pairs.push(`${encode(name)}=${encode(value === null ? '' : String(value))}`)
  }
}

function isNested (value: unknown): value is object {
  return typeof value === 'object' && value !== null
}
