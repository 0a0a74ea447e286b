// JSON as it is sent, so that every client can read it, whatever strings are in it.

// JSON.stringify writes half a surrogate pair like this, and nothing else: '\ud800'.
const HALF = '\\ud'
const HALF_LENGTH = 6
const BACKSLASH = 92

/**
 * The JSON of a value. A half of a surrogate pair becomes U+FFFD: the parsers of other languages fail on it.
 * @throws TypeError for a value that JSON has no form for, and whatever a `toJSON` throws. RangeError when it is too long for a string.
 */
export function encodeJson (value: unknown): string {
  const json = toJson(value)
  if (json === undefined) throw new TypeError('the value has no JSON; return an object, an array, a string, a finite number, a boolean or null')
  return json
}

/** The same, but undefined for a value that JSON has no form for. */
export function toJson (value: unknown): string | undefined {
  // TypeScript's type says nothing of functions, symbols and a toJSON that returns nothing.
  const json = JSON.stringify(value) as string | undefined
  return json?.includes(HALF) === true ? replaceHalves(json) : json
}

// A loop, for a pattern that looks at every escape takes seconds for a text of a few megabytes that has many.
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

// What stands behind another backslash is text.
function isEscaped (json: string, at: number): boolean {
  let backslashes = 0
  while (json.charCodeAt(at - 1 - backslashes) === BACKSLASH) backslashes++
  return backslashes % 2 === 1
}

/** A value as its JSON says, where it decides on that by itself. */
export function resolveToJson (value: unknown): unknown {
  const { toJSON } = Object(value) as { readonly toJSON?: unknown }
  return typeof toJSON === 'function' ? JSON.parse(JSON.stringify(value) as string | undefined ?? 'null') : value
}

const LINE_BREAKS = /[\u0085\u2028\u2029]/g

/** Escapes the characters that JSON leaves as they are and that some readers of lines take for the end of one. */
export function escapeLineBreaks (json: string): string {
  // Three looks for one character each take a fraction of the time of one for any of them.
  if (!json.includes('\u2028') && !json.includes('\u2029') && !json.includes('\u0085')) return json
  return json.replace(LINE_BREAKS, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`)
}
