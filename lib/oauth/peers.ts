// Loads the optional peers, and names a missing one in its error.
import type { IncomingMessage, ServerResponse } from 'node:http'
import { explainImport } from '../errors.ts'
import type { TokenResponse } from './sign-in/token-response.ts'

/** A record of oidc-provider, such as a grant or a session. */
export interface ProviderModel {
  readonly jti: string
  save (ttlSeconds?: number): Promise<string>
  destroy (): Promise<void>
}

/** What a user has granted to a client. */
export interface Grant extends ProviderModel {
  addOIDCScope (scope: string): void
  addResourceScope (resource: string, scope: string): void
  rejectResourceScope (resource: string, scope: string): void
}

/** An authorization request that waits for the user. */
export interface Interaction extends ProviderModel {
  readonly uid: string
  readonly exp: number
  prompt: { readonly name: string, readonly reasons: readonly string[], readonly details: object }
  readonly params: Readonly<Record<string, unknown>>
  session?: { readonly uid: string, readonly accountId?: string }
}

/** The registered metadata of a client. */
export interface Client {
  readonly clientId: string
  readonly clientName?: string
  readonly clientIdMetadataDocument?: boolean
  readonly dpopBoundAccessTokens?: boolean
  grantTypeAllowed (type: string): boolean
}

/** An access token that is being made. */
export interface AccessToken {
  resourceServer: object
  scope?: string
  readonly expiration: number
  readonly tokenType: string
  setThumbprint (kind: 'jkt', thumbprint: string): void
  save (): Promise<string>
}

/** The parts of the context of a token request that are used. */
export interface TokenContext {
  body: unknown
  get (header: string): string
  readonly oidc: { readonly client: Client, readonly params: Readonly<Record<string, unknown>> }
}

/** The answer of the user to an interaction. */
export type InteractionResult = Readonly<Record<string, unknown>>

/** The parts of oidc-provider that are used. The package has no types of its own. */
export interface Provider {
  readonly Grant: (new (init: { readonly accountId: string, readonly clientId: string }) => Grant) & {
    find (id: string): Promise<Grant | undefined>
  }
  readonly AccessToken: new (init: object) => AccessToken
  readonly ResourceServer: new (identifier: string, description: object) => object
  /** `unique` returns false for what has been used before. @param until Seconds since the epoch. */
  readonly ReplayDetection: { unique (owner: string, jti: string, until: number): Promise<boolean> }
  readonly Session: { findByUid (uid: string): Promise<ProviderModel | undefined> }
  readonly Client: { find (id: string): Promise<Client | undefined> }
  registerGrantType (
    name: string, handler: (ctx: TokenContext) => Promise<void>, parameters: readonly string[]
  ): void
  callback (): (request: IncomingMessage, response: ServerResponse) => unknown
  interactionDetails (request: IncomingMessage, response: ServerResponse): Promise<Interaction>
  interactionResult (
    request: IncomingMessage, response: ServerResponse, result: InteractionResult,
    options: { readonly mergeWithLastSubmission: boolean }
  ): Promise<string>
  on (event: string, listener: (...args: never[]) => void): unknown
}

/** The parts of the module `oidc-provider` that are used. */
export interface ProviderModule {
  readonly default: new (issuer: string, configuration: object) => Provider
  readonly errors: Readonly<Record<
    'InvalidDpopProof' | 'InvalidGrant' | 'InvalidTarget', new (description?: string) => Error
  >>
  /** What a user must do before a client gets a code: prompts, each with checks that say whether it is needed. */
  readonly interactionPolicy: {
    base (): ReadonlyArray<object> & { get (prompt: string): { readonly checks: object[] } | undefined }
    readonly Check: new (reason: string, text: string, error: string, check: (context: never) => boolean) => object
  }
}

/** The configuration that openid-client makes of an identity provider's metadata. */
export type UpstreamConfiguration = object

/** The parts of the module `openid-client` that are used. */
export interface OpenidClientModule {
  readonly allowInsecureRequests: unknown
  discovery (
    issuer: URL, clientId: string, clientSecret: string | undefined, authentication: undefined,
    options: { readonly execute: readonly unknown[], readonly timeout: number }
  ): Promise<UpstreamConfiguration>
  buildAuthorizationUrl (configuration: UpstreamConfiguration, parameters: Readonly<Record<string, string>>): URL
  calculatePKCECodeChallenge (verifier: string): Promise<string>
  authorizationCodeGrant (
    configuration: UpstreamConfiguration, url: URL, checks: {
      readonly pkceCodeVerifier: string
      readonly expectedState: string
      readonly expectedNonce: string
      readonly idTokenExpected: true
    }
  ): Promise<TokenResponse & { claims (): Readonly<Record<string, unknown>> | undefined }>
  refreshTokenGrant (configuration: UpstreamConfiguration, refreshToken: string): Promise<TokenResponse>
}

/** Returns a time of oidc-provider, which counts in whole seconds: at least one. */
export function toSeconds (milliseconds: number): number {
  return Math.max(1, Math.round(milliseconds / 1000))
}

/**
 * Loads an optional peer.
 * @throws MCP_ERR_MISSING_PACKAGE
 */
export async function loadPeer<Module> (name: 'oidc-provider' | 'openid-client', what: string): Promise<Module> {
  try {
    return await import(name) as Module
  } catch (error) {
    throw explainImport(error, name, what)
  }
}
