import {
  Client as ClientV2,
  StreamableHTTPClientTransport as TransportV2,
  type OAuthClientProvider as ProviderV2
} from '@modelcontextprotocol/client'
import { Client as ClientV1 } from '@modelcontextprotocol/sdk/client/index.js'
import { StreamableHTTPClientTransport as TransportV1 } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import type { OAuthClientProvider as ProviderV1 } from '@modelcontextprotocol/sdk/client/auth.js'
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js'
import Fastify from 'fastify'
import t, { type Test } from 'tap'
import mcpPlugin, { introspectionVerifier, jwtVerifier, McpServer, type Verify } from '../../lib/index.ts'
import { createAuthProvider, type Kept } from '../support/oauth-client.ts'
import {
  CLIENT, createAuthorizationServer, RESOURCE_SERVER, signIn, type AuthorizationServer
} from './authorization-server.ts'

const PUBLIC_URL = 'https://api.example.com'
const ENDPOINT = `${PUBLIC_URL}/v1/notes/mcp`

interface Authorizing {
  connect (): Promise<void>
  /** The user has come back. */
  finish (params: URLSearchParams): Promise<void>
  whoAmI (): Promise<unknown>
  close (): Promise<void>
}

type Fetch = (url: string | URL, init?: RequestInit) => Promise<Response>

function createV1 (kept: Kept, fetch: Fetch): Authorizing {
  // The cast holds, because the client itself stored these values.
  const options = { authProvider: createAuthProvider(kept, CLIENT) as unknown as ProviderV1, fetch }
  const client = new ClientV1({ name: 'e2e', version: '1.0.0' })
  let transport = new TransportV1(new URL(ENDPOINT), options)
  return {
    // Its optional fields are not declared for exactOptionalPropertyTypes.
    connect: () => client.connect(transport as Transport),
    finish: async (params) => {
      await transport.finishAuth(String(params.get('code')))
      transport = new TransportV1(new URL(ENDPOINT), options)
    },
    whoAmI: async () => (await client.callTool({ name: 'who_am_i' })).content,
    close: () => client.close()
  }
}

function createV2 (kept: Kept, fetch: Fetch, mode: 'legacy' | { pin: string }): Authorizing {
  // The cast holds, because the client itself stored these values.
  const options = { authProvider: createAuthProvider(kept, CLIENT) as unknown as ProviderV2, fetch }
  const client = new ClientV2({ name: 'e2e', version: '1.0.0' }, { versionNegotiation: { mode } })
  let transport = new TransportV2(new URL(ENDPOINT), options)
  return {
    connect: () => client.connect(transport),
    finish: async (params) => {
      await transport.finishAuth(params)
      transport = new TransportV2(new URL(ENDPOINT), options)
    },
    whoAmI: async () => (await client.callTool({ name: 'who_am_i' })).content,
    close: () => client.close()
  }
}

const CLIENTS: ReadonlyArray<readonly [string, (kept: Kept, fetch: Fetch) => Authorizing]> = [
  ['the v1 client', createV1],
  ['the v2 client, legacy', (kept, fetch) => createV2(kept, fetch, 'legacy')],
  ['the v2 client, modern', (kept, fetch) => createV2(kept, fetch, { pin: '2026-07-28' })]
]

/** An app in which a mount is behind an authorization server, and a fetch that finds the app by its public name. */
async function createProtected (
  t: Test, { issuer }: AuthorizationServer, verify: Verify
): Promise<{ fetch: Fetch, statuses: number[] }> {
  const server = new McpServer({ name: 'Notes', version: '1.0.0' })
  server.registerTool(
    'who_am_i',
    {},
    (_args, { auth }) => `${auth?.subject} by ${auth?.issuer} with ${auth?.scopes.join()}`
  )
  const app = Fastify()
  t.teardown(() => app.close())
  app.register(async (scope) => {
    scope.register(mcpPlugin, {
      prefix: '/notes',
      server,
      publicUrl: PUBLIC_URL,
      auth: { verify, authorizationServers: [issuer], requiredScopes: ['read'] }
    })
  }, { prefix: '/v1' })
  const address = await app.listen({ port: 0, host: '127.0.0.1' })
  const statuses: number[] = []
  return {
    statuses,
    fetch: async (url, init) => {
      const response = await fetch(String(url).replace(PUBLIC_URL, address), init)
      if (String(url) === ENDPOINT && init?.method === 'POST') statuses.push(response.status)
      return response
    }
  }
}

for (const [title, createClient] of CLIENTS) {
  t.test(`${title} calls a protected tool after discovery, registration, PKCE and consent, and refreshes an expired token`, async (t) => {
    const authorizationServer = await createAuthorizationServer(t, 'jwt')
    const { issuer, asked } = authorizationServer
    const clock = { ahead: 0 }
    const { fetch, statuses } = await createProtected(
      t,
      authorizationServer,
      jwtVerifier({ issuer, typ: 'at+jwt' }, () => Date.now() + clock.ahead)
    )
    const kept: Kept = { verifier: '' }
    const client = createClient(kept, fetch)
    t.teardown(() => client.close())

    await t.rejects(client.connect())
    t.match(Object.fromEntries(kept.authorizationUrl?.searchParams ?? []), {
      resource: ENDPOINT,
      scope: /^read\b/,
      code_challenge_method: 'S256'
    })
    await client.finish(await signIn(kept.authorizationUrl ?? new URL('about:blank'), 'ann'))
    await client.connect()
    t.same(await client.whoAmI(), [{ type: 'text', text: `ann by ${issuer} with read` }])

    const first = kept.tokens?.access_token
    authorizationServer.setLifetime(4 * 3600)
    clock.ahead = 2 * 3600_000
    t.same(await client.whoAmI(), [{ type: 'text', text: `ann by ${issuer} with read` }])

    t.not(kept.tokens?.access_token, first)
    t.equal(asked.filter((path) => path === 'POST /token').length, 2)
    t.equal(statuses.filter((status) => status === 401).length, 2)
    t.same(statuses.slice(-2), [401, 200])
  })
}

t.test('an opaque token is accepted after introspection, and refused after its revocation', async (t) => {
  const authorizationServer = await createAuthorizationServer(t, 'opaque')
  const { issuer, asked } = authorizationServer
  const verify = introspectionVerifier({
    url: `${issuer}/token/introspection`,
    clientId: RESOURCE_SERVER.client_id,
    clientSecret: RESOURCE_SERVER.client_secret,
    issuer,
    cache: false
  })
  const { fetch } = await createProtected(t, authorizationServer, verify)
  const kept: Kept = { verifier: '' }
  const client = createV1(kept, fetch)
  t.teardown(() => client.close())

  await t.rejects(client.connect())
  await client.finish(await signIn(kept.authorizationUrl ?? new URL('about:blank'), 'bob'))
  await client.connect()

  t.same(await client.whoAmI(), [{ type: 'text', text: `bob by ${issuer} with read` }])
  t.ok(asked.includes('POST /token/introspection'))
  t.notMatch(kept.tokens?.access_token, /\./)
  const token = String(kept.tokens?.access_token)
  const revoked = await globalThis.fetch(`${issuer}/token/revocation`, {
    method: 'POST',
    body: new URLSearchParams({ token, client_id: String(kept.client?.client_id) })
  })
  const refused = await fetch(ENDPOINT, { method: 'POST', headers: { authorization: `Bearer ${token}` } })
  t.same([revoked.status, refused.status], [200, 401])
})

t.test('a token that the authorization server issued for another resource is refused', async (t) => {
  const authorizationServer = await createAuthorizationServer(t, 'jwt')
  const { issuer } = authorizationServer
  const { fetch } = await createProtected(
    t,
    authorizationServer,
    jwtVerifier({ issuer, audience: 'https://api.example.com/other' })
  )
  const kept: Kept = { verifier: '' }
  const client = createV1(kept, fetch)
  t.teardown(() => client.close())

  await t.rejects(client.connect())
  await client.finish(await signIn(kept.authorizationUrl ?? new URL('about:blank'), 'eve'))
  const response = await fetch(ENDPOINT, {
    method: 'POST',
    headers: { authorization: `Bearer ${kept.tokens?.access_token}` }
  })

  t.equal(response.status, 401)
  t.match(
    response.headers.get('www-authenticate'),
    'error="invalid_token", error_description="The token is for another resource"'
  )
})
