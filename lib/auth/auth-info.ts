// Who a request comes from, as its token or the host app says.
import type { AuthInfo as SdkAuthInfo } from '@modelcontextprotocol/sdk/server/auth/types.js'

/**
 * What is known of a caller. The official SDK's shape, and three fields besides: `issuer`, `subject` and `clientId` together
 * are the caller's identity, to which sessions are bound.
 */
export interface AuthInfo extends SdkAuthInfo {
  /** Who vouches for the caller: the authorization server. */
  issuer?: string
  /** Whom the client acts for, unique to the issuer; absent for a client that acts for itself. */
  subject?: string
  /**
   * What the token says in `aud`, as it is written. Where a verifier returns it, one of its entries must be the mount's URL.
   * Return this and not `resource` for what a token says: `new URL()` turns `https://host/other/../mcp` into another resource.
   */
  audience?: string | readonly string[]
}

/** A caller that may pass. */
export interface Authenticated {
  readonly info: AuthInfo
  /** The caller's identity, as one string that no other caller has. */
  readonly principal: string
  /** Whom the places count for that its requests take. */
  readonly holder: string
}

/** Tells what is wrong with what was given for an AuthInfo; undefined when nothing is. */
export function findAuthInfoProblem (value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null) return 'is no object'
  const { token, clientId, scopes, expiresAt, resource, issuer, subject, audience, extra }: { readonly [name in keyof AuthInfo]?: unknown } = value
  if (typeof token !== 'string') return "needs 'token', a string"
  if (typeof clientId !== 'string' || clientId === '') return "needs 'clientId', a string that is not empty"
  if (!isTexts(scopes)) return "needs 'scopes', an array of strings"
  if (expiresAt !== undefined && !Number.isFinite(expiresAt)) return "has an 'expiresAt' that is no number of seconds"
  if (resource !== undefined && !(resource instanceof URL)) return "has a 'resource' that is no URL"
  if (!isOptionalText(issuer)) return "has an 'issuer' that is no string"
  if (!isOptionalText(subject)) return "has a 'subject' that is no string"
  if (audience !== undefined && typeof audience !== 'string' && !isTexts(audience)) return "has an 'audience' that is neither a string nor an array of strings"
  if (extra !== undefined && (typeof extra !== 'object' || extra === null)) return "has an 'extra' that is no object"
  return undefined
}

/**
 * Makes the identity of a caller.
 *
 * @param place What the identity is limited to, for an endpoint that stands for many.
 */
export function principalOf ({ issuer, subject, clientId }: AuthInfo, place?: string): string {
  // As JSON, in which an absent part is null, no two identities are written alike.
  return JSON.stringify(place === undefined ? [issuer, subject, clientId] : [issuer, subject, clientId, place])
}

/**
 * Makes what a caller is counted by where callers have shares: whoever a client acts for, as nobody gets more by registering
 * more clients; the client itself where it acts for nobody.
 */
export function holderOf ({ issuer, subject, clientId }: AuthInfo): string {
  return JSON.stringify(subject === undefined ? [issuer, null, clientId] : [issuer, subject])
}

function isTexts (value: unknown): boolean {
  return Array.isArray(value) && value.every((entry) => typeof entry === 'string')
}

function isOptionalText (value: unknown): boolean {
  return value === undefined || typeof value === 'string'
}
