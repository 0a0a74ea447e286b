// Canonical URIs: all spellings of one resource's URI have the same canonical form (RFC 3986 6.2.2 and 6.2.3).

/** The most characters that a URI may have, as it is sent and in its percent-encoded form. */
export const MAX_URI_LENGTH = 8192

// RFC 3986 2: runs of characters that are neither a percent sign, nor unreserved, nor reserved.
const INVALID = /[^\w\-.~:/?#[\]@!$&'()*+,;=%]+/g
const ESCAPE = /%[0-9a-f]{2}/gi

// Maps every escape, in upper and lower case, to its form in a canonical URI.
const CANONICAL_ESCAPES: ReadonlyMap<string, string> = new Map(createEscapes())

function * createEscapes (): Generator<[string, string]> {
  for (let byte = 0; byte < 256; byte++) {
    const character = String.fromCharCode(byte)
    const [high = '', low = ''] = byte.toString(16).padStart(2, '0')
    const [HIGH, LOW] = [high.toUpperCase(), low.toUpperCase()]
    for (const escape of [high + low, high + LOW, HIGH + low, HIGH + LOW]) {
      yield [`%${escape}`, /^[a-z0-9\-._~]$/i.test(character) ? character : `%${HIGH}${LOW}`]
    }
  }
}

/**
 * Percent-encodes characters that a URI must not contain, decodes escapes that are not needed, and writes the other
 * escapes in upper case. Returns `undefined` for a text with a lone surrogate.
 *
 * @see https://www.rfc-editor.org/rfc/rfc3986#section-6.2.2
 */
export function normalizeEscapes (text: string): string | undefined {
  // The cast holds, because the map has all escapes.
  return encodeInvalid(text.replace(ESCAPE, (escape) => CANONICAL_ESCAPES.get(escape) as string))
}

/**
 * Like {@link normalizeEscapes}, but also returns `undefined` if the text has more than {@link MAX_URI_LENGTH}
 * characters before or after.
 */
export function normalizeBounded (uri: string): string | undefined {
  const text = uri.length > MAX_URI_LENGTH ? undefined : normalizeEscapes(uri)
  return text !== undefined && text.length > MAX_URI_LENGTH ? undefined : text
}

/**
 * Percent-encodes characters that a URI must not contain, and leaves everything else unchanged. Returns `undefined` for
 * a text with a lone surrogate or with a `%` that begins no escape.
 */
export function encodeUri (text: string): string | undefined {
  return /%(?![0-9a-f]{2})/i.test(text) ? undefined : encodeInvalid(text)
}

function encodeInvalid (text: string): string | undefined {
  try {
    return text.replace(INVALID, encodeURIComponent)
  } catch {
    return undefined
  }
}

/**
 * Returns the form in which a URI is looked up and compared. Escapes are normalized, dot segments are resolved, and the
 * scheme is lower-cased; for the schemes that the URL Standard knows, host and port are normalized, too. Returns
 * `undefined` for a text that is not an absolute URI or that has more than {@link MAX_URI_LENGTH} characters.
 *
 * @see https://www.rfc-editor.org/rfc/rfc3986#section-6.2.2
 */
export function canonicalUri (uri: string): string | undefined {
  const encoded = normalizeBounded(uri)
  if (encoded === undefined || !URL.canParse(encoded)) return undefined
  const { href } = new URL(encoded)
  return href === encoded ? href : normalizeEscapes(href)
}
