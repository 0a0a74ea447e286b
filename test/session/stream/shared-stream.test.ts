import t from 'tap'
import type { SharedEventStore } from '../../../lib/store/event-store.ts'
import { createMemoryEventStore, type MemoryEventStoreOptions } from '../../../lib/store/memory-event-store.ts'
import { SharedStream, type SharedResumption } from '../../../lib/session/stream/shared-stream.ts'
import { createGate } from '../../support/stream.ts'
import { createSink } from './sink.ts'

interface Settings {
  readonly store?: SharedEventStore
  readonly primes?: boolean
  readonly claim?: () => Promise<boolean | void>
}

/** Creates a stream, and records the calls of its hooks. */
function createStream ({ store = createMemoryEventStore(), primes = true, claim = async () => true }: Settings = {}) {
  const failures: unknown[] = []
  const claims: boolean[] = []
  const sent: string[] = []
  const resumption: SharedResumption = {
    store,
    primes,
    retryInterval: 500,
    logFailure: (error, what) => { failures.push([error, what]) }
  }
  const stream = new SharedStream('s.0', resumption, {
    claim: async (isResumed) => {
      claims.push(isResumed)
      return await claim() !== false
    },
    sent: (message) => { sent.push(message) }
  })
  return { stream, store, failures, claims, sent }
}

t.test('a connected client gets the events of all nodes that are sent after it connected', async (t) => {
  const { stream, store, claims, sent } = createStream()
  const client = createSink()
  await store.append('s.0', 'before')

  await stream.attach(client.sink)
  await store.append('s.0', 'a')
  stream.send('b')
  await stream.append('c')

  t.ok(stream.isAttached)
  t.same(client.told, ['prime s.0.1 500', 'send a s.0.2', 'send b s.0.3', 'send c s.0.4'])
  t.same(claims, [false])
  t.same(sent, ['a', 'b', 'c'])
})

t.test('earlier revisions have no priming and no pause', async (t) => {
  const { stream } = createStream({ primes: false })
  const client = createSink()

  await stream.attach(client.sink)
  stream.pause()
  stream.send('a')

  t.same(client.told, ['send a s.0.1'])
})

t.test('a client that has connected to another node meanwhile is not connected here', async (t) => {
  let isLatest = true
  const { stream } = createStream({ claim: async () => isLatest })
  const [first, second] = [createSink(), createSink()]
  await stream.attach(first.sink)

  isLatest = false
  await stream.attach(second.sink)
  await stream.append('a')
  stream.release()

  t.same(first.told, ['prime s.0.0 500', 'send a s.0.1', 'end'])
  t.same(second.told, ['end'])
  t.ok(stream.isAlone)
})

t.test('a pause ends the connection', async (t) => {
  const { stream } = createStream()
  const client = createSink()
  await stream.attach(client.sink)

  stream.pause()

  t.notOk(stream.isAttached)
  t.same(client.told, ['prime s.0.0 500', 'end'])
})

t.test('a client that resumes gets what it missed as fast as it reads, and then new events', async (t) => {
  const { stream, store, claims } = createStream()
  const gate = createGate()
  const client = createSink({ drained: gate.promise })
  for (const message of ['a', 'b', 'c']) await store.append('s.0', message)

  t.ok(await stream.resume(client.sink, 1))
  await store.append('s.0', 'd')
  const before = client.told.slice()
  gate.open()
  await client.untilTold('replay d s.0.4')
  await new Promise(setImmediate)
  await store.append('s.0', 'e')

  t.same(before, ['replay b s.0.2'])
  t.same(client.told, ['replay b s.0.2', 'replay c s.0.3', 'replay d s.0.4', 'send e s.0.5'])
  t.same(claims, [true])
})

t.test('a client that missed nothing gets new events at once', async (t) => {
  const { stream, store } = createStream()
  const client = createSink()
  await store.append('s.0', 'a')

  t.ok(await stream.resume(client.sink, 1))
  await store.append('s.0', 'b')

  t.same(client.told, ['send b s.0.2'])
})

t.test('an event between the read of the store and the connection is sent, too', async (t) => {
  const kept = createMemoryEventStore()
  const { stream } = createStream({ store: kept, claim: async () => { await kept.append('s.0', 'meanwhile') } })
  const first = createSink()
  const second = createSink()

  await stream.attach(first.sink)
  await first.untilTold('replay meanwhile s.0.1')
  await stream.resume(second.sink, 1)
  await second.untilTold('replay meanwhile s.0.2')

  t.same(first.told, ['prime s.0.0 500', 'replay meanwhile s.0.1', 'send meanwhile s.0.2', 'end'])
})

t.test('a client whose missed events are no longer stored does not replace the connected one', async (t) => {
  const { stream, store, claims } = createStream({ store: createMemoryEventStore({ maxEvents: 1 }) })
  const first = createSink()
  await stream.attach(first.sink)
  for (const message of ['a', 'b']) stream.send(message)

  t.notOk(await stream.resume(createSink().sink, 0), 'forgotten')
  t.notOk(await stream.resume(createSink().sink, 3), 'never was')
  await store.append('s.0', 'c')

  t.equal(first.told.at(-1), 'send c s.0.3')
  t.same(claims, [false])
})

t.test('of two clients the later one stays, even if the earlier one is connected last', async (t) => {
  const gates = [createGate(), createGate()] as const
  let times = 0
  const { stream } = createStream({ claim: async () => { await gates[times++]?.promise } })
  const clients = [createSink(), createSink(), createSink()] as const

  const attached = [stream.attach(clients[0].sink), stream.attach(clients[1].sink)]
  gates[1].open()
  await attached[1]
  gates[0].open()
  await attached[0]
  stream.send('a')
  await stream.attach(clients[2].sink)
  stream.detach(clients[1].sink)

  t.same(clients.map(({ told }) => told), [['end'], ['prime s.0.0 500', 'send a s.0.1', 'end'], ['prime s.0.1 500']])
  t.ok(stream.isAttached)
})

t.test('a client that disconnects is sent nothing more, also before it was connected', async (t) => {
  const gate = createGate()
  let times = 0
  const { stream } = createStream({ claim: async () => { if (times++ === 0) await gate.promise } })
  const [first, second] = [createSink(), createSink()]

  const attached = stream.attach(first.sink)
  await new Promise(setImmediate)
  stream.detach(first.sink)
  gate.open()
  await attached
  const wasAttached = stream.isAttached
  await stream.attach(second.sink)
  stream.detach(second.sink)
  stream.send('a')

  t.notOk(wasAttached)
  t.same(second.told, ['prime s.0.0 500'])
  t.notOk(stream.isAttached)
})

t.test('a client that disconnects during a replay is sent nothing more', async (t) => {
  const { stream, store } = createStream()
  const gate = createGate()
  const client = createSink({ drained: gate.promise })
  for (const message of ['a', 'b']) await store.append('s.0', message)

  await stream.resume(client.sink, 0)
  stream.detach(client.sink)
  gate.open()
  await new Promise(setImmediate)

  t.same(client.told, ['replay a s.0.1'])
})

t.test('a client that disconnects during a read of the store is sent nothing more', async (t) => {
  const gate = createGate()
  const kept = createMemoryEventStore()
  let reads = 0
  const { stream } = createStream({
    store: {
      ...kept,
      read: async (...args) => {
        if (reads++ > 0) await gate.promise
        return kept.read(...args)
      }
    }
  })
  const client = createSink()
  await kept.append('s.0', 'a')

  await stream.resume(client.sink, 0)
  const reading = stream.again()
  stream.detach(client.sink)
  gate.open()
  await reading
  await stream.again()

  t.same(client.told, ['replay a s.0.1'])
})

t.test('a failure before a client is connected ends its following', async (t) => {
  const kept = createMemoryEventStore()
  let followers = 0
  const store: SharedEventStore = {
    ...kept,
    read () { throw new Error('no disk') },
    async follow (...args) {
      const following = await kept.follow(...args)
      followers++
      return { ...following, end () { followers--; following.end() } }
    }
  }
  const { stream } = createStream({ store, claim: async () => { throw new Error('gone') } })
  await kept.append('s.0', 'a')

  await t.rejects(stream.attach(createSink().sink), { message: 'gone' })
  await t.rejects(stream.resume(createSink().sink, 0), { message: 'no disk' })

  t.notOk(stream.isAttached)
  t.equal(followers, 0)
})

/** A store that can lose live events, and can be unreachable. */
function createLossy (limits?: MemoryEventStoreOptions) {
  const kept = createMemoryEventStore(limits)
  const lossy = { isLosing: false, isUnreachable: false }
  const fail = (): void => { if (lossy.isUnreachable) throw new Error('unreachable') }
  const store: SharedEventStore = {
    ...kept,
    append: async (...event) => { fail(); return kept.append(...event) },
    read: async (...args) => { fail(); return kept.read(...args) },
    follow: (streamId, listener) => kept.follow(streamId, (event) => { if (!lossy.isLosing) listener(event) })
  }
  return { lossy, kept, store }
}

t.test('a missing event is read from the store before the next one is sent', async (t) => {
  const { lossy, kept, store } = createLossy()
  const { stream } = createStream({ store })
  const client = createSink()
  await stream.attach(client.sink)

  lossy.isLosing = true
  await kept.append('s.0', 'a')
  lossy.isLosing = false
  await kept.append('s.0', 'b')
  await kept.append('s.0', 'c')
  await client.untilTold('replay c s.0.3')

  t.same(client.told, ['prime s.0.0 500', 'replay a s.0.1', 'replay b s.0.2', 'replay c s.0.3'])
})

t.test('again() sends missing events once, with one read at a time', async (t) => {
  const { lossy, kept, store } = createLossy()
  const { stream } = createStream({ store })
  const client = createSink()
  await stream.again()
  await stream.attach(client.sink)
  lossy.isLosing = true
  await kept.append('s.0', 'a')

  await Promise.all([stream.again(), stream.again()])
  await stream.again()

  t.same(client.told, ['prime s.0.0 500', 'replay a s.0.1'])
})

t.test('during an outage only the client of this node gets a message, without an id', async (t) => {
  const { lossy, store } = createLossy()
  const { stream, failures } = createStream({ store })
  const client = createSink()
  await stream.attach(client.sink)

  lossy.isUnreachable = true
  stream.send('a')
  await t.rejects(stream.append('b'), { message: 'unreachable' })
  await stream.again()
  lossy.isUnreachable = false
  await stream.append('c')

  t.same(client.told, ['prime s.0.0 500', 'send a undefined', 'send c s.0.1'])
  t.same(failures, [[new Error('unreachable'), 'the event store'], [new Error('unreachable'), 'the event store']])
})

t.test('a missing event that is no longer stored ends the connection', async (t) => {
  const { lossy, kept, store } = createLossy({ maxEvents: 1 })
  const { stream } = createStream({ store })
  const client = createSink()
  await stream.attach(client.sink)

  lossy.isLosing = true
  await kept.append('s.0', 'a')
  lossy.isLosing = false
  await kept.append('s.0', 'b')
  await client.untilTold('end')
  await stream.again()

  t.same(client.told, ['prime s.0.0 500', 'end'])
})
