// The headers that repeat the body of a modern request (MCP 2026-07-28 transports, Request Metadata).
import { shorten } from './bounds.ts'
import { decodeHeaderValue } from './header-value.ts'
import type { RequestMessage } from './message.ts'

/** Headers as Node gives them: lower-case names. */
export type ReceivedHeaders = { readonly [name: string]: string | string[] | undefined }

/** Tells how `Mcp-Method` or `Mcp-Name` contradict the body; undefined when they agree with it. */
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

// What is missing or no string is left to the check of the parameters.
function readName (request: RequestMessage): unknown {
  switch (request.method) {
    case 'tools/call':
    case 'prompts/get':
      return request.params.name
    case 'resources/read':
      return request.params.uri
  }
}

/** Words a header that is missing or says another thing than the body. */
export function describeMismatch (name: string, received: string | string[] | undefined, expected: string): string {
  return received === undefined
    ? `${name} header is missing, but the body has the value '${shorten(expected)}'`
    : `${name} header value '${shorten(String(received))}' does not match body value '${shorten(expected)}'`
}
