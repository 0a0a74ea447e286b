// Sign-in at any provider of OpenID Connect.
import { randomBytes } from 'node:crypto'
import { isObject, kindOf, oneOf, required, text, url, whole } from '../../options/checks.ts'
import { resolve, type TableOf } from '../../options/table.ts'
import { loadPeer, type OpenidClientModule, type UpstreamConfiguration } from '../peers.ts'
import { SignInRefusedError, type SignIn, type SignInReturn } from './sign-in.ts'
import { toUpstreamTokens } from './token-response.ts'

/** Options of {@link oidc}. */
export interface OidcOptions {
  /** The URL of the provider. Its metadata is read from `/.well-known/openid-configuration` below it. */
  readonly issuer: string
  /** The id of your app at the provider. */
  readonly clientId: string
  /** The secret of your app at the provider. @default none: a public client */
  readonly clientSecret?: string
  /** The scopes to ask the provider for. They must include `openid`. @default ['openid', 'profile', 'email'] */
  readonly scopes?: readonly string[]
  /**
   * The `prompt` with which the provider lets a user sign in with another account. Every provider must support `login`;
   * `select_account` lets the user choose among accounts without a password.
   * @default 'login'
   */
  readonly accountPrompt?: 'login' | 'select_account'
  /**
   * More parameters of the request that the browser is sent to the provider with, such as `{ access_type: 'offline' }`
   * for a refresh token of Google, or `{ audience: 'https://api.example.com' }` for an access token of Auth0.
   * @default {}
   */
  readonly params?: Readonly<Record<string, string>>
  /** How many milliseconds a request to the provider may take. @default 10000 */
  readonly timeout?: number
}

/** A user of a provider of OpenID Connect: the claims of the ID token. */
export interface OidcUser {
  /** The id of the user at the provider, which never changes. */
  readonly sub: string
  /** The full name. */
  readonly name?: string
  /** The email address. */
  readonly email?: string
  /** `true` only if the provider has verified the address. Do not decide by an address that is not. */
  readonly email_verified?: boolean
  readonly [claim: string]: unknown
}

const upstreamScopes = kindOf<readonly string[]>("must be an array of scopes that includes 'openid'",
  (value) => Array.isArray(value) && value.includes('openid') && value.every((scope) => typeof scope === 'string'))

const OWN_PARAMS = ['client_id', 'redirect_uri', 'response_type', 'response_mode', 'scope', 'state', 'nonce',
  'code_challenge', 'code_challenge_method', 'request', 'request_uri']
const moreParams = kindOf<Readonly<Record<string, string>>>(
  `must be an object of texts, such as { access_type: 'offline' }, with none of ${OWN_PARAMS.join(', ')}`,
  (value) => isObject(value) &&
    Object.entries(value).every(([name, text]) => typeof text === 'string' && !OWN_PARAMS.includes(name)))

const OIDC = {
  issuer: required(url()),
  clientId: required(text()),
  clientSecret: text(),
  scopes: upstreamScopes(['openid', 'profile', 'email']),
  accountPrompt: oneOf('login', 'select_account'),
  params: moreParams({}),
  timeout: whole(10_000)
} satisfies TableOf<OidcOptions>

const LOOPBACK = new Set(['localhost', '127.0.0.1', '[::1]'])

// RFC 6749 5.2; OpenID Connect Core 3.1.2.6, with which some answer that the user must do something first.
const WITHDRAWN = new Set(['invalid_grant', 'interaction_required', 'login_required', 'consent_required'])

interface Kept { readonly verifier: string, readonly nonce: string }

/**
 * Signs users in at a provider of OpenID Connect: authorization code with PKCE, `state` and `nonce`, and an ID token
 * whose signature, issuer, audience and times are checked. Needs the package `openid-client`.
 *
 * @throws MCP_ERR_INVALID_OPTION
 * @see https://openid.net/specs/openid-connect-core-1_0.html
 * @example
 * const signIn = oidc({
 *   issuer: 'https://id.example.com',
 *   clientId: 'notes',
 *   clientSecret: String(process.env.OIDC_SECRET)
 * })
 */
export function oidc (options: OidcOptions): SignIn<OidcUser> {
  const resolved = resolve(OIDC, options, 'oidc.')
  const { issuer, clientId, clientSecret, scopes, params, accountPrompt = 'login', timeout } = resolved
  const server = new URL(issuer)
  let discovered: Promise<UpstreamConfiguration> | undefined

  // A discovery that failed is repeated by the next sign-in.
  async function discover (client: OpenidClientModule): Promise<UpstreamConfiguration> {
    const execute = server.protocol === 'http:' && LOOPBACK.has(server.hostname) ? [client.allowInsecureRequests] : []
    discovered ??= client.discovery(server, clientId, clientSecret, undefined, { execute, timeout: timeout / 1000 })
      .catch((error: unknown) => {
        discovered = undefined
        throw error
      })
    return await discovered
  }

  return Object.freeze<SignIn<OidcUser>>({
    name: server.host,
    async start ({ callbackUrl, state, otherAccount }) {
      const client = await loadPeer<OpenidClientModule>('openid-client', 'oidc()')
      const configuration = await discover(client)
      const [verifier, nonce] = [randomBytes(32), randomBytes(32)].map((bytes) => bytes.toString('base64url'))
      const parameters = {
        ...params,
        redirect_uri: callbackUrl,
        scope: scopes.join(' '),
        state,
        nonce: String(nonce),
        code_challenge: await client.calculatePKCECodeChallenge(String(verifier)),
        code_challenge_method: 'S256',
        ...(otherAccount && { prompt: accountPrompt })
      }
      return { url: client.buildAuthorizationUrl(configuration, parameters).href, kept: { verifier, nonce } }
    },
    async finish ({ url, state, kept, keepTokens }: SignInReturn) {
      if (url.searchParams.get('error') === 'access_denied') {
        throw new SignInRefusedError('the user cancelled', 'cancelled')
      }
      const { verifier, nonce } = kept as Kept // as `start` kept it
      const client = await loadPeer<OpenidClientModule>('openid-client', 'oidc()')
      const tokens = await client.authorizationCodeGrant(await discover(client), url, {
        pkceCodeVerifier: verifier, expectedState: state, expectedNonce: nonce, idTokenExpected: true
      })
      keepTokens(toUpstreamTokens(tokens))
      // openid-client has checked that there is an ID token, and that it has `sub`.
      return tokens.claims() as OidcUser
    },
    async refresh (refreshToken) {
      const client = await loadPeer<OpenidClientModule>('openid-client', 'oidc()')
      try {
        return toUpstreamTokens(await client.refreshTokenGrant(await discover(client), refreshToken))
      } catch (error) {
        if (!WITHDRAWN.has(Object(error).error)) throw error
        throw new SignInRefusedError(`${server.host} has withdrawn the refresh token`)
      }
    },
    identify: ({ sub, email, name }: OidcUser) => ({ subject: sub, label: email ?? name ?? sub })
  })
}
