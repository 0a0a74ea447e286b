// Verifies access tokens that are JWTs (RFC 9068), with the keys of their issuer.
import type { JWTVerifyGetKey, JWTVerifyOptions } from 'jose'
import { duration, isText, kindOf, required, text, texts, url, whole } from '../options/checks.ts'
import { resolve, type TableOf } from '../options/table.ts'
import type { AuthInfo } from './auth-info.ts'
import type { Verify } from './auth-options.ts'
import { toAuthInfo, type Claims } from './claims.ts'
import { createKeyFinder } from './signing-keys.ts'
import { cacheOption, withCache, type TokenCacheOptions } from './token-cache.ts'
import { InvalidTokenError, VerifierUnavailableError } from './token-error.ts'

/** Options of {@link jwtVerifier}. Durations are milliseconds. */
export interface JwtVerifierOptions {
  /** The URL of the issuer, exactly as in the tokens' `iss`. */
  readonly issuer: string
  /** The values of `aud` that are accepted. @default the mount's URL */
  readonly audience?: string | readonly string[]
  /**
   * The clients whose access tokens are accepted without `aud`, for an issuer that writes none, such as Amazon Cognito.
   * A token without `aud` needs one of these ids as its `client_id`, and no `token_use` other than `access`; the `aud`
   * of any other token is still checked. A token without `aud` is not bound to the mount: every service that trusts the
   * same client ids accepts it, and each mount logs a warning about that.
   * @default none: a token without `aud` is refused
   */
  readonly clientIds?: readonly string[]
  /** The URL of the issuer's keys. @default the URL in the issuer's metadata (RFC 8414, OpenID Connect Discovery) */
  readonly jwksUri?: string
  /** The accepted signature algorithms. All must be asymmetric. @default those of RFC 7518, and EdDSA */
  readonly algorithms?: readonly string[]
  /** The `typ` that tokens must have, such as `at+jwt`. @default any */
  readonly typ?: string
  /** By how many milliseconds clocks may differ. @default 5000 */
  readonly clockTolerance?: number
  /** How many milliseconds a request to the issuer may take. Beyond that, clients get 503. @default 5000 */
  readonly fetchTimeout?: number
  /** How verdicts on tokens are cached; `false` turns caching off. @default the defaults of TokenCacheOptions */
  readonly cache?: TokenCacheOptions | false
}

const ASYMMETRIC = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519']

// With a symmetric algorithm, the key that the issuer publishes would be the shared secret.
const algorithms = kindOf<readonly string[]>("must be an array of asymmetric algorithms, such as ['RS256']", (value) =>
  Array.isArray(value) && value.length > 0 && value.every(isAsymmetric))
const clientIds = kindOf<readonly string[]>("must be an array of client ids, such as ['my-app']", (value) =>
  Array.isArray(value) && value.length > 0 && value.every(isText))

function isAsymmetric (name: unknown): boolean {
  return typeof name === 'string' && !/^(none|HS\d+)$/i.test(name)
}

const JWT_VERIFIER = {
  issuer: required(url()),
  audience: texts(),
  clientIds: clientIds(),
  jwksUri: url(),
  algorithms: algorithms(ASYMMETRIC),
  typ: text(),
  clockTolerance: duration(5000),
  fetchTimeout: whole(5000),
  cache: cacheOption
} satisfies TableOf<JwtVerifierOptions>

const WITHOUT_AUDIENCE = "jwtVerifier has 'clientIds': tokens without 'aud' are not bound to this mount, " +
  'so a token that a client got for another service is accepted here, too; ' +
  'leave the option out if the issuer can write an audience'

/**
 * Creates a `verify` function for access tokens that are JWTs (RFC 9068). The claims of a token are in
 * `ctx.auth.extra`. While the issuer's keys cannot be fetched, clients get 503.
 *
 * @param now The clock, in milliseconds.
 * @throws MCP_ERR_INVALID_OPTION
 * @see https://www.rfc-editor.org/rfc/rfc9068
 * @example
 * const issuer = 'https://auth.example.com'
 * app.register(mcpPlugin, {
 *   server,
 *   publicUrl: 'https://api.example.com',
 *   auth: { verify: jwtVerifier({ issuer }), authorizationServers: [issuer] }
 * })
 */
export function jwtVerifier (options: JwtVerifierOptions, now: () => number = Date.now): Verify {
  const resolved = resolve(JWT_VERIFIER, options, 'jwtVerifier.')
  const { issuer, audience, clientIds, jwksUri, algorithms, typ, clockTolerance, fetchTimeout, cache } = resolved
  const findKey = createKeyFinder({ issuer, jwksUri, fetchTimeout })
  const fixed: JWTVerifyOptions = {
    issuer,
    algorithms: [...algorithms],
    requiredClaims: clientIds === undefined ? ['exp', 'aud'] : ['exp'],
    clockTolerance: clockTolerance / 1000,
    ...(typ !== undefined && { typ })
  }

  const verify = withCache(async function verifyJwt (token: string, resource: string): Promise<AuthInfo> {
    const claims = await verifySignature(token, findKey, { ...fixed, currentDate: new Date(now()) })
    const accepted = audience === undefined ? [resource] : [audience].flat()
    const expectations = { resource, audience: accepted, clientIds, issuer, clockTolerance, now: now() }
    return toAuthInfo(token, claims, expectations)
  }, cache, now)
  return clientIds === undefined ? verify : Object.assign(verify, { warning: WITHOUT_AUDIENCE })
}

async function verifySignature (token: string, findKey: JWTVerifyGetKey, options: JWTVerifyOptions): Promise<Claims> {
  const { jwtVerify } = await import('jose')
  try {
    const { payload } = await jwtVerify(token, findKey, options)
    return payload
  } catch (cause) {
    if (cause instanceof VerifierUnavailableError) throw cause
    // All other failures are due to the token.
    throw new InvalidTokenError(describe(cause), { cause })
  }
}

function describe (error: unknown): string {
  const { code, claim }: { readonly code?: unknown, readonly claim?: unknown } = Object(error)
  if (code === 'ERR_JWT_EXPIRED') return 'The token has expired'
  if (claim === 'nbf') return 'The token is not valid yet'
  return typeof claim === 'string' ? `The token has no '${claim}' that is accepted` : 'The token is not valid'
}
