// Access that is withdrawn: by the app, by a client, or because a token was used twice.
import t, { type Test } from 'tap'
import { memoryStore } from '../../../lib/oauth/index.ts'
import type { Browser } from '../browser.ts'
import { authorizationUrl, callMount, redeem, refresh, registerId } from '../manual-client.ts'
import { answer, createStage, LOGIN_PAGE, NOTES, PUBLIC_URL, signIn, type Stage } from '../stage.ts'

interface Signed {
  readonly id: string
  readonly code: string
  readonly access: unknown
  readonly refresh: unknown
}

interface SignInOptions { readonly id?: string, readonly browser?: Browser }

async function signInAs (
  stage: Stage, user: string, { id, browser = stage.openBrowser() }: SignInOptions = {}
): Promise<Signed> {
  const clientId = id ?? await registerId(stage)
  const page = await signIn(browser, authorizationUrl(clientId), user)
  const code = String((await answer(browser, page, 'allow')).get('code'))
  const { body } = await redeem(stage, clientId, code)
  return { id: clientId, code, access: body['access_token'], refresh: body['refresh_token'] }
}

async function statusOf (stage: Stage, { id, access, refresh: token }: Signed): Promise<readonly number[]> {
  return [await callMount(stage, NOTES, access), (await refresh(stage, id, token)).status]
}

t.test('revoking a user ends access and refresh tokens, the browser session and remembered consent, of that user alone', async (t) => {
  const stage = await createStage(t)
  const [adas, bobs] = [stage.openBrowser(), stage.openBrowser()]
  const ada = await signInAs(stage, 'ada', { browser: adas })
  const bob = await signInAs(stage, 'bob', { browser: bobs, id: ada.id })
  t.equal(await callMount(stage, NOTES, ada.access), 200)

  await stage.login.revoke({ subject: 'ada' })

  t.same(await statusOf(stage, ada), [401, 400])
  t.same(await statusOf(stage, bob), [200, 200])
  const again = await adas.visit(authorizationUrl(ada.id))
  t.ok(again.url.startsWith(LOGIN_PAGE), 'the browser is no longer signed in')
  const page = await signIn(adas, authorizationUrl(ada.id), 'ada')
  t.match(page.text, /name="decision"/, 'the user is asked for consent again')
  const code = (await answer(adas, page, 'allow')).get('code')
  const { body } = await redeem(stage, ada.id, code)
  t.equal(await callMount(stage, NOTES, body['access_token']), 200)
  t.equal((await refresh(stage, ada.id, body['refresh_token'])).status, 200)
  t.same((await statusOf(stage, ada)), [401, 400], 'the tokens from before stay withdrawn')
})

t.test('a code and a sign-in that were under way are withdrawn with their user', async (t) => {
  const stage = await createStage(t)
  const id = await registerId(stage)
  const browser = stage.openBrowser()
  const code = (await answer(browser, await signIn(browser, authorizationUrl(id)), 'allow')).get('code')
  const other = stage.openBrowser()
  const page = await signIn(other, authorizationUrl(await registerId(stage)))

  await stage.login.revoke({ subject: 'ada' })

  t.equal((await redeem(stage, id, code)).status, 400)
  await t.rejects(answer(other, page, 'allow'), /the user ends at/)
})

t.test('revoking a client ends its tokens for all users, and no others', async (t) => {
  const stage = await createStage(t)
  const ada = await signInAs(stage, 'ada')
  const bob = await signInAs(stage, 'bob', { id: ada.id })
  const other = await signInAs(stage, 'ada')

  await stage.login.revoke({ clientId: ada.id })

  t.same(await statusOf(stage, ada), [401, 400])
  t.same(await statusOf(stage, bob), [401, 400])
  t.same(await statusOf(stage, other), [200, 200])
  t.same(await statusOf(stage, await signInAs(stage, 'ada', { id: ada.id })), [200, 200])
})

t.test('a client that revokes its refresh token ends the access tokens of that grant', async (t) => {
  const stage = await createStage(t)
  const [first, second] = [await signInAs(stage, 'ada'), await signInAs(stage, 'ada')]

  const body = new URLSearchParams({ token: String(first.refresh), client_id: first.id })
  const { status } = await stage.fetch(`${PUBLIC_URL}/oauth/revoke`, { method: 'POST', body })

  t.equal(status, 200)
  t.same(await statusOf(stage, first), [401, 400])
  t.same(await statusOf(stage, second), [200, 200])
})

t.test('a refresh token or a code that is used twice ends the access tokens of its grant', async (t) => {
  const stage = await createStage(t)
  const [first, second] = [await signInAs(stage, 'ada'), await signInAs(stage, 'ada')]
  const { body } = await refresh(stage, first.id, first.refresh)
  t.equal(await callMount(stage, NOTES, body['access_token']), 200)

  await refresh(stage, first.id, first.refresh)
  await redeem(stage, second.id, second.code)

  t.equal(await callMount(stage, NOTES, body['access_token']), 401)
  t.equal(await callMount(stage, NOTES, second.access), 401)
})

/** Calls with a token until it is refused. */
async function untilRefused (stage: Stage, token: unknown): Promise<number> {
  for (;;) {
    const status = await callMount(stage, NOTES, token)
    if (status !== 200) return status
  }
}

t.test('nodes with one store learn of it from each other, and one that starts later knows it', async (t: Test) => {
  const store = memoryStore()
  const options = { store, revocationInterval: 20 }
  const [a, b] = [await createStage(t, options), await createStage(t, options)]
  const ada = await signInAs(a, 'ada')
  t.equal(await callMount(b, NOTES, ada.access), 200)

  await a.login.revoke({ subject: 'ada' })

  t.equal(await untilRefused(b, ada.access), 401)
  const late = await createStage(t, options)
  t.equal(await callMount(late, NOTES, ada.access), 401)
})

t.test('what names nobody, or both kinds, is refused', async (t) => {
  const { login } = await createStage(t)

  for (const wrong of [{}, { subject: '' }, { subject: 1 }, { subject: 'ann', clientId: 'app' }, undefined]) {
    // JavaScript may pass what the type does not allow.
    await t.rejects(login.revoke(wrong as never), { name: 'TypeError', message: /either 'subject' or 'clientId'/ })
  }
})

t.test('claims of the app cannot replace those by which tokens are withdrawn', async (t) => {
  const stage = await createStage(t, { claims: () => ({ extra: { gid: 'mine' } }) })
  const browser = stage.openBrowser()

  t.match((await signIn(browser, authorizationUrl(await registerId(stage)))).text, /sign-in|went wrong|not work/i)
  t.ok(stage.warnings.length > 0)
})
