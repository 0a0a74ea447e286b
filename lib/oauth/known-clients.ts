// The clients that the app knows, and that need not register.
import { isObject, isScopes, isText, kindOf } from '../options/checks.ts'
import { cleanName } from './client-metadata.ts'
import { findRedirectProblem, isAppScheme, isLocalRedirect } from './redirect-uri.ts'

/** A client that the app knows, and that need not register. */
export interface KnownClient {
  /** The id that the client sends. */
  readonly clientId: string
  /** The secret of the client. @default none */
  readonly clientSecret?: string
  /**
   * The public keys with which the client proves who it is, in place of a secret (`private_key_jwt`): a JWK Set, or its
   * https URL, which is fetched as metadata documents are. A client with neither keys nor a secret is a public client.
   * @default none
   */
  readonly jwks?: string | {
    /** The keys (RFC 7517). */
    readonly keys: readonly object[]
  }
  /** The name that users see. @default clientId */
  readonly name?: string
  /** Where users may be sent back to. @default [], which needs `ownScopes` */
  readonly redirectUris?: readonly string[]
  /**
   * Lets the client get tokens for itself, without a user (client credentials), with at most these scopes. The tokens
   * are good for every mount that trusts the server. It needs a secret or keys.
   * @default none: the client acts for users only
   */
  readonly ownScopes?: readonly string[]
}

/** The option with the clients that the app knows. */
export const knownClients = kindOf<readonly KnownClient[]>("must be an array of clients with 'clientId' and " +
  "'redirectUris', each https, on loopback or of an app; or with 'ownScopes' and either 'clientSecret' or 'jwks'",
(value) => Array.isArray(value) && value.every(isKnownClient))

function isKnownClient (value: unknown): boolean {
  const {
    clientId, redirectUris = [], clientSecret, jwks, name, ownScopes
  }: { readonly [Name in keyof KnownClient]?: unknown } = Object(value)
  const isConfidential = clientSecret !== undefined || jwks !== undefined
  const isUseful = ownScopes === undefined ? Array.isArray(redirectUris) && redirectUris.length > 0 : isConfidential
  return isText(clientId) && Array.isArray(redirectUris) && redirectUris.every(isRedirect) && isUseful &&
    (clientSecret === undefined || (isText(clientSecret) && jwks === undefined)) &&
    (jwks === undefined || isKeys(jwks)) &&
    (name === undefined || isText(name)) && (ownScopes === undefined || isScopes(ownScopes))
}

function isRedirect (uri: unknown): boolean {
  // The scheme of an app is written here by the app itself.
  return findRedirectProblem(uri, { customSchemes: [], allowRedirect: undefined }) === undefined ||
    (typeof uri === 'string' && URL.canParse(uri) && isAppScheme(new URL(uri).protocol.slice(0, -1)))
}

function isKeys (value: unknown): boolean {
  if (typeof value === 'string') return URL.canParse(value) && new URL(value).protocol === 'https:'
  const { keys }: { readonly keys?: unknown } = Object(value)
  return Array.isArray(keys) && keys.length > 0 && keys.every((key) => isObject(key) && !('d' in key) && !('k' in key))
}

/** Returns the metadata of a client as oidc-provider takes it. */
export function toProviderClient (
  { clientId, clientSecret, jwks, name, redirectUris = [], ownScopes }: KnownClient, grants: readonly string[]
): object {
  const actsForUsers = redirectUris.length > 0
  return {
    client_id: clientId,
    client_name: cleanName(name ?? clientId),
    redirect_uris: [...redirectUris],
    application_type: redirectUris.some(isLocalRedirect) ? 'native' : 'web',
    grant_types: [
      ...(actsForUsers ? ['authorization_code', 'refresh_token'] : []),
      ...(ownScopes === undefined ? [] : ['client_credentials']),
      ...grants
    ],
    response_types: actsForUsers ? ['code'] : [],
    token_endpoint_auth_method: authMethodOf({ clientSecret, jwks }),
    ...(clientSecret !== undefined && { client_secret: clientSecret }),
    ...(typeof jwks === 'string' ? { jwks_uri: jwks } : { jwks })
  }
}

function authMethodOf ({ clientSecret, jwks }: { readonly clientSecret: unknown, readonly jwks: unknown }): string {
  if (jwks !== undefined) return 'private_key_jwt'
  return clientSecret === undefined ? 'none' : 'client_secret_basic'
}
