// Configures oidc-provider: what it offers to clients, and the functions by which it asks for what it does not know.
import type { FastifyBaseLogger } from 'fastify'
import { PROOF_ALGORITHMS } from '../auth/dpop.ts'
import type { Accounts } from './accounts.ts'
import { ASSERTION_GRANT, ASSERTION_PROFILE } from './assertion-issuers.ts'
import { createAdapters, stampOf } from './adapter.ts'
import { createDocumentFetch } from './client-documents.ts'
import { SIGNING, type Keys } from './keys.ts'
import { toProviderClient } from './known-clients.ts'
import type { ServerSettings } from './settings.ts'
import type { LanguageHeaders } from './pages/language.ts'
import type { Pages } from './pages/pages.ts'
import { INTERACTION_PATH, INTERACTION_TTL, ROUTES } from './paths.ts'
import { toSeconds, type Client, type Provider, type ProviderModule } from './peers.ts'
import { createReadmission } from './readmission.ts'
import { createResourceDescription } from './resource-description.ts'
import type { Revocation } from './revocation/revocation.ts'
import type { FindResource } from './resources.ts'
import type { Upstream } from './upstream/upstream.ts'

/** The parts that the configuration uses. */
export interface ConfigurationParts {
  readonly settings: ServerSettings
  readonly keys: Keys
  readonly accounts: Accounts
  readonly upstream: Upstream
  readonly revocation: Revocation
  readonly findResource: FindResource
  readonly log: FastifyBaseLogger
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
    readonly account?: object
    readonly params?: Readonly<Record<string, unknown>>
    readonly result?: { readonly consent?: { readonly grantId?: string } }
  }
}

const CODE_TTL = 60 * 1000
const MAX_DOCUMENT = 16 * 1024

/** Creates the configuration. @param getProvider Returns the provider, which exists once requests arrive. */
export function createConfiguration (
  parts: ConfigurationParts, { errors, interactionPolicy }: Omit<ProviderModule, 'default'>, getProvider: () => Provider
): object {
  const { settings, keys, revocation: { epochs, revokeGrant } } = parts
  const { issuer, store, lifetimes } = settings
  const takesAssertions = settings.identityAssertions.length > 0
  const grants = takesAssertions ? [ASSERTION_GRANT] : []
  return {
    adapter: createAdapters(store, { ...lifetimes, epochs, onGrantRevoked: revokeGrant }, errors),
    clients: settings.clients.map((client) => toProviderClient(client, grants)),
    clientDefaults: {
      token_endpoint_auth_method: 'none',
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code'],
      id_token_signed_response_alg: SIGNING,
      // RFC 9449 5.2: a client with this gets no token without a proof.
      ...(settings.dpop === 'require' && { dpop_bound_access_tokens: true })
    },
    clientAuthMethods: ['none', 'client_secret_basic', 'client_secret_post', 'private_key_jwt'],
    // Tokens are no cookies: a page gets one only for a code that its client was given.
    clientBasedCORS: () => true,
    allowOmittingSingleRegisteredRedirectUri: false,
    cookies: describeCookies(parts),
    jwks: keys.jwks,
    enabledJWA: {
      idTokenSigningAlgValues: [SIGNING],
      clientAuthSigningAlgValues: [...PROOF_ALGORITHMS],
      ...(settings.dpop !== undefined && { dPoPSigningAlgValues: [...PROOF_ALGORITHMS] })
    },
    responseTypes: ['code'],
    scopes: ['openid'],
    pkce: { required: () => true },
    routes: ROUTES,
    discovery: {
      scopes_supported: Object.keys(settings.scopes),
      service_documentation: undefined,
      ...(takesAssertions && { authorization_grant_profiles_supported: [ASSERTION_PROFILE] })
    },
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
    findAccount: createAccountFinder(parts),
    extraTokenClaims: createClaims(parts),
    expiresWithSession: () => false,
    issueRefreshToken: (_ctx: unknown, client: Client) => client.grantTypeAllowed('refresh_token'),
    rotateRefreshToken: true,
    fetch: createDocumentFetch(settings, grants),
    fetchResponseBodyLimits: {
      'client_id metadata document': MAX_DOCUMENT, jwks_uri: MAX_DOCUMENT, sector_identifier_uri: 0
    },
    renderError: createRenderError(parts),
    ttl: describeLifetimes(settings)
  }
}

/** The members of a token that its claims are made from. A client that acts for itself has no account and no grant. */
interface IssuedToken { readonly accountId?: string, readonly clientId?: string, readonly grantId?: string }

// `gid` and `ep` say which grant the token belongs to, and in which epochs it was made, so that it can be withdrawn.
function createClaims (
  { accounts, revocation: { epochs } }: ConfigurationParts
): (_ctx: unknown, token: IssuedToken) => Promise<Readonly<Record<string, unknown>>> {
  return async function claimsOf (_ctx, { accountId, clientId, grantId }) {
    const account = accountId === undefined ? undefined : await accounts.find(accountId)
    const ep = grantId === undefined
      ? await epochs.stamp({ subject: accountId, clientId })
      : await epochs.read(stampOf('Grant', grantId))
    return { ...account?.extra, gid: grantId, ...(ep !== '.' && { ep }) }
  }
}

function describeFeatures (parts: ConfigurationParts, errors: ProviderModule['errors']): object {
  const { settings } = parts
  const refuse = (description: string): never => { throw new errors.InvalidTarget(description) }

  return {
    clientCredentials: { enabled: settings.clients.some(({ ownScopes }) => ownScopes !== undefined) },
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
      getResourceServerInfo: createResourceDescription(parts, errors),
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
  parts: ConfigurationParts
): (_ctx: unknown, subject: string, token?: { readonly kind: string }) => Promise<object | undefined> {
  const { accounts } = parts
  const readmit = createReadmission(parts)

  return async function findAccount (_ctx, subject, token) {
    const kept = await accounts.find(subject)
    const account = kept !== undefined && token?.kind === 'RefreshToken' ? await readmit(kept) : kept
    if (account === undefined) return undefined
    if (token !== undefined) await accounts.renew(account)
    return { accountId: subject, scopes: account.scopes, claims: async () => ({ sub: subject }) }
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
    AccessToken: toSeconds(lifetimes.accessToken),
    AuthorizationCode: toSeconds(CODE_TTL),
    ClientCredentials: toSeconds(lifetimes.accessToken),
    Grant: toSeconds(lifetimes.grant),
    IdToken: toSeconds(lifetimes.accessToken),
    Interaction: toSeconds(INTERACTION_TTL),
    RefreshToken: toSeconds(lifetimes.refreshToken),
    Session: toSeconds(lifetimes.session)
  }
}
