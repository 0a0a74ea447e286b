// An identity provider: a second oidc-provider, which rotates refresh tokens, and revokes the grant of a token that
// is used twice.
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { exportJWK, generateKeyPair } from 'jose'
import Provider from 'oidc-provider'
import type { Test } from 'tap'
import { readForm, type Browser, type Seen } from './browser.ts'
import { PUBLIC_URL } from './stage.ts'

const APP = { clientId: 'the-app', clientSecret: 'the secret of the app' }

/** An identity provider under test. */
export interface IdentityProvider {
  /** What the app is there. */
  readonly app: { readonly issuer: string, readonly clientId: string, readonly clientSecret: string }
  /** All access and refresh tokens that it has issued. */
  readonly issued: readonly string[]
  /** How often it was asked to refresh. */
  readonly refreshed: () => number
  /** Sets for how many seconds new access tokens are good. */
  setLifetime (seconds: number): void
  /** Withdraws all refresh tokens. */
  withdraw (): Promise<void>
  /** Answers all requests to the token endpoint with 503, or no longer. */
  setDown (isDown: boolean): void
}

/** Starts an identity provider; it ends with the test. */
export async function createIdentityProvider (t: Test): Promise<IdentityProvider> {
  const server = createServer()
  await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve) })
  t.teardown(() => { server.close(); server.closeAllConnections() })
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const { privateKey } = await generateKeyPair('ES256', { extractable: true })
  let lifetime = 3600
  let [refreshes, isDown] = [0, false]
  const provider = new Provider(issuer, {
    clients: [{
      client_id: APP.clientId,
      client_secret: APP.clientSecret,
      redirect_uris: [`${PUBLIC_URL}/oauth/callback`],
      grant_types: ['authorization_code', 'refresh_token']
    }],
    clientDefaults: { id_token_signed_response_alg: 'ES256' },
    cookies: { keys: ['a secret of the provider'] },
    jwks: { keys: [{ ...await exportJWK(privateKey), alg: 'ES256', kid: 'one', use: 'sig' }] },
    scopes: ['openid', 'offline_access'],
    issueRefreshToken: () => true,
    rotateRefreshToken: true,
    ttl: { AccessToken: () => lifetime },
    // The default lets expired tokens through for some seconds.
    clockTolerance: 0
  })
  const issued: string[] = []
  const refreshTokens = new Set<{ destroy (): Promise<void> }>()
  provider.on('access_token.saved', ({ jti }) => { issued.push(jti) })
  provider.on('refresh_token.saved', (token) => { issued.push(token.jti); refreshTokens.add(token) })
  provider.on('grant.success', ({ oidc: { params } }) => { if (params.grant_type === 'refresh_token') refreshes++ })
  const answer = provider.callback()
  server.on('request', (request, response) => {
    if (isDown && request.url === '/token') response.writeHead(503).end()
    else answer(request, response)
  })
  return {
    app: { issuer, ...APP },
    issued,
    refreshed: () => refreshes,
    setLifetime: (seconds) => { lifetime = seconds },
    withdraw: async () => { for (const token of refreshTokens) await token.destroy() },
    setDown: (value) => { isDown = value }
  }
}

/** Signs in at the pages of oidc-provider, and goes on to the next page of the app. */
export async function passUpstream (browser: Browser, url: string, login: string): Promise<Seen> {
  let seen = await browser.visit(url)
  for (let steps = 0; steps < 4; steps++) {
    const prompt = /name="prompt" value="(\w+)"/.exec(seen.text)?.[1]
    if (prompt === undefined) return seen
    const { action } = readForm(seen)
    seen = await browser.visit(action, { prompt, login, password: 'anything' })
  }
  return seen
}
