// Encodes responses and notifications, and JSON that every client can parse, whatever its strings contain.
import { ErrorCode } from './error-code.ts'
import type { RequestId } from './message.ts'
import type { Refusal } from './refusals.ts'

/** Encodes the response to a request that was served. @param result The JSON of the result. */
export function encodeResponse (id: RequestId, result: string): string {
  return `{"jsonrpc":"2.0","id":${JSON.stringify(id)},"result":${result}}`
}

/** Encodes an error response. It never throws: a part of the error that JSON cannot carry is left out. */
export function encodeError (id: RequestId | null, failure: Pick<Refusal, 'code' | 'message' | 'data'>): string {
  return tryEncode(id, () => ({ ...describe(failure), data: failure.data })) ??
    tryEncode(id, () => describe(failure)) ??
    encodeJson({ jsonrpc: '2.0', id, error: UNSENDABLE })
}

/** Encodes a notification. @throws if the parameters hold a value that JSON cannot carry. */
export function encodeNotification (method: string, params: object): string {
  return encodeJson({ jsonrpc: '2.0', method, params })
}

const UNSENDABLE = Object.freeze({ code: ErrorCode.InternalError, message: 'Internal error' })

// Errors that handlers throw may have members of any type, so check the types.
function describe ({ code, message }: Pick<Refusal, 'code' | 'message'>): object {
  return {
    code: Number.isInteger(code) ? code : ErrorCode.InternalError,
    message: typeof message === 'string' ? message : UNSENDABLE.message
  }
}

function tryEncode (id: RequestId | null, createError: () => object): string | undefined {
  try {
    return encodeJson({ jsonrpc: '2.0', id, error: createError() })
  } catch {
    return undefined
  }
}

// JSON.stringify writes such an escape only for a lone surrogate: '\ud800'.
const HALF = '\\ud'
const HALF_LENGTH = 6
const BACKSLASH = 92

/**
 * Returns the JSON of a value. A lone surrogate becomes U+FFFD, because the parsers of other languages fail on it.
 * @throws TypeError if JSON cannot represent the value, RangeError if the text is too long for a string, and whatever a
 * `toJSON` method throws.
 */
export function encodeJson (value: unknown): string {
  const json = toJson(value)
  if (json === undefined) {
    const remedy = 'return an object, an array, a string, a finite number, a boolean or null'
    throw new TypeError(`the value has no JSON; ${remedy}`)
  }
  return json
}

/** Like {@link encodeJson}, but returns undefined for a value that JSON cannot represent. */
export function toJson (value: unknown): string | undefined {
  // TypeScript's type ignores that a function, a symbol and a toJSON that returns nothing give undefined.
  const json = JSON.stringify(value) as string | undefined
  return json?.includes(HALF) === true ? replaceHalves(json) : json
}

// A loop, because a regular expression that visits every escape takes seconds for some texts of a few megabytes.
function replaceHalves (json: string): string {
  let replaced = ''
  let start = 0
  for (let at = json.indexOf(HALF); at !== -1; at = json.indexOf(HALF, at + HALF.length)) {
    if (isEscaped(json, at)) continue
    replaced += `${json.slice(start, at)}\uFFFD`
    start = at + HALF_LENGTH
  }
  return replaced + json.slice(start)
}

// After an odd number of backslashes, this backslash is itself escaped and begins no escape.
function isEscaped (json: string, at: number): boolean {
  let backslashes = 0
  while (json.charCodeAt(at - 1 - backslashes) === BACKSLASH) backslashes++
  return backslashes % 2 === 1
}

/** Replaces a value that has a `toJSON` method by the value of its JSON. Returns any other value unchanged. */
export function resolveToJson (value: unknown): unknown {
  const { toJSON } = Object(value) as { readonly toJSON?: unknown }
  return typeof toJSON === 'function' ? JSON.parse(JSON.stringify(value) as string | undefined ?? 'null') : value
}

const LINE_BREAKS = /[\u0085\u2028\u2029]/g

/** Escapes the characters that JSON allows in strings, but that some line readers take for a line break. */
export function escapeLineBreaks (json: string): string {
  // Three searches for one character each are much faster than one search for any of the three.
  if (!json.includes('\u2028') && !json.includes('\u2029') && !json.includes('\u0085')) return json
  return json.replace(LINE_BREAKS, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`)
}
