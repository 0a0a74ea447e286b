// The caller of a request, as its token or the host app identifies it.
import type { AuthInfo as SdkAuthInfo } from '@modelcontextprotocol/sdk/server/auth/types.js'

/** An access token that an identity provider has issued for the user of a call, for its own API. */
export interface UpstreamToken {
  /** The token. */
  readonly accessToken: string
  /** The scheme of the `Authorization` header that the API expects, such as `Bearer`. */
  readonly tokenType: string
  /** When the token expires, in seconds since the epoch; absent if the provider does not say. */
  readonly expiresAt?: number
  /** The scopes that the provider has granted, separated by spaces; absent if the provider does not say. */
  readonly scope?: string
}

/** Options of `ctx.auth.upstream()`. */
export interface UpstreamOptions {
  /**
   * An access token that the API has refused with 401. It is not returned again: another one is, if the provider gives
   * one, and otherwise the sign-in ends. @default none
   */
  readonly refused?: string
}

/**
 * An authenticated caller. It has the members of the official SDK's `AuthInfo` (`token`, `clientId`, `scopes`, and
 * optionally `expiresAt` in seconds since the epoch, `resource` and `extra`) and five more. `issuer`, `subject` and
 * `clientId` together are the caller's identity, to which sessions are bound.
 */
export interface AuthInfo extends SdkAuthInfo {
  /** The authorization server that vouches for the caller. */
  issuer?: string
  /** The user that the client acts for, unique to the issuer; absent for a client that acts for itself. */
  subject?: string
  /**
   * The token's `aud`, exactly as written. If a verifier returns it, one of its entries must be the mount's URL. Do not
   * return it as `resource` instead: `new URL()` turns `https://host/other/../mcp` into another resource.
   */
  audience?: string | readonly string[]
  /** What a user granted a client at one sign-in, if tokens name it. All tokens of a grant are withdrawn together. */
  grantId?: string
  /**
   * Returns the user's access token of the identity provider, for its API, refreshed if it is about to expire.
   * Undefined unless the mount has the `auth` of `authorizationServer()`, or a verifier that returns its own function.
   *
   * @throws SignInRequiredError if the provider has withdrawn the token. Let it leave the handler: the client gets 401,
   * and leads its user through the sign-in again. MCP_ERR_NO_UPSTREAM_TOKEN if the user never signed in, because the
   * client brought an assertion. Any other error says that the provider cannot be reached.
   * @example
   * const repositories = async ({ auth }: RequestContext) => {
   *   const token = await auth?.upstream?.()
   *   if (token === undefined) throw new TypeError('This tool needs a mount with authorizationServer()')
   *   const headers = { authorization: `Bearer ${token.accessToken}` }
   *   return await (await fetch('https://api.github.com/user/repos', { headers })).text()
   * }
   */
  upstream?: (options?: UpstreamOptions) => Promise<UpstreamToken>
}

/** A caller that has been authenticated. */
export interface Authenticated {
  readonly info: AuthInfo
  /** The caller's identity, as a string that no other caller has. */
  readonly principal: string
  /** The holder whose share the caller's sessions, streams and calls count against. */
  readonly holder: string
}

/** Returns what is wrong with a value that should be an AuthInfo; undefined if it is valid. */
export function findAuthInfoProblem (value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null) return 'is not an object'
  const info: { readonly [name in keyof AuthInfo]?: unknown } = value
  if (typeof info.token !== 'string') return "needs 'token', a string"
  if (typeof info.clientId !== 'string' || info.clientId === '') return "needs 'clientId', a string that is not empty"
  if (!isTexts(info.scopes)) return "needs 'scopes', an array of strings"
  return findOptionalMemberProblem(info)
}

function findOptionalMemberProblem (
  {
    expiresAt, resource, issuer, subject, audience, grantId, extra, upstream
  }: { readonly [name in keyof AuthInfo]?: unknown }
): string | undefined {
  if (expiresAt !== undefined && !Number.isFinite(expiresAt)) {
    return "has an 'expiresAt' that is not a number of seconds"
  }
  if (resource !== undefined && !(resource instanceof URL)) return "has a 'resource' that is not a URL"
  if (!isOptionalText(issuer)) return "has an 'issuer' that is not a string"
  if (!isOptionalText(subject)) return "has a 'subject' that is not a string"
  if (!isOptionalText(grantId)) return "has a 'grantId' that is not a string"
  if (!isOptionalText(audience) && !isTexts(audience)) {
    return "has an 'audience' that is neither a string nor an array of strings"
  }
  if (upstream !== undefined && typeof upstream !== 'function') return "has an 'upstream' that is not a function"
  if (extra !== undefined && (typeof extra !== 'object' || extra === null)) {
    return "has an 'extra' that is not an object"
  }
  return undefined
}

/**
 * Returns the identity of a caller.
 *
 * @param boundTo The endpoint that the identity is limited to, if the mount's path has parameters.
 */
export function principalOf ({ issuer, subject, clientId }: AuthInfo, boundTo?: string): string {
  // In JSON an absent part is null, so that different identities never give the same text.
  return JSON.stringify(boundTo === undefined ? [issuer, subject, clientId] : [issuer, subject, clientId, boundTo])
}

/**
 * Returns the holder whose share a caller's places count against: the user that the client acts for, or the client if
 * it acts for itself. With users as holders, registering more clients does not increase anyone's share.
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
