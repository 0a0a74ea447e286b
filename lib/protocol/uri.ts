// URIs as they are compared: two spellings of one resource have one canonical form (RFC 3986 6.2.2 and 6.2.3).

/** The most characters of a URI, as it is sent and in its percent-encoded form. */
export const MAX_URI_LENGTH = 8192

// RFC 3986 2: runs of what is neither a percent sign nor an unreserved or reserved character.
const INVALID = /[^\w\-.~:/?#[\]@!$&'()*+,;=%]+/g
const ESCAPE = /%[0-9a-f]{2}/gi

// Every escape, in either case, and what it is in a canonical URI.
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
 * Percent-encodes what cannot stand in a URI, decodes what need not be encoded, and writes the rest of the escapes in
 * upper case. Returns `undefined` for a text with a lone surrogate.
 *
 * @see https://www.rfc-editor.org/rfc/rfc3986#section-6.2.2
 */
export function normalizeEscapes (text: string): string | undefined {
  // All escapes are there.
  return encodeInvalid(text.replace(ESCAPE, (escape) => CANONICAL_ESCAPES.get(escape) as string))
}

/** As {@link normalizeEscapes}, and `undefined` for what has more than {@link MAX_URI_LENGTH} characters, before or after. */
export function normalizeBounded (uri: string): string | undefined {
  const text = uri.length > MAX_URI_LENGTH ? undefined : normalizeEscapes(uri)
  return text !== undefined && text.length > MAX_URI_LENGTH ? undefined : text
}

/**
 * Percent-encodes what cannot stand in a URI and leaves the rest as it is written. Returns `undefined` for a text that
 * no URI can be made of: one with a lone surrogate, or with a `%` that begins no escape.
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
 * The form by which a URI is looked up and compared: escapes are normalized, dot segments are resolved, and the scheme, and
 * the host and port of the schemes that the URL Standard knows, are written the one way. Returns `undefined` for a text
 * that is no absolute URI, and for one with more than {@link MAX_URI_LENGTH} characters.
 *
 * @see https://www.rfc-editor.org/rfc/rfc3986#section-6.2.2
 */
export function canonicalUri (uri: string): string | undefined {
  const encoded = normalizeBounded(uri)
  if (encoded === undefined || !URL.canParse(encoded)) return undefined
  const { href } = new URL(encoded)
  return href === encoded ? href : normalizeEscapes(href)
}
