// What an EventStore must do, and what one that nodes share must besides.
import assert from 'node:assert/strict'
import type { EventStore, SharedEventStore, StoredEvent } from '../store/event-store.ts'
import {
  createContracts, createWait, TEXTS, type Contract, type Subject, type TimedContractOptions, type Wait
} from './contract.ts'

/** The limits that a store under test is made with. */
export interface EventStoreLimits {
  /** Events of one stream, at least, and of all streams of the store, at most. */
  readonly maxEvents: number
  /** Bytes of the messages of one stream, at least, and of all streams of the store, at most. */
  readonly maxBytes: number
  /** Milliseconds. */
  readonly maxAge: number
}

/** An event store under test, empty. */
export interface EventStoreSubject<Store extends EventStore = EventStore> extends Subject {
  /** The same events as two nodes see them; for one process, the same store twice. */
  readonly stores: readonly [Store, Store]
  /** Lets time pass: by a clock that was passed in, or by waiting. */
  pass (milliseconds: number): Promise<void> | void
  /** Opens a session for long, where the store has to know which sessions are open. */
  open? (sessionId: string): Promise<void> | void
}

/** Makes an empty store with limits. */
export type CreateEventStores<Store extends EventStore> =
  (limits: EventStoreLimits) => Promise<EventStoreSubject<Store>> | EventStoreSubject<Store>

const MAX_EVENTS = 250
const MAX_BYTES = 2 * 1024 * 1024

/**
 * What an {@link EventStore} must do.
 *
 * @param create Makes an empty store with limits, for each check.
 * @param options How it is checked.
 * @example for (const { name, run } of eventStoreContract(createMyStores)) test(name, run)
 */
export function eventStoreContract (
  create: CreateEventStores<EventStore>, { unit = 10_000 }: TimedContractOptions = {}
): readonly Contract[] {
  return createContracts(() => create({ maxEvents: MAX_EVENTS, maxBytes: MAX_BYTES, maxAge: unit }), {
    async 'events are numbered from 1 in each stream, by whichever node they come' ({ stores: [a, b] }) {
      assert.equal(await a.append('s.0', 'a'), 1)
      assert.equal(await b.append('s.0', 'b'), 2)
      assert.equal(await b.append('s.n1-1', 'c'), 1)
      assert.equal(await a.append('t.0', 'd'), 1)
      assert.equal(await a.append('s.0', 'e'), 3)

      assert.deepEqual(await b.read('s.0', 0), ['a', 'b', 'e'].map((message, index) => ({ seq: index + 1, message })))
      assert.deepEqual(await a.read('s.n1-1', 0), [{ seq: 1, message: 'c' }])
    },

    async 'however many nodes append at once, no number is missing and none comes twice' ({ stores: [a, b] }) {
      const messages = Array.from({ length: 200 }, (_, index) => `m${index}`)

      const appending = messages.map((message, index) => (index % 2 === 0 ? a : b).append('s.0', message))
      const numbers = await Promise.all(appending)

      assert.deepEqual([...numbers].sort((one, other) => one - other), messages.map((_, index) => index + 1))
      const events = await a.read('s.0', 0)
      assert.ok(events !== undefined)
      assert.deepEqual(events.map(({ seq }) => seq), messages.map((_, index) => index + 1))
      for (const { seq, message } of events) assert.equal(numbers[messages.indexOf(message)], seq)
    },

    async 'the events behind any of them are read, in order, and none behind the last' ({ stores: [a, b] }) {
      for (let number = 1; number <= 12; number++) await a.append('s.0', `m${number}`)

      assert.deepEqual(await b.read('s.0', 9), [10, 11, 12].map((seq) => ({ seq, message: `m${seq}` })))
      assert.deepEqual(await b.read('s.0', 11), [{ seq: 12, message: 'm12' }])
      assert.deepEqual(await b.read('s.0', 12), [])
    },

    async 'there is nothing behind 0 in a stream that is not known, and nothing is known of what is yet to come' (
      { stores: [a, b] }
    ) {
      await a.append('s.0', 'a')

      assert.deepEqual(await b.read('s.1', 0), [])
      assert.equal(await b.read('s.1', 1), undefined)
      assert.equal(await b.read('s.0', 2), undefined)
    },

    async 'a message is any text' ({ stores: [a, b] }) {
      for (const message of TEXTS) await a.append('s.0', message)

      assert.deepEqual((await b.read('s.0', 0))?.map(({ message }) => message), TEXTS)
    },

    async 'what is more than a stream may have is forgotten, oldest first, and is not passed over' (
      { stores: [a, b] }
    ) {
      for (let number = 1; number <= MAX_EVENTS + 5; number++) await a.append('s.0', `m${number}`)

      assert.equal(await b.read('s.0', 0), undefined)
      assert.equal(await b.read('s.0', 4), undefined)
      const events = await b.read('s.0', 5)
      assert.equal(events?.length, MAX_EVENTS)
      assert.deepEqual(events[0], { seq: 6, message: 'm6' })
      assert.deepEqual(events.at(-1), { seq: MAX_EVENTS + 5, message: `m${MAX_EVENTS + 5}` })
    },

    async 'bytes beyond those that a stream may have are forgotten, oldest first, and are not passed over' (
      { stores: [a, b] }
    ) {
      const quarter = 'é'.repeat(MAX_BYTES / 8)
      await a.append('s.0', 'a')
      for (let number = 2; number <= 5; number++) await a.append('s.0', quarter)

      assert.equal(await b.read('s.0', 0), undefined)
      const events = await b.read('s.0', 1)
      assert.deepEqual(events?.map(({ seq }) => seq), [2, 3, 4, 5])
      assert.ok(events.every(({ message }) => message === quarter))
      assert.equal(await b.append('s.0', 'b'), 6)
      assert.equal(await a.read('s.0', 1), undefined)
      assert.equal((await a.read('s.0', 2))?.length, 4)
    },

    async 'a message that has more bytes than a stream may have is numbered and not kept' ({ stores: [a, b] }) {
      await a.append('s.0', 'a')
      assert.equal(await a.append('s.0', 'x'.repeat(MAX_BYTES + 1)), 2)

      for (const seq of [0, 1]) assert.equal(await b.read('s.0', seq), undefined)
      assert.deepEqual(await b.read('s.0', 2), [])
      assert.equal(await b.append('s.0', 'c'), 3)
      assert.equal(await a.read('s.0', 1), undefined)
      assert.deepEqual(await a.read('s.0', 2), [{ seq: 3, message: 'c' }])
    },

    async 'what is too old is forgotten, and is not passed over' ({ stores: [a, b], pass }) {
      await a.append('s.0', 'a')
      await pass(unit * 0.6)
      await b.append('s.0', 'b')
      await pass(unit * 0.6)
      assert.deepEqual(await a.read('s.0', 1), [{ seq: 2, message: 'b' }])
      await a.append('s.0', 'c')

      assert.equal(await b.read('s.0', 0), undefined)
      assert.deepEqual(await b.read('s.0', 1), [{ seq: 2, message: 'b' }, { seq: 3, message: 'c' }])
      await pass(unit * 1.2)
      for (const seq of [1, 2]) assert.equal(await b.read('s.0', seq), undefined)
    },

    async 'the numbers of an open session go on where they were when all events have been forgotten' (
      { stores: [a, b], pass, open }
    ) {
      await open?.('s')
      await a.append('s.0', 'a')
      await a.append('s.0', 'b')
      await pass(unit * 1.2)
      await pass(unit * 1.2)

      assert.equal(await b.read('s.0', 1), undefined)
      assert.deepEqual(await b.read('s.0', 2), [])
      assert.equal(await b.append('s.0', 'c'), 3)
      assert.equal(await a.read('s.0', 1), undefined)
      assert.deepEqual(await a.read('s.0', 2), [{ seq: 3, message: 'c' }])
    },

    async 'a session is forgotten with all of its streams, and no other' ({ stores: [a, b] }) {
      for (const streamId of ['s.0', 's.n1-1', 's2.0', 'as.0', 's-.0']) await a.append(streamId, 'a')
      await b.forget('s')
      await b.forget('never')

      for (const streamId of ['s.0', 's.n1-1']) assert.equal(await a.read(streamId, 1), undefined)
      for (const streamId of ['s2.0', 'as.0', 's-.0']) {
        assert.deepEqual(await b.read(streamId, 0), [{ seq: 1, message: 'a' }])
      }
    }
  })
}

/**
 * What a {@link SharedEventStore} must do.
 *
 * @param create Makes an empty store with limits, for each check.
 * @example for (const { name, run } of sharedEventStoreContract(createMyStores)) test(name, run)
 */
export function sharedEventStoreContract (
  create: CreateEventStores<SharedEventStore>, options: TimedContractOptions = {}
): readonly Contract[] {
  const record = (): Heard => createHeard(createWait(options))
  const { unit = 10_000 } = options

  const createStores = () => create({ maxEvents: MAX_EVENTS, maxBytes: MAX_BYTES, maxAge: unit })

  return [...eventStoreContract(create, options), ...createContracts(createStores, {
    async 'a follower hears of the events of its stream, by whichever node they come' ({ stores: [a, b] }) {
      const [one, other] = [record(), record()]
      await a.append('s.0', 'before')
      const followings = [await a.follow('s.0', one.hear), await b.follow('s.0', other.hear)]
      await a.append('s.1', 'elsewhere')
      for (const store of [a, b, a, b]) await store.append('s.0', 'event')
      await Promise.all([one, other].map(({ until }) => until(5)))
      for (const { end } of followings) end()

      assert.deepEqual(followings.map(({ seq }) => seq), [1, 1])
      for (const { heard } of [one, other]) assertInOrder(heard, ['before', 'event', 'event', 'event', 'event'])
    },

    async 'followers hear of events in order, however many nodes append at once' ({ stores: [a, b] }) {
      const { heard, hear, until } = record()
      const { seq: first, end } = await b.follow('s.0', hear)
      const messages = [...Array.from({ length: 100 }, (_, index) => `m${index}`), ...TEXTS]

      const appending = messages.map((message, index) => (index % 2 === 0 ? a : b).append('s.0', message))
      const numbers = await Promise.all(appending)
      await until(await a.append('s.0', 'last'))
      end()

      assert.equal(first, 0)
      const numberOf = (message: string): number => Number(numbers[messages.indexOf(message)])
      const order = [...messages].sort((one, next) => numberOf(one) - numberOf(next))
      assertInOrder(heard, [...order, 'last'])
    },

    async 'a follower can read an event when it hears of it' ({ stores: [a, b] }) {
      const { heard, hear, until } = record()
      const reads: Array<Promise<number | undefined>> = []
      const { end } = await b.follow('s.0', (event) => {
        const read = async (): Promise<number | undefined> => (await b.read('s.0', event.seq - 1))?.[0]?.seq
        reads.push(read())
        hear(event)
      })
      for (const message of ['a', 'b', 'c']) await a.append('s.0', message)
      await until(3)
      end()

      assert.deepEqual(await Promise.all(reads), heard.map(({ seq }) => seq))
    },

    async 'a follower that has ended hears of nothing, and the others go on' ({ stores: [a, b] }) {
      const [gone, stays, again] = [record(), record(), record()]
      const leaves = await b.follow('s.0', gone.hear)
      const followings = [await b.follow('s.0', stays.hear), await b.follow('s.0', stays.hear)]
      leaves.end()
      leaves.end()
      await a.append('s.0', 'a')
      await stays.until(1)
      for (const { end } of followings) end()
      const { seq, end } = await b.follow('s.0', again.hear)
      await a.append('s.0', 'b')
      await again.until(2)
      end()

      assert.equal(seq, 1)
      assert.deepEqual(gone.heard, [])
      assertInOrder(stays.heard, ['a'])
      assertInOrder(again.heard, ['a', 'b'])
    }
  })]
}

/** What a follower has heard of. */
interface Heard {
  readonly heard: readonly StoredEvent[]
  readonly hear: (event: StoredEvent) => void
  /** Waits until the follower has heard of an event. */
  readonly until: (seq: number) => Promise<void>
}

function createHeard (wait: Wait): Heard {
  const heard: StoredEvent[] = []
  return {
    heard,
    hear: (event) => { heard.push(event) },
    until: (last) => wait(() => heard.some(({ seq }) => seq === last), `the event ${last} is heard of`)
  }
}

// Events may be heard of twice, or skipped.
function assertInOrder (heard: readonly StoredEvent[], messages: readonly string[]): void {
  const news = heard.filter(({ seq }, index) => heard.findIndex((other) => other.seq === seq) === index)
  assert.deepEqual(news.map(({ seq }) => seq), news.map(({ seq }) => seq).sort((one, next) => one - next))
  for (const { seq, message } of heard) assert.equal(message, messages[seq - 1])
}
