// Starts a real authorization server on loopback, signs a user in, and creates the storage of clients.
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { exportJWK, generateKeyPair } from 'jose'
import Provider from 'oidc-provider'
import type { Test } from 'tap'
import type { ClientSelf } from '../support/oauth-client.ts'

/** An authorization server. */
export interface AuthorizationServer {
  readonly issuer: string
  /** The requests that it has received, as method and path. */
  readonly asked: string[]
  /** Sets for how many seconds new access tokens are valid. */
  setLifetime (seconds: number): void
}

/** The client that the mount is where it asks about tokens. */
export const RESOURCE_SERVER = { client_id: 'mount', client_secret: 'a secret of the mount' }

/** Where users are sent back to. Nothing listens there. */
export const REDIRECT_URL = 'https://app.example.com/callback'

/** Starts an authorization server whose tokens are JWTs or opaque; it ends with the test. */
export async function createAuthorizationServer (
  t: Test, accessTokenFormat: 'jwt' | 'opaque'
): Promise<AuthorizationServer> {
  const asked: string[] = []
  const server = createServer()
  await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve) })
  t.teardown(() => { server.close(); server.closeAllConnections() })
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`

  let accessTokenTTL = 3600
  const { privateKey } = await generateKeyPair('ES256', { extractable: true })
  const provider = new Provider(issuer, {
    clients: [{ ...RESOURCE_SERVER, redirect_uris: [], response_types: [], grant_types: [] }],
    clientDefaults: { id_token_signed_response_alg: 'ES256' },
    cookies: { keys: ['a secret of the server'] },
    jwks: { keys: [{ ...await exportJWK(privateKey), alg: 'ES256', kid: 'one', use: 'sig' }] },
    scopes: ['openid', 'offline_access', 'read', 'write'],
    issueRefreshToken: async () => true,
    features: {
      introspection: { enabled: true, allowedPolicy: () => true },
      registration: { enabled: true },
      revocation: { enabled: true },
      resourceIndicators: {
        enabled: true,
        getResourceServerInfo: (_ctx: unknown, resource: string) => ({
          scope: 'read write', audience: resource, accessTokenFormat, accessTokenTTL, jwt: { sign: { alg: 'ES256' } }
        }),
        useGrantedResource: () => true
      }
    }
  })
  const answer = provider.callback()
  server.on('request', (request, response) => {
    asked.push(`${request.method} ${request.url?.replace(/\?.*/, '')}`)
    answer(request, response)
  })
  return { issuer, asked, setLifetime: (seconds) => { accessTokenTTL = seconds } }
}

/** Signs in as `login` and consents, as a browser does. Resolves to the parameters of the redirect to the client. */
export async function signIn (authorizationUrl: URL, login: string): Promise<URLSearchParams> {
  const cookies = new Map<string, string>()

  async function visit (url: string, form?: Record<string, string>): Promise<Response> {
    const cookie = [...cookies].map((pair) => pair.join('=')).join('; ')
    const response = await fetch(url, {
      redirect: 'manual',
      headers: { cookie },
      ...(form !== undefined && { method: 'POST', body: new URLSearchParams(form) })
    })
    for (const line of response.headers.getSetCookie()) {
      const [name = '', value = ''] = line.split(';', 1)[0]?.split(/=(.*)/s) ?? []
      cookies.set(name, value)
    }
    return response
  }

  let response = await visit(authorizationUrl.href)
  for (let steps = 0; steps < 12; steps++) {
    const location = response.headers.get('location')
    if (location?.startsWith(REDIRECT_URL) === true) return new URL(location).searchParams
    if (location !== null) {
      response = await visit(new URL(location, authorizationUrl).href)
      continue
    }
    const page = await response.text()
    const action = /action="([^"]+)"/.exec(page)?.[1]
    const prompt = /name="prompt" value="(\w+)"/.exec(page)?.[1]
    if (action === undefined || prompt === undefined) throw new Error(`the user sees a page without a form: ${page}`)
    response = await visit(new URL(action, authorizationUrl).href, { prompt, login, password: 'anything' })
  }
  throw new Error('the user is sent in circles')
}

/** What the official clients of these tests say about themselves. */
export const CLIENT: ClientSelf = { name: 'e2e', redirectUrl: REDIRECT_URL }
