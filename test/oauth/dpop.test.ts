// Tokens that are bound to a key of the client (RFC 9449), with openid-client, which signs proofs.
import * as openid from 'openid-client'
import t, { type Test } from 'tap'
import { authorizationServer, type AuthorizationServerOptions } from '../../lib/oauth/index.ts'
import { createProofKey } from '../support/dpop.ts'
import type { Kept } from '../support/oauth-client.ts'
import { authorizationUrl, callMount, LIST_TOOLS, redeem, refresh, register, registerId, VERIFIER } from './manual-client.ts'
import {
  answer, CLIENTS, createStage, KEY, NOTES, PUBLIC_URL, REDIRECT_URL, signIn, testSignIn, type Stage, type TestUser
} from './stage.ts'

const PROOF = { url: `${PUBLIC_URL}/oauth/token` }

interface BoundClient {
  readonly stage: Stage
  readonly id: string
  readonly config: openid.Configuration
  readonly DPoP: openid.DPoPHandle
}

async function createBoundClient (
  t: Test, options: Partial<AuthorizationServerOptions<TestUser>>, metadata: object = {}
): Promise<BoundClient> {
  const stage = await createStage(t, options)
  const id = await registerId(stage, metadata)
  const config = await openid.discovery(new URL(PUBLIC_URL), id, undefined, openid.None(), {
    algorithm: 'oauth2',
    // The body is a text, which both types of `fetch` take.
    [openid.customFetch]: async (url, init) => await stage.fetch(url, init as RequestInit)
  })
  return { stage, id, config, DPoP: openid.getDPoPHandle(config, await openid.randomDPoPKeyPair()) }
}

async function getCode (stage: Stage, id: string): Promise<URL> {
  const browser = stage.openBrowser()
  const params = await answer(browser, await signIn(browser, authorizationUrl(id, { prompt: 'consent' })), 'allow')
  return new URL(`${REDIRECT_URL}?${params}`)
}

async function getTokens ({ stage, id, config, DPoP }: BoundClient): Promise<openid.TokenEndpointResponse> {
  const checks = { pkceCodeVerifier: VERIFIER, expectedState: 'the state of the client' }
  return await openid.authorizationCodeGrant(config, await getCode(stage, id), checks, { resource: NOTES }, { DPoP })
}

async function callWithProof ({ config, DPoP }: BoundClient, token: string): Promise<number> {
  const { headers, body } = LIST_TOOLS
  const sent = new Headers(headers)
  const response = await openid.fetchProtectedResource(config, token, new URL(NOTES), 'POST', body, sent, { DPoP })
  return response.status
}

t.test('a client that offers a proof gets tokens that only it can use and refresh', async (t) => {
  for (const dpop of ['accept', 'require'] as const) {
    const client = await createBoundClient(t, { dpop })
    const { stage, id, config } = client

    const tokens = await getTokens(client)
    t.equal(tokens.token_type, 'dpop')
    t.equal(await callWithProof(client, tokens.access_token), 200)
    t.equal(await callMount(stage, NOTES, tokens.access_token), 401)

    t.match(await refresh(stage, id, tokens.refresh_token), { status: 400, body: { error: 'invalid_grant' } })
    const thief = openid.getDPoPHandle(config, await openid.randomDPoPKeyPair())
    const refreshToken = String(tokens.refresh_token)
    const stealing = openid.refreshTokenGrant(config, refreshToken, {}, { DPoP: thief })
    t.equal(await stealing.catch(({ error }) => error), 'invalid_grant')
    const next = await openid.refreshTokenGrant(config, refreshToken, {}, { DPoP: client.DPoP })
    t.equal(await callWithProof(client, next.access_token), 200)
  }
})

t.test("with 'require', and for a client that asks for it, there is no token without a proof", async (t) => {
  const always = await createBoundClient(t, { dpop: 'require' })
  const asked = await createBoundClient(t, { dpop: 'accept' }, { dpop_bound_access_tokens: true })

  for (const { stage, id } of [always, asked]) {
    const code = (await getCode(stage, id)).searchParams.get('code')
    t.match(await redeem(stage, id, code), { status: 400, body: { error: 'invalid_grant' } })
  }
  t.equal((await register(asked.stage, { dpop_bound_access_tokens: true })).body['dpop_bound_access_tokens'], true)
})

t.test("with 'accept', clients that know no proofs use bearer tokens", async (t) => {
  for (const [name, createClient] of CLIENTS) {
    const stage = await createStage(t, { dpop: 'accept' })
    const kept: Kept = { verifier: '' }
    const client = createClient({ kept, fetch: stage.fetch })
    const browser = stage.openBrowser()

    await t.rejects(client.connect(), name)
    const page = await signIn(browser, String(kept.authorizationUrl))
    await client.finish(await answer(browser, page, 'allow'))
    await client.connect()
    t.match(await client.call('who_am_i'), [{ text: /^ada/ }], name)
    await client.close()
  }
})

t.test('of several requests at once with one proof, at most one gets tokens', async (t) => {
  const stage = await createStage(t, { dpop: 'accept' })
  const id = await registerId(stage)
  const proof = await (await createProofKey()).prove(PROOF)
  const codes = await Promise.all(Array.from({ length: 4 }, async () => await getCode(stage, id)))

  const statuses = await Promise.all(codes.map(async ({ searchParams }) => (await stage.fetch(PROOF.url, {
    method: 'POST',
    headers: { dpop: proof },
    body: new URLSearchParams({
      grant_type: 'authorization_code',
      client_id: id,
      code: String(searchParams.get('code')),
      redirect_uri: REDIRECT_URL,
      code_verifier: VERIFIER,
      resource: NOTES
    })
  })).status))

  t.equal(statuses.filter((status) => status === 200).length, 1)
})

t.test('the metadata of the server lists the algorithms of proofs, and only with the option', async (t) => {
  for (const [options, isListed] of [[{ dpop: 'accept' }, true], [{}, false]] as const) {
    const { fetch } = await createStage(t, options)
    const metadata = Object(await (await fetch(`${PUBLIC_URL}/.well-known/oauth-authorization-server`)).json())
    t.equal(Array.isArray(metadata.dpop_signing_alg_values_supported), isListed)
  }
})

t.test('one mount may require bound tokens, if the server binds them', async (t) => {
  const options = { publicUrl: PUBLIC_URL, signIn: testSignIn, keys: [KEY] }
  const login = authorizationServer({ ...options, dpop: 'accept' })

  t.match(login.auth, { dpop: 'accept' })
  t.match(login.authFor({ scopes: [], dpop: 'require' }), { dpop: 'require' })
  t.throws(() => authorizationServer(options).authFor({ scopes: [], dpop: 'require' }), {
    code: 'MCP_ERR_INVALID_OPTION', message: "option 'authFor.dpop' needs authorizationServer({ dpop: 'accept' })"
  })
})
