// Recognises values of a resource template that would escape the directory to which a handler joins them.

// A value that still changes after this many rounds of decoding was encoded to evade a check.
const MAX_ROUNDS = 4

// All characters that matter are ASCII, and no byte of a multi-byte UTF-8 sequence is ASCII, so decoding cannot fail.
const ENCODED_ASCII = /%[0-7][0-9a-f]/gi

// A segment of two dots (Windows ignores spaces around them), or the beginning of an absolute path or of a drive: on
// Windows, 'c:secret.txt' is a file on drive C, whatever it is joined to.
const TRAVERSAL = /(?:^|[/\\])\s*\.\.\s*(?:[/\\]|$)|^[/\\]|^[a-z]:|\0/i

/**
 * Returns whether a value has a `..` segment, begins with a slash, a backslash or a drive, or has a NUL, plain or
 * percent-encoded any number of times. Of a list, each element is checked, and all elements joined by slashes.
 */
export function isUnsafeValue (value: string | readonly string[] | undefined): boolean {
  if (value === undefined) return false
  return typeof value === 'string' ? isTraversal(value) : value.some(isTraversal) || isTraversal(value.join('/'))
}

function isTraversal (value: string): boolean {
  let text = value
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const decoded = text.replace(ENCODED_ASCII, decodeByte)
    if (decoded === text) return TRAVERSAL.test(text)
    text = decoded
  }
  return true
}

function decodeByte (encoded: string): string {
  return String.fromCharCode(Number.parseInt(encoded.slice(1), 16))
}
