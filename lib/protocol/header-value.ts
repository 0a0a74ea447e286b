// The value encoding of mirrored headers. MCP 2026-07-28 Streamable HTTP, Value Encoding.
import { isUtf8 } from 'node:buffer'

const PREFIX = '=?base64?'
const SUFFIX = '?='

// RFC 9110 5.5, without obs-text: visible ASCII, space and tab.
const PLAIN = /^[\t\x20-\x7e]*$/

/**
 * Encodes a string as the value of an `Mcp-Name` or `Mcp-Param-*` header: as it is where it is plain ASCII,
 * otherwise as Base64 of its UTF-8 form between `=?base64?` and `?=`. A lone surrogate becomes U+FFFD.
 *
 * @see https://modelcontextprotocol.io/specification/2026-07-28/basic/transports/streamable-http#value-encoding
 */
export function encodeHeaderValue (value: string): string {
  if (PLAIN.test(value) && !hasOuterWhitespace(value) && !looksEncoded(value)) return value
  return PREFIX + Buffer.from(value, 'utf8').toString('base64') + SUFFIX
}

/**
 * Reads the value of an `Mcp-Name` or `Mcp-Param-*` header. `undefined` means that it is invalid: it has characters
 * no header may have, or its Base64 is not canonical, or what that holds is not UTF-8. Whitespace around the header
 * does not count; a value without the exact markers is literal.
 *
 * @see https://modelcontextprotocol.io/specification/2026-07-28/basic/transports/streamable-http#value-encoding
 */
export function decodeHeaderValue (raw: string): string | undefined {
  if (!PLAIN.test(raw)) return undefined

  const value = hasOuterWhitespace(raw) ? withoutOuterWhitespace(raw) : raw
  // Shorter than both markers, they overlap ('=?base64?='), and nothing was encoded.
  if (!looksEncoded(value) || value.length < PREFIX.length + SUFFIX.length) return value

  const base64 = value.slice(PREFIX.length, -SUFFIX.length)
  const bytes = Buffer.from(base64, 'base64')
  // Node decodes leniently: only what encodes to the same text again was canonical.
  return bytes.toString('base64') === base64 && isUtf8(bytes) ? bytes.toString('utf8') : undefined
}

function looksEncoded (value: string): boolean {
  return value.startsWith(PREFIX) && value.endsWith(SUFFIX)
}

function hasOuterWhitespace (value: string): boolean {
  return isWhitespace(value.charCodeAt(0)) || isWhitespace(value.charCodeAt(value.length - 1))
}

// A loop, for a pattern that trims the end is quadratic in the whitespace inside.
function withoutOuterWhitespace (value: string): string {
  let start = 0
  let end = value.length
  while (start < end && isWhitespace(value.charCodeAt(start))) start++
  while (end > start && isWhitespace(value.charCodeAt(end - 1))) end--
  return value.slice(start, end)
}

// RFC 9110 5.6.3
function isWhitespace (code: number): boolean {
  return code === 0x20 || code === 0x09
}
