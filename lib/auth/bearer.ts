// The access token of a request.
import type { FastifyRequest } from 'fastify'

/** A token, the lack of one, or what is wrong with how it was sent. */
export type Bearer = { readonly token: string } | { readonly problem: string } | undefined

const HEADER = 'authorization'
const SCHEME = /^bearer(?: |$)/i
// RFC 6750 2.1: one space, and a token of 'b64token' characters.
const CREDENTIALS = /^bearer +([\w.~+/-]+=*)$/i

/**
 * Reads the token of a request. Only the `Authorization` header counts (OAuth 2.1 5.1.1); undefined where it has another
 * scheme, or there is none.
 */
export function readBearer ({ headers, query, raw }: Pick<FastifyRequest, 'headers' | 'query' | 'raw'>): Bearer {
  // MCP 2026-07-28 authorization, Token Requirements: where it is logged and kept, no token may be.
  if (Object(query).access_token !== undefined) return { problem: 'the token must be in the Authorization header, not in the query' }
  const { authorization } = headers
  if (authorization === undefined) return undefined
  // Node keeps the first one and drops the others without a word.
  if (isSentTwice(raw.rawHeaders)) return { problem: 'the Authorization header must be sent once' }
  if (!SCHEME.test(authorization)) return undefined
  const token = CREDENTIALS.exec(authorization)?.[1]
  return token === undefined ? { problem: 'the Authorization header must be: Bearer, a space, the token' } : { token }
}

function isSentTwice (rawHeaders: readonly string[]): boolean {
  let count = 0
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at]
    if (name?.length === HEADER.length && name.toLowerCase() === HEADER) count++
  }
  return count > 1
}
