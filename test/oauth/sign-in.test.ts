// Sign-in at identity providers: a second oidc-provider, and a GitHub that answers as its documentation says.
import Fastify from 'fastify'
import t from 'tap'
import mcpPlugin, { McpServer } from '../../lib/index.ts'
import {
  auth0, authorizationServer, custom, entra, github, google, keycloak, memoryStore, oidc, okta, SignInRefusedError,
  workos, type AuthorizationServerOptions, type SignIn
} from '../../lib/oauth/index.ts'
import { Browser } from './browser.ts'
import { createGithub } from './fake-github.ts'
import { createIdentityProvider, passUpstream } from './identity-provider.ts'
import { authorizationUrl, callMount, redeem, refresh, registerId } from './manual-client.ts'
import { answer, createStage, KEY, LOGIN_PAGE, NOTES, PUBLIC_URL, REDIRECT_URL, signIn } from './stage.ts'

function stageOf<User> (signIn: SignIn<User>, options: Partial<AuthorizationServerOptions<User>> = {}): object {
  return { signIn, ...options }
}

t.test('a user of a provider of OpenID Connect signs in with state, nonce and PKCE', async (t) => {
  const { app: upstream } = await createIdentityProvider(t)
  const stage = await createStage(t, stageOf(oidc({ ...upstream, scopes: ['openid'], params: { ui_locales: 'en' } })))
  const browser = stage.openBrowser()
  const id = await registerId(stage)

  const page = await passUpstream(browser, authorizationUrl(id), 'grace')
  const { body } = await redeem(stage, id, (await answer(browser, page, 'allow')).get('code'))

  const asked = new URL(String(browser.visited.find((url) => url.startsWith(`${upstream.issuer}/auth?`)))).searchParams
  t.equal(asked.get('code_challenge_method'), 'S256')
  t.equal(asked.get('ui_locales'), 'en')
  t.ok(asked.has('nonce') && asked.has('state') && asked.has('code_challenge'))
  const claims = JSON.parse(String(Buffer.from(String(body['access_token']).split('.')[1] ?? '', 'base64url')))
  t.match(claims, { sub: 'grace', iss: PUBLIC_URL })
})

t.test('a provider that cannot be reached, or answers for another sign-in, signs nobody in', async (t) => {
  const away = await createStage(t, stageOf(oidc({ issuer: 'http://127.0.0.1:9', clientId: 'x' })))
  const failed = await away.openBrowser().visit(authorizationUrl(await registerId(away)))
  t.equal(failed.status, 502)
  t.match(failed.text, 'did not work')

  const { app: upstream } = await createIdentityProvider(t)
  const stage = await createStage(t, stageOf(oidc({ ...upstream, scopes: ['openid'] })))
  const id = await registerId(stage)
  const browser = stage.openBrowser()
  const { headers: first } = await browser.request(authorizationUrl(id))
  const { headers: second } = await browser.request(String(first.get('location')))
  const state = String(new URL(String(second.get('location'))).searchParams.get('state'))
  const callback = new URL(`${PUBLIC_URL}/oauth/callback`)
  callback.search = new URLSearchParams({ state, code: 'a code of somebody else', iss: upstream.issuer }).toString()
  const seen = await browser.request(callback.href)
  t.equal(seen.status, 502)
  t.match(seen.text, 'did not work')
})

t.test('a user of GitHub signs in, and organizations and teams decide who gets in', async (t) => {
  const { urls } = await createGithub(t)
  const signInWith = github({ clientId: 'github-id', clientSecret: 'github secret', organizations: true, ...urls })
  const seen: object[] = []
  const stage = await createStage(t, stageOf(signInWith, {
    allow: (user) => { seen.push(user); return user.teams.includes('acme/platform') },
    claims: ({ login }) => ({ extra: { login } })
  }))
  const browser = stage.openBrowser()
  const id = await registerId(stage)
  const page = await browser.visit(authorizationUrl(id))
  const { body } = await redeem(stage, id, (await answer(browser, page, 'allow')).get('code'))

  t.match(page.text, 'octocat')
  t.same(seen, [{
    id: 583231, login: 'octocat', name: 'The Octocat', organizations: ['acme'], teams: ['acme/platform']
  }])
  const claims = JSON.parse(String(Buffer.from(String(body['access_token']).split('.')[1] ?? '', 'base64url')))
  t.match(claims, { sub: '583231', login: 'octocat' })
  t.notMatch(JSON.stringify(claims), 'gho_')
})

t.test('a user who cancels at GitHub, or an app with a wrong secret, gets a page and no code', async (t) => {
  const { urls } = await createGithub(t)
  const cancelled = await createStage(t, stageOf(github({ clientId: 'a', clientSecret: 'github secret', ...urls })))
  const seen = await cancelled.openBrowser().visit(authorizationUrl(await registerId(cancelled)))
  t.match(seen, { status: 403, text: /You cancelled the sign-in/ })

  const signInWith = github({ clientId: 'a', clientSecret: 'b', organizations: true, ...urls })
  const wrong = await createStage(t, stageOf(signInWith))
  const failed = await wrong.openBrowser().visit(authorizationUrl(await registerId(wrong)))
  t.match(failed, { status: 502, text: /Signing in with <bdi>GitHub<\/bdi> did not work/ })
  t.notMatch(failed.text, 'bad_verification_code')
})

t.test('the presets are providers of OpenID Connect', async (t) => {
  const app = { clientId: 'id', clientSecret: 'secret' }
  const tenant = '11111111-2222-3333-4444-555555555555'
  t.same([
    google(app),
    entra({ ...app, tenant }),
    auth0({ ...app, domain: 'acme.eu.auth0.com' }),
    okta({ ...app, domain: 'acme.okta.com' }),
    keycloak({ ...app, url: 'https://id.example.com/', realm: 'staff' }),
    workos({ ...app, domain: 'acme.authkit.app' })
  ].map(({ name }) => name), [
    'accounts.google.com', 'login.microsoftonline.com', 'acme.eu.auth0.com', 'acme.okta.com', 'id.example.com',
    'acme.authkit.app'
  ])
  t.throws(() => entra({ ...app, tenant: 'common' }), { code: 'MCP_ERR_INVALID_OPTION', message: /UUID/ })
  t.throws(() => okta({ ...app, domain: 'https://acme.okta.com/' }), { code: 'MCP_ERR_INVALID_OPTION' })
})

t.test('a sign-in of the app refuses a user with a message', async (t) => {
  const locked = custom<{ id: string }>({
    start: ({ callbackUrl, state }) => ({ url: `${callbackUrl}?state=${state}` }),
    finish: () => { throw new SignInRefusedError('Your account is <locked>.') },
    identify: ({ id }) => ({ subject: id, label: id })
  })
  const stage = await createStage(t, stageOf(locked))
  const seen = await stage.openBrowser().visit(authorizationUrl(await registerId(stage)))

  t.match(seen, { status: 403, text: /Your account is &lt;locked&gt;\./ })
})

t.test('with a public URL that has a path, everything is found below it', async (t) => {
  const publicUrl = 'https://api.example.com/v1'
  const stage = await createStage(t, {}, publicUrl)
  const metadata = await (await stage.fetch('https://api.example.com/.well-known/oauth-authorization-server/v1')).json()
  const openid = await (await stage.fetch(`${publicUrl}/.well-known/openid-configuration`)).json()
  t.match(metadata, {
    issuer: publicUrl, token_endpoint: `${publicUrl}/oauth/token`, jwks_uri: `${publicUrl}/oauth/jwks`
  })
  t.same(openid, metadata)

  const registered = await (await stage.fetch(`${publicUrl}/oauth/register`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ redirect_uris: [REDIRECT_URL] })
  })).json() as { client_id: string }
  const url = authorizationUrl(registered.client_id, { resource: `${publicUrl}/notes/mcp` }).replace(PUBLIC_URL, publicUrl)
  const browser = stage.openBrowser()
  const params = await answer(browser, await signIn(browser, url), 'allow')
  t.ok(params.has('code'))
  t.equal(params.get('iss'), publicUrl)
})

t.test('each of two processes that share a store finishes what the other began, while keys rotate', async (t) => {
  const store = memoryStore()
  const newKey = 'the next secret of at least thirty-two characters'
  const nodes = [await createStage(t, { store }), await createStage(t, { store })] as const
  const rotated = await createStage(t, { store, keys: [newKey, KEY] })
  const id = await registerId(nodes[0])
  let turn = 0
  const isOutside = (url: string): boolean => url.startsWith(REDIRECT_URL) || url.startsWith(LOGIN_PAGE)
  const browser = new Browser((url) => url.replace(PUBLIC_URL, nodes[turn++ % 2 === 0 ? 0 : 1].address), isOutside)

  const code = (await answer(browser, await signIn(browser, authorizationUrl(id)), 'allow')).get('code')
  const { body: old } = await redeem(nodes[1], id, code)
  const { body: next } = await refresh(rotated, id, old['refresh_token'])

  t.ok(turn > 5)
  t.equal(await callMount(nodes[0], NOTES, old['access_token']), 200)
  t.equal(await callMount(rotated, NOTES, old['access_token']), 200, 'the old key still verifies')
  t.equal(await callMount(rotated, NOTES, next['access_token']), 200)
  t.equal(await callMount(nodes[0], NOTES, next['access_token']), 401, 'and the new one signs')
})

t.test('wrong options are refused when they are passed', async (t) => {
  const options = { publicUrl: PUBLIC_URL, signIn: google({ clientId: 'a' }), keys: [KEY] }
  for (const [wrong, message] of [
    [{ keys: ['short'] }, /'authorizationServer.keys' must be an array of secrets of at least 32 characters/],
    [{ keys: [] }, /keys/], [{ publicUrl: 'http://api.example.com' }, /publicUrl.*https/],
    [{ publicUrl: 'https://api.example.com?x' }, /publicUrl/], [{ signIn: {} }, /signIn.*github/],
    [{ scopes: { 'a b': 'x' } }, /scopes/], [{ customSchemes: ['javascript'] }, /customSchemes/],
    [{ clients: [{ clientId: 'a', redirectUris: ['http://x.example'] }] }, /clients/], [{ consent: 'never' }, /consent/],
    [{ colour: 'red' }, /'authorizationServer.colour' does not exist/]
  ] as ReadonlyArray<[object, RegExp]>) {
    const error = { code: 'MCP_ERR_INVALID_OPTION', message }
    t.throws(() => authorizationServer({ ...options, ...wrong }), error, String(message))
  }
  t.throws(() => github({ clientId: 'a', clientSecret: '' }), { message: /github.clientSecret/ })
  t.throws(() => oidc({ issuer: 'x', clientId: 'a' }), { message: /oidc.issuer/ })
  for (const params of [{ state: 'x' }, { prompt: 1 }, 'prompt=consent']) {
    // The wrong type is what the test is about.
    const wrong = { issuer: 'https://id.example.com', clientId: 'a', params: params as unknown as { prompt: string } }
    t.throws(() => oidc(wrong), { message: /oidc.params.* must be an object of texts/ })
  }
})

t.test('authFor requires scopes of every request to its mount', async (t) => {
  const login = authorizationServer({ publicUrl: PUBLIC_URL, signIn: google({ clientId: 'a' }), keys: [KEY] })
  const app = Fastify()
  t.teardown(() => app.close())
  app.register(login)
  const server = new McpServer({ name: 'Notes', version: '1.0.0' })
  app.register(mcpPlugin, { server, publicUrl: PUBLIC_URL, auth: login.authFor({ scopes: ['notes:read'] }) })

  const url = '/.well-known/oauth-protected-resource/mcp'
  const { body } = await app.inject({ url, headers: { host: 'api.example.com' } })
  t.match(JSON.parse(body), { authorization_servers: [PUBLIC_URL], scopes_supported: ['notes:read'] })
})
