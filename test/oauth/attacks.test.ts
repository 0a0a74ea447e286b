// Attacks on the flow, each of which fails.
import t from 'tap'
import { memoryStore } from '../../lib/oauth/index.ts'
import { readForm, type Browser } from './browser.ts'
import {
  askToken, authorizationUrl, callMount, redeem, refresh, register, registerId
} from './manual-client.ts'
import { answer, createStage, LOGIN_PAGE, NOTES, PUBLIC_URL, REDIRECT_URL, signIn, TASKS } from './stage.ts'

/** Signs a user in, who allows the client. Resolves to the code. */
async function getCode (browser: Browser, clientId: string): Promise<string | null> {
  const seen = await signIn(browser, authorizationUrl(clientId, { prompt: 'consent' }))
  return (await answer(browser, seen, 'allow')).get('code')
}

t.test('confused deputy: a second client gets no code from the consent that the first one was given', async (t) => {
  const stage = await createStage(t)
  const browser = stage.openBrowser()
  const first = await registerId(stage)
  await answer(browser, await signIn(browser, authorizationUrl(first)), 'allow')

  const second = await registerId(stage, { redirect_uris: [`${REDIRECT_URL}/other`] })
  const seen = await browser.visit(authorizationUrl(second, { redirect_uri: `${REDIRECT_URL}/other` }))
  const sameName = await browser.visit(authorizationUrl(await registerId(stage)))

  t.match(seen.text, 'name="decision"', 'the user is asked')
  t.match(sameName.text, 'name="decision"', 'even for a client of the same name and redirect URI')
})

t.test('consent is remembered for the same client and scopes, and asked for again when more is wanted', async (t) => {
  const stage = await createStage(t)
  const browser = stage.openBrowser()
  const id = await registerId(stage)
  await answer(browser, await signIn(browser, authorizationUrl(id, { scope: 'notes:read' })), 'allow')

  const again = await browser.visit(authorizationUrl(id, { scope: 'notes:read' }))
  const more = await browser.visit(authorizationUrl(id, { scope: 'notes:read notes:write' }))
  const elsewhere = await browser.visit(authorizationUrl(id, { scope: 'notes:read', resource: TASKS }))
  const wanted = await browser.visit(authorizationUrl(id, { scope: 'notes:read', prompt: 'consent' }))

  t.ok(new URL(again.url).searchParams.has('code'))
  for (const page of [more, elsewhere, wanted]) t.match(page.text, 'name="decision"')
})

t.test('consent is asked for each time if the client is on the user\'s device, or by option', async (t) => {
  for (const [options, redirectUri] of [[{}, 'http://127.0.0.1/cb'], [{ consent: 'always' }, REDIRECT_URL]] as const) {
    const stage = await createStage(t, options)
    const browser = stage.openBrowser()
    const id = await registerId(stage, { redirect_uris: [redirectUri] })
    const url = authorizationUrl(id, { redirect_uri: redirectUri })
    const { action, fields } = readForm(await signIn(browser, url))
    await browser.request(action, { ...fields, decision: 'allow' })

    t.match((await browser.visit(url)).text, 'name="decision"')
  }
})

t.test('a redirect URI that is not exactly the registered one is refused without a redirect', async (t) => {
  const stage = await createStage(t)
  const registered = 'https://client.example.com/cb'
  const id = await registerId(stage, { redirect_uris: [registered, 'http://127.0.0.1/cb'] })
  const tricks = [
    'https://client.example.com/CB', 'https://CLIENT.example.com/cb', 'https://client.example.com/x/../cb',
    'https://client.example.com/./cb', 'https://client.example.com/cb/', 'https://client.example.com/cb?x=1',
    'https://client.example.com/cb#x', 'https://client.example.com:8443/cb', 'https://client.example.com:443/cb',
    'https://user@client.example.com/cb', 'https://client.example.com@evil.example/cb',
    'https://evil.client.example.com/cb', 'https://client.example.com.evil.example/cb', 'http://client.example.com/cb',
    'https://client.example.com\\@evil.example/cb', 'https://client.example.com%2f@evil.example/cb',
    'http://127.0.0.1.evil.example/cb', 'http://127.0.0.1:1@evil.example/cb', 'http://127.0.0.1/other',
    'javascript:alert(1)', '//evil.example/cb', ''
  ]

  for (const uri of tricks) {
    const seen = await stage.openBrowser().request(authorizationUrl(id, { redirect_uri: uri }))
    t.equal(seen.status, 400, uri)
    t.equal(seen.headers.get('location'), null, uri)
  }
  const port = await stage.openBrowser().request(authorizationUrl(id, { redirect_uri: 'http://127.0.0.1:51234/cb' }))
  t.equal(port.status, 303, 'RFC 8252 7.3: any port of loopback')
})

t.test('redirect URIs that no client may have are refused at registration', async (t) => {
  const stage = await createStage(t, { customSchemes: ['cursor'], registrationLimit: { perAddress: 100 } })
  const bad = [
    'http://client.example.com/cb', 'https://user:secret@client.example.com/cb', 'https://@client.example.com/cb',
    'https://client.example.com/cb#fragment', 'https://client.example.com/#', 'https://client.example.com/a/../cb',
    'https://client.example.com/a/%2e%2e/cb', 'https://*.example.com/cb', 'https:\\\\client.example.com/cb',
    'https://client.example.com/\tcb', 'javascript:alert(1)', 'data:text/html,x', 'vscode://x/cb', '/cb', '', 7, null
  ]

  for (const uri of bad) {
    const { status, body } = await register(stage, { redirect_uris: [REDIRECT_URL, uri] })
    t.equal(status, 400, String(uri))
    t.equal(body['error'], 'invalid_redirect_uri', String(uri))
  }
  for (const uri of ['cursor://app/cb', 'http://localhost:33418/', 'http://[::1]/cb', 'https://client.example.com/cb?a=b']) {
    t.equal((await register(stage, { redirect_uris: [uri] })).status, 201, uri)
  }
  for (const uris of [[], undefined, 'x', Array.from({ length: 17 }, (_, n) => `${REDIRECT_URL}/${n}`)]) {
    t.equal((await register(stage, { redirect_uris: uris })).status, 400)
  }
})

t.test('without PKCE, or with PKCE of the plain method, there is no code', async (t) => {
  const known = { clientId: 'known', clientSecret: 'secret', redirectUris: [REDIRECT_URL] }
  const stage = await createStage(t, { clients: [known] })
  for (const id of [await registerId(stage), 'known']) {
    for (const params of [
      { code_challenge: undefined, code_challenge_method: undefined }, { code_challenge_method: 'plain' },
      { code_challenge_method: undefined }, { code_challenge: undefined }
    ]) {
      const seen = await stage.openBrowser().visit(authorizationUrl(id, params))
      const search = new URL(seen.url).searchParams
      t.equal(search.get('error'), 'invalid_request', JSON.stringify(params))
      t.equal(search.get('iss'), PUBLIC_URL)
      t.notOk(search.has('code'))
    }
  }
})

t.test('a code is good for the verifier, client and redirect URI that it was given for', async (t) => {
  const stage = await createStage(t)
  const browser = stage.openBrowser()
  const id = await registerId(stage)
  const other = await registerId(stage)

  for (const params of [
    { code_verifier: undefined }, { code_verifier: 'x'.repeat(50) }, { client_id: other },
    { redirect_uri: `${REDIRECT_URL}/other` }, { redirect_uri: undefined }
  ]) {
    const { status, body } = await redeem(stage, id, await getCode(browser, id), params)
    t.equal(status, 400, JSON.stringify(params))
    t.notOk(body['access_token'])
  }
  t.equal((await redeem(stage, id, await getCode(browser, id))).status, 200)
})

t.test('a token is good for the mount that it was asked for, and no other', async (t) => {
  const stage = await createStage(t)
  const browser = stage.openBrowser()
  const id = await registerId(stage)

  const { body } = await redeem(stage, id, await getCode(browser, id))
  t.equal(await callMount(stage, NOTES, body['access_token']), 200)
  t.equal(await callMount(stage, TASKS, body['access_token']), 401)

  const crossed = await redeem(stage, id, await getCode(browser, id), { resource: TASKS })
  t.match(crossed, { status: 400, body: { error: 'invalid_target' } })
  const refreshed = await askToken(stage, {
    grant_type: 'refresh_token', client_id: id, refresh_token: String(body['refresh_token']), resource: TASKS
  })
  t.match(refreshed, { status: 400, body: { error: 'invalid_target' } })
})

t.test('there are no codes for a resource that is no mount of the app', async (t) => {
  const stage = await createStage(t)
  const id = await registerId(stage)
  for (const resource of [
    undefined, 'https://other.example.com/notes/mcp', `${PUBLIC_URL}/other`, PUBLIC_URL, `${NOTES}?x=1`, `${NOTES}#x`,
    `${PUBLIC_URL}/notes/x/../mcp`, `${PUBLIC_URL}/NOTES/mcp`, 'notes', ''
  ]) {
    const seen = await stage.openBrowser().visit(authorizationUrl(id, { resource }))
    t.notOk(seen.url.startsWith(LOGIN_PAGE), String(resource))
    t.match(new URL(seen.url).searchParams.get('error'), 'invalid_target', String(resource))
  }
})

t.test('a code that is used twice revokes what it gave', async (t) => {
  const stage = await createStage(t)
  const browser = stage.openBrowser()
  const id = await registerId(stage)
  const code = (await answer(browser, await signIn(browser, authorizationUrl(id)), 'allow')).get('code')

  const { body } = await redeem(stage, id, code)
  const replayed = await redeem(stage, id, code)

  t.match(replayed, { status: 400, body: { error: 'invalid_grant' } })
  t.match(await refresh(stage, id, body['refresh_token']), { status: 400, body: { error: 'invalid_grant' } })
})

t.test('a refresh token that is used twice revokes its family', async (t) => {
  const stage = await createStage(t)
  const browser = stage.openBrowser()
  const id = await registerId(stage)
  const code = (await answer(browser, await signIn(browser, authorizationUrl(id)), 'allow')).get('code')

  const { body: first } = await redeem(stage, id, code)
  const { body: second, status } = await refresh(stage, id, first['refresh_token'])
  t.equal(status, 200)
  t.match(await refresh(stage, id, first['refresh_token']), { status: 400, body: { error: 'invalid_grant' } })
  t.match(await refresh(stage, id, second['refresh_token']), { status: 400, body: { error: 'invalid_grant' } })
})

t.test('of many requests at once with one code or refresh token, at most one gets tokens', async (t) => {
  const stage = await createStage(t)
  const browser = stage.openBrowser()
  const id = await registerId(stage)
  const code = await getCode(browser, id)
  const redeemed = await Promise.all(Array.from({ length: 5 }, () => redeem(stage, id, code)))
  t.ok(redeemed.filter(({ status }) => status === 200).length <= 1)

  const { body } = await redeem(stage, id, await getCode(browser, id))
  const refreshed = await Promise.all(Array.from({ length: 5 }, () => refresh(stage, id, body['refresh_token'])))
  t.ok(refreshed.filter(({ status }) => status === 200).length <= 1)
})

t.test('a client that revokes its refresh token ends the sign-in; another client cannot', async (t) => {
  const stage = await createStage(t)
  const browser = stage.openBrowser()
  const id = await registerId(stage)
  const other = await registerId(stage)
  const code = (await answer(browser, await signIn(browser, authorizationUrl(id)), 'allow')).get('code')
  const { body } = await redeem(stage, id, code)
  const revoke = async (client: string, token: unknown): Promise<number> => (await stage.fetch(`${PUBLIC_URL}/oauth/revoke`, {
    method: 'POST', body: new URLSearchParams({ client_id: client, token: String(token) })
  })).status

  t.equal(await revoke(other, body['refresh_token']), 200)
  const { status, body: next } = await refresh(stage, id, body['refresh_token'])
  t.equal(status, 200)
  t.equal(await revoke(id, next['refresh_token']), 200)
  t.match(await refresh(stage, id, next['refresh_token']), { status: 400, body: { error: 'invalid_grant' } })
})

t.test('the consent form is accepted from the page and the browser that it was shown in', async (t) => {
  const stage = await createStage(t)
  const browser = stage.openBrowser()
  const id = await registerId(stage)
  const page = await signIn(browser, authorizationUrl(id))
  const { action, fields } = readForm(page)

  for (const form of [{}, { csrf: '' }, { csrf: 'x' }, { csrf: `${fields['csrf']}x`.slice(1) }]) {
    t.equal((await browser.request(action, { ...form, decision: 'allow' })).status, 403)
  }
  const stranger = stage.openBrowser()
  t.equal((await stranger.request(action, { ...fields, decision: 'allow' })).status, 400)
  t.equal((await stranger.request(action)).status, 400, 'nor is the page shown to another browser')
  t.ok((await answer(browser, page, 'allow')).has('code'))
})

t.test('a user cannot be signed in by a link that another browser began with', async (t) => {
  const stage = await createStage(t)
  const attacker = stage.openBrowser()
  const seen = await attacker.visit(authorizationUrl(await registerId(stage)))
  const state = String(new URL(seen.url).searchParams.get('state'))
  const callback = `${PUBLIC_URL}/oauth/callback?${new URLSearchParams({ state, user: 'victim' })}`

  t.equal((await stage.openBrowser().request(callback)).status, 400)
  t.equal((await attacker.request(`${PUBLIC_URL}/oauth/callback?state=${'x'.repeat(43)}&user=victim`)).status, 400)
  t.equal((await attacker.request(`${PUBLIC_URL}/oauth/callback`)).status, 400)
  t.equal((await attacker.request(callback)).status, 303)
  t.equal((await attacker.request(callback)).status, 400, 'and only once')
})

t.test('a browser that signs in as somebody else does not keep the session of the first user', async (t) => {
  const stage = await createStage(t)
  const browser = stage.openBrowser()
  const id = await registerId(stage)
  await answer(browser, await signIn(browser, authorizationUrl(id), 'ada'), 'allow')

  const page = await signIn(browser, authorizationUrl(id, { prompt: 'login' }), 'bob')
  t.match(page.text, 'bob@example.com')
  t.notMatch(page.text, 'ada@example.com')
  const { body } = await redeem(stage, id, (await answer(browser, page, 'allow')).get('code'))
  const claims = JSON.parse(String(Buffer.from(String(body['access_token']).split('.')[1] ?? '', 'base64url')))
  t.match(claims, { sub: 'bob', aud: NOTES, iss: PUBLIC_URL, client_id: id })
})

t.test('who is refused, or does not consent, gives no code', async (t) => {
  const stage = await createStage(t, { allow: ({ id }) => id !== 'eve', refusedText: 'Ask Ada.' })
  const id = await registerId(stage)
  const refused = await signIn(stage.openBrowser(), authorizationUrl(id), 'eve')
  t.match(refused, { status: 403, text: /Ask Ada\./ })

  const browser = stage.openBrowser()
  const params = await answer(browser, await signIn(browser, authorizationUrl(id)), 'deny')
  t.equal(params.get('error'), 'access_denied')
  t.equal(params.get('iss'), PUBLIC_URL)
  t.equal(params.get('state'), 'the state of the client')
  t.notOk(params.has('code'))
})

t.test('users grant no scope that they do not have', async (t) => {
  const stage = await createStage(t, { claims: () => ({ scopes: ['notes:read'], extra: { team: 'red' } }) })
  const browser = stage.openBrowser()
  const id = await registerId(stage)
  const page = await signIn(browser, authorizationUrl(id, { scope: 'notes:read notes:write' }))
  const { body } = await redeem(stage, id, (await answer(browser, page, 'allow')).get('code'))

  t.equal(body['scope'], 'notes:read')
  const claims = JSON.parse(String(Buffer.from(String(body['access_token']).split('.')[1] ?? '', 'base64url')))
  t.match(claims, { scope: 'notes:read', team: 'red' })
  t.notMatch(page.text, 'Change your notes')
})

t.test('the name of a client cannot imitate, reorder or script the page', async (t) => {
  const stage = await createStage(t)
  const browser = stage.openBrowser()
  const name = '<script>alert(1)</script>\u202egnp.exe\u200b\n"&'
  const page = await signIn(browser, authorizationUrl(await registerId(stage, { client_name: name })))

  t.notMatch(page.text, '<script')
  t.notMatch(page.text, /[\u202e\u200b]/)
  t.match(page.text, '&lt;script&gt;alert(1)&lt;/script&gt;gnp.exe &quot;&amp;')
})

t.test('pages cannot be framed, script, or be cached; cookies are for https and out of reach of scripts', async (t) => {
  const stage = await createStage(t)
  const browser = stage.openBrowser()
  const page = await signIn(browser, authorizationUrl(await registerId(stage)))
  const { headers } = await browser.request(authorizationUrl('nobody'))

  for (const one of [page.headers, headers]) {
    t.match(one.get('content-security-policy'), "default-src 'none'; style-src 'sha256-")
    t.match(one.get('content-security-policy'), "frame-ancestors 'none'")
    t.notMatch(one.get('content-security-policy'), 'unsafe')
    t.equal(one.get('x-frame-options'), 'DENY')
    t.match(one.get('cache-control'), 'no-store')
    t.equal(one.get('referrer-policy'), 'no-referrer')
  }
  const setting = browser.setCookies.filter((line) => !/expires=Thu, 01 Jan 1970|Max-Age=0/i.test(line))
  t.ok(setting.length >= 3)
  for (const line of setting) t.match(line, /^__(?:Host|Secure)-.*; ?secure/i, line)
  for (const line of setting) t.match(line, /httponly/i, line)
  for (const line of setting) t.match(line, /samesite=lax/i, line)
})

t.test('no header of a request has a part in the URLs of the metadata', async (t) => {
  const stage = await createStage(t)
  for (const path of ['/.well-known/oauth-authorization-server', '/.well-known/openid-configuration']) {
    const response = await fetch(stage.address + path, {
      headers: { 'x-forwarded-host': 'evil.example', 'x-forwarded-proto': 'http', forwarded: 'host=evil.example' }
    })
    const metadata = await response.json()
    t.match(metadata, {
      issuer: PUBLIC_URL,
      authorization_endpoint: `${PUBLIC_URL}/oauth/authorize`,
      token_endpoint: `${PUBLIC_URL}/oauth/token`,
      registration_endpoint: `${PUBLIC_URL}/oauth/register`,
      revocation_endpoint: `${PUBLIC_URL}/oauth/revoke`,
      jwks_uri: `${PUBLIC_URL}/oauth/jwks`,
      response_types_supported: ['code'],
      code_challenge_methods_supported: ['S256'],
      authorization_response_iss_parameter_supported: true,
      client_id_metadata_document_supported: true
    })
    t.notMatch(JSON.stringify(metadata), 'evil')
  }
  const { keys } = await (await fetch(`${stage.address}/oauth/jwks`)).json() as { keys: object[] }
  t.equal(keys.length, 1)
  t.notOk(keys.some((key) => 'd' in key), 'no private key is published')
})

t.test('a flood of registrations is stopped, and says when to come back', async (t) => {
  const stage = await createStage(t, { registrationLimit: { perAddress: 2, total: 5, window: 86_400_000 } })
  const statuses: number[] = []
  for (let n = 0; n < 4; n++) statuses.push((await register(stage)).status)

  t.same(statuses, [201, 201, 429, 429])
})

t.test('a client that nobody signs in with is dropped after a day; one that is used stays', async (t) => {
  let ahead = 0
  const store = memoryStore({}, () => Date.now() + ahead)
  const stage = await createStage(t, { store })
  const [unused, used] = [await registerId(stage), await registerId(stage)]
  const browser = stage.openBrowser()
  await answer(browser, await signIn(browser, authorizationUrl(used)), 'allow')

  ahead = 25 * 60 * 60 * 1000

  t.equal((await stage.openBrowser().request(authorizationUrl(unused))).status, 400)
  t.equal((await stage.openBrowser().request(authorizationUrl(used))).status, 303)
})

t.test('a registration keeps nothing that would make the server fetch or show something', async (t) => {
  const stage = await createStage(t)
  const { status, body } = await register(stage, {
    jwks_uri: 'http://169.254.169.254/',
    logo_uri: 'http://10.0.0.1/',
    sector_identifier_uri: 'https://10.0.0.1/',
    scope: 'admin',
    grant_types: ['client_credentials'],
    response_types: ['token'],
    client_id: 'chosen',
    token_endpoint_auth_method: 'client_secret_post'
  })

  t.equal(status, 201)
  for (const name of ['jwks_uri', 'logo_uri', 'sector_identifier_uri', 'scope']) t.notOk(name in body, name)
  t.not(body['client_id'], 'chosen')
  t.same(body['grant_types'], ['authorization_code', 'refresh_token'])
  t.match((await register(stage, { token_endpoint_auth_method: 'private_key_jwt' })), {
    status: 400, body: { error: 'invalid_client_metadata' }
  })
})

t.test('pages of other origins may use the endpoints of clients, without cookies', async (t) => {
  const stage = await createStage(t)
  const endpoints = [['register', 'POST'], ['token', 'POST'], ['revoke', 'POST'], ['jwks', 'GET']] as const
  for (const [path, method] of endpoints) {
    const preflight = await stage.fetch(`${PUBLIC_URL}/oauth/${path}`, {
      method: 'OPTIONS',
      headers: {
        origin: 'https://inspector.example.com',
        'access-control-request-method': method,
        'access-control-request-headers': 'content-type'
      }
    })
    t.equal(preflight.status, 204, path)
    t.match(preflight.headers.get('access-control-allow-origin'), /^(?:\*|https:\/\/inspector\.example\.com)$/, path)
    t.match(preflight.headers.get('access-control-allow-headers'), 'content-type', path)
    t.equal(preflight.headers.get('access-control-allow-credentials'), null, path)
  }
})

t.test('a token in the query is not read, and a token of another server or key is refused', async (t) => {
  const stage = await createStage(t)
  const stranger = await createStage(t, { keys: ['another secret of more than thirty-two characters'] })
  const browser = stranger.openBrowser()
  const id = await registerId(stranger)
  const code = (await answer(browser, await signIn(browser, authorizationUrl(id)), 'allow')).get('code')
  const { body } = await redeem(stranger, id, code)

  t.equal(await callMount(stranger, NOTES, body['access_token']), 200)
  t.equal(await callMount(stage, NOTES, body['access_token']), 401)
  // RFC 6750 3.1: two ways to send a token are an invalid request.
  t.equal(await callMount(stranger, `${NOTES}?access_token=${String(body['access_token'])}`, 'x'), 400)
  t.equal(await callMount(stranger, NOTES, body['id_token']), 401, 'an ID token is no access token')
})
