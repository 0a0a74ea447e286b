// What handlers get of the identity provider, and what happens when it withdraws it.
import t, { type Test } from 'tap'
import { github, memoryStore, oidc, redisStore, type AuthorizationServerOptions } from '../../lib/oauth/index.ts'
import type { Kept } from '../support/oauth-client.ts'
import { createPrefix, noRedis, useRedis } from '../support/redis-server.ts'
import type { Browser } from './browser.ts'
import { createGithub } from './fake-github.ts'
import { createIdentityProvider, passUpstream, type IdentityProvider } from './identity-provider.ts'
import { authorizationUrl, callTool, redeem, refresh, registerId } from './manual-client.ts'
import { answer, CLIENTS, createStage, KEY, type OfficialClient, type Stage, type TestUser } from './stage.ts'
import { createDump } from './store-dump.ts'

const NEW_KEY = 'the next secret of at least thirty-two characters'
const ENDED = /sign-in with .* has ended; sign in again/

/** Starts an app whose users sign in at an identity provider. */
async function createOidcStage (
  t: Test, { app }: IdentityProvider, options: Partial<AuthorizationServerOptions<TestUser>> = {}
): Promise<Stage> {
  // The options of these stages have no function that gets a user.
  return await createStage(t, { ...options, signIn: oidc({ ...app, scopes: ['openid'] }) as never })
}

/** Connects an official client, and resolves to its access to the mount. */
async function connect (
  t: Test, stage: Stage, [, createClient]: (typeof CLIENTS)[number], browser: Browser
): Promise<{ client: OfficialClient, kept: Kept }> {
  const kept: Kept = { verifier: '' }
  const client = createClient({ kept, fetch: stage.fetch })
  t.teardown(() => client.close())
  await t.rejects(client.connect(), /Unauthorized/i)
  const page = await passUpstream(browser, String(kept.authorizationUrl), 'grace')
  await client.finish(await answer(browser, page, 'allow'))
  await client.connect()
  return { client, kept }
}

/** Signs a user in, and resolves to the tokens of the app. */
async function signInManually (stage: Stage, browser = stage.openBrowser(), login = 'grace'): Promise<Tokens> {
  const id = await registerId(stage)
  const page = await passUpstream(browser, authorizationUrl(id), login)
  const { body } = await redeem(stage, id, (await answer(browser, page, 'allow')).get('code'))
  return { id, access: String(body['access_token']), refresh: String(body['refresh_token']) }
}

interface Tokens { readonly id: string, readonly access: string, readonly refresh: string }

async function whoIs ({ app }: IdentityProvider, token: unknown): Promise<unknown> {
  const response = await fetch(`${app.issuer}/me`, { headers: { authorization: `Bearer ${String(token)}` } })
  return response.status === 200 ? Object(await response.json()).sub : response.status
}

const textOf = (content: unknown): string => String(Object(content)[0]?.text)

for (const entry of CLIENTS) {
  t.test(`${entry[0]} uses the API of the identity provider, and signs in again when it must`, async (t) => {
    const upstream = await createIdentityProvider(t)
    const stage = await createOidcStage(t, upstream)
    const browser = stage.openBrowser()
    const { client, kept } = await connect(t, stage, entry, browser)

    const token = textOf(await client.call('call_upstream'))
    t.equal(await whoIs(upstream, token), 'grace')
    t.equal(textOf(await client.call('call_upstream')), token, 'the token is kept')
    for (const issued of upstream.issued) t.notMatch(JSON.stringify(kept), issued, 'the client gets none of it')

    const { id, ...mine } = { id: String(kept.client?.client_id), ...kept.tokens }
    await upstream.withdraw()
    kept.authorizationUrl = new URL('about:blank')
    await t.rejects(client.call('refuse_upstream'), /Unauthorized/i)
    t.match(await refresh(stage, id, mine.refresh_token), { status: 400, body: { error: 'invalid_grant' } })

    const visits = browser.visited.length
    const page = await passUpstream(browser, kept.authorizationUrl.href, 'grace')
    await client.finish(await answer(browser, page, 'allow'))
    await client.connect()
    t.ok(browser.visited.slice(visits).some((url) => url.startsWith(`${upstream.app.issuer}/auth`)),
      'the session of the browser has ended as well')
    const next = textOf(await client.call('call_upstream'))
    t.not(next, token)
    t.equal(await whoIs(upstream, next), 'grace')
  })
}

t.test('a second client of the same browser gets the same token, and another user another one', async (t) => {
  const upstream = await createIdentityProvider(t)
  const stage = await createOidcStage(t, upstream)
  const browser = stage.openBrowser()
  const first = await signInManually(stage, browser)
  const visits = browser.visited.length
  const second = await signInManually(stage, browser)
  const other = await signInManually(stage, stage.openBrowser(), 'ada')

  const [one, two, three] = await Promise.all([first, second, other].map(async ({ access }) =>
    textOf((await callTool(stage, access, 'call_upstream')).content)))

  t.notOk(browser.visited.slice(visits).some((url) => url.startsWith(upstream.app.issuer)))
  t.equal(one, two)
  t.equal(await whoIs(upstream, one), 'grace')
  t.equal(await whoIs(upstream, three), 'ada')
})

t.test('a token is refreshed before it expires; while the provider is down, one that is still good is used', async (t) => {
  const upstream = await createIdentityProvider(t)
  upstream.setLifetime(30)
  const stage = await createOidcStage(t, upstream)
  const { access, id, refresh: refreshToken } = await signInManually(stage)
  const call = async (tool = 'call_upstream'): Promise<Awaited<ReturnType<typeof callTool>>> =>
    await callTool(stage, access, tool)

  upstream.setDown(true)
  const kept = textOf((await call()).content)
  t.equal(await whoIs(upstream, kept), 'grace')
  const refused = await call('refuse_upstream')
  t.match(refused, { status: 200, isError: true })
  t.notMatch(textOf(refused.content), kept)

  upstream.setDown(false)
  upstream.setLifetime(3600)
  const next = textOf((await call()).content)
  t.not(next, kept)
  t.equal(await whoIs(upstream, next), 'grace')
  t.equal(upstream.refreshed(), 1)
  t.equal((await refresh(stage, id, refreshToken)).status, 200, 'nothing has ended')
  for (const issued of upstream.issued) t.notMatch(stage.warnings.join('\n'), issued, 'no token is logged')
  t.match(stage.warnings.join('\n'), /executing tool refuse_upstream/)
})

t.test('once a reply is a stream, a withdrawn token is an error in it; then all tokens of the user are refused', async (t) => {
  const upstream = await createIdentityProvider(t)
  upstream.setLifetime(30)
  const stage = await createOidcStage(t, upstream)
  const { access } = await signInManually(stage)
  const second = await signInManually(stage)
  await upstream.withdraw()

  const streamed = await callTool(stage, access, 'stream_upstream', { progressToken: 1 })
  t.match(streamed, { status: 200, error: { code: 9470, message: ENDED } })
  const next = await callTool(stage, access, 'who_am_i')
  t.match(next, { status: 401 })
  t.match(next.challenge, /^Bearer error="invalid_token", .*resource_metadata="https:\/\/api.example.com/)
  t.match(await callTool(stage, second.access, 'who_am_i'), { status: 401 }, 'of the other client as well')
  const again = await signInManually(stage)
  t.match(await callTool(stage, again.access, 'call_upstream'), { status: 200, content: [{}] })
})

t.test('many calls on two nodes refresh a token once', { skip: noRedis }, async (t) => {
  const { client } = await useRedis(t)
  const store = redisStore({ client, prefix: createPrefix() })
  const upstream = await createIdentityProvider(t)
  upstream.setLifetime(30)
  const nodes = await Promise.all([1, 2].map(() => createOidcStage(t, upstream, { store })))
  const [first, second] = nodes
  if (first === undefined || second === undefined) return
  const { access } = await signInManually(first)
  upstream.setLifetime(3600)

  const calls = Array.from({ length: 20 }, async (_none, index) =>
    await callTool(index % 2 === 0 ? first : second, access, 'call_upstream'))
  const tokens = new Set((await Promise.all(calls)).map(({ content }) => textOf(content)))

  t.equal(tokens.size, 1)
  t.equal(await whoIs(upstream, [...tokens][0]), 'grace')
  t.equal(upstream.refreshed(), 1)
})

t.test('tokens outlive the rotation of keys, and cannot be read in the store', async (t) => {
  const { store, dump } = createDump(memoryStore())
  const upstream = await createIdentityProvider(t)
  upstream.setLifetime(30)
  const old = await createOidcStage(t, upstream, { store })
  const rotated = await createOidcStage(t, upstream, { store, keys: [NEW_KEY, KEY] })
  const rotatedOut = await createOidcStage(t, upstream, { store, keys: [NEW_KEY] })
  const { access, id, refresh: refreshToken } = await signInManually(old)
  upstream.setLifetime(3600)

  const token = textOf((await callTool(rotated, access, 'call_upstream')).content)
  t.equal(await whoIs(upstream, token), 'grace')
  const { body } = await refresh(rotated, id, refreshToken)
  t.equal(textOf((await callTool(rotatedOut, body['access_token'], 'call_upstream')).content), token,
    'what was written anew needs the new secret alone')

  const seen = (await dump()).join('\n')
  t.ok(upstream.issued.length >= 4)
  for (const issued of upstream.issued) t.notMatch(seen, issued)
})

t.test('tokens that only a removed secret can open end the sign-in', async (t) => {
  const store = memoryStore()
  const upstream = await createIdentityProvider(t)
  const old = await createOidcStage(t, upstream, { store, keys: [NEW_KEY, KEY] })
  const { access } = await signInManually(old)
  // The new secret verifies the access token, but the tokens are sealed with the removed one.
  const other = await createOidcStage(t, upstream, { store: memoryStore(), keys: [NEW_KEY] })

  t.match(await callTool(other, access, 'call_upstream'), { status: 401, error: { code: 9470 } })
})

t.test('GitHub is asked for more scopes, and a token that it refuses ends the sign-in', async (t) => {
  const hub = await createGithub(t)
  const app = { clientId: 'a', clientSecret: 'github secret', organizations: true, scopes: ['repo'], ...hub.urls }
  // The options of these stages have no function that gets a user.
  const stage = await createStage(t, { signIn: github(app) as never })
  const tokens = await signInManually(stage)

  t.same(hub.asked, ['read:user read:org repo'])
  t.ok(hub.tokens.has(textOf((await callTool(stage, tokens.access, 'call_upstream')).content)))
  t.match(await callTool(stage, tokens.access, 'refuse_upstream'), { status: 401, error: { message: ENDED } })
  t.equal((await refresh(stage, tokens.id, tokens.refresh)).status, 400)
})

t.test('the expiring tokens of a GitHub App are refreshed until GitHub withdraws them', async (t) => {
  const hub = await createGithub(t, true)
  const app = { clientId: 'a', clientSecret: 'github secret', organizations: true, ...hub.urls }
  // The options of these stages have no function that gets a user.
  const stage = await createStage(t, { signIn: github(app) as never })
  const { access } = await signInManually(stage)
  const first = textOf((await callTool(stage, access, 'call_upstream')).content)

  const second = textOf((await callTool(stage, access, 'refuse_upstream')).content)
  t.not(second, first)
  t.same([...hub.tokens], [second])
  t.equal(textOf((await callTool(stage, access, 'call_upstream')).content), second)
  hub.refreshTokens.clear()
  t.match(await callTool(stage, access, 'refuse_upstream'), { status: 401, error: { message: ENDED } })
})

t.test('a sign-in of the app that keeps no tokens fails the call, and the log says what to do', async (t) => {
  const stage = await createStage(t)
  const id = await registerId(stage)
  const browser = stage.openBrowser()
  const { url } = await browser.visit(authorizationUrl(id))
  const { searchParams } = new URL(url)
  const search = new URLSearchParams({ state: String(searchParams.get('state')), user: 'ada' })
  const page = await browser.visit(`${searchParams.get('to')}?${search}`)
  const { body } = await redeem(stage, id, (await answer(browser, page, 'allow')).get('code'))

  t.match(await callTool(stage, body['access_token'], 'call_upstream'), { status: 200, isError: true })
  t.equal((await refresh(stage, id, body['refresh_token'])).status, 200, 'nothing has ended')
})
