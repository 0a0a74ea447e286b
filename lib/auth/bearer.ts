// Reads the access token of a request, and how it is sent: as a bearer token, or bound to a key.
import type { FastifyRequest } from 'fastify'

/** A token, or the reason why its header is refused; undefined if the request has no token. */
export type Bearer = { readonly token: string } | { readonly problem: string } | undefined

const HEADER = 'authorization'

/** A scheme of the `Authorization` header. */
export interface Scheme { readonly name: string, readonly begins: RegExp, readonly credentials: RegExp }

// RFC 6750 2.1: one space, and a token of 'b64token' characters.
const BEARER: Scheme = { name: 'Bearer', begins: /^bearer(?: |$)/i, credentials: /^bearer +([\w.~+/-]+=*)$/i }

/** The scheme of tokens that are bound to a key (RFC 9449 7.1). */
export const DPOP: Scheme = { name: 'DPoP', begins: /^dpop(?: |$)/i, credentials: /^dpop +([\w.~+/-]+=*)$/i }

/**
 * Reads the token from the `Authorization` header, the only place where it may be (OAuth 2.1 5.1.1). Returns undefined
 * if the header is absent or has another scheme.
 */
export function readBearer (
  { headers, query, raw }: Pick<FastifyRequest, 'headers' | 'query' | 'raw'>, scheme: Scheme = BEARER
): Bearer {
  // MCP 2026-07-28 authorization, Token Requirements: a query is logged and stored, so it must not hold a token.
  if (Object(query).access_token !== undefined) {
    return { problem: 'the token must be in the Authorization header, not in the query' }
  }
  const { authorization } = headers
  if (authorization === undefined) return undefined
  // Node.js silently drops all but the first of several Authorization headers.
  if (isSentTwice(raw.rawHeaders)) return { problem: 'the Authorization header must be sent once' }
  if (!scheme.begins.test(authorization)) return undefined
  const token = scheme.credentials.exec(authorization)?.[1]
  return token === undefined
    ? { problem: `the Authorization header must be: ${scheme.name}, a space, the token` }
    : { token }
}

function isSentTwice (rawHeaders: readonly string[]): boolean {
  let count = 0
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at]
    if (name?.length === HEADER.length && name.toLowerCase() === HEADER) count++
  }
  return count > 1
}
