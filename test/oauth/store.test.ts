import t, { type Test } from 'tap'
import { memoryStore, type OAuthStore } from '../../lib/oauth/index.ts'

/** What every store does; `pass` lets time go by. */
function checkStore (t: Test, store: OAuthStore, pass: (ms: number) => void): void {
  t.test('a value is found until it expires', async (t) => {
    await store.set('kind:a', 'one', 1000)
    t.equal(await store.get('kind:a'), 'one')
    await store.set('kind:a', 'two', 2000)
    pass(1500)
    t.equal(await store.get('kind:a'), 'two')
    pass(500)
    t.equal(await store.get('kind:a'), undefined)
    t.equal(await store.get('kind:unknown'), undefined)
  })

  t.test('a key is added once, until it has expired', async (t) => {
    const added = await Promise.all(Array.from({ length: 5 }, () => store.add('kind:b', 'one', 1000)))
    t.equal(added.filter(Boolean).length, 1)
    pass(1000)
    t.equal(await store.add('kind:b', 'two', 1000), true)
    t.equal(await store.get('kind:b'), 'two')
  })

  t.test('a value is taken once', async (t) => {
    await store.set('kind:c', 'one', 1000)
    const taken = await Promise.all(Array.from({ length: 5 }, () => store.take('kind:c')))
    t.same(taken.filter((one) => one !== undefined), ['one'])
    await store.set('kind:c', 'one', 1000)
    pass(1000)
    t.equal(await store.take('kind:c'), undefined)
  })
}

t.test('the store in memory', async (t) => {
  let now = 0
  checkStore(t, memoryStore({}, () => now), (ms) => { now += ms })

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
  })
})
