// The formats of JSON Schema, each in time linear in its text.
import { fullFormats } from 'ajv-formats/dist/formats.js'
import type { Format } from 'ajv'
import type { WorkBudget } from './work-budget.ts'

const SCHEME = /^(?:https?|ftp):\/\//i
// The rest of ajv-formats' expression for `url`, behind the user: https://gist.github.com/dperini/729294
const HOST = /(?:(?!(?:10|127)(?:\.\d{1,3}){3})(?!(?:169\.254|192\.168)(?:\.\d{1,3}){2})(?!172\.(?:1[6-9]|2\d|3[0-1])(?:\.\d{1,3}){2})(?:[1-9]\d?|1\d\d|2[01]\d|22[0-3])(?:\.(?:1?\d{1,2}|2[0-4]\d|25[0-5])){2}(?:\.(?:[1-9]\d?|1\d\d|2[0-4]\d|25[0-4]))|(?:(?:[a-z0-9\u{00a1}-\u{ffff}]+-)*[a-z0-9\u{00a1}-\u{ffff}]+)(?:\.(?:[a-z0-9\u{00a1}-\u{ffff}]+-)*[a-z0-9\u{00a1}-\u{ffff}]+)*(?:\.(?:[a-z\u{00a1}-\u{ffff}]{2,})))(?::\d{2,5})?(?:\/|$)/iuy

// No text of these kinds is longer. The first are split by their separator, which takes long where nothing else is in a
// text.
const MAX_LENGTHS: ReadonlyMap<string, number> = new Map([
  ...['date', 'time', 'date-time', 'iso-time', 'iso-date-time', 'duration', 'uuid', 'ipv4', 'ipv6', 'hostname'].map((name) => [name, 256] as const),
  ['email', 1_024] as const,
  ...['uri', 'uri-reference', 'uri-template', 'url', 'regex'].map((name) => [name, 8_192] as const)
])

const STEPS_PER_TEST = 40
const STEPS_PER_CHARACTER: ReadonlyMap<string, number> = new Map([['regex', 100], ['uri', 8], ['uri-reference', 4], ['url', 4]])

/** The formats of ajv-formats, bounded in the length of their text and in the work that they may make. */
export function createFormats (budget: WorkBudget): Record<string, Format> {
  return Object.fromEntries(Object.entries({ ...fullFormats, url: isUrl }).map(([name, format]) => {
    const test = testOf(format)
    const maxLength = MAX_LENGTHS.get(name) ?? Infinity
    return [name, test === undefined ? format : (text: string) => text.length <= maxLength && spendOn(name, text, budget) && test(text)]
  }))
}

// A regular expression is compiled, and URIs have the longest of expressions.
function spendOn (name: string, { length }: string, budget: WorkBudget): true {
  budget.spend(STEPS_PER_TEST + length * (STEPS_PER_CHARACTER.get(name) ?? 1))
  return true
}

// Formats of numbers stay as they are; so do those that take everything.
function testOf (format: Format): ((text: string) => boolean) | undefined {
  if (format instanceof RegExp) return (text) => format.test(text)
  if (typeof format === 'function') return format
  if (typeof format !== 'object' || format.type === 'number' || typeof format.validate !== 'function') return undefined
  const { validate } = format
  return (text) => Reflect.apply(validate, undefined, [text]) === true
}

/** As the format `url` of ajv-formats, which takes quadratic time over colons. */
export function isUrl (text: string): boolean {
  const scheme = SCHEME.exec(text)?.[0]
  if (scheme === undefined || /\s/.test(text)) return false
  // The host begins behind the scheme, or behind any '@' that has a user before it.
  const first = scheme.length
  let at = first
  do {
    HOST.lastIndex = at
    if (HOST.test(text)) return true
    at = text.indexOf('@', Math.max(at, first + 1)) + 1
  } while (at > 0)
  return false
}
