import t from 'tap'
import { sharedEventStoreContract } from '../../lib/contracts/index.ts'
import { createMemoryEventStore, type MemoryEventStoreOptions } from '../../lib/store/memory-event-store.ts'
import { runContracts } from '../support/contract.ts'

function createStore (limits: MemoryEventStoreOptions = {}) {
  const clock = { now: 0 }
  return { clock, store: createMemoryEventStore(limits, () => clock.now) }
}

t.test('events in memory', async (t) => {
  await runContracts(t, sharedEventStoreContract((limits) => {
    const { clock, store } = createStore(limits)
    return { stores: [store, store], pass: (milliseconds) => { clock.now += milliseconds } }
  }))
})

t.test('a store has the events of a stream behind any of them, in order', async (t) => {
  const { store } = createStore()
  for (const seq of [1, 2, 3]) store.append('a.1', `a${seq}`)

  t.same(store.read('a.1', 0), [1, 2, 3].map((seq) => ({ seq, message: `a${seq}` })))
  t.match(store.read('a.1', 2), [{ seq: 3, message: 'a3' }])
  t.same(store.read('a.1', 3), [])
})

t.test('it has nothing of a stream that it does not know, or behind an event that never was', async (t) => {
  const { store } = createStore()
  store.append('a.1', 'a1')

  t.same(store.read('a.2', 0), [])
  t.equal(store.read('a.2', 1), undefined)
  t.equal(store.read('a.1', 2), undefined)
})

t.test('past maxEvents the oldest go, whichever stream they are of', async (t) => {
  const { store } = createStore({ maxEvents: 2 })
  store.append('a.1', 'a1')
  store.append('b.1', 'b1')
  store.append('a.1', 'a2')

  t.equal(store.read('a.1', 0), undefined)
  t.match(store.read('a.1', 1), [{ seq: 2 }])
  t.match(store.read('b.1', 0), [{ seq: 1 }])
})

t.test('past maxBytes the oldest go, and a message that is too long takes none of another session', async (t) => {
  const { store } = createStore({ maxBytes: 4 })
  store.append('a.1', 'a1')
  store.append('a.1', 'é')
  store.append('a.1', 'a3')

  t.equal(store.read('a.1', 0), undefined)
  t.match(store.read('a.1', 1), [{ seq: 2 }, { seq: 3 }])
  store.append('b.1', 'longer')
  t.match(store.read('a.1', 1), [{ seq: 2 }, { seq: 3 }])
  t.equal(store.read('b.1', 0), undefined)
})

t.test('a session that has more than a tenth of a limit loses its own events before others do', async (t) => {
  for (const limits of [{ maxEvents: 100 }, { maxBytes: 200 }]) {
    const { store } = createStore(limits)
    for (let n = 0; n < 5; n++) store.append('quiet.0', 'q1')
    for (let n = 0; n < 60; n++) store.append('loud.0', 'l1')
    for (let n = 0; n < 90; n++) store.append('louder.0', 'l2')
    store.append('late.0', 'q2')

    t.equal((await store.read('quiet.0', 0))?.length, 5)
    t.equal((await store.read('late.0', 0))?.length, 1)
    // What is left is shared evenly between the two that want more.
    t.equal((await store.read('loud.0', 59 - 47 + 1))?.length, 47)
    t.equal(store.read('loud.0', 0), undefined)
    t.equal((await store.read('louder.0', 90 - 47))?.length, 47)
    t.equal(store.read('louder.0', 0), undefined)
  }
})

t.test('where no session has more than a tenth of a limit the oldest events of all go', async (t) => {
  const { store } = createStore({ maxEvents: 20 })
  for (let n = 0; n < 11; n++) for (const message of ['a', 'b']) store.append(`s${n}.0`, message)

  t.equal(store.read('s0.0', 0), undefined)
  t.same(store.read('s0.0', 2), [])
  t.equal((await store.read('s1.0', 0))?.length, 2)
})

t.test('past maxAge events go, whether or not others come', async (t) => {
  const { clock, store } = createStore({ maxAge: 100 })
  store.append('a.1', 'a1')
  clock.now = 60
  store.append('a.1', 'a2')

  clock.now = 100
  t.equal(store.read('a.1', 0), undefined)
  t.match(store.read('a.1', 1), [{ seq: 2 }])
  clock.now = 160
  t.equal(store.read('a.1', 1), undefined)
})

t.test('a session that has ended is forgotten with all of its streams, and no other', async (t) => {
  const { store } = createStore({ maxBytes: 8 })
  store.append('a.1', 'a1')
  store.append('a.2', 'a2')
  store.append('ab.1', 'b1')

  store.forget('a')

  t.same(store.read('a.1', 0), [])
  t.equal(store.read('a.1', 1), undefined)
  t.same(store.read('a.2', 0), [])
  t.match(store.read('ab.1', 0), [{ message: 'b1' }])
  store.append('c.1', '123456')
  t.match(store.read('ab.1', 0), [{ message: 'b1' }], 'their bytes are free again')
})

t.test('the time is that of the clock where no other is given', async (t) => {
  const store = createMemoryEventStore()

  store.append('a.1', 'a1')

  t.match(store.read('a.1', 0), [{ seq: 1, message: 'a1' }])
})

t.test('the numbers of streams without events are known for as many as there may be events, and of streams that are followed', async (t) => {
  const { store } = createStore({ maxEvents: 2 })
  const { end } = await store.follow('a.0', () => {})
  for (const streamId of ['a.0', 'b.0', 'c.0', 'd.0', 'e.0', 'f.0']) store.append(streamId, 'event')

  t.same(['a.0', 'b.0', 'c.0', 'd.0'].map((streamId) => store.read(streamId, 1)), [[], undefined, [], []])
  end()
  t.same(['a.0', 'c.0', 'd.0'].map((streamId) => store.read(streamId, 1)), [[], undefined, []], 'its place is that of the one that has waited longest')
})

t.test('a stream that is followed goes on being followed when its session is forgotten', async (t) => {
  const { store } = createStore()
  const heard: unknown[] = []
  const { end } = await store.follow('a.0', (event) => heard.push(event))
  store.append('a.0', 'one')
  store.forget('a')
  store.append('a.0', 'two')
  store.forget('a')
  end()

  t.same(heard, [{ seq: 1, message: 'one' }, { seq: 1, message: 'two' }])
  t.same(store.read('a.0', 0), [])
})

t.test('limits that are wrong or unknown are refused, with what to write', async (t) => {
  const refused: ReadonlyArray<readonly [options: object, message: string]> = [
    [{ maxEvents: 0 }, "option 'maxEvents' must be a whole number above 0"],
    [{ maxBytes: '1MB' }, "option 'maxBytes' must be a whole number above 0"],
    [{ maxAge: Infinity }, "option 'maxAge' must be a whole number above 0"],
    [{ maxLength: 1 }, "option 'maxLength' does not exist; there may be maxEvents, maxBytes, maxAge"]
  ]

  for (const [options, message] of refused) t.throws(() => createMemoryEventStore(options), { code: 'MCP_ERR_INVALID_OPTION', message })
})
