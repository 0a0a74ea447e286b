// Verifies access tokens of any kind by asking the server that issued them (RFC 7662).
import { MCP_ERR_INVALID_OPTION } from '../errors.ts'
import { findTimeoutProblem } from '../server/timeout.ts'
import type { AuthInfo } from './auth-info.ts'
import type { Verify } from './auth-options.ts'
import { findOptionProblem, isCount, isText, isTextOrTexts, isUrl, optional, type Checks } from '../option-check.ts'
import { toAuthInfo } from './claims.ts'
import { fetchJson } from './fetch-json.ts'
import { createRequestLimit } from './request-limit.ts'
import { findCacheProblem, withCache, type TokenCacheOptions } from './token-cache.ts'
import { InvalidTokenError } from './token-error.ts'

/** Who is asked about tokens, and as whom. Times are milliseconds. */
export interface IntrospectionVerifierOptions {
  /** The introspection endpoint. */
  readonly url: string
  /** What the mount is called at the authorization server. */
  readonly clientId: string
  /** Its secret there. */
  readonly clientSecret: string
  /** The issuer; an answer that names another one is refused. @default what the answer says, else `url` */
  readonly issuer?: string
  /**
   * What stands for the mount in `aud`; `false` accepts every active token, for a server that says so of none but the
   * mount's own. @default the mount's URL
   */
  readonly audience?: string | readonly string[] | false
  /** By how much clocks may differ. @default 5000 */
  readonly clockTolerance?: number
  /** How long the request may take. @default 5000 */
  readonly fetchTimeout?: number
  /**
   * Requests to the endpoint at once; as many wait for their turn, and beyond that clients get 503. Requests that come at once
   * with one token make one of them. @default 50
   */
  readonly maxRequests?: number
  /** How verdicts on tokens are remembered; `false` to ask each time. */
  readonly cache?: TokenCacheOptions | false
}

const CHECKS: Checks<IntrospectionVerifierOptions> = {
  url: isUrl,
  clientId: isText,
  clientSecret: isText,
  issuer: optional(isText),
  audience: (value) => value === false ? undefined : optional(isTextOrTexts)(value),
  clockTolerance: findTimeoutProblem,
  fetchTimeout: optional(isCount),
  maxRequests: optional(isCount),
  cache: findCacheProblem
}

/**
 * Builds a `verify` that asks the authorization server. What it answers is in `ctx.auth.extra`.
 *
 * While the server cannot be asked, requests get 503.
 *
 * @param now The clock, in milliseconds.
 * @throws MCP_ERR_INVALID_OPTION
 */
export function introspectionVerifier (options: IntrospectionVerifierOptions, now: () => number = Date.now): Verify {
  const wrong = findOptionProblem(options, CHECKS)
  if (wrong !== undefined) throw new MCP_ERR_INVALID_OPTION(`introspectionVerifier.${wrong.name}`, wrong.problem)

  const { url, issuer, audience, clockTolerance = 5000, fetchTimeout = 5000, maxRequests = 50, cache } = options
  const limit = createRequestLimit(maxRequests)
  const headers = { authorization: encodeCredentials(options), accept: 'application/json' }

  return withCache(async function introspect (token: string, resource: string): Promise<AuthInfo> {
    const body = new URLSearchParams({ token, token_type_hint: 'access_token' })
    const answer = await limit(() => fetchJson(url, fetchTimeout, { method: 'POST', headers, body }))
    if (answer['active'] !== true) throw new InvalidTokenError('The token is not valid')
    if (issuer !== undefined && answer['iss'] !== undefined && answer['iss'] !== issuer) throw new InvalidTokenError("The token has no 'iss' that is accepted")

    const { exp } = answer
    if (typeof exp === 'number' && exp * 1000 + clockTolerance <= now()) throw new InvalidTokenError('The token has expired')
    const accepted = audience === false ? false : [audience ?? resource].flat()
    return toAuthInfo(token, answer, { resource, audience: accepted, issuer: issuer ?? url, clockTolerance }, now())
  }, cache, now)
}

// RFC 6749 2.3.1: each part is encoded as in a form before both become credentials.
function encodeCredentials ({ clientId, clientSecret }: IntrospectionVerifierOptions): string {
  const [id, secret] = [clientId, clientSecret].map((part) => new URLSearchParams([['', part]]).toString().slice(1))
  return `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`
}
