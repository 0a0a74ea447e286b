// What happens rarely: failures of the store and of identity providers, and requests that no client should send.
import Fastify, { type FastifyRequest } from 'fastify'
import { SignJWT, importJWK } from 'jose'
import t, { type Test } from 'tap'
import type { VerifyContext } from '../../lib/auth/auth-options.ts'
import { createAccounts } from '../../lib/oauth/accounts.ts'
import { createDocumentFetch } from '../../lib/oauth/client-documents.ts'
import { createConsent } from '../../lib/oauth/consent.ts'
import { lookupPublic } from '../../lib/oauth/guarded-fetch.ts'
import { github, memoryStore, oidc, SignInRefusedError } from '../../lib/oauth/index.ts'
import { deriveKeys } from '../../lib/oauth/keys.ts'
import type { AuthorizationServerOptions } from '../../lib/oauth/options.ts'
import { resolveSettings } from '../../lib/oauth/settings.ts'
import { loadPeer, type Interaction, type Provider } from '../../lib/oauth/peers.ts'
import type { ServerParts } from '../../lib/oauth/provider.ts'
import { findRedirectProblem } from '../../lib/oauth/redirect-uri.ts'
import { createResourceFinder } from '../../lib/oauth/resources.ts'
import { sealStore } from '../../lib/oauth/sealed-store.ts'
import { createUpstream } from '../../lib/oauth/upstream/upstream.ts'
import { createVerify } from '../../lib/oauth/verifier.ts'
import { authorizationUrl, redeem, refresh, registerId } from './manual-client.ts'
import { answer, createStage, KEY, NOTES, PUBLIC_URL, REDIRECT_URL, signIn, testSignIn, type TestUser } from './stage.ts'

const settingsOf = (options: Partial<AuthorizationServerOptions<TestUser>> = {}): ReturnType<typeof resolveSettings> =>
  resolveSettings({ publicUrl: PUBLIC_URL, signIn: testSignIn, keys: [KEY], ...options })

t.test('no account has an empty subject, or claims that the server writes itself', async (t) => {
  const accounts = createAccounts(settingsOf({ claims: ({ id }) => ({ extra: id === 'eve' ? { sub: 'ada' } : {} }) }))

  await t.rejects(accounts.admit({ id: '' }), { message: "'identify' returned no 'subject'" })
  await t.rejects(accounts.admit({ id: 'eve' }), { message: "'claims' must not return 'sub' in 'extra'" })
  t.equal(await accounts.find('eve'), undefined)
  t.match(await accounts.admit({ id: 'ada' }), { subject: 'ada', label: 'ada@example.com' })
})

t.test('while the store fails, requests are answered with an error of the server, which is logged', async (t) => {
  const store = memoryStore()
  let isBroken = false
  const get = async (key: string): Promise<string | undefined> => {
    if (isBroken) throw new Error('the store is away')
    return await store.get(key)
  }
  const stage = await createStage(t, { store: { ...store, get } })
  const id = await registerId(stage)
  const browser = stage.openBrowser()
  const { headers } = await browser.request(authorizationUrl(id))
  isBroken = true

  const page = await browser.request(String(headers.get('location')))
  t.match(page, { status: 500, text: '{"error":"server_error"}' })
  const authorization = await browser.request(authorizationUrl(id))
  t.equal(authorization.status, 500)
  t.notMatch(authorization.text, 'the store is away')
  t.ok(stage.warnings.filter((message) => message === 'the authorization server failed').length >= 2)
})

t.test('a request with a repeated scope or resource gets no code', async (t) => {
  const stage = await createStage(t)
  const id = await registerId(stage)
  for (const [more, error] of [
    ['&scope=notes%3Aread&scope=notes%3Awrite', 'invalid_request'],
    [`&resource=${encodeURIComponent(`${PUBLIC_URL}/tasks/mcp`)}`, 'invalid_target']
  ] as const) {
    const { searchParams } = new URL((await stage.openBrowser().visit(authorizationUrl(id) + more)).url)
    t.equal(searchParams.get('error'), error)
    t.notOk(searchParams.has('code'))
  }
})

t.test('a request that can lead nowhere gets a page that names the error', async (t) => {
  const stage = await createStage(t)
  const id = await registerId(stage)
  const seen = await stage.openBrowser().request(authorizationUrl(id, { redirect_uri: undefined, request: 'x' }))

  t.match(seen, { status: 400, text: /Go back to the application.*request_not_supported/s })
})

t.test('pages of other origins may ask for tokens, as those are no cookies', async (t) => {
  const stage = await createStage(t)
  const id = await registerId(stage)
  const response = await stage.fetch(`${PUBLIC_URL}/oauth/token`, {
    method: 'POST',
    headers: { origin: 'https://client.example.com' },
    body: new URLSearchParams({ grant_type: 'refresh_token', client_id: id, refresh_token: 'x' })
  })

  t.equal(response.status, 400)
  t.equal(response.headers.get('access-control-allow-origin'), 'https://client.example.com')
})

t.test('a refresh token gets nothing when the account is gone', async (t) => {
  const store = memoryStore()
  const stage = await createStage(t, { store })
  const browser = stage.openBrowser()
  const id = await registerId(stage)
  const code = (await answer(browser, await signIn(browser, authorizationUrl(id)), 'allow')).get('code')
  const { body } = await redeem(stage, id, code)
  await sealStore(store, deriveKeys([KEY])).take('account:ada')

  t.match(await refresh(stage, id, body['refresh_token']), { status: 400, body: { error: 'invalid_grant' } })
})

t.test('a cookie of the right name with another value signs nobody in', async (t) => {
  const stage = await createStage(t)
  const browser = stage.openBrowser()
  const { url } = await browser.visit(authorizationUrl(await registerId(stage)))
  const name = /^[^=]*mcp-state-[^=]+/.exec(browser.setCookies.find((line) => line.includes('mcp-state-')) ?? '')?.[0]
  const search = new URLSearchParams({ state: String(new URL(url).searchParams.get('state')), user: 'victim' })

  const response = await stage.fetch(`${PUBLIC_URL}/oauth/callback?${search}`, {
    headers: { cookie: `${name}=forged` }, redirect: 'manual'
  })

  t.equal(response.status, 400)
  t.match(await response.text(), 'This sign-in has expired')
})

t.test('clients of the options are public or have a secret, on the web or on the device', async (t) => {
  const redirectUri = 'http://127.0.0.1/cb'
  const stage = await createStage(t, { clients: [{ clientId: 'desk', name: 'Desk', redirectUris: [redirectUri] }] })
  const page = await signIn(stage.openBrowser(), authorizationUrl('desk', { redirect_uri: redirectUri }))

  t.match(page, { status: 200, text: /Desk/ })
  for (const wrong of [{ name: '' }, { clientSecret: '' }]) {
    t.throws(() => settingsOf({ clients: [{ clientId: 'a', redirectUris: [REDIRECT_URL], ...wrong }] }), /clients/)
  }
  t.throws(() => settingsOf({ publicUrl: 'no URL' }), /publicUrl/)
})

t.test('documents of clients are taken with status 200 alone, and are kept as long as they say', async (t) => {
  const document = { client_id: 'https://client.example.com/', redirect_uris: [REDIRECT_URL] }
  const fetchOf = (init: ResponseInit): Promise<Response> => createDocumentFetch({
    fetchClientDocument: async () => Response.json(document, init), customSchemes: [], allowRedirect: undefined
  }, [])('https://client.example.com/')

  await t.rejects(fetchOf({ status: 404 }), { message: 'the document was answered with status 404' })
  t.equal((await fetchOf({ headers: { 'cache-control': 'max-age=60' } })).headers.get('cache-control'), 'max-age=60')
  t.equal((await fetchOf({})).headers.get('cache-control'), null)
})

t.test('consent is neither asked for nor taken while part of the request is unknown', async (t) => {
  const settings = settingsOf()
  const accounts = createAccounts(settings)
  await accounts.renew(await accounts.admit({ id: 'ada' }))
  const provider = { Client: { find: async (id: string) => ({ clientId: id, clientName: 'Unit' }) } }
  const consent = createConsent({
    settings,
    keys: deriveKeys([KEY]),
    accounts,
    findResource: async (id: string) => ({ id, name: 'Notes', scopes: ['notes:list'] }),
    revocation: { epochs: { stamp: async () => '' } },
    provider: provider as unknown as Provider
  } as unknown as ServerParts)
  const params = { client_id: 'unit', redirect_uri: REDIRECT_URL, resource: NOTES }
  const session = { uid: 's', accountId: 'ada' }
  const make = (parts: object): Interaction => ({ uid: 'u', params, session, ...parts }) as unknown as Interaction

  for (const parts of [
    { params: {} }, { params: { ...params, resource: undefined } }, { session: undefined },
    { session: { ...session, accountId: 'eve' } }
  ]) {
    t.match(await consent.ask(make(parts)), { result: { error: 'access_denied' } })
    t.equal(await consent.take(make(parts), new URLSearchParams({ decision: 'allow' })), undefined)
  }
  t.match(await consent.ask(make({})), { page: { client: 'Unit' } })
  const page = await consent.ask(make({ params: { ...params, scope: 'notes:list other' } }))
  t.match(page, { page: { scopes: ['notes:list'] } }, 'but not for a scope that nobody knows')
})

t.test('a name that has no address is not connected to', async (t) => {
  await new Promise<void>((resolve) => {
    lookupPublic('name.invalid', { all: true }, (error) => {
      t.type(error, Error)
      resolve()
    })
  })
})

t.test('without a key nothing is signed or encrypted', async (t) => {
  t.throws(() => deriveKeys([]).sign('consent', 'text'), { message: 'there is no key' })
  t.throws(() => deriveKeys([]).seal('text', 'name'), { message: 'there is no key' })
})

t.test('a peer that fails while it is loaded is not called missing', async (t) => {
  const failing = 'data:text/javascript,throw new Error("broken")' as 'oidc-provider'
  await t.rejects(loadPeer(failing, 'the test'), { message: 'broken' })
})

t.test('the app may refuse redirect URIs that the rules accept', async (t) => {
  const rules = { customSchemes: [], allowRedirect: ({ hostname }: URL) => hostname === 'client.example.com' }
  t.equal(findRedirectProblem(REDIRECT_URL, rules), undefined)
  t.equal(findRedirectProblem('https://other.example.com/', rules), 'is not accepted by this server')
})

t.test('tokens are for mounts whose metadata names the issuer', async (t) => {
  const app = Fastify()
  t.teardown(() => app.close())
  const metadata: Record<string, object> = {
    plain: { authorization_servers: [PUBLIC_URL] },
    named: { authorization_servers: [PUBLIC_URL], resource_name: 'Named', scopes_supported: ['a'] },
    other: { authorization_servers: ['https://other.example.com'] },
    none: {},
    odd: { authorization_servers: [PUBLIC_URL], scopes_supported: 'a' }
  }
  app.get<{ Params: { name: string } }>('/.well-known/oauth-protected-resource/:name', async ({ params: { name } }) =>
    ({ resource: `${PUBLIC_URL}/${name}`, ...metadata[name] }))
  const find = createResourceFinder(app, PUBLIC_URL, new URL(PUBLIC_URL))

  const id = `${PUBLIC_URL}/plain`
  t.same(await find(id), { id, name: id, scopes: [] })
  t.match(await find(`${PUBLIC_URL}/named`), { name: 'Named', scopes: ['a'] })
  for (const requested of ['other', 'none', 'odd'].map((name) => `${PUBLIC_URL}/${name}`).concat('no URL')) {
    t.equal(await find(requested), undefined, requested)
  }
})

t.test('a token that has expired is refused as such', async (t) => {
  const keys = deriveKeys([KEY])
  const [jwk] = keys.jwks.keys
  const key = await importJWK(Object(jwk), 'ES256')
  const token = await new SignJWT({ client_id: 'unit' })
    .setProtectedHeader({ alg: 'ES256', typ: 'at+jwt', kid: Object(jwk).kid })
    .setIssuer(PUBLIC_URL).setAudience(NOTES).setSubject('ada').setExpirationTime(1).sign(key)
  const verify = createVerify(PUBLIC_URL, keys, createUpstream(settingsOf(), createAccounts(settingsOf())))
  // The request has no part in it.
  const judge = async (text: string): Promise<unknown> =>
    await verify(text, {} as unknown as FastifyRequest, { resource: NOTES } as unknown as VerifyContext)

  await t.rejects(judge(token), { message: 'The token has expired' })
  await t.rejects(judge(`${token}x`), { message: 'The token is not valid' })
})

async function finishAtGithub (t: Test, answers: Record<string, unknown>, organizations = false): Promise<object> {
  const app = Fastify()
  t.teardown(() => app.close())
  app.addContentTypeParser('*', (_request, _payload, done) => { done(null) })
  app.post('/login/oauth/access_token', async () => ({ access_token: 'x' }))
  for (const [path, answer] of Object.entries(answers)) app.get(path, async () => answer)
  const baseUrl = await app.listen({ port: 0, host: '127.0.0.1' })
  const signIn = github({ clientId: 'a', clientSecret: 'b', organizations, baseUrl, apiUrl: baseUrl })
  const callbackUrl = `${PUBLIC_URL}/oauth/callback`
  return await signIn.finish({ url: new URL(`${callbackUrl}?code=x`), callbackUrl, state: 's', kept: 'v', keepTokens: () => {} })
}

t.test('an answer of GitHub that is not as documented signs nobody in', async (t) => {
  const user = { id: 1, login: 'octocat' }
  t.same(await finishAtGithub(t, { '/user': user }), { ...user, organizations: [], teams: [] })
  await t.rejects(finishAtGithub(t, {}), { message: 'GitHub answered /user with status 404' })
  for (const wrong of [{}, { id: 1 }, { id: '1', login: 'octocat' }, { id: 1.5, login: 'octocat' }]) {
    await t.rejects(finishAtGithub(t, { '/user': wrong }), { message: 'GitHub answered /user with no user' })
  }
  await t.rejects(finishAtGithub(t, { '/user': user, '/user/orgs': {}, '/user/teams': [] }, true),
    { message: 'GitHub answered /user/orgs with something that is no list' })
})

t.test('GitHub withdraws a refresh token with status 200 or 400, and any other answer is a failure', async (t) => {
  const app = Fastify()
  t.teardown(() => app.close())
  app.addContentTypeParser('*', (_request, _payload, done) => { done(null) })
  let [status, error] = [200, 'bad_refresh_token']
  app.post('/login/oauth/access_token', async (_request, reply) => reply.code(status).send({ error }))
  const baseUrl = await app.listen({ port: 0, host: '127.0.0.1' })
  const signIn = github({ clientId: 'a', clientSecret: 'b', baseUrl, apiUrl: baseUrl })
  const refreshAtGithub = async (): Promise<unknown> => await signIn.refresh?.('r')

  await t.rejects(refreshAtGithub(), { name: 'SignInRefusedError' })
  status = 400
  await t.rejects(refreshAtGithub(), { name: 'SignInRefusedError' })
  error = 'incorrect_client_credentials'
  await t.rejects(refreshAtGithub(), { name: 'Error', message: 'GitHub gave no token: incorrect_client_credentials' })
  for (status of [401, 503]) {
    const message = `GitHub answered /login/oauth/access_token with status ${status}`
    await t.rejects(refreshAtGithub(), { name: 'Error', message })
  }
})

t.test('a provider of OpenID Connect is spoken to by https, and a user who cancels there is told so', async (t) => {
  const callbackUrl = `${PUBLIC_URL}/oauth/callback`
  const signIn = oidc({ issuer: 'https://127.0.0.1:9', clientId: 'a' })
  await t.rejects(async () => await signIn.start({ callbackUrl, state: 's', otherAccount: false }))

  const url = new URL(`${callbackUrl}?error=access_denied`)
  const returned = { url, callbackUrl, state: 's', kept: {}, keepTokens: () => {} }
  const error = await Promise.resolve(signIn.finish(returned)).catch((error) => error)
  t.type(error, SignInRefusedError)
  t.match(error, { message: 'the user cancelled', text: 'cancelled' })
})
