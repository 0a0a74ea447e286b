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

t.test('the events after any event of a stream are read in order', async (t) => {
  const { store } = createStore()
  for (const seq of [1, 2, 3]) store.append('a.1', `a${seq}`)

  t.same(store.read('a.1', 0), [1, 2, 3].map((seq) => ({ seq, message: `a${seq}` })))
  t.match(store.read('a.1', 2), [{ seq: 3, message: 'a3' }])
  t.same(store.read('a.1', 3), [])
})

t.test('reading an unknown stream, or after an event that never was, returns nothing', async (t) => {
  const { store } = createStore()
  store.append('a.1', 'a1')

  t.same(store.read('a.2', 0), [])
  t.equal(store.read('a.2', 1), undefined)
  t.equal(store.read('a.1', 2), undefined)
})

t.test('beyond maxEvents the oldest events are dropped, of whichever stream', async (t) => {
  const { store } = createStore({ maxEvents: 2 })
  store.append('a.1', 'a1')
  store.append('b.1', 'b1')
  store.append('a.1', 'a2')

  t.equal(store.read('a.1', 0), undefined)
  t.match(store.read('a.1', 1), [{ seq: 2 }])
  t.match(store.read('b.1', 0), [{ seq: 1 }])
})

t.test('beyond maxBytes the oldest events are dropped, and a message that is too long drops none of another session', async (t) => {
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
    // The rest is shared evenly between the two that want more.
    t.equal((await store.read('loud.0', 59 - 47 + 1))?.length, 47)
    t.equal(store.read('loud.0', 0), undefined)
    t.equal((await store.read('louder.0', 90 - 47))?.length, 47)
    t.equal(store.read('louder.0', 0), undefined)
  }
})

t.test('if no session has more than a tenth of a limit, the oldest events of all are dropped', async (t) => {
  const { store } = createStore({ maxEvents: 20 })
  for (let n = 0; n < 11; n++) for (const message of ['a', 'b']) store.append(`s${n}.0`, message)

  t.equal(store.read('s0.0', 0), undefined)
  t.same(store.read('s0.0', 2), [])
  t.equal((await store.read('s1.0', 0))?.length, 2)
})

t.test('events older than maxAge are dropped, whether or not others are appended', async (t) => {
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

t.test('forget() drops all streams of a session, and of no other', async (t) => {
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

t.test('the default clock is the time of day', async (t) => {
  const store = createMemoryEventStore()

  store.append('a.1', 'a1')

  t.match(store.read('a.1', 0), [{ seq: 1, message: 'a1' }])
})

t.test('numbers are kept for up to maxEvents streams without events, and for all streams that are followed', async (t) => {
  const { store } = createStore({ maxEvents: 2 })
  const { end } = await store.follow('a.0', () => {})
  for (const streamId of ['a.0', 'b.0', 'c.0', 'd.0', 'e.0', 'f.0']) store.append(streamId, 'event')

  t.same(['a.0', 'b.0', 'c.0', 'd.0'].map((streamId) => store.read(streamId, 1)), [[], undefined, [], []])
  end()
  t.same(
    ['a.0', 'c.0', 'd.0'].map((streamId) => store.read(streamId, 1)),
    [[], undefined, []],
    'its place is that of the one that has waited longest'
  )
})

t.test('a follower of a stream stays when forget() drops the session', async (t) => {
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

t.test('wrong and unknown limits are refused, and the message says what to write', async (t) => {
  const refused: ReadonlyArray<readonly [options: object, message: string]> = [
    [{ maxEvents: 0 }, "option 'maxEvents' must be a whole number above 0"],
    [{ maxBytes: '1MB' }, "option 'maxBytes' must be a whole number above 0"],
    [{ maxAge: Infinity }, "option 'maxAge' must be a whole number above 0"],
    [{ maxLength: 1 }, "option 'maxLength' does not exist; the options are maxEvents, maxBytes, maxAge"]
  ]

  for (const [options, message] of refused) {
    t.throws(() => createMemoryEventStore(options), { code: 'MCP_ERR_INVALID_OPTION', message })
  }
})
