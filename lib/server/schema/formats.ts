// The formats of JSON Schema, each checked in linear time.
import { fullFormats } from 'ajv-formats/dist/formats.js'
import type { Format } from 'ajv'
import type { WorkBudget } from './work-budget.ts'

const SCHEME = /^(?:https?|ftp):\/\//i
// The part of ajv-formats' expression for `url` that follows the user info: https://gist.github.com/dperini/729294
const HOST = /(?:(?!(?:10|127)(?:\.\d{1,3}){3})(?!(?:169\.254|192\.168)(?:\.\d{1,3}){2})(?!172\.(?:1[6-9]|2\d|3[0-1])(?:\.\d{1,3}){2})(?:[1-9]\d?|1\d\d|2[01]\d|22[0-3])(?:\.(?:1?\d{1,2}|2[0-4]\d|25[0-5])){2}(?:\.(?:[1-9]\d?|1\d\d|2[0-4]\d|25[0-4]))|(?:(?:[a-z0-9\u{00a1}-\u{ffff}]+-)*[a-z0-9\u{00a1}-\u{ffff}]+)(?:\.(?:[a-z0-9\u{00a1}-\u{ffff}]+-)*[a-z0-9\u{00a1}-\u{ffff}]+)*(?:\.(?:[a-z\u{00a1}-\u{ffff}]{2,})))(?::\d{2,5})?(?:\/|$)/iuy

const SHORT = [
  'date', 'time', 'date-time', 'iso-time', 'iso-date-time', 'duration', 'uuid', 'ipv4', 'ipv6', 'hostname'
]
const LONG = ['uri', 'uri-reference', 'uri-template', 'url', 'regex']

// No valid text of these formats is longer. Some tests split the text at a separator, which takes long if the text
// consists of separators only.
const MAX_LENGTHS: ReadonlyMap<string, number> = new Map([
  ...SHORT.map((name) => [name, 256] as const),
  ['email', 1_024] as const,
  ...LONG.map((name) => [name, 8_192] as const)
])

const STEPS_PER_TEST = 40
// `regex` compiles its text, and the expressions for URIs are the longest. All other formats take one step.
const STEPS_PER_CHARACTER: ReadonlyMap<string, number> = new Map([
  ['regex', 100], ['uri', 8], ['uri-reference', 4], ['url', 4]
])

/** Returns the formats of ajv-formats, with a limit on the length of the text and a charge on the work budget. */
export function createFormats (budget: WorkBudget): Record<string, Format> {
  return Object.fromEntries(Object.entries({ ...fullFormats, url: isUrl }).map(([name, format]) => {
    const test = toTest(format)
    if (test === undefined) return [name, format]
    const maxLength = MAX_LENGTHS.get(name) ?? Infinity
    const stepsPerCharacter = STEPS_PER_CHARACTER.get(name) ?? 1

    return [name, (text: string) => {
      if (text.length > maxLength) return false
      budget.spend(STEPS_PER_TEST + text.length * stepsPerCharacter)
      return test(text)
    }]
  }))
}

// Returns undefined for formats of numbers and for formats that accept everything: they stay as they are.
function toTest (format: Format): ((text: string) => boolean) | undefined {
  if (format instanceof RegExp) return (text) => format.test(text)
  if (typeof format === 'function') return format
  if (typeof format !== 'object' || format.type === 'number' || typeof format.validate !== 'function') return undefined
  const { validate } = format
  return (text) => Reflect.apply(validate, undefined, [text]) === true
}

/** Accepts the same texts as the format `url` of ajv-formats, whose expression takes quadratic time on colons. */
export function isUrl (text: string): boolean {
  const scheme = SCHEME.exec(text)?.[0]
  if (scheme === undefined || /\s/.test(text)) return false
  // The host begins after the scheme, or after any '@' that follows user info.
  const first = scheme.length
  let at = first
  do {
    HOST.lastIndex = at
    if (HOST.test(text)) return true
    at = text.indexOf('@', Math.max(at, first + 1)) + 1
  } while (at > 0)
  return false
}
