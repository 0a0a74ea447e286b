// Clients that act for themselves, and clients that prove who they are by a key, with the official clients' own code.
import {
  Client as ClientV2, ClientCredentialsProvider as SecretV2, PrivateKeyJwtProvider as KeyV2,
  StreamableHTTPClientTransport as TransportV2
} from '@modelcontextprotocol/client'
import {
  ClientCredentialsProvider as SecretV1, createPrivateKeyJwtAuth, PrivateKeyJwtProvider as KeyV1
} from '@modelcontextprotocol/sdk/client/auth-extensions.js'
import type { OAuthClientProvider } from '@modelcontextprotocol/sdk/client/auth.js'
import { Client as ClientV1 } from '@modelcontextprotocol/sdk/client/index.js'
import { StreamableHTTPClientTransport as TransportV1 } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js'
import { exportJWK, exportPKCS8, generateKeyPair } from 'jose'
import t, { type Test } from 'tap'
import { guardedFetch } from '../../lib/oauth/guarded-fetch.ts'
import { authorizationServer } from '../../lib/oauth/index.ts'
import { askToken, authorizationUrl, callMount, redeem, type Answered } from './manual-client.ts'
import {
  answer, createStage, KEY, NOTES, PUBLIC_URL, REDIRECT_URL, signIn, TASKS, testSignIn, type Stage
} from './stage.ts'

const { publicKey, privateKey } = await generateKeyPair('ES256', { extractable: true })
const PEM = await exportPKCS8(privateKey)
const JWKS = { keys: [{ ...await exportJWK(publicKey), alg: 'ES256', kid: 'one' }] }
const SECRET = 'a secret of a machine'
const MACHINES = [
  { clientId: 'nightly', clientSecret: SECRET, ownScopes: ['notes:read'] },
  { clientId: 'weekly', jwks: JWKS, ownScopes: ['notes:read', 'notes:write'] }
]
const DOCUMENT = 'https://client.example.com/metadata.json'
const KEYS_URL = 'https://client.example.com/jwks.json'

async function callV1 ({ fetch }: Stage, authProvider: unknown, tool: string): Promise<unknown> {
  const client = new ClientV1({ name: 'machine', version: '1.0.0' })
  // Its optional fields are not declared for exactOptionalPropertyTypes.
  const options = { authProvider: authProvider as OAuthClientProvider, fetch }
  await client.connect(new TransportV1(new URL(NOTES), options) as Transport)
  const { content } = await client.callTool({ name: tool })
  await client.close()
  return content
}

async function callV2 ({ fetch }: Stage, authProvider: SecretV2 | KeyV2, tool: string): Promise<unknown> {
  const versionNegotiation = { mode: { pin: '2026-07-28' } }
  const client = new ClientV2({ name: 'machine', version: '1.0.0' }, { versionNegotiation })
  await client.connect(new TransportV2(new URL(NOTES), { authProvider, fetch }))
  const { content } = await client.callTool({ name: tool })
  await client.close()
  return content
}

t.test('the official clients get tokens for themselves, by a secret and by a key', async (t) => {
  const stage = await createStage(t, { clients: MACHINES })
  const secret = { clientId: 'nightly', clientSecret: SECRET, scope: 'notes:read', expectedIssuer: PUBLIC_URL }
  const signed = { privateKey: PEM, algorithm: 'ES256' }
  const key = { clientId: 'weekly', ...signed, scope: 'notes:write', expectedIssuer: PUBLIC_URL }

  t.match(await callV1(stage, new SecretV1(secret), 'who_am_i'), [{ text: 'undefined with notes:read' }])
  t.match(await callV2(stage, new SecretV2(secret), 'who_am_i'), [{ text: 'undefined with notes:read' }])
  t.match(await callV1(stage, new KeyV1(key), 'write_note'), [{ text: 'undefined wrote' }])
  t.match(await callV2(stage, new KeyV2(key), 'write_note'), [{ text: 'undefined wrote' }])
})

async function getOwnToken (stage: Stage, params: Record<string, string> = {}): Promise<Answered> {
  return await askToken(stage, {
    grant_type: 'client_credentials', client_id: 'nightly', client_secret: SECRET, resource: NOTES, ...params
  })
}

t.test('a client gets no scope of its own that it does not have, and no refresh token', async (t) => {
  const stage = await createStage(t, { clients: MACHINES })

  const { status, body } = await getOwnToken(stage, { scope: 'notes:read notes:write admin' })
  t.equal(status, 200)
  t.equal(body['scope'], 'notes:read')
  t.notOk('refresh_token' in body)
  t.equal(await callMount(stage, NOTES, body['access_token']), 200)
  t.equal(await callMount(stage, TASKS, body['access_token']), 401)
})

t.test('who has no secret, no key or no scopes of its own gets no token for itself', async (t) => {
  const clients = [...MACHINES, { clientId: 'desk', clientSecret: SECRET, redirectUris: [REDIRECT_URL] }]
  const stage = await createStage(t, { clients })

  t.match(await getOwnToken(stage, { client_secret: 'wrong' }), { status: 401, body: { error: 'invalid_client' } })
  t.match(await getOwnToken(stage, { client_id: 'weekly' }), { status: 401, body: { error: 'invalid_client' } })
  t.match(await getOwnToken(stage, { client_id: 'desk' }), { status: 400, body: { error: 'invalid_request' } })
  t.match(await getOwnToken(stage, { resource: `${PUBLIC_URL}/other` }), { status: 400, body: { error: 'invalid_target' } })
  const seen = await stage.openBrowser().request(authorizationUrl('nightly'))
  t.equal(seen.status, 400, 'nor does a user sign in for it')
})

t.test('two machines cannot take each other\'s session, and neither can a user', async (t) => {
  const clients = [
    { clientId: 'nightly', clientSecret: SECRET, ownScopes: [] },
    { clientId: 'daily', clientSecret: SECRET, ownScopes: [], redirectUris: [REDIRECT_URL] }
  ]
  const stage = await createStage(t, { clients })
  const nightly = await getOwnToken(stage)
  const daily = await getOwnToken(stage, { client_id: 'daily' })
  const browser = stage.openBrowser()
  const params = await answer(browser, await signIn(browser, authorizationUrl('daily')), 'allow')
  const user = await redeem(stage, 'daily', params.get('code'), { client_secret: SECRET })
  const post = async (token: unknown, headers: Record<string, string>, message: object): Promise<Response> =>
    await stage.fetch(NOTES, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${String(token)}`,
        'content-type': 'application/json',
        accept: 'application/json, text/event-stream',
        ...headers
      },
      body: JSON.stringify({ jsonrpc: '2.0', id: 1, ...message })
    })
  const params2025 = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'm', version: '1' } }
  const opened = await post(nightly.body['access_token'], {}, { method: 'initialize', params: params2025 })
  const session = { 'mcp-session-id': String(opened.headers.get('mcp-session-id')) }
  await opened.text()

  for (const [{ body }, status] of [[nightly, 200], [daily, 404], [user, 404]] as const) {
    const response = await post(body['access_token'], session, { method: 'tools/list' })
    t.equal(response.status, status)
    await response.text()
  }
})

t.test('a user whose id is that of a client is not signed in', async (t) => {
  const stage = await createStage(t, { clients: MACHINES })
  const browser = stage.openBrowser()
  const { body } = await stage.fetch(`${PUBLIC_URL}/oauth/register`, {
    method: 'POST', body: JSON.stringify({ redirect_uris: [REDIRECT_URL] })
  }).then(async (response) => ({ body: Object(await response.json()) }))

  const seen = await signIn(browser, authorizationUrl(String(body.client_id)), 'nightly')
  t.equal(seen.status, 502)
})

interface Documented { readonly stage: Stage, readonly fetched: readonly string[] }

async function createDocumented (t: Test, document: object): Promise<Documented> {
  const fetched: string[] = []
  const stage = await createStage(t, {
    fetchClientDocument: async (url) => {
      fetched.push(url)
      if (url === DOCUMENT) {
        return Response.json({
          client_id: DOCUMENT, redirect_uris: [REDIRECT_URL], token_endpoint_auth_method: 'private_key_jwt', ...document
        })
      }
      if (url === KEYS_URL) return Response.json({ ...JWKS, client_id: undefined, more: 'dropped' })
      return await guardedFetch(url, { timeout: 1000, maxBytes: 1000 })
    }
  })
  return { stage, fetched }
}

async function redeemByKey ({ stage }: Documented): Promise<Answered> {
  const browser = stage.openBrowser()
  const params = await answer(browser, await signIn(browser, authorizationUrl(DOCUMENT)), 'allow')
  const body = new URLSearchParams()
  const addAuth = createPrivateKeyJwtAuth({
    issuer: DOCUMENT, subject: DOCUMENT, privateKey: PEM, alg: 'ES256', audience: PUBLIC_URL
  })
  await addAuth(new Headers(), body, new URL(`${PUBLIC_URL}/oauth/token`), undefined)
  return await redeem(stage, DOCUMENT, params.get('code'), Object.fromEntries(body))
}

t.test('a client with a metadata document may prove who it is by a key', async (t) => {
  for (const keys of [{ jwks: JWKS }, { jwks_uri: KEYS_URL }]) {
    const documented = await createDocumented(t, keys)
    const { status, body } = await redeemByKey(documented)

    t.equal(status, 200)
    t.equal(await callMount(documented.stage, NOTES, body['access_token']), 200)
    const browser = documented.stage.openBrowser()
    const page = await signIn(browser, authorizationUrl(DOCUMENT, { prompt: 'consent' }))
    const code = (await answer(browser, page, 'allow')).get('code')
    t.match(await redeem(documented.stage, DOCUMENT, code), { status: 401, body: { error: 'invalid_client' } })
  }
})

t.test('the URL of keys is fetched from public addresses only, and that of a logo never', async (t) => {
  for (const host of ['169.254.169.254', '127.0.0.1', '[::1]', '10.0.0.1', 'localhost']) {
    const documented = await createDocumented(t, { jwks_uri: `https://${host}/keys`, logo_uri: `https://${host}/logo` })

    t.match(await redeemByKey(documented), { status: 401, body: { error: 'invalid_client' } }, host)
    t.same([...new Set(documented.fetched)], [DOCUMENT, `https://${host}/keys`])
  }
})

t.test('keys that are no https URL, a document that is taken for keys, and a secret in a document are refused', async (t) => {
  for (const document of [
    { jwks_uri: 'http://client.example.com/jwks.json' }, {}, { jwks: { keys: 'none' } },
    { client_id: undefined, keys: JWKS.keys }, { token_endpoint_auth_method: 'client_secret_basic' },
    { jwks: { keys: [await exportJWK(privateKey)] } }
  ]) {
    const { stage } = await createDocumented(t, document)
    const seen = await stage.openBrowser().request(authorizationUrl(DOCUMENT))
    t.equal(seen.status, 400, JSON.stringify(document))
    t.equal(seen.headers.get('location'), null)
  }
})

t.test('clients in the options need what they are to be known by', async (t) => {
  const settingsOf = (client: object): unknown => authorizationServer({
    publicUrl: PUBLIC_URL, signIn: testSignIn, keys: [KEY], clients: [Object.assign({ clientId: 'a' }, client)]
  })
  const redirectUris = [REDIRECT_URL]

  for (const right of [
    { redirectUris },
    { redirectUris, jwks: JWKS },
    { jwks: KEYS_URL, ownScopes: [] },
    { clientSecret: 'x', ownScopes: ['a'] }
  ]) t.ok(settingsOf(right))
  for (const wrong of [
    {}, { redirectUris: [] }, { redirectUris: 'x' }, { ownScopes: [] }, { redirectUris, ownScopes: ['a'] },
    { clientSecret: 'x', ownScopes: 'a' }, { clientSecret: 'x', ownScopes: ['"'] }, { redirectUris, name: '' },
    { redirectUris, jwks: 'http://x.example/' }, { redirectUris, jwks: 'x' }, { redirectUris, jwks: {} }, { redirectUris, jwks: { keys: [] } },
    { redirectUris, jwks: { keys: ['x'] } }, { redirectUris, jwks: { keys: [{ kty: 'EC', d: 'x' }] } },
    { redirectUris, jwks: { keys: [{ kty: 'oct', k: 'x' }] } }, { redirectUris, jwks: JWKS, clientSecret: 'x' }
  ]) t.throws(() => settingsOf(wrong), { code: 'MCP_ERR_INVALID_OPTION' }, JSON.stringify(wrong))
})
