// Configures oidc-provider, which speaks OAuth with clients.
import type { FastifyBaseLogger } from 'fastify'
import type { Accounts } from './accounts.ts'
import { createAdapters } from './adapter.ts'
import { createDocumentFetch } from './client-documents.ts'
import { cleanName } from './client-metadata.ts'
import type { Keys } from './keys.ts'
import type { ServerSettings } from './options.ts'
import { PAGE_HEADERS, renderProblem } from './page.ts'
import { loadPeer, type Client, type Provider, type ProviderModule } from './peers.ts'
import { isLocalRedirect } from './redirect-uri.ts'
import type { FindResource } from './resources.ts'

/** The parts of a Koa context that are used. */
interface ProviderContext {
  type: string
  body: unknown
  set (headers: Readonly<Record<string, string>>): void
  readonly oidc: {
    readonly params?: Readonly<Record<string, unknown>>
    readonly result?: { readonly consent?: { readonly grantId?: string } }
  }
}

/** The parts that the configuration uses. */
export interface ProviderParts {
  readonly settings: ServerSettings
  readonly keys: Keys
  readonly accounts: Accounts
  readonly findResource: FindResource
  readonly log: FastifyBaseLogger
}

/** The parts that the routes use. */
export interface ServerParts extends ProviderParts {
  readonly provider: Provider
}

/** The paths of the provider's routes. */
export const ROUTES = Object.freeze({
  authorization: '/oauth/authorize',
  token: '/oauth/token',
  registration: '/oauth/register',
  revocation: '/oauth/revoke',
  jwks: '/oauth/jwks'
})

/** The path of the page of an authorization request that waits for the user. */
export const INTERACTION_PATH = '/oauth/sign-in'

/** How long a user may take to sign in and consent, in milliseconds. */
export const INTERACTION_TTL = 30 * 60 * 1000

const CODE_TTL = 60 * 1000
const SIGNING = 'ES256'

/**
 * Creates the provider.
 * @throws MCP_ERR_MISSING_PACKAGE
 */
export async function createProvider (parts: ProviderParts): Promise<Provider> {
  const { default: OidcProvider, errors } = await loadPeer<ProviderModule>('oidc-provider', 'authorizationServer()')
  const provider: Provider = new OidcProvider(parts.settings.issuer, createConfiguration(parts, errors, () => provider))
  const logFailure = (error: unknown): void => { parts.log.error({ err: error }, 'the authorization server failed') }
  provider.on('server_error', (_ctx: unknown, error: unknown) => { logFailure(error) })
  provider.on('error', logFailure)
  return provider
}

function createConfiguration (
  { settings, keys, accounts, findResource }: ProviderParts,
  errors: ProviderModule['errors'],
  getProvider: () => Provider
): object {
  const { issuer, lifetimes, store } = settings
  const isSecure = settings.publicUrl.protocol === 'https:'
  const cookie = { signed: true, httpOnly: true, sameSite: 'lax', overwrite: true }
  const refuse = (description: string): never => { throw new errors.InvalidTarget(description) }

  async function getResourceServerInfo (ctx: ProviderContext, requested: string): Promise<object> {
    if (Array.isArray(ctx.oidc.params?.['resource'])) refuse('ask for one resource at a time')
    const resource = await findResource(requested) ?? refuse('there is no such resource here')
    return {
      audience: resource.id,
      scope: [...new Set([...Object.keys(settings.scopes), ...resource.scopes])].join(' '),
      accessTokenFormat: 'jwt',
      accessTokenTTL: seconds(lifetimes.accessToken),
      jwt: { sign: { alg: SIGNING } }
    }
  }

  async function findAccount (_ctx: unknown, subject: string, token?: unknown): Promise<object | undefined> {
    const account = await accounts.find(subject)
    if (account === undefined) return undefined
    if (token !== undefined) await accounts.renew(account)
    return { accountId: subject, claims: async () => ({ sub: subject }) }
  }

  return {
    adapter: createAdapters(store, lifetimes, errors),
    clients: settings.clients.map(toProviderClient),
    clientDefaults: {
      token_endpoint_auth_method: 'none',
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code'],
      id_token_signed_response_alg: SIGNING
    },
    clientAuthMethods: ['none', 'client_secret_basic', 'client_secret_post'],
    // Tokens are no cookies: a page gets one only for a code that its client was given.
    clientBasedCORS: () => true,
    allowOmittingSingleRegisteredRedirectUri: false,
    cookies: {
      keys: [...keys.cookies],
      names: nameCookies(isSecure),
      long: { ...cookie, path: '/' },
      short: cookie
    },
    jwks: keys.jwks,
    enabledJWA: { idTokenSigningAlgValues: [SIGNING] },
    responseTypes: ['code'],
    scopes: ['openid'],
    pkce: { required: () => true },
    routes: ROUTES,
    discovery: { scopes_supported: Object.keys(settings.scopes), service_documentation: undefined },
    features: {
      devInteractions: { enabled: false },
      // Mounts take bearer tokens only, which would accept a bound token without its proof.
      dPoP: { enabled: false },
      userinfo: { enabled: false },
      rpInitiatedLogout: { enabled: false },
      pushedAuthorizationRequests: { enabled: false },
      claimsParameter: { enabled: false },
      revocation: { enabled: true, allowedPolicy: isOwnToken },
      registration: { enabled: settings.registration, issueRegistrationAccessToken: false },
      clientIdMetadataDocument: { enabled: settings.clientDocuments, ack: 'draft-02' },
      resourceIndicators: {
        enabled: true,
        defaultResource: (_ctx: unknown, _client: Client, oneOf?: readonly string[] | string) =>
          oneOf ?? refuse('name the resource that the token is for'),
        getResourceServerInfo,
        useGrantedResource: () => true
      }
    },
    interactions: { url: (_ctx: unknown, { uid }: { uid: string }) => `${issuer}${INTERACTION_PATH}/${uid}` },
    // Consent is remembered by this server alone, for a client, its redirect URI and scopes: never by the session.
    loadExistingGrant: async ({ oidc }: ProviderContext) => {
      const grantId = oidc.result?.consent?.grantId
      return grantId === undefined ? undefined : await getProvider().Grant.find(grantId)
    },
    findAccount,
    // Each token is a user's: clients get none for themselves.
    extraTokenClaims: async (_ctx: unknown, { accountId }: { accountId: string }) =>
      (await accounts.find(accountId))?.extra,
    expiresWithSession: () => false,
    issueRefreshToken: (_ctx: unknown, client: Client) => client.grantTypeAllowed('refresh_token'),
    rotateRefreshToken: true,
    fetch: createDocumentFetch(settings),
    fetchResponseBodyLimits: { 'client_id metadata document': 16 * 1024, jwks_uri: 0, sector_identifier_uri: 0 },
    renderError,
    ttl: {
      AccessToken: seconds(lifetimes.accessToken),
      AuthorizationCode: seconds(CODE_TTL),
      Grant: seconds(lifetimes.grant),
      IdToken: seconds(lifetimes.accessToken),
      Interaction: seconds(INTERACTION_TTL),
      RefreshToken: seconds(lifetimes.refreshToken),
      Session: seconds(lifetimes.session)
    }
  }
}

function isOwnToken (_ctx: unknown, client: Client, token: { readonly clientId?: string }): boolean {
  return token.clientId === client.clientId
}

function renderError (ctx: ProviderContext, { error, error_description: description }: Record<string, unknown>): void {
  const text = `${String(description ?? error)}. Go back to the application and connect again.`
  ctx.type = 'html'
  ctx.body = renderProblem('This sign-in cannot go on', text.charAt(0).toUpperCase() + text.slice(1))
  ctx.set(PAGE_HEADERS)
}

// A cookie with the prefix `__Host-` or `__Secure-` cannot be set over http, or by a sibling domain.
function nameCookies (isSecure: boolean): object {
  const [host, secure] = isSecure ? ['__Host-', '__Secure-'] : ['', '']
  return { session: `${host}mcp-session`, interaction: `${secure}mcp-sign-in`, resume: `${secure}mcp-resume` }
}

function toProviderClient ({ clientId, clientSecret, name, redirectUris }: ServerSettings['clients'][number]): object {
  return {
    client_id: clientId,
    client_name: cleanName(name ?? clientId),
    redirect_uris: [...redirectUris],
    application_type: redirectUris.some(isLocalRedirect) ? 'native' : 'web',
    token_endpoint_auth_method: clientSecret === undefined ? 'none' : 'client_secret_basic',
    ...(clientSecret !== undefined && { client_secret: clientSecret })
  }
}

function seconds (milliseconds: number): number {
  return Math.max(1, Math.round(milliseconds / 1000))
}
