// The `auth` option of a mount.
import type { FastifyRequest } from 'fastify'
import { duration, flag, func, headerValue, isObject, required, scopes, text, THAT, url, urls, whole } from '../options/checks.ts'
import { complete, findProblem, type Option, type ResolvedOf, type TableOf } from '../options/table.ts'
import type { AuthInfo } from './auth-info.ts'

/** What a verifier is told besides the token. */
export interface VerifyContext {
  /** The URL of the mount, for which the token must have been issued. */
  readonly resource: string
}

/**
 * Tells who a token stands for; nobody, by `null`, when it is not valid.
 *
 * @throws InvalidTokenError when the token is not valid, and the client is to be told why.
 * @throws VerifierUnavailableError when nobody can tell at the moment. Anything else is answered with 500.
 */
export interface Verify {
  (token: string, request: FastifyRequest, context: VerifyContext): MaybePromise<AuthInfo | null | undefined>
  /** What the log of each mount warns of when the app is ready. A verifier that calls another one may pass it on. */
  readonly warning?: string
}

type MaybePromise<T> = T | PromiseLike<T>

/** What both kinds of authorization have. */
interface CommonAuthOptions {
  /** The scopes that every request needs, all of them; else it gets 403. @default [] */
  readonly requiredScopes?: readonly string[]
  /** Milliseconds that verifying may take, 0 for ever; past it the client gets 503. @default 10000 */
  readonly timeout?: number
}

/** Authorization by access tokens: the mount is an OAuth 2.1 resource server. Needs `publicUrl`. */
export interface TokenAuthOptions extends CommonAuthOptions {
  /** Verifies a token, once per request: `jwtVerifier()`, `introspectionVerifier()` or your own, which must check whom the token is for or return its `audience`. */
  readonly verify: Verify
  /** The issuers of the authorization servers that clients get tokens from. */
  readonly authorizationServers: readonly string[]
  /** The scopes that clients are told of. @default requiredScopes */
  readonly scopesSupported?: readonly string[]
  /** The name that users are shown. @default the server's title or name */
  readonly resourceName?: string
  /** The URL of a page for developers. */
  readonly resourceDocumentation?: string
  /** The URL of a page on how clients may use the data. */
  readonly resourcePolicyUri?: string
  /** The URL of the terms of service. */
  readonly resourceTosUri?: string
  /** Serves the metadata at `/.well-known/oauth-protected-resource` besides; for one mount of an app. @default false */
  readonly wellKnownAlias?: boolean
  /** Characters of a token; a longer one is refused before anything is made of it. @default 16384 */
  readonly maxTokenLength?: number
}

/** Authorization by the host app: sessions, API keys, mTLS, `@fastify/jwt`. */
export interface HostAuthOptions extends CommonAuthOptions {
  /** Tells who sends a request; nobody, by `null`: the client gets 401. */
  readonly authenticate: (request: FastifyRequest) => MaybePromise<AuthInfo | null | undefined>
  /** The `WWW-Authenticate` of 401 and 403, such as `Basic realm="Notes"`. @default a challenge of RFC 6750, for callers with bearer tokens */
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
