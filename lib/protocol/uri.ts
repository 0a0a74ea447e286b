// URIs as they are compared: two spellings of one resource have one canonical form (RFC 3986 6.2.2 and 6.2.3).

/** The most characters of a URI, as it is sent and in its percent-encoded form. */
export const MAX_URI_LENGTH = 8192

// RFC 3986 2: escapes, and runs of what is neither an escape nor an unreserved or reserved character.
const ESCAPED_OR_INVALID = /%[0-9a-f]{2}|[^\w\-.~:/?#[\]@!$&'()*+,;=%]+/gi
const INVALID = /[^\w\-.~:/?#[\]@!$&'()*+,;=%]+/g
const UNRESERVED = /^[\w\-.~]$/

/**
 * Percent-encodes what cannot stand in a URI, decodes what need not be encoded, and writes the rest of the escapes in
 * upper case. Returns `undefined` for a text with a lone surrogate.
 *
 * @see https://www.rfc-editor.org/rfc/rfc3986#section-6.2.2
 */
export function normalizeEscapes (text: string): string | undefined {
  try {
    return text.replace(ESCAPED_OR_INVALID, normalizeEscape)
  } catch {
    return undefined
  }
}

function normalizeEscape (found: string): string {
  if (!found.startsWith('%')) return encodeURIComponent(found)
  const character = String.fromCharCode(Number.parseInt(found.slice(1), 16))
  return UNRESERVED.test(character) ? character : found.toUpperCase()
}

/**
 * Percent-encodes what cannot stand in a URI and leaves the rest as it is written. Returns `undefined` for a text that
 * no URI can be made of: one with a lone surrogate, or with a `%` that begins no escape.
 */
export function encodeUri (text: string): string | undefined {
  if (/%(?![0-9a-f]{2})/i.test(text)) return undefined
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
  const encoded = uri.length > MAX_URI_LENGTH ? undefined : normalizeEscapes(uri)
  if (encoded === undefined || encoded.length > MAX_URI_LENGTH || !URL.canParse(encoded)) return undefined
  return normalizeEscapes(new URL(encoded).href)
}
