// The `auth` option of a mount.
import type { FastifyRequest } from 'fastify'
import {
  duration, flag, func, headerValue, isObject, required, scopes, text, THAT, url, urls, whole
} from '../options/checks.ts'
import { complete, findProblem, type Option, type ResolvedOf, type TableOf } from '../options/table.ts'
import type { AuthInfo } from './auth-info.ts'

/** What a verifier receives besides the token and the request. */
export interface VerifyContext {
  /** The URL of the mount, for which the token must have been issued. */
  readonly resource: string
}

/**
 * Verifies a token and returns its caller, or `null` if the token is not valid.
 *
 * @throws InvalidTokenError if the token is not valid; the client receives the message.
 * @throws VerifierUnavailableError if that cannot be determined at the moment. Any other error is answered with 500.
 */
export interface Verify {
  (token: string, request: FastifyRequest, context: VerifyContext): MaybePromise<AuthInfo | null | undefined>
  /** A warning that each mount logs when the app is ready. A verifier that calls another one may pass it on. */
  readonly warning?: string
}

type MaybePromise<T> = T | PromiseLike<T>

/** The options of both kinds of authorization. */
interface CommonAuthOptions {
  /** The scopes that every request needs; a request that lacks one gets 403. @default [] */
  readonly requiredScopes?: readonly string[]
  /** How many milliseconds authentication may take, 0 for no limit; beyond it the client gets 503. @default 10000 */
  readonly timeout?: number
}

/** Authorization by access tokens: the mount is an OAuth 2.1 resource server. Needs `publicUrl`. */
export interface TokenAuthOptions extends CommonAuthOptions {
  /**
   * Verifies a token, once per request: `jwtVerifier()`, `introspectionVerifier()` or your own function, which must
   * check for whom the token was issued, or return its `audience`.
   */
  readonly verify: Verify
  /** The issuers of the authorization servers from which clients get tokens. */
  readonly authorizationServers: readonly string[]
  /** The scopes that the metadata lists. @default requiredScopes */
  readonly scopesSupported?: readonly string[]
  /** The name for users. @default the server's title or name */
  readonly resourceName?: string
  /** The URL of a page for developers. */
  readonly resourceDocumentation?: string
  /** The URL of a page on how clients may use the data. */
  readonly resourcePolicyUri?: string
  /** The URL of the terms of service. */
  readonly resourceTosUri?: string
  /** Serves the metadata at `/.well-known/oauth-protected-resource`, too, for one mount of an app. @default false */
  readonly wellKnownAlias?: boolean
  /** The most characters of a token; a longer one is refused before it is verified. @default 16384 */
  readonly maxTokenLength?: number
}

/** Authorization by the host app: sessions, API keys, mTLS, `@fastify/jwt`. */
export interface HostAuthOptions extends CommonAuthOptions {
  /** Returns the caller who sends a request, or `null` if it is unknown; the client then gets 401. */
  readonly authenticate: (request: FastifyRequest) => MaybePromise<AuthInfo | null | undefined>
  /**
   * The `WWW-Authenticate` of 401 and 403, such as `Basic realm="Notes"`.
   * @default a challenge of RFC 6750, for callers with bearer tokens
   */
  readonly challenge?: string
}

/** Who may use a mount. */
export type AuthOptions = TokenAuthOptions | HostAuthOptions

const COMMON = { requiredScopes: scopes([]), timeout: duration(10_000) } satisfies TableOf<CommonAuthOptions>

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
  maxTokenLength: whole(16_384)
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
    return "needs either 'verify', for access tokens, or 'authenticate', where the app already knows who asks"
  }
  const found = findProblem('verify' in value ? TOKEN_AUTH : HOST_AUTH, value)
  return found && THAT.describe(found)
}
