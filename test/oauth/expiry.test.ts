// What becomes of a sign-in that waits too long; the clock of the store is moved.
import t, { type Test } from 'tap'
import { memoryStore } from '../../lib/oauth/index.ts'
import { readForm } from './browser.ts'
import { authorizationUrl, redeem, refresh, registerId } from './manual-client.ts'
import { answer, createStage, LOGIN_PAGE, signIn, type Stage } from './stage.ts'

const MINUTE = 60_000
const DAY = 24 * 60 * MINUTE

async function createStageWithClock (t: Test): Promise<Stage & { readonly pass: (ms: number) => void }> {
  let ahead = 0
  const stage = await createStage(t, { store: memoryStore({}, () => Date.now() + ahead) })
  return { ...stage, pass: (ms) => { ahead += ms } }
}

t.test('a code is good for a minute', async (t) => {
  const stage = await createStageWithClock(t)
  const browser = stage.openBrowser()
  const id = await registerId(stage)
  const code = (await answer(browser, await signIn(browser, authorizationUrl(id)), 'allow')).get('code')
  stage.pass(61_000)

  t.match(await redeem(stage, id, code), { status: 400, body: { error: 'invalid_grant' } })
})

t.test('a user has half an hour for the sign-in, and then reads that it has expired', async (t) => {
  const stage = await createStageWithClock(t)
  const [slow, late] = [stage.openBrowser(), stage.openBrowser()]
  const id = await registerId(stage)
  const page = await signIn(slow, authorizationUrl(id))
  const away = await late.visit(authorizationUrl(id))
  t.ok(away.url.startsWith(LOGIN_PAGE))
  stage.pass(31 * MINUTE)

  const { action, fields } = readForm(page)
  const { searchParams } = new URL(away.url)
  const back = `${searchParams.get('to')}?${new URLSearchParams({ state: String(searchParams.get('state')), user: 'ada' })}`
  for (const seen of [await slow.request(action, { ...fields, decision: 'allow' }), await late.request(back)]) {
    t.match(seen, { status: 400, text: /This sign-in has expired/ })
  }
})

t.test('a browser stays signed in for an hour', async (t) => {
  const stage = await createStageWithClock(t)
  const browser = stage.openBrowser()
  await answer(browser, await signIn(browser, authorizationUrl(await registerId(stage))), 'allow')
  const url = authorizationUrl(await registerId(stage))
  t.match((await browser.visit(url)).text, 'name="decision"')
  stage.pass(61 * MINUTE)

  t.ok((await browser.visit(url)).url.startsWith(LOGIN_PAGE))
})

t.test('consent is remembered for 90 days', async (t) => {
  const stage = await createStageWithClock(t)
  const browser = stage.openBrowser()
  const id = await registerId(stage)
  await answer(browser, await signIn(browser, authorizationUrl(id)), 'allow')
  stage.pass(89 * DAY)
  t.ok(new URL((await signIn(browser, authorizationUrl(id))).url).searchParams.has('code'))
  stage.pass(2 * DAY)

  t.match((await signIn(browser, authorizationUrl(id))).text, 'name="decision"')
})

t.test('a refresh token that nobody uses is good for 30 days', async (t) => {
  const stage = await createStageWithClock(t)
  const browser = stage.openBrowser()
  const id = await registerId(stage)
  const code = (await answer(browser, await signIn(browser, authorizationUrl(id)), 'allow')).get('code')
  const { body } = await redeem(stage, id, code)
  stage.pass(29 * DAY)
  const { body: next, status } = await refresh(stage, id, body['refresh_token'])
  t.equal(status, 200)
  stage.pass(31 * DAY)

  t.match(await refresh(stage, id, next['refresh_token']), { status: 400, body: { error: 'invalid_grant' } })
})
