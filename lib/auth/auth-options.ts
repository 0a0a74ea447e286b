// The `auth` option of a mount.
import type { FastifyRequest } from 'fastify'
import {
  duration, flag, func, headerValue, isObject, kindOf, oneOf, required, scopes, text, THAT, url, urls, whole
} from '../options/checks.ts'
import { complete, findProblem, type Option, type ResolvedOf, type TableOf } from '../options/table.ts'
import type { AuthInfo } from './auth-info.ts'
import type { Revocations } from './revocations.ts'

/** The third argument of a verifier. */
export interface VerifyContext {
  /** The URL of the mount, for which the token must have been issued. */
  readonly resource: string
}

/**
 * Verifies a token and returns its caller, or `null` if the token is not valid.
 *
 * @throws InvalidTokenError if the token is not valid. The client gets 401 and the message.
 * @throws VerifierUnavailableError if that cannot be determined at the moment. The client gets 503, and after any other
 * error 500.
 * @example
 * import { InvalidTokenError, type Verify } from 'fastify-mcp-mount'
 *
 * const verify: Verify = async (token) => {
 *   const response = await fetch('https://auth.example.com/whoami', { headers: { authorization: `Bearer ${token}` } })
 *   if (!response.ok) throw new InvalidTokenError('The token was revoked')
 *   const { user, audience } = Object(await response.json())
 *   return { token, clientId: 'notes-app', subject: user, audience, scopes: ['notes:read'] }
 * }
 */
export interface Verify {
  (token: string, request: FastifyRequest, context: VerifyContext): MaybePromise<AuthInfo | null | undefined>
  /** A warning that each mount logs when the app is ready. A verifier that calls another one may pass it on. */
  readonly warning?: string
  /** @internal The fingerprints of the keys of tokens, by which nodes of a cluster find out whether theirs differ. */
  readonly keys?: readonly string[]
}

type MaybePromise<T> = T | PromiseLike<T>

/** The options of both kinds of authorization. */
interface CommonAuthOptions {
  /** The scopes that every request needs. A caller that lacks one gets 403. @default [] */
  readonly requiredScopes?: readonly string[]
  /**
   * How many milliseconds authentication may take. Beyond that, the client gets 503. 0 means no limit.
   * @default 10000
   */
  readonly timeout?: number
  /**
   * Withdraws access before tokens expire: the caller gets 401, and its streams and sessions end.
   * @default access lasts as long as tokens do
   */
  readonly revocations?: Revocations
}

/**
 * Authorization with access tokens: the mount is an OAuth 2.1 resource server, and serves the metadata of RFC 9728 that
 * clients need to find the authorization server. Needs the mount's `publicUrl`.
 * @see https://modelcontextprotocol.io/specification/2026-07-28/basic/authorization
 */
export interface TokenAuthOptions extends CommonAuthOptions {
  /**
   * Verifies a token, once per request: `jwtVerifier()`, `introspectionVerifier()` or your own function. Your own
   * function must check that the token was issued for this mount, or return its `audience`.
   */
  readonly verify: Verify
  /** The issuer URLs of the authorization servers from which clients get tokens. */
  readonly authorizationServers: readonly string[]
  /** The scopes that the metadata lists. @default requiredScopes */
  readonly scopesSupported?: readonly string[]
  /** The name of the mount that clients show to users, in the metadata. @default the server's title or name */
  readonly resourceName?: string
  /** The URL of a page for developers, in the metadata. @default none */
  readonly resourceDocumentation?: string
  /** The URL of a page on how clients may use the data, in the metadata. @default none */
  readonly resourcePolicyUri?: string
  /** The URL of the terms of service, in the metadata. @default none */
  readonly resourceTosUri?: string
  /**
   * Also serves the metadata at `/.well-known/oauth-protected-resource` without the endpoint's path, for clients that
   * look only there. Only one mount of an app can set it, and only if its path has no parameters.
   * @default false
   */
  readonly wellKnownAlias?: boolean
  /** How many characters a token may have. A longer one gets 401 before it is verified. @default 16384 */
  readonly maxTokenLength?: number
  /**
   * Accepts tokens that are bound to a key of the client, with a proof in each request that the client has the key; a
   * stolen token is then of no use. `'accept'` takes bearer tokens as well, and refuses a bound one without a proof.
   * `'require'` takes bound tokens only. The key is that of `cnf.jkt` in the `extra` of the AuthInfo, where the
   * verifiers put all claims. A proof is accepted once, by each process, and within five minutes of its `iat`.
   * @default bearer tokens only, bound or not
   * @see https://www.rfc-editor.org/rfc/rfc9449
   */
  readonly dpop?: 'accept' | 'require'
}

/** Authorization by an app that already knows its callers: by cookies, API keys, mTLS or `@fastify/jwt`. */
export interface HostAuthOptions extends CommonAuthOptions {
  /**
   * Returns the caller of a request, once per request, or `null` if the caller is unknown. The client then gets 401.
   * @example
   * app.register(mcpPlugin, {
   *   server,
   *   auth: {
   *     authenticate: ({ headers }) => headers['x-api-key'] === process.env.API_KEY
   *       ? { token: '', clientId: 'backend', scopes: ['notes:read'] }
   *       : null
   *   }
   * })
   */
  readonly authenticate: (request: FastifyRequest) => MaybePromise<AuthInfo | null | undefined>
  /**
   * The `WWW-Authenticate` header of 401 and 403, such as `Basic realm="Notes"`.
   * @default a challenge for bearer tokens (RFC 6750)
   */
  readonly challenge?: string
}

/** How callers of a mount are authenticated: by `verify`, or by `authenticate`. */
export type AuthOptions = TokenAuthOptions | HostAuthOptions

const revocations = kindOf<Revocations>("must be an object with the functions 'isRevoked' and 'onRevoked'", (value) =>
  isObject(value) && ['isRevoked', 'onRevoked'].every((name) => typeof Reflect.get(value, name) === 'function'))

const COMMON = {
  requiredScopes: scopes([]),
  timeout: duration(10_000),
  revocations: revocations()
} satisfies TableOf<CommonAuthOptions>

const HOST_AUTH = {
  authenticate: required(func<HostAuthOptions['authenticate']>()),
  challenge: headerValue(),
  ...COMMON
} satisfies TableOf<HostAuthOptions>

const TOKEN_AUTH = {
  verify: required(func<Verify>()),
  authorizationServers: required(urls()),
  ...COMMON,
  scopesSupported: scopes(),
  resourceName: text(),
  resourceDocumentation: url(),
  resourcePolicyUri: url(),
  resourceTosUri: url(),
  wellKnownAlias: flag(false),
  maxTokenLength: whole(16_384),
  dpop: oneOf('accept', 'require')
} satisfies TableOf<TokenAuthOptions>

/** Options of authorization by access tokens, completed. */
export type ResolvedTokenAuth = ResolvedOf<typeof TOKEN_AUTH>

/** The `auth` option, completed. */
export type ResolvedAuth = ResolvedTokenAuth | ResolvedOf<typeof HOST_AUTH>

/** The `auth` option. */
export const authOption: Option<AuthOptions, ResolvedAuth | undefined> = {
  check: findAuthProblem,
  isRequired: false,
  complete: (given) => given && resolveAuth(given)
}

/** Completes the `auth` option. */
export function resolveAuth (given: AuthOptions): ResolvedAuth {
  return complete('verify' in given ? TOKEN_AUTH : HOST_AUTH, given)
}

function findAuthProblem (value: unknown): string | undefined {
  if (!isObject(value)) return "must be an object with 'verify' or 'authenticate'"
  if ('verify' in value === 'authenticate' in value) {
    return "needs either 'verify', for access tokens, or 'authenticate', if the app already knows its callers"
  }
  const found = findProblem('verify' in value ? TOKEN_AUTH : HOST_AUTH, value)
  return found && THAT.describe(found)
}
