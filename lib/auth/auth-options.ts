// The `auth` option of a mount: what it is, and what is wrong with a wrong one.
import type { FastifyRequest } from 'fastify'
import type { AuthInfo } from './auth-info.ts'
import { findOptionProblem, isBoolean, isCount, isFunction, isHeaderValue, isScopes, isText, isUrl, isUrls, optional, type Checks } from '../option-check.ts'
import { findTimeoutProblem } from '../server/timeout.ts'

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

const COMMON: Checks<CommonAuthOptions> = { requiredScopes: optional(isScopes), timeout: findTimeoutProblem }
const HOST_CHECKS: Checks<HostAuthOptions> = { authenticate: isFunction, challenge: optional(isHeaderValue), ...COMMON }
const TOKEN_CHECKS: Checks<TokenAuthOptions> = {
  verify: isFunction,
  authorizationServers: isUrls,
  ...COMMON,
  scopesSupported: optional(isScopes),
  resourceName: optional(isText),
  resourceDocumentation: optional(isUrl),
  resourcePolicyUri: optional(isUrl),
  resourceTosUri: optional(isUrl),
  wellKnownAlias: optional(isBoolean),
  maxTokenLength: optional(isCount)
}

/** Tells what is wrong with an `auth` option; undefined when nothing is. */
export function findAuthProblem (value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null) return "must be an object with 'verify' or 'authenticate'"
  if ('verify' in value === 'authenticate' in value) return "needs either 'verify', for access tokens, or 'authenticate', where the app already knows who asks"
  const checks = 'verify' in value ? TOKEN_CHECKS : HOST_CHECKS
  const problem = findOptionProblem(value, checks)
  return problem && `has a '${problem.name}' that ${problem.problem}`
}
