// From the claims of a token to whom it stands for.
import type { AuthInfo } from './auth-info.ts'
import { freezeDeeply } from './freeze.ts'
import { coversResource } from './resource.ts'
import { InvalidTokenError } from './token-error.ts'

/** What is said of a token, by itself or by the server that issued it. */
export type Claims = Readonly<Record<string, unknown>>

/** What claims are checked against. */
export interface Expectations {
  /** The URL of the mount. */
  readonly resource: string
  /** What stands for the mount in `aud`; `false` where the authorization server vouches for it. */
  readonly audience: readonly string[] | false
  /** The clients whose tokens need no `aud`; absent where every token needs one. */
  readonly clientIds?: readonly string[] | undefined
  /** The issuer of tokens that name none. */
  readonly issuer: string
  /** Milliseconds by which clocks may differ. */
  readonly clockTolerance: number
}

/**
 * Makes the AuthInfo of a token whose signature, or activity, was verified. It cannot be changed, as it may be kept.
 * @throws InvalidTokenError
 */
export function toAuthInfo (token: string, claims: Claims, expectations: Expectations, now: number): AuthInfo {
  checkAudience(claims, expectations)
  const { resource, issuer, clockTolerance } = expectations
  const { exp, nbf, iss, sub } = claims
  if (typeof nbf === 'number' && nbf * 1000 > now + clockTolerance) throw new InvalidTokenError('The token is not valid yet')
  if (exp !== undefined && !Number.isFinite(exp)) throw new InvalidTokenError('The token has an expiry that is no number')

  return Object.freeze({
    token,
    clientId: readClientId(claims),
    // The official SDK's shape has no frozen arrays.
    scopes: Object.freeze(readScopes(claims)) as string[],
    ...(exp !== undefined && { expiresAt: Number(exp) + clockTolerance / 1000 }),
    resource: new URL(resource),
    issuer: typeof iss === 'string' ? iss : issuer,
    ...(typeof sub === 'string' && { subject: sub }),
    // Its type knows no readonly.
    extra: freezeDeeply(claims) as Record<string, unknown>
  })
}

// The client stands in for an audience only where there is none: an `aud` of any other shape is judged, and refused.
function checkAudience (claims: Claims, { audience, clientIds }: Expectations): void {
  if (audience === false) return
  if (clientIds !== undefined && claims['aud'] === undefined) checkClient(claims, clientIds)
  else if (!coversResource(claims['aud'], audience)) throw new InvalidTokenError('The token is for another resource')
}

// Amazon Cognito: client_id is the app client, token_use tells an access token from an ID token.
function checkClient ({ client_id: clientId, token_use: use }: Claims, clientIds: readonly string[]): void {
  if (typeof clientId !== 'string' || !clientIds.includes(clientId)) throw new InvalidTokenError('The token is for a client that is not accepted')
  if (use !== undefined && use !== 'access') throw new InvalidTokenError('The token is no access token')
}

// RFC 9068 2.2 has client_id; azp and cid are what some servers write instead. Who acts for itself may have none.
function readClientId ({ client_id: clientId, azp, cid, sub }: Claims): string {
  const found = [clientId, azp, cid, sub].find((one) => typeof one === 'string' && one !== '')
  if (typeof found !== 'string') throw new InvalidTokenError('The token names no client')
  return found
}

// RFC 9068 2.2.3 has scope, one string; scp is what some servers write instead.
function readScopes ({ scope, scp }: Claims): string[] {
  const written: unknown = scope ?? scp
  if (Array.isArray(written)) return written.filter((one) => typeof one === 'string')
  return typeof written === 'string' ? written.split(' ').filter((one) => one !== '') : []
}
