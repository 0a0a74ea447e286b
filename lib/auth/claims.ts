// Turns the claims of a token into the AuthInfo of its caller.
import type { AuthInfo } from './auth-info.ts'
import { freezeDeeply } from './freeze.ts'
import { coversResource } from './resource.ts'
import { InvalidTokenError } from './token-error.ts'

/** The claims of a token: the payload of a JWT, or the answer of an introspection endpoint. */
export type Claims = Readonly<Record<string, unknown>>

/** The values that claims are checked against. */
export interface Expectations {
  /** The URL of the mount. */
  readonly resource: string
  /** The names of the mount in `aud`; `false` if the authorization server vouches for the audience. */
  readonly audience: readonly string[] | false
  /** The clients whose tokens need no `aud`; undefined if every token needs one. */
  readonly clientIds?: readonly string[] | undefined
  /** The issuer of tokens that have no `iss`. */
  readonly issuer: string
  /** By how many milliseconds clocks may differ. */
  readonly clockTolerance: number
  /** The time, in milliseconds. */
  readonly now: number
}

/**
 * Makes the AuthInfo of a token that has been verified. It is frozen, because it may be cached.
 * @throws InvalidTokenError
 */
export function toAuthInfo (token: string, claims: Claims, expectations: Expectations): AuthInfo {
  checkAudience(claims, expectations)
  const { resource, issuer, clockTolerance, now } = expectations
  const { exp, nbf, iss, sub } = claims
  if (typeof nbf === 'number' && nbf * 1000 > now + clockTolerance) {
    throw new InvalidTokenError('The token is not valid yet')
  }
  if (exp !== undefined && !Number.isFinite(exp)) {
    throw new InvalidTokenError('The token has an expiry that is not a number')
  }

  return Object.freeze({
    token,
    clientId: readClientId(claims),
    // The official SDK's type does not declare the array as readonly.
    scopes: Object.freeze(readScopes(claims)) as string[],
    ...(exp !== undefined && { expiresAt: Number(exp) + clockTolerance / 1000 }),
    resource: new URL(resource),
    issuer: typeof iss === 'string' ? iss : issuer,
    ...(typeof sub === 'string' && { subject: sub }),
    // The official SDK's type does not declare the members as readonly.
    extra: freezeDeeply(claims) as Record<string, unknown>
  })
}

// The client stands in for the audience only if there is no `aud`. An `aud` of an unexpected type is refused.
function checkAudience (claims: Claims, { audience, clientIds }: Expectations): void {
  if (audience === false) return
  if (clientIds !== undefined && claims['aud'] === undefined) checkClient(claims, clientIds)
  else if (!coversResource(claims['aud'], audience)) throw new InvalidTokenError('The token is for another resource')
}

// In Amazon Cognito, client_id is the app client, and token_use tells an access token from an ID token.
function checkClient ({ client_id: clientId, token_use: use }: Claims, clientIds: readonly string[]): void {
  if (typeof clientId !== 'string' || !clientIds.includes(clientId)) {
    throw new InvalidTokenError('The token is for a client that is not accepted')
  }
  if (use !== undefined && use !== 'access') throw new InvalidTokenError('The token is not an access token')
}

// RFC 9068 2.2 defines client_id; some servers write azp or cid instead, or only sub for a client that acts for itself.
function readClientId ({ client_id: clientId, azp, cid, sub }: Claims): string {
  const found = [clientId, azp, cid, sub].find((one) => typeof one === 'string' && one !== '')
  if (typeof found !== 'string') throw new InvalidTokenError('The token names no client')
  return found
}

// RFC 9068 2.2.3 defines scope, a string; some servers write scp instead, some an array.
function readScopes ({ scope, scp }: Claims): string[] {
  const written: unknown = scope ?? scp
  if (Array.isArray(written)) return written.filter((one) => typeof one === 'string')
  return typeof written === 'string' ? written.split(' ').filter((one) => one !== '') : []
}
