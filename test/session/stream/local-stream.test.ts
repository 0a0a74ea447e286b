import t from 'tap'
import type { EventStore } from '../../../lib/store/event-store.ts'
import { createMemoryEventStore } from '../../../lib/store/memory-event-store.ts'
import { LocalStream } from '../../../lib/session/stream/local-stream.ts'
import { createGate } from '../../support/stream.ts'
import { createSink } from './sink.ts'

function createStream ({
  store = createMemoryEventStore(),
  primes = true,
  retryInterval
}: { store?: EventStore; primes?: boolean; retryInterval?: number } = {}) {
  const failures: unknown[] = []
  const resumption = {
    store,
    primes,
    retryInterval,
    logFailure: (error: unknown, what: string) => { failures.push([error, what]) }
  }
  return {
    stream: new LocalStream('s.1', resumption),
    recall: () => LocalStream.recall('s.1', resumption),
    failures,
    store
  }
}

t.test('without a store events have no ids, and are lost while no client is connected', async (t) => {
  const stream = new LocalStream('s.1', undefined)
  const { sink, told } = createSink()

  stream.send('lost')
  stream.attach(sink)
  stream.send('a')
  stream.pause()

  t.same(told, ['send a undefined'])
  t.ok(stream.isAttached)
  t.notOk(await stream.resume(sink, 0))
})

t.test(
  'with a store a client gets a priming event, and each event has the next id',
  async (t) => {
    const { stream } = createStream({ retryInterval: 500 })
    const { sink, told } = createSink()

    stream.attach(sink)
    stream.send('a')
    stream.send('b')

    t.same(told, ['prime s.1.0 500', 'send a s.1.1', 'send b s.1.2'])
  }
)

t.test('a revision without priming events gets none, and its connection is not paused', async (t) => {
  const { stream } = createStream({ primes: false })
  const { sink, told } = createSink()

  stream.attach(sink)
  stream.pause()
  stream.send('a')

  t.same(told, ['send a s.1.1'])
})

t.test(
  'a client that has resumed on another node meanwhile is not connected here',
  async (t) => {
    const store = createMemoryEventStore()
    const claims = [false, true]
    const stream = new LocalStream(
      's.1',
      { store, primes: false, retryInterval: undefined, logFailure () {} },
      {
        opening: Promise.resolve(),
        claim: async () => claims.shift() ?? true
      }
    )
    const [first, second, third] = [createSink(), createSink(), createSink()]
    stream.attach(first.sink)
    stream.send('a')
    await first.untilTold('send a s.1.1')

    t.ok(await stream.resume(second.sink, 0))
    stream.send('b')
    t.ok(await stream.resume(third.sink, 1))
    await third.untilTold('replay b s.1.2')

    t.same([first.told, second.told], [['send a s.1.1', 'send b s.1.2', 'end'], ['end']])
  }
)

t.test('a client that resumes gets what it missed, and then new events', async (t) => {
  const { stream } = createStream()
  const first = createSink()
  const second = createSink()
  stream.attach(first.sink)
  stream.send('a')
  stream.detach(first.sink)
  const gone = stream.isAttached
  stream.send('b')
  stream.send('c')

  const resumed = await stream.resume(second.sink, 1)
  await second.untilTold('replay c s.1.3')
  await stream.drained()
  stream.send('d')

  t.notOk(gone)
  t.ok(resumed)
  t.same(second.told, ['replay b s.1.2', 'replay c s.1.3', 'send d s.1.4'])
  t.same(first.told, ['prime s.1.0 undefined', 'send a s.1.1'])
})

t.test('a client that missed nothing gets new events at once', async (t) => {
  const { stream } = createStream()
  const { sink, told } = createSink()

  t.ok(await stream.resume(sink, 0))
  stream.send('a')

  t.ok(stream.isAttached)
  t.same(told, ['send a s.1.1'])
})

t.test('an event that is sent during a replay follows the replay, once', async (t) => {
  const { stream } = createStream()
  const gate = createGate()
  const { sink, told, untilTold } = createSink({ drained: gate.promise })
  for (const message of ['a', 'b']) stream.send(message)

  await stream.resume(sink, 0)
  stream.send('c')
  const before = told.slice()
  gate.open()
  await untilTold('replay c s.1.3')

  t.same(before, ['replay a s.1.1'], 'no faster than it reads')
  t.ok(stream.isAttached)
  t.same(told, ['replay a s.1.1', 'replay b s.1.2', 'replay c s.1.3'])
})

t.test('a stream that ends during a replay ends the connection after the replay', async (t) => {
  const { stream } = createStream()
  const gate = createGate()
  const { sink, told, untilTold } = createSink({ drained: gate.promise })
  for (const message of ['a', 'b']) stream.send(message)

  await stream.resume(sink, 0)
  await stream.end()
  stream.send('too late')
  gate.open()
  await untilTold('end')

  t.same(told, ['replay a s.1.1', 'replay b s.1.2', 'end'])
  t.notOk(stream.isAttached)
})

t.test('a newer connection replaces the older one, in any state', async (t) => {
  const { stream } = createStream({ primes: false })
  const connections = [createSink(), createSink({ drained: createGate().promise }), createSink()] as const
  stream.attach(connections[0].sink)
  stream.send('a')

  await stream.resume(connections[1].sink, 0)
  stream.attach(connections[2].sink)
  stream.detach(connections[0].sink)
  stream.detach(connections[1].sink)
  stream.send('b')

  t.same(connections.map(({ told }) => told), [['send a s.1.1', 'end'], ['replay a s.1.1', 'end'], ['send b s.1.2']])
})

t.test('a client that disconnects during a replay is sent nothing more', async (t) => {
  const { stream } = createStream()
  const gate = createGate()
  const { sink, told } = createSink({ drained: gate.promise })
  const newer = createSink()
  for (const message of ['a', 'b']) stream.send(message)

  await stream.resume(sink, 0)
  stream.detach(sink)
  gate.open()
  await stream.resume(newer.sink, 1)
  await newer.untilTold('replay b s.1.2')

  t.same(told, ['replay a s.1.1'])
})

t.test('a client that disconnects after the last event of a replay is not connected', async (t) => {
  const { stream } = createStream()
  const gate = createGate()
  const { sink } = createSink({ drained: gate.promise })
  stream.send('a')

  await stream.resume(sink, 0)
  stream.detach(sink)
  gate.open()
  await gate.promise

  t.notOk(stream.isAttached)
})

t.test('a pause ends the connection, and later events wait in the store', async (t) => {
  const { stream } = createStream()
  const first = createSink()
  const second = createSink()
  stream.attach(first.sink)

  stream.pause()
  stream.send('a')
  await stream.resume(second.sink, 0)
  await second.untilTold('replay a s.1.1')

  t.same(first.told, ['prime s.1.0 undefined', 'end'])
})

t.test('a stream that has ended can be resumed while the store has its events', async (t) => {
  const { stream, recall, store } = createStream()
  for (const message of ['a', 'b']) stream.send(message)
  await stream.end()
  const some = createSink()
  const none = createSink()

  t.ok(await recall().resume(some.sink, 1))
  await some.untilTold('end')
  t.ok(await recall().resume(none.sink, 2))
  await none.untilTold('end')
  t.notOk(await recall().resume(createSink().sink, 3), 'never was')
  store.forget('s')
  t.notOk(await recall().resume(createSink().sink, 1))

  t.same(some.told, ['replay b s.1.2', 'end'])
  t.same(none.told, ['end'])
})

t.test('a client whose missed events are no longer stored does not replace the connected one', async (t) => {
  const { stream } = createStream({ store: createMemoryEventStore({ maxEvents: 1 }) })
  const first = createSink()
  const second = createSink()
  stream.attach(first.sink)
  for (const message of ['a', 'b']) stream.send(message)

  t.notOk(await stream.resume(second.sink, 0), 'forgotten')
  t.notOk(await stream.resume(second.sink, 3), 'never was')

  stream.send('c')
  t.equal(first.told.at(-1), 'send c s.1.3')
  t.same(second.told, [])
})

t.test('an event that is dropped before its replay ends the connection', async (t) => {
  const { stream, store } = createStream()
  const gate = createGate()
  const { sink, told, untilTold } = createSink({ drained: gate.promise })
  stream.send('a')

  await stream.resume(sink, 0)
  stream.send('b')
  store.forget('s')
  store.read('s.1', 0)
  await new Promise(setImmediate)
  store.forget('s')
  gate.open()
  await untilTold('end')

  t.same(told, ['replay a s.1.1', 'end'])
  t.notOk(stream.isAttached)
})

t.test('a store that fails is reported, and the client still gets its events', async (t) => {
  const error = new Error('no disk')
  for (const fail of [() => { throw error }, async () => { throw error }]) {
    const { stream, failures } = createStream({ store: { append: fail, read: fail, forget () {} } })
    const { sink, told } = createSink()
    stream.attach(sink)

    stream.send('a')
    const resumed = await stream.resume(createSink().sink, 0)
    await stream.end()

    t.notOk(resumed)
    t.same(told, ['prime s.1.0 undefined', 'send a undefined', 'end'], 'what is not kept has no id')
    t.same(failures, [[error, 'the event store']])
  }
})

t.test('drained() waits for the store, too', async (t) => {
  const kept = createMemoryEventStore()
  const gate = createGate()
  const { stream, recall } = createStream({
    store: {
      ...kept,
      append: async (...event) => {
        await gate.promise
        return kept.append(...event)
      }
    }
  })
  const { sink, told } = createSink()
  stream.attach(sink)
  stream.send('a')

  const drained = stream.drained().then(() => told.slice())
  const early = await recall().resume(createSink().sink, 0)
  gate.open()

  t.same(await drained, ['prime s.1.0 undefined', 'send a s.1.1'])
  t.notOk(early, 'nothing is kept yet')
})

t.test('a stream whose store cannot be read is not resumed, and the failure is reported', async (t) => {
  const error = new Error('no disk')
  const { stream, failures } = createStream({ store: { ...createMemoryEventStore(), read () { throw error } } })
  stream.send('a')

  t.notOk(await stream.resume(createSink().sink, 0))
  t.same(failures, [[error, 'the event store']])
})

t.test('a client cannot resume across an event that the store failed to take', async (t) => {
  const kept = createMemoryEventStore()
  let fails = false
  const { stream } = createStream({
    store: {
      ...kept,
      append: (...event) => {
        if (fails) throw new Error('no disk')
        return kept.append(...event)
      }
    }
  })
  stream.send('a')
  await stream.resume(createSink().sink, 0)
  fails = true
  stream.send('b')
  t.notOk(await stream.resume(createSink().sink, 1), 'nothing behind it')
  fails = false
  stream.send('c')

  t.notOk(await stream.resume(createSink().sink, 0))
  t.notOk(await stream.resume(createSink().sink, 1))
  t.ok(await stream.resume(createSink().sink, 2))
})

t.test(
  'an event of an outage reaches a slow client that is still catching up',
  async (t) => {
    const kept = createMemoryEventStore()
    const unreachable = new Error('unreachable')
    let isUnreachable = false
    const back = createGate<boolean>()
    const slow = createGate()
    const store: EventStore = {
      ...kept,
      append: async (...event) => {
        if (isUnreachable) throw unreachable
        return kept.append(...event)
      }
    }
    const stream = new LocalStream('s.1', {
      store,
      primes: true,
      retryInterval: undefined,
      logFailure () {},
      untilBack: (error) => (error === unreachable ? back.promise : undefined)
    })
    const client = createSink({ drained: slow.promise })
    stream.send('a')
    await stream.resume(client.sink, 0)
    await client.untilTold('replay a s.1.1')

    isUnreachable = true
    stream.send('b')
    await new Promise(setImmediate)
    slow.open()
    await new Promise(setImmediate)
    isUnreachable = false
    back.open(true)
    await client.untilTold('replay b s.1.2')
    stream.send('c')
    await stream.drained()

    t.same(client.told, ['replay a s.1.1', 'replay b s.1.2', 'send c s.1.3'])
  }
)

t.test(
  'a client that is catching up when an event is lost is disconnected, and cannot resume',
  async (t) => {
    const kept = createMemoryEventStore()
    const slow = createGate()
    let fails = false
    const { stream } = createStream({
      store: {
        ...kept,
        append: (...event) => {
          if (fails) throw new Error('full')
          return kept.append(...event)
        }
      }
    })
    const client = createSink({ drained: slow.promise })
    stream.send('a')
    await stream.resume(client.sink, 0)
    await client.untilTold('replay a s.1.1')

    fails = true
    stream.send('b')
    await client.untilTold('end')
    fails = false
    stream.send('c')
    slow.open()
    await stream.drained()

    t.same(client.told, ['replay a s.1.1', 'end'])
    t.notOk(await stream.resume(createSink().sink, 1))
  }
)

t.test('a client is disconnected if an event is lost just before its connection', async (t) => {
  const kept = createMemoryEventStore()
  let fails = false
  const claimed = createGate<boolean>()
  const store: EventStore = {
    ...kept,
    append: (...event) => {
      if (fails) throw new Error('full')
      return kept.append(...event)
    }
  }
  const stream = new LocalStream(
    's.1',
    { store, primes: true, retryInterval: undefined, logFailure () {} },
    { opening: Promise.resolve(), claim: () => claimed.promise }
  )
  const client = createSink()
  stream.send('a')

  const resumed = stream.resume(client.sink, 0)
  await stream.drained()
  await new Promise(setImmediate)
  fails = true
  stream.send('b')
  await stream.drained()
  claimed.open(true)

  t.ok(await resumed)
  t.same(client.told, ['end'])
})

t.test('an event is sent after a slow store has taken it', async (t) => {
  const kept = createMemoryEventStore()
  const gate = createGate()
  const { stream } = createStream({
    store: {
      ...kept,
      append: async (...event) => {
        await gate.promise
        return kept.append(...event)
      }
    }
  })
  const { sink, told, untilTold } = createSink()
  for (const message of ['a', 'b']) stream.send(message)

  const resumed = stream.resume(sink, 0)
  gate.open()

  t.ok(await resumed)
  await untilTold('replay b s.1.2')
  t.same(told, ['replay a s.1.1', 'replay b s.1.2'])
})

t.test('drained() waits for the connected client only', async (t) => {
  const { stream } = createStream()
  const gate = createGate()
  let waited = false

  await stream.drained()
  stream.attach(createSink({ drained: gate.promise }).sink)
  const drained = stream.drained().then(() => { waited = true })
  await new Promise(setImmediate)
  const before = waited
  gate.open()
  await drained

  t.notOk(before)
})
