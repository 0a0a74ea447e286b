// Verifies the access tokens of an authorization server of the same app, with keys that it has.
import { jwtVerify } from 'jose'
import type { AuthInfo } from '../auth/auth-info.ts'
import type { TokenAuthOptions, Verify } from '../auth/auth-options.ts'
import { MCP_ERR_INVALID_OPTION } from '../errors.ts'
import { toAuthInfo } from '../auth/claims.ts'
import { withCache } from '../auth/token-cache.ts'
import type { Revocations } from '../auth/revocations.ts'
import { InvalidTokenError } from '../auth/token-error.ts'
import { SIGNING, type Keys } from './keys.ts'
import type { Upstream } from './upstream/upstream.ts'

const CACHE = { maxEntries: 1000, ttl: 60_000, refusalTtl: 5000 }
const CLOCK_TOLERANCE = 5000

/**
 * Creates the `verify` function of mounts that trust an issuer. Nothing is looked up or fetched before a handler asks
 * for the user's token of the identity provider.
 */
export function createVerify (
  issuer: string, { findKey, fingerprints }: Keys, upstream: Upstream, now: () => number = Date.now
): Verify {
  const verify = withCache(async function verifyOwn (token, resource) {
    const options = {
      issuer,
      algorithms: [SIGNING],
      typ: 'at+jwt',
      requiredClaims: ['exp', 'aud', 'sub', 'client_id'],
      clockTolerance: CLOCK_TOLERANCE / 1000,
      currentDate: new Date(now())
    }
    const { payload } = await jwtVerify(token, findKey, options).catch((cause: unknown) => {
      const isExpired = Object(cause).code === 'ERR_JWT_EXPIRED'
      throw new InvalidTokenError(isExpired ? 'The token has expired' : 'The token is not valid', { cause })
    })
    const expectations = { resource, audience: [resource], issuer, clockTolerance: CLOCK_TOLERANCE, now: now() }
    const info = toAuthInfo(token, payload, expectations)
    const { gid } = payload
    const named = typeof gid === 'string' ? { ...info, grantId: gid } : info
    if (payload.sub !== payload['client_id']) {
      return Object.freeze<AuthInfo>({
        ...named, upstream: async (options) => await upstream.get(String(info.subject), options)
      })
    }
    // RFC 9068 2.2: the subject of a client that acts for itself is the client.
    const { subject: _client, ...own } = named
    return Object.freeze(own)
  }, CACHE, now)
  return Object.assign(verify, { keys: fingerprints })
}

/** Options of `authFor`. */
export interface AuthForOptions {
  /** The scopes that every request to the mount needs. */
  readonly scopes: readonly string[]
  /**
   * `'require'` refuses tokens that are not bound to a key of their client, where the server leaves that to clients.
   * @default the server's option `dpop`
   */
  readonly dpop?: 'require'
}

/** What the `auth` options of all mounts have in common. */
export interface AuthBase {
  readonly issuer: string
  readonly verify: Verify
  /** The server's option `dpop`. */
  readonly dpop: 'accept' | 'require' | undefined
  readonly revocations: Revocations
}

/**
 * Creates the `auth` option of a mount that trusts an issuer.
 * @throws MCP_ERR_INVALID_OPTION for a mount with proofs of a server that binds no tokens.
 */
export function createAuth ({ issuer, verify, dpop, revocations }: AuthBase, given: AuthForOptions): TokenAuthOptions {
  if (given.dpop !== undefined && dpop === undefined) {
    throw new MCP_ERR_INVALID_OPTION('authFor.dpop', "needs authorizationServer({ dpop: 'accept' })")
  }
  const mode = given.dpop ?? dpop
  return Object.freeze({
    verify,
    authorizationServers: [issuer],
    requiredScopes: given.scopes,
    revocations,
    ...(mode !== undefined && { dpop: mode })
  })
}
