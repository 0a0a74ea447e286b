// What somebody finds who can read the store, or write to it.
import t, { type Test } from 'tap'
import { memoryStore, redisStore, type OAuthStore } from '../../lib/oauth/index.ts'
import { deriveKeys } from '../../lib/oauth/keys.ts'
import { sealStore } from '../../lib/oauth/sealed-store.ts'
import { createPrefix, noRedis, useRedis } from '../support/redis-server.ts'
import { authorizationUrl, redeem, refresh, registerId } from './manual-client.ts'
import { answer, createStage, KEY, signIn } from './stage.ts'
import { createDump, type Dump } from './store-dump.ts'

const NEW_KEY = 'the next secret of at least thirty-two characters'
const MINUTE = 60_000

/** Signs a user in, refreshes, and expects that nothing of it can be read in the store. */
async function checkNothingReadable (t: Test, store: OAuthStore, dump: Dump): Promise<void> {
  const stage = await createStage(t, { store })
  const id = await registerId(stage)
  const browser = stage.openBrowser()
  const code = String((await answer(browser, await signIn(browser, authorizationUrl(id)), 'allow')).get('code'))
  const { body: first } = await redeem(stage, id, code)
  const { body: second } = await refresh(stage, id, first['refresh_token'])

  const cookies = browser.setCookies.map((line) => line.split(/[=;]/)[1] ?? '').filter((value) => value !== '')
  const tokens = [first, second].flatMap((body) => [body['refresh_token'], body['access_token']])
  const text = (await dump()).join('\n')
  t.ok(cookies.length > 2)
  for (const secret of [code, ...tokens, ...cookies, 'ada', 'Manual client', id, '127.0.0.1']) {
    t.notMatch(text, String(secret), `the store does not show ${String(secret)}`)
  }
  t.match(text, /^account:/m, 'the kind of a key stays readable')
}

t.test('the store in memory holds no code, token, cookie or name that can be read', async (t) => {
  const { store, dump } = createDump(memoryStore())
  await checkNothingReadable(t, store, dump)
})

t.test('the store in Redis holds no code, token, cookie or name that can be read', { skip: noRedis }, async (t) => {
  const { client } = await useRedis(t)
  const prefix = createPrefix()
  await checkNothingReadable(t, redisStore({ client, prefix }), async () => {
    const keys = await client.keys(`${prefix}*`)
    return [...keys.map((key) => key.slice(prefix.length)), ...(await client.mget(keys)).map(String)]
  })
})

t.test('a value is read while its secret is among the keys, and is written with the first one', async (t) => {
  const store = memoryStore()
  const [old, rotated, rotatedOut] = [[KEY], [NEW_KEY, KEY], [NEW_KEY]]
    .map((keys) => sealStore(store, deriveKeys(keys)))

  await old?.set('kind:name', 'value', MINUTE)
  t.equal(await rotated?.get('kind:name'), 'value')
  t.equal(await rotatedOut?.get('kind:name'), undefined)

  await rotated?.set('kind:name', 'value', MINUTE)
  t.equal(await rotatedOut?.get('kind:name'), 'value')
  t.equal(await old?.get('kind:name'), undefined)
  t.equal(await rotatedOut?.take('kind:name'), 'value')
  t.equal(await rotatedOut?.get('kind:name'), undefined)
})

t.test('a value that was changed, cut short or moved to another key counts as absent', async (t) => {
  const { store, dump } = createDump(memoryStore())
  const sealed = sealStore(store, deriveKeys([KEY]))
  await sealed.set('kind:ada', 'the token of ada', MINUTE)
  await sealed.set('kind:eve', 'the token of eve', MINUTE)
  const [ada = '', ofAda = '', eve = '', ofEve = ''] = await dump()

  await store.set(eve, ofAda, MINUTE)
  t.equal(await sealed.get('kind:eve'), undefined)
  await store.set(eve, ofEve, MINUTE)
  t.equal(await sealed.get('kind:eve'), 'the token of eve')

  const bytes = Buffer.from(ofAda, 'base64url')
  for (let at = 0; at < bytes.length; at++) {
    const changed = Buffer.from(bytes)
    changed[at] = (changed[at] ?? 0) ^ 1
    await store.set(ada, changed.toString('base64url'), MINUTE)
    t.equal(await sealed.get('kind:ada'), undefined, `byte ${at} was changed`)
  }
  for (const wrong of ['', 'the token of ada', bytes.subarray(0, 43).toString('base64url')]) {
    await store.set(ada, wrong, MINUTE)
    t.equal(await sealed.take('kind:ada'), undefined)
  }
})
