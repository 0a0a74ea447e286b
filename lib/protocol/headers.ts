// The headers that repeat the body of a modern request: their encoding, and how they contradict the body (MCP
// 2026-07-28 Streamable HTTP, Value Encoding and Server Validation).
import { isUtf8 } from 'node:buffer'
import { shorten } from './bounds.ts'

/** The headers of a Node.js request: their names are in lower case. */
export type ReceivedHeaders = { readonly [name: string]: string | string[] | undefined }

/** Describes a header that is missing or contradicts the body. */
export function describeMismatch (name: string, received: string | string[] | undefined, expected: string): string {
  return received === undefined
    ? `${name} header is missing, but the body has the value '${shorten(expected)}'`
    : `${name} header value '${shorten(String(received))}' does not match body value '${shorten(expected)}'`
}

const PREFIX = '=?base64?'
const SUFFIX = '?='

// RFC 9110 5.5, without obs-text: visible ASCII, space and tab.
const PLAIN = /^[\t\x20-\x7e]*$/

/**
 * Encodes a string as the value of an `Mcp-Name` or `Mcp-Param-*` header. Plain ASCII is returned unchanged. Any other
 * string becomes the Base64 of its UTF-8 form between `=?base64?` and `?=`; a lone surrogate becomes U+FFFD.
 *
 * @see https://modelcontextprotocol.io/specification/2026-07-28/basic/transports/streamable-http#value-encoding
 */
export function encodeHeaderValue (value: string): string {
  if (PLAIN.test(value) && !hasOuterWhitespace(value) && !looksEncoded(value)) return value
  return PREFIX + Buffer.from(value, 'utf8').toString('base64') + SUFFIX
}

/**
 * Decodes the value of an `Mcp-Name` or `Mcp-Param-*` header. Returns `undefined` if it has characters that a header
 * must not have, if its Base64 is not canonical, or if the decoded bytes are not UTF-8. Whitespace around the value is
 * ignored. A value without the exact markers is literal.
 *
 * @see https://modelcontextprotocol.io/specification/2026-07-28/basic/transports/streamable-http#value-encoding
 */
export function decodeHeaderValue (raw: string): string | undefined {
  if (!PLAIN.test(raw)) return undefined

  const value = hasOuterWhitespace(raw) ? withoutOuterWhitespace(raw) : raw
  // In a value shorter than both markers they overlap ('=?base64?='), so it is literal.
  if (!looksEncoded(value) || value.length < PREFIX.length + SUFFIX.length) return value

  const base64 = value.slice(PREFIX.length, -SUFFIX.length)
  const bytes = Buffer.from(base64, 'base64')
  // Node.js decodes leniently. The Base64 is canonical only if the bytes encode to the same text again.
  return bytes.toString('base64') === base64 && isUtf8(bytes) ? bytes.toString('utf8') : undefined
}

function looksEncoded (value: string): boolean {
  return value.startsWith(PREFIX) && value.endsWith(SUFFIX)
}

function hasOuterWhitespace (value: string): boolean {
  return isWhitespace(value.charCodeAt(0)) || isWhitespace(value.charCodeAt(value.length - 1))
}

// A loop, because a regular expression that trims the end is quadratic in the whitespace inside the value.
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
