// Compares the headers that repeat the body of a modern request with it (MCP 2026-07-28 transports, Request Metadata).
import { shorten } from './bounds.ts'
import { decodeHeaderValue } from './header-value.ts'
import type { RequestMessage } from './message.ts'
import { Method } from './methods.ts'

/** The headers of a Node.js request: their names are in lower case. */
export type ReceivedHeaders = { readonly [name: string]: string | string[] | undefined }

/** Describes how `Mcp-Method` or `Mcp-Name` contradicts the body. Returns undefined if both agree with it. */
export function findHeaderMismatch (request: RequestMessage, headers: ReceivedHeaders): string | undefined {
  const method = headers['mcp-method']
  if (method !== request.method) return describeMismatch('Mcp-Method', method, request.method)

  const name = readName(request)
  if (typeof name !== 'string') return undefined
  const header = headers['mcp-name']
  if (header === name && !header.startsWith('=?base64?')) return undefined
  if (typeof header === 'string' && decodeHeaderValue(header) === name) return undefined
  return describeMismatch('Mcp-Name', header, name)
}

// A name that is missing or not a string is refused later, when the method checks its parameters.
function readName (request: RequestMessage): unknown {
  switch (request.method) {
    case Method.ToolsCall:
    case Method.PromptsGet:
      return request.params.name
    case Method.ResourcesRead:
      return request.params.uri
  }
}

/** Describes a header that is missing or contradicts the body. */
export function describeMismatch (name: string, received: string | string[] | undefined, expected: string): string {
  return received === undefined
    ? `${name} header is missing, but the body has the value '${shorten(expected)}'`
    : `${name} header value '${shorten(String(received))}' does not match body value '${shorten(expected)}'`
}
