// Configures oidc-provider: what it offers to clients, and the functions by which it asks for what it does not know.
import { PROOF_ALGORITHMS } from '../auth/dpop.ts'
import type { Accounts } from './accounts.ts'
import { createAdapters } from './adapter.ts'
import { createDocumentFetch } from './client-documents.ts'
import type { Keys } from './keys.ts'
import { toProviderClient } from './known-clients.ts'
import type { ServerSettings } from './options.ts'
import type { LanguageHeaders } from './pages/language.ts'
import type { Pages } from './pages/pages.ts'
import { INTERACTION_PATH, INTERACTION_TTL, ROUTES } from './paths.ts'
import type { Client, Provider, ProviderModule } from './peers.ts'
import type { FindResource } from './resources.ts'

/** The parts that the configuration uses. */
export interface ConfigurationParts {
  readonly settings: ServerSettings
  readonly keys: Keys
  readonly accounts: Accounts
  readonly findResource: FindResource
  readonly pages: Pages
}

/** The parts of a Koa context that are used. */
interface ProviderContext {
  type: string
  body: unknown
  readonly headers: LanguageHeaders
  set (headers: Readonly<Record<string, string>>): void
  readonly oidc: {
    readonly session?: { readonly accountId?: string }
    readonly account?: unknown
    readonly params?: Readonly<Record<string, unknown>>
    readonly result?: { readonly consent?: { readonly grantId?: string } }
  }
}

const CODE_TTL = 60 * 1000
const SIGNING = 'ES256'

/** Creates the configuration. @param getProvider Returns the provider, which exists once requests arrive. */
export function createConfiguration (
  parts: ConfigurationParts, { errors, interactionPolicy }: Omit<ProviderModule, 'default'>, getProvider: () => Provider
): object {
  const { settings, keys, accounts } = parts
  const { issuer, store, lifetimes } = settings
  return {
    adapter: createAdapters(store, lifetimes, errors),
    clients: settings.clients.map(toProviderClient),
    clientDefaults: {
      token_endpoint_auth_method: 'none',
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code'],
      id_token_signed_response_alg: SIGNING,
      // RFC 9449 5.2: a client with this gets no token without a proof.
      ...(settings.dpop === 'require' && { dpop_bound_access_tokens: true })
    },
    clientAuthMethods: ['none', 'client_secret_basic', 'client_secret_post'],
    // Tokens are no cookies: a page gets one only for a code that its client was given.
    clientBasedCORS: () => true,
    allowOmittingSingleRegisteredRedirectUri: false,
    cookies: describeCookies(parts),
    jwks: keys.jwks,
    enabledJWA: {
      idTokenSigningAlgValues: [SIGNING],
      ...(settings.dpop !== undefined && { dPoPSigningAlgValues: [...PROOF_ALGORITHMS] })
    },
    responseTypes: ['code'],
    scopes: ['openid'],
    pkce: { required: () => true },
    routes: ROUTES,
    discovery: { scopes_supported: Object.keys(settings.scopes), service_documentation: undefined },
    features: describeFeatures(parts, errors),
    interactions: {
      policy: createPolicy(interactionPolicy),
      url: (_ctx: unknown, { uid }: { uid: string }) => `${issuer}${INTERACTION_PATH}/${uid}`
    },
    // Consent is remembered by this server alone, for a client, its redirect URI and scopes: never by the session.
    loadExistingGrant: async ({ oidc }: ProviderContext) => {
      const grantId = oidc.result?.consent?.grantId
      return grantId === undefined ? undefined : await getProvider().Grant.find(grantId)
    },
    findAccount: createAccountFinder(accounts),
    // Each token is a user's: clients get none for themselves.
    extraTokenClaims: async (_ctx: unknown, { accountId }: { accountId: string }) =>
      (await accounts.find(accountId))?.extra,
    expiresWithSession: () => false,
    issueRefreshToken: (_ctx: unknown, client: Client) => client.grantTypeAllowed('refresh_token'),
    rotateRefreshToken: true,
    fetch: createDocumentFetch(settings),
    fetchResponseBodyLimits: { 'client_id metadata document': 16 * 1024, jwks_uri: 0, sector_identifier_uri: 0 },
    renderError: createRenderError(parts),
    ttl: describeLifetimes(settings)
  }
}

function describeFeatures (
  { settings, findResource }: ConfigurationParts, errors: ProviderModule['errors']
): object {
  const refuse = (description: string): never => { throw new errors.InvalidTarget(description) }

  async function getResourceServerInfo (ctx: ProviderContext, requested: string): Promise<object> {
    if (Array.isArray(ctx.oidc.params?.['resource'])) refuse('ask for one resource at a time')
    const resource = await findResource(requested) ?? refuse('there is no such resource here')
    return {
      audience: resource.id,
      scope: [...new Set([...Object.keys(settings.scopes), ...resource.scopes])].join(' '),
      accessTokenFormat: 'jwt',
      accessTokenTTL: seconds(settings.lifetimes.accessToken),
      jwt: { sign: { alg: SIGNING } }
    }
  }

  return {
    devInteractions: { enabled: false },
    // Without the option, mounts would accept a bound token without its proof.
    dPoP: { enabled: settings.dpop !== undefined },
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
  }
}

function isOwnToken (_ctx: unknown, client: Client, token: { readonly clientId?: string }): boolean {
  return token.clientId === client.clientId
}

// A browser may still have the session of a user whose sign-in has ended.
function createPolicy ({ base, Check }: ProviderModule['interactionPolicy']): readonly object[] {
  const policy = base()
  const isGone = ({ oidc: { session, account } }: ProviderContext): boolean =>
    session?.accountId !== undefined && account === undefined
  policy.get('login')?.checks.push(new Check('account_gone', 'the user must sign in again', 'login_required', isGone))
  return policy
}

function createAccountFinder (
  accounts: Accounts
): (_ctx: unknown, subject: string, token?: unknown) => Promise<object | undefined> {
  return async function findAccount (_ctx, subject, token) {
    const account = await accounts.find(subject)
    if (account === undefined) return undefined
    if (token !== undefined) await accounts.renew(account)
    return { accountId: subject, claims: async () => ({ sub: subject }) }
  }
}

// A cookie with the prefix `__Host-` or `__Secure-` cannot be set over http, or by a sibling domain.
function describeCookies ({ settings, keys }: ConfigurationParts): object {
  const [host, secure] = settings.publicUrl.protocol === 'https:' ? ['__Host-', '__Secure-'] : ['', '']
  const cookie = { signed: true, httpOnly: true, sameSite: 'lax', overwrite: true }
  return {
    keys: [...keys.cookies],
    names: { session: `${host}mcp-session`, interaction: `${secure}mcp-sign-in`, resume: `${secure}mcp-resume` },
    long: { ...cookie, path: '/' },
    short: cookie
  }
}

type RenderError = (ctx: ProviderContext, error: Readonly<Record<string, unknown>>) => void

function createRenderError ({ pages }: ConfigurationParts): RenderError {
  return function renderError (ctx, { error, error_description: description }) {
    ctx.type = 'html'
    ctx.body = pages.of(ctx.headers).problem({ kind: 'error', message: String(description ?? error) })
    ctx.set(pages.headers)
  }
}

function describeLifetimes ({ lifetimes }: ServerSettings): object {
  return {
    AccessToken: seconds(lifetimes.accessToken),
    AuthorizationCode: seconds(CODE_TTL),
    Grant: seconds(lifetimes.grant),
    IdToken: seconds(lifetimes.accessToken),
    Interaction: seconds(INTERACTION_TTL),
    RefreshToken: seconds(lifetimes.refreshToken),
    Session: seconds(lifetimes.session)
  }
}

function seconds (milliseconds: number): number {
  return Math.max(1, Math.round(milliseconds / 1000))
}
