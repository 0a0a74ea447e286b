// Verifies access tokens of any format by asking the server that issued them (RFC 7662).
import { duration, orFalse, required, text, texts, url, whole } from '../options/checks.ts'
import { resolve, type TableOf } from '../options/table.ts'
import type { AuthInfo } from './auth-info.ts'
import type { Verify } from './auth-options.ts'
import { toAuthInfo } from './claims.ts'
import { fetchJson } from './fetch-json.ts'
import { createRequestLimit } from './request-limit.ts'
import { cacheOption, withCache, type TokenCacheOptions } from './token-cache.ts'
import { InvalidTokenError } from './token-error.ts'

/** Options of {@link introspectionVerifier}. Durations are milliseconds. */
export interface IntrospectionVerifierOptions {
  /** The URL of the introspection endpoint. */
  readonly url: string
  /** The mount's client id at the authorization server. */
  readonly clientId: string
  /** The mount's client secret at the authorization server. */
  readonly clientSecret: string
  /** The issuer; a token of another issuer is refused. @default the answer's `iss`, else `url` */
  readonly issuer?: string
  /**
   * The values of `aud` that are accepted. `false` accepts every active token; use it only if the authorization server
   * reports only the mount's own tokens as active.
   * @default the mount's URL
   */
  readonly audience?: string | readonly string[] | false
  /** By how many milliseconds clocks may differ. @default 5000 */
  readonly clockTolerance?: number
  /** How many milliseconds a request to the endpoint may take. Beyond that, clients get 503. @default 5000 */
  readonly fetchTimeout?: number
  /**
   * How many requests to the endpoint run at once. As many more wait; beyond that, clients get 503. Concurrent requests
   * with the same token cause one request to the endpoint.
   * @default 50
   */
  readonly maxRequests?: number
  /** How verdicts on tokens are cached; `false` turns caching off. @default the defaults of TokenCacheOptions */
  readonly cache?: TokenCacheOptions | false
}

const INTROSPECTION_VERIFIER = {
  url: required(url()),
  clientId: required(text()),
  clientSecret: required(text()),
  issuer: text(),
  audience: orFalse(texts()),
  clockTolerance: duration(5000),
  fetchTimeout: whole(5000),
  maxRequests: whole(50),
  cache: cacheOption
} satisfies TableOf<IntrospectionVerifierOptions>

/**
 * Creates a `verify` function for access tokens of any format, which asks the authorization server about each token
 * (RFC 7662). The server's answer is in `ctx.auth.extra`. While the server is unreachable, clients get 503.
 *
 * @param now The clock, in milliseconds.
 * @throws MCP_ERR_INVALID_OPTION
 * @see https://www.rfc-editor.org/rfc/rfc7662
 * @example
 * const issuer = 'https://auth.example.com'
 * const verify = introspectionVerifier({ url: `${issuer}/introspect`, clientId: 'notes', clientSecret: 'secret' })
 * app.register(mcpPlugin, {
 *   server,
 *   publicUrl: 'https://api.example.com',
 *   auth: { verify, authorizationServers: [issuer] }
 * })
 */
export function introspectionVerifier (options: IntrospectionVerifierOptions, now: () => number = Date.now): Verify {
  const resolved = resolve(INTROSPECTION_VERIFIER, options, 'introspectionVerifier.')
  const { url, issuer, audience, clockTolerance, fetchTimeout, maxRequests, cache } = resolved
  const limit = createRequestLimit(maxRequests)
  const headers = { authorization: encodeCredentials(resolved), accept: 'application/json' }

  return withCache(async function introspect (token: string, resource: string): Promise<AuthInfo> {
    const body = new URLSearchParams({ token, token_type_hint: 'access_token' })
    const answer = await limit(() => fetchJson(url, fetchTimeout, { method: 'POST', headers, body }))
    if (answer['active'] !== true) throw new InvalidTokenError('The token is not valid')
    if (issuer !== undefined && answer['iss'] !== undefined && answer['iss'] !== issuer) {
      throw new InvalidTokenError("The token has no 'iss' that is accepted")
    }

    const { exp } = answer
    if (typeof exp === 'number' && exp * 1000 + clockTolerance <= now()) {
      throw new InvalidTokenError('The token has expired')
    }
    const accepted = audience === false ? false : [audience ?? resource].flat()
    const expected = { resource, issuer: issuer ?? url, clockTolerance, now: now() }
    return toAuthInfo(token, answer, { ...expected, audience: accepted })
  }, cache, now)
}

// RFC 6749 2.3.1: both parts are form-encoded before they are joined.
function encodeCredentials (
  { clientId, clientSecret }: Pick<IntrospectionVerifierOptions, 'clientId' | 'clientSecret'>
): string {
  const [id, secret] = [clientId, clientSecret].map((part) => new URLSearchParams([['', part]]).toString().slice(1))
  return `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`
}
