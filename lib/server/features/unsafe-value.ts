// Tells which values of a resource template would climb out of the directory that a handler joins them to.

// What still changes after so many rounds was encoded to get past a check.
const MAX_ROUNDS = 4

// All that matters here is ASCII, and no byte of a longer UTF-8 sequence is; so nothing can make decoding fail.
const ENCODED_ASCII = /%[0-7][0-9a-f]/gi

// A segment of two dots (Windows ignores spaces around them), or the beginning of a path that is absolute, or of
// another drive: on Windows 'c:secret.txt' is a file of drive C, whatever it is joined to.
const CLIMBS = /(?:^|[/\\])\s*\.\.\s*(?:[/\\]|$)|^[/\\]|^[a-z]:|\0/i

/**
 * Tells whether a value has a `..` segment, begins with a slash, a backslash or a drive, or has a NUL, as it is or
 * percent-encoded any number of times. A list counts as its elements, each by itself and joined by slashes.
 */
export function isUnsafeValue (value: string | readonly string[] | undefined): boolean {
  if (value === undefined) return false
  return typeof value === 'string' ? climbsOut(value) : value.some(climbsOut) || climbsOut(value.join('/'))
}

function climbsOut (value: string): boolean {
  let text = value
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const decoded = text.replace(ENCODED_ASCII, decodeByte)
    if (decoded === text) return CLIMBS.test(text)
    text = decoded
  }
  return true
}

function decodeByte (encoded: string): string {
  return String.fromCharCode(Number.parseInt(encoded.slice(1), 16))
}
