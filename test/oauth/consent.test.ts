// What the consent page offers beside its two buttons, in whose words, and for whom it is skipped.
import t from 'tap'
import { authorizationServer, englishTexts, type LanguageHeaders, type SignInStart } from '../../lib/oauth/index.ts'
import { readForm, type Browser, type Seen } from './browser.ts'
import { authorizationUrl, redeem, registerId } from './manual-client.ts'
import {
  answer, createStage, KEY, PUBLIC_URL, REDIRECT_URL, signIn, testSignIn, type TestUser
} from './stage.ts'
import { arabic, german } from './pages/translations.ts'

/** Follows a link of a page, and signs in as somebody if it leads to the sign-in. */
async function follow (browser: Browser, page: Seen, text: string, user: string): Promise<Seen> {
  const [, href = ''] = new RegExp(`<a href="([^"]+)">${text}</a>`).exec(page.text) ?? []
  return await signIn(browser, href, user)
}

const startedWith: SignInStart[] = []
const spyingSignIn = {
  ...testSignIn,
  start: (context: SignInStart) => {
    startedWith.push(context)
    return testSignIn.start(context)
  }
}

t.test('a user who is signed in with the wrong account chooses another, who is asked then', async (t) => {
  const stage = await createStage(t, { signIn: spyingSignIn })
  const browser = stage.openBrowser()
  const id = await registerId(stage)
  await answer(browser, await signIn(browser, authorizationUrl(id), 'ada'), 'allow')
  const page = await signIn(browser, authorizationUrl(id, { prompt: 'consent' }))
  t.match(page.text, 'ada@example.com')

  const next = await follow(browser, page, englishTexts.otherAccount, 'bob')

  t.same(startedWith.map(({ otherAccount }) => otherAccount), [false, true])
  t.match(next.text, 'bob@example.com')
  t.notMatch(next.text, 'ada@example.com')
  const { body } = await redeem(stage, id, (await answer(browser, next, 'allow')).get('code'))
  const claims = JSON.parse(String(Buffer.from(String(body['access_token']).split('.')[1] ?? '', 'base64url')))
  t.equal(claims.sub, 'bob')
  const again = await browser.visit(authorizationUrl(id, { prompt: 'consent' }))
  t.match(again.text, 'bob@example.com', 'the session is that of the other account')
})

t.test('the form of a page says nothing any more once the user has chosen another account', async (t) => {
  const stage = await createStage(t)
  const browser = stage.openBrowser()
  const page = await signIn(browser, authorizationUrl(await registerId(stage)), 'ada')
  await browser.visit(`${readForm(page).action}?step=other-account`)

  const { action, fields } = readForm(page)
  const seen = await browser.request(action, { ...fields, decision: 'allow' })

  t.match(seen, { status: 400, text: /This sign-in has expired/ })
})

t.test('a user who may not come in tries another account, or returns to the client without a code', async (t) => {
  const stage = await createStage(t, { allow: ({ id }) => id === 'ada', refusedText: 'Ask Ada.' })
  const id = await registerId(stage)
  const browser = stage.openBrowser()
  const refused = await signIn(browser, authorizationUrl(id), 'eve')
  t.match(refused, { status: 403, text: /You cannot sign in here[^]*Ask Ada\./ })

  const page = await follow(browser, refused, englishTexts.otherAccount, 'ada')
  t.match(page.text, 'ada@example.com')

  const other = stage.openBrowser()
  const back = await follow(other, await signIn(other, authorizationUrl(id), 'eve'), englishTexts.giveUp, 'eve')
  const params = new URL(back.url).searchParams
  t.ok(back.url.startsWith(REDIRECT_URL))
  t.match(Object.fromEntries(params), { error: 'access_denied', state: 'the state of the client', iss: PUBLIC_URL })
  t.notOk(params.has('code'))
})

t.test('steps are taken in the browser that began the sign-in, and no other', async (t) => {
  const stage = await createStage(t)
  const page = await signIn(stage.openBrowser(), authorizationUrl(await registerId(stage)))
  for (const step of ['other-account', 'give-up']) {
    t.equal((await stage.openBrowser().request(`${readForm(page).action}?step=${step}`)).status, 400, step)
  }
})

const known = { clientId: 'desk', name: 'Desk', redirectUris: [REDIRECT_URL, 'http://127.0.0.1/cb'] }

t.test('a client that is trusted gets a code without consent, but never on the user\'s device', async (t) => {
  const stage = await createStage(t, { clients: [known], consent: 'skip-for-trusted', trusted: ['desk'] })
  const browser = stage.openBrowser()

  const seen = await signIn(browser, authorizationUrl('desk', { scope: 'notes:read notes:write' }))
  const { body } = await redeem(stage, 'desk', new URL(seen.url).searchParams.get('code'))
  t.equal(body['scope'], 'notes:read notes:write')

  for (const [title, params] of [
    ['it asks for consent itself', { prompt: 'consent' }],
    ['it is on the device', { redirect_uri: 'http://127.0.0.1:4000/cb' }]
  ] as const) {
    t.match((await browser.visit(authorizationUrl('desk', params))).text, 'name="decision"', title)
  }
})

t.test('a client that has registered itself is asked about, whatever it calls itself, and remembered', async (t) => {
  const stage = await createStage(t, { clients: [known], consent: 'skip-for-trusted', trusted: ['desk'] })
  const browser = stage.openBrowser()
  const id = await registerId(stage, { client_name: 'Desk', client_id: 'desk' })
  t.not(id, 'desk')

  const page = await signIn(browser, authorizationUrl(id))
  t.match(page.text, 'name="decision"')
  await answer(browser, page, 'allow')
  t.ok(new URL((await browser.visit(authorizationUrl(id))).url).searchParams.has('code'))
})

t.test('a metadata document can be trusted by its URL', async (t) => {
  const url = 'https://client.example.com/metadata.json'
  const document = { client_id: url, redirect_uris: [REDIRECT_URL], client_name: 'Documented' }
  const stage = await createStage(t, {
    consent: 'skip-for-trusted',
    trusted: [url],
    fetchClientDocument: async (asked) => Response.json({ ...document, client_id: asked })
  })

  const seen = await signIn(stage.openBrowser(), authorizationUrl(url))
  t.ok(new URL(seen.url).searchParams.has('code'))
  const other = await signIn(stage.openBrowser(), authorizationUrl(`${url}?x`))
  t.match(other.text, 'name="decision"', 'and no other URL')
})

t.test('pages are in the language of the browser, or the one that the app chooses', async (t) => {
  const texts = { de: german, ar: arabic }
  const stage = await createStage(t, { texts, allow: () => false })
  const language = ({ cookie }: LanguageHeaders): string | undefined => /language=(\w+)/.exec(cookie ?? '')?.[1]
  const chosen = await createStage(t, { texts, language })
  const visit = async ({ fetch }: typeof stage, headers: Record<string, string>): Promise<string> =>
    await (await fetch(`${PUBLIC_URL}/oauth/callback`, { headers })).text()

  t.match(await visit(stage, { 'accept-language': 'de-CH, en;q=0.5' }), '<html lang="de" dir="ltr">')
  t.match(await visit(stage, { 'accept-language': 'ar' }), '<html lang="ar" dir="rtl">')
  t.match(await visit(stage, { 'accept-language': 'fr' }), '<html lang="en" dir="ltr">')
  t.match(await visit(chosen, { 'accept-language': 'de', cookie: 'language=ar' }), arabic.expired)
  t.match(await visit(chosen, { 'accept-language': 'de', cookie: 'a=b' }), german.expired)
  const error = await stage.fetch(`${PUBLIC_URL}/oauth/authorize?client_id=nobody`, { headers: { 'accept-language': 'de' } })
  t.match(await error.text(), german.errorTitle, 'the pages of the provider, too')
})

t.test('scopes have the words of the language, or else those of the option', async (t) => {
  const stage = await createStage(t, { texts: { en: { ...englishTexts, scopes: { 'notes:read': 'Look at notes' } } } })
  const url = authorizationUrl(await registerId(stage), { scope: 'notes:read notes:write' })
  const page = await signIn(stage.openBrowser(), url)

  t.match(page.text, '<li>Look at notes</li>')
  t.match(page.text, '<li>Change your notes</li>')
})

t.test('the logo of the app is the one picture that a page may load', async (t) => {
  const stage = await createStage(t, { logo: 'https://cdn.example.com/logo.svg', name: 'Acme <Notes>' })
  const id = await registerId(stage, { logo_uri: 'https://evil.example/' })
  const page = await signIn(stage.openBrowser(), authorizationUrl(id))

  t.match(page.headers.get('content-security-policy'), "; img-src https://cdn.example.com/logo.svg; form-action 'self'")
  t.match(page.text, '<img src="https://cdn.example.com/logo.svg" alt=""><span><bdi>Acme &lt;Notes&gt;</bdi></span>')
  t.notMatch(page.text, 'evil.example')
  const plain = await createStage(t)
  const { headers } = await plain.openBrowser().request(authorizationUrl('nobody'))
  t.notMatch(headers.get('content-security-policy'), 'img-src')
})

t.test('options of the pages that cannot work are refused', async (t) => {
  const options = { publicUrl: PUBLIC_URL, signIn: testSignIn, keys: [KEY], clients: [known] }
  for (const [wrong, message] of [
    [{ texts: { de: {} } }, /'authorizationServer.texts' has 'de', which needs 'consentTitle'/],
    [{ logo: 'logo.png' }, /logo/], [{ colors: { accent: 'red' } }, /colors/], [{ language: 'de' }, /language/],
    [{ trusted: 'desk' }, /trusted/], [{ trusted: [''] }, /trusted/],
    [{ trusted: ['desk'] }, /trusted' has no effect without consent: 'skip-for-trusted'/],
    [{ consent: 'skip-for-trusted' }, /trusted' must name the clients that need no consent/],
    [{ consent: 'skip-for-trusted', trusted: ['desk', 'other'] }, /has 'other', which is neither/],
    [{ consent: 'skip-for-trusted', trusted: ['https://a.example'], clientDocuments: false }, /has 'https:\/\/a.example'/]
  ] as ReadonlyArray<[object, RegExp]>) {
    t.throws(() => authorizationServer<TestUser>({ ...options, ...wrong }), { message }, String(message))
  }
})
