import t from 'tap'
import { Writer } from '../../../lib/session/stream/writer.ts'
import type { EventStore } from '../../../lib/store/event-store.ts'
import { createMemoryEventStore } from '../../../lib/store/memory-event-store.ts'
import { createGate } from '../../support/stream.ts'

type UntilBack = (error: unknown) => Promise<boolean> | undefined

const UNREACHABLE = new Error('unreachable')

/** A writer and what becomes of the events. */
function createWriter ({
  store = createMemoryEventStore(),
  untilBack,
  opening
}: { store?: EventStore; untilBack?: UntilBack; opening?: Promise<unknown> } = {}) {
  const seen: string[] = []
  const failures: unknown[] = []
  const writer = new Writer(
    's.1',
    {
      store,
      logFailure: (error, what) => { failures.push([error, what]) },
      ...(untilBack !== undefined && { untilBack })
    },
    {
      pass: (message, seq) => { seen.push(`${message} ${seq ?? '-'}`) },
      stored: (seq) => { seen.push(`stored ${seq}`) },
      lost: () => { seen.push('lost') }
    },
    opening
  )
  return { writer, seen, failures, store }
}

/** A store of another process, which is unreachable until a test ends the outage. */
function createRemote () {
  const kept = createMemoryEventStore()
  const remote = { isUnreachable: false, back: createGate<boolean>(), tries: 0 }
  const store: EventStore = {
    ...kept,
    append: async (...event) => {
      remote.tries++
      if (remote.isUnreachable) throw UNREACHABLE
      return kept.append(...event)
    }
  }
  const untilBack: UntilBack = (error) => error === UNREACHABLE ? remote.back.promise : undefined
  const comeBack = (isBack: boolean): void => {
    const { back } = remote
    remote.isUnreachable = false
    remote.back = createGate()
    back.open(isBack)
  }
  return { remote, store, untilBack, comeBack }
}

t.test('an event is passed on synchronously if the store returns a number', (t) => {
  const { writer, seen } = createWriter()

  writer.write('a')
  writer.write('b')

  t.same(seen, ['a 1', 'b 2'])
  t.equal(writer.settled, undefined)
  t.ok(writer.isIdle)
  t.end()
})

t.test('events are passed on in order once the store has them', async (t) => {
  const { store } = createRemote()
  const { writer, seen } = createWriter({ store })

  for (const message of ['a', 'b', 'c']) writer.write(message)
  const before = seen.slice()
  const wasIdle = writer.isIdle
  await writer.settled

  t.same(before, [])
  t.notOk(wasIdle)
  t.same(seen, ['a 1', 'b 2', 'c 3'])
  t.ok(writer.isIdle)
  t.equal(writer.settled, undefined)
})

t.test(
  'an event that cannot be stored is passed on without a number, and the next one is stored',
  async (t) => {
    const error = new Error('no disk')
    const kept = createMemoryEventStore()
    let times = 0
    const { writer, seen, failures } = createWriter({
      store: {
        ...kept,
        append: (...event) => {
          if (times++ === 0) throw error
          return kept.append(...event)
        }
      }
    })

    writer.write('a')
    writer.write('b')
    await writer.settled

    t.same(seen, ['a -', 'lost', 'b 1'])
    t.same(failures, [[error, 'the event store']])
  }
)

t.test('during an outage events are passed on without numbers, and are stored in order afterwards', async (t) => {
  const { remote, store, untilBack, comeBack } = createRemote()
  const { writer, seen, failures } = createWriter({ store, untilBack })
  remote.isUnreachable = true
  writer.write('a')
  writer.write('b')
  await new Promise(setImmediate)
  writer.write('c')
  comeBack(true)
  remote.isUnreachable = true
  await new Promise(setImmediate)
  const during = seen.slice()
  const wasIdle = writer.isIdle

  comeBack(true)
  await writer.settled
  writer.write('d')
  await writer.settled

  t.same(during, ['a -', 'b -', 'c -'])
  t.ok(wasIdle, 'nobody has to wait for the store')
  t.same(seen.slice(3), ['stored 1', 'stored 2', 'stored 3', 'd 4'])
  t.same(await store.read('s.1', 0), [1, 2, 3, 4].map((seq) => ({ seq, message: 'abcd'[seq - 1] })))
  t.same(failures, [])
})

t.test('events that wait for a store are lost if it never recovers', async (t) => {
  const { remote, store, untilBack, comeBack } = createRemote()
  const { writer, seen, failures } = createWriter({ store, untilBack })
  remote.isUnreachable = true
  writer.write('a')
  await new Promise(setImmediate)

  comeBack(false)
  await writer.settled

  t.same(seen, ['a -', 'lost'])
  t.same(failures, [[UNREACHABLE, 'the event store']])
})

t.test('beyond a thousand events that wait during an outage, the oldest are not stored', async (t) => {
  const { remote, store, untilBack, comeBack } = createRemote()
  const { writer, seen } = createWriter({ store, untilBack })
  remote.isUnreachable = true
  writer.write('0')
  await new Promise(setImmediate)

  for (let n = 1; n <= 1001; n++) writer.write(String(n))
  comeBack(true)
  await writer.settled
  const events = await store.read('s.1', 0) ?? []

  t.same(seen.filter((text) => text === 'lost'), ['lost', 'lost'])
  t.equal(events.length, 1000)
  t.same([events[0]?.message, events[1]?.message, events.at(-1)?.message], ['0', '3', '1001'])
})

t.test('beyond 4 Mi characters that wait during an outage, the oldest events are not stored', async (t) => {
  const { remote, store, untilBack, comeBack } = createRemote()
  const { writer, seen } = createWriter({ store, untilBack })
  remote.isUnreachable = true
  writer.write('0')
  await new Promise(setImmediate)

  for (let n = 1; n <= 6; n++) writer.write(String(n).repeat(1024 * 1024 - 1))
  comeBack(true)
  await writer.settled
  const events = await store.read('s.1', 0) ?? []

  t.same(seen.filter((text) => text === 'lost'), ['lost', 'lost'])
  t.same(events.map(({ message }) => message[0]), ['0', '3', '4', '5', '6'])
})

for (const [bound, count, message, last] of [
  ['a thousand events', 1500, 'x', 1000],
  ['4 Mi characters', 20, 'x'.repeat(1024 * 1024), 4]
] as const) {
  t.test(
    `beyond ${bound} that wait for a slow store, events are passed on, and the oldest are not stored`,
    async (t) => {
      const { store } = createRemote()
      const taken = createGate()
      const { writer, seen, failures } = createWriter({
        store: {
          ...store,
          append: async (...event) => {
            await taken.promise
            return await store.append(...event)
          }
        }
      })

      for (let number = 0; number < count; number++) writer.write(`${number} ${message}`)
      const handedOn = seen.filter((text) => text.endsWith(' -')).map((text) => Number.parseInt(text, 10))
      const lost = seen.filter((text) => text === 'lost').length
      taken.open()
      await writer.settled
      const numbers = ((await store.read('s.1', 0)) ?? []).map((event) => Number.parseInt(event.message, 10))

      t.same(
        handedOn,
        Array.from({ length: handedOn.length }, (_value, number) => number),
        'in order'
      )
      t.ok(handedOn.length >= count - last && handedOn.length < count)
      t.equal(lost, count - numbers.length)
      t.same(
        numbers,
        [0, ...Array.from({ length: numbers.length - 1 }, (_value, index) => count - numbers.length + 1 + index)],
        'the first was on its way'
      )
      t.ok(numbers.length <= last)
      t.same(
        seen
          .flatMap((text) =>
            text.endsWith(' -') ? Number.parseInt(text, 10) : (/^(\d+) x+ \d+$/.exec(text)?.[1] ?? [])
          )
          .map(Number),
        Array.from({ length: count }, (_value, number) => number),
        'each event is handed on once'
      )
      t.match(failures, [
        [{ message: /^the event store is slower than the events of a stream/ }, 'the event store']
      ])
    }
  )
}

t.test('an event that is longer than the limit of waiting characters is passed on and stored', async (t) => {
  const { store } = createRemote()
  const { writer, seen } = createWriter({ store })
  const long = 'x'.repeat(5 * 1024 * 1024)

  writer.write('a')
  writer.write(long)
  writer.write('b')
  await writer.settled

  t.same(seen.map((text) => text.replace(long, 'long')), ['a -', 'long -', 'lost', 'stored 1', 'b 2'])
})

t.test('the limits of waiting events hold before the client may resume the stream, too', async (t) => {
  const gate = createGate()
  const { writer, seen, store } = createWriter({ opening: gate.promise })
  for (let number = 0; number < 1500; number++) writer.write(`${number}`)
  const lost = seen.filter((text) => text === 'lost').length
  gate.open()
  await writer.settled

  t.ok(lost > 0)
  t.equal((await store.read('s.1', 0))?.length, 1500 - lost)
})

t.test('no event is passed on before the client may resume the stream', async (t) => {
  const gate = createGate()
  const { writer, seen } = createWriter({ opening: gate.promise })

  writer.whenOpen(() => { seen.push('open') })
  writer.write('a')
  await new Promise(setImmediate)
  const before = seen.slice()
  gate.open()
  await writer.settled
  writer.whenOpen(() => { seen.push('open already') })

  t.same(before, [])
  t.same(seen, ['open', 'a 1', 'open already'])
})

t.test('nothing is stored if the client can never resume the stream', async (t) => {
  const { writer, seen, failures, store } = createWriter({ opening: Promise.reject(UNREACHABLE) })

  writer.whenOpen(() => { seen.push('open') })
  writer.write('a')
  await writer.settled
  writer.write('b')
  writer.whenOpen(() => { seen.push('open') })

  t.same(seen, ['a -', 'b -'])
  t.same(failures, [[UNREACHABLE, 'the event store']])
  t.same(await store.read('s.1', 0), [])
})
