import t from 'tap'
import { oauthStoreContract } from '../../lib/contracts/index.ts'
import { memoryStore, redisStore, type OAuthStore } from '../../lib/oauth/index.ts'
import { runContracts } from '../support/contract.ts'
import { createPrefix, noRedis, useRedis } from '../support/redis-server.ts'
import { answer, createStage, NOTES, signIn } from './stage.ts'
import { authorizationUrl, callMount, redeem, refresh, registerId } from './manual-client.ts'

t.test('the store in memory', async (t) => {
  await runContracts(t, oauthStoreContract(() => {
    const clock = { now: 0 }
    const store = memoryStore({}, () => clock.now)
    return { stores: [store, store], pass: (ms) => { clock.now += ms } }
  }))

  t.test('drops what has expired first, then the oldest, and only of the kind that is full', async (t) => {
    let now = 0
    const store = memoryStore({ maxPerKind: 2 }, () => now)
    await store.set('session:a', 'kept', 10_000)
    await store.set('client:a', '', 10_000)
    await store.set('client:b', '', 1000)
    now = 1000
    await store.set('client:c', 'kept', 10_000)
    t.equal(await store.get('client:a'), '')
    await store.set('client:d', 'kept', 10_000)

    t.equal(await store.get('client:a'), undefined)
    t.equal(await store.get('client:c'), 'kept')
    t.equal(await store.get('client:d'), 'kept')
    t.equal(await store.get('session:a'), 'kept')
    await store.set('client:e', '', 1000)
    t.equal(await store.get('client:e'), '', 'a new value is kept, although others expire later')
    now = 1999
    await store.set('client:f', 'kept', 10_000)
    t.equal(await store.get('client:d'), undefined)
    t.equal(await store.get('client:e'), '')
  })
})

t.test('the store in Redis', { skip: noRedis }, async (t) => {
  const { client } = await useRedis(t)

  // Time goes by for the keys alone, as no test waits for it.
  const passFor = (prefix: string) => async (ms: number): Promise<void> => {
    for (const key of await client.keys(`${prefix}*`)) {
      const left = await client.pttl(key)
      await (left > ms ? client.pexpire(key, left - ms) : client.del(key))
    }
  }
  await runContracts(t, oauthStoreContract(() => {
    const prefix = createPrefix()
    const create = (): OAuthStore => redisStore({ client, prefix })
    return { stores: [create(), create()], pass: passFor(prefix) }
  }, { unit: 1_000_000 }))

  t.test('signs a user in on one node, who refreshes on another; every key expires', async (t) => {
    const prefix = createPrefix()
    const nodes = await Promise.all([1, 2].map(() => createStage(t, { store: redisStore({ client, prefix }) })))
    const [first, second] = nodes
    if (first === undefined || second === undefined) return
    const id = await registerId(first)
    const browser = first.openBrowser()
    const code = (await answer(browser, await signIn(browser, authorizationUrl(id)), 'allow')).get('code')
    const { body } = await redeem(second, id, code)
    const { body: next } = await refresh(first, id, body['refresh_token'])

    t.equal(await callMount(second, NOTES, next['access_token']), 200)
    t.equal((await refresh(second, id, body['refresh_token'])).status, 400)
    t.equal((await refresh(first, id, next['refresh_token'])).status, 400, 'the family is revoked on all nodes')
    const keys = await client.keys(`${prefix}*`)
    t.ok(keys.length > 5)
    for (const key of keys) t.ok(await client.pttl(key) > 0, key)
  })

  t.test('what is no client of Redis is refused', async (t) => {
    t.throws(() => redisStore({ client: {} as never }), { code: 'MCP_ERR_INVALID_OPTION', message: /redisStore.client/ })
  })
})
