// Texts that a client or an attacker writes into requests come back as data, and lead no user elsewhere.
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
import t from 'tap'
import { createAuthProvider, type Kept } from '../support/oauth-client.ts'
import { authorizationUrl, redeem, registerId } from './manual-client.ts'
import { answer, createStage, NOTES, PUBLIC_URL, REDIRECT_URL, signIn } from './stage.ts'

const TRICKS = [
  'https://evil.example/', '//evil.example', '&redirect_uri=https://evil.example', '#https://evil.example',
  'x\r\nLocation: https://evil.example\r\nSet-Cookie: a=b', 'x%0d%0aSet-Cookie:%20a=b', '"><script>alert(1)</script>'
]

t.test('a state that looks like a URL, markup or headers comes back as it was, to the client alone', async (t) => {
  const stage = await createStage(t)
  const id = await registerId(stage)

  for (const state of TRICKS) {
    const browser = stage.openBrowser()
    const page = await signIn(browser, authorizationUrl(id, { state, prompt: 'consent' }))
    t.notMatch(page.text, '<script')
    const params = await answer(browser, page, 'allow')
    t.same([...params.keys()].sort(), ['code', 'iss', 'state'])
    t.equal(params.get('state'), state)
    t.notOk(browser.setCookies.some((line) => line.startsWith('a=')))
    t.notOk(browser.visited.some((url) => new URL(url).origin !== PUBLIC_URL))
  }
})

t.test('a parameter with line breaks or markup adds no header and no element to a page', async (t) => {
  const stage = await createStage(t)
  const id = await registerId(stage)

  for (const text of TRICKS) {
    for (const name of ['client_id', 'redirect_uri', 'resource', 'scope', 'response_type', 'prompt']) {
      const seen = await stage.openBrowser().request(authorizationUrl(id, { [name]: text }))
      t.equal(seen.headers.get('set-cookie')?.includes('a=b') ?? false, false, `${name}: ${text}`)
      t.notMatch(seen.headers.get('location') ?? '', /^(?:https?:)?\/\/evil/)
      t.notMatch(seen.text, '<script')
    }
    const callback = `${PUBLIC_URL}/oauth/callback?${new URLSearchParams({ state: text, error: text, code: text })}`
    const seen = await stage.openBrowser().request(callback)
    t.equal(seen.status, 400)
    t.notMatch(seen.text, '<script')
  }
})

t.test('each answer names the issuer, and the official client refuses one of another issuer (mix-up)', async (t) => {
  const stage = await createStage(t)
  const kept: Kept = { verifier: '' }
  const authProvider = createAuthProvider(kept, { name: 'Official client', redirectUrl: REDIRECT_URL })
  // The stored record comes from the client itself.
  const options = { authProvider: authProvider as never, fetch: stage.fetch }
  const transport = new StreamableHTTPClientTransport(new URL(NOTES), options)
  await t.rejects(new Client({ name: 'mix-up', version: '1.0.0' }).connect(transport))
  const browser = stage.openBrowser()
  const params = await answer(browser, await signIn(browser, String(kept.authorizationUrl)), 'allow')
  t.equal(params.get('iss'), PUBLIC_URL)

  for (const iss of ['https://evil.example', `${PUBLIC_URL}/`, undefined]) {
    const other = new URLSearchParams(params)
    if (iss === undefined) other.delete('iss')
    else other.set('iss', iss)
    await t.rejects(transport.finishAuth(other), { name: /Issuer/ }, String(iss))
    t.equal(kept.tokens, undefined)
  }
  await transport.finishAuth(params)
  t.ok(kept.tokens)
})

t.test('a code that is injected into the sign-in of another client or browser gives nothing', async (t) => {
  const stage = await createStage(t)
  const [victim, attacker] = [await registerId(stage), await registerId(stage)]
  const browser = stage.openBrowser()
  const stolen = await answer(browser, await signIn(browser, authorizationUrl(victim)), 'allow')
  const code = stolen.get('code')
  const verifier = 'the-verifier-of-the-attacker-is-another-one-of-course'

  t.equal((await redeem(stage, attacker, code)).status, 400)
  t.equal((await redeem(stage, victim, code, { code_verifier: verifier })).status, 400)
  t.equal((await redeem(stage, victim, code, { code_verifier: undefined })).status, 400)
  t.equal((await redeem(stage, victim, code, { client_id: `${victim} ${attacker}` })).status, 401)
})
