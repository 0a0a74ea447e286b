// The checks of event stores that prove how the streams of a shared store are followed.
import assert from 'node:assert/strict'
import type { SharedEventStore, StoredEvent } from '../store/event-store.ts'
import { TEXTS, type Wait } from './contract.ts'
import type { EventChecks } from './event-subject.ts'

/** @internal Followers receive the events of a stream. */
export function followChecks (wait: Wait): EventChecks<SharedEventStore> {
  const record = (): Follower => createFollower(wait)

  return {
    async 'a follower receives the events of its stream, whichever node appends them' ({ stores: [a, b] }) {
      const [one, other] = [record(), record()]
      await a.append('s.0', 'before')
      const followings = [await a.follow('s.0', one.receive), await b.follow('s.0', other.receive)]
      await a.append('s.1', 'elsewhere')
      for (const store of [a, b, a, b]) await store.append('s.0', 'event')
      await Promise.all([one, other].map(({ until }) => until(5)))
      for (const { end } of followings) end()

      assert.deepEqual(followings.map(({ seq }) => seq), [1, 1])
      for (const { received } of [one, other]) assertInOrder(received, ['before', 'event', 'event', 'event', 'event'])
    },

    async 'followers receive events in order, even if nodes append concurrently' ({ stores: [a, b] }) {
      const { received, receive, until } = record()
      const { seq: first, end } = await b.follow('s.0', receive)
      const messages = [...Array.from({ length: 100 }, (_, index) => `m${index}`), ...TEXTS]

      const appending = messages.map((message, index) => (index % 2 === 0 ? a : b).append('s.0', message))
      const numbers = await Promise.all(appending)
      await until(await a.append('s.0', 'last'))
      end()

      assert.equal(first, 0)
      const numberOf = (message: string): number => Number(numbers[messages.indexOf(message)])
      const order = [...messages].sort((one, next) => numberOf(one) - numberOf(next))
      assertInOrder(received, [...order, 'last'])
    },

    async 'an event can be read when a follower receives it' ({ stores: [a, b] }) {
      const { received, receive, until } = record()
      const reads: Array<Promise<number | undefined>> = []
      const { end } = await b.follow('s.0', (event) => {
        const read = async (): Promise<number | undefined> => (await b.read('s.0', event.seq - 1))?.[0]?.seq
        reads.push(read())
        receive(event)
      })
      for (const message of ['a', 'b', 'c']) await a.append('s.0', message)
      await until(3)
      end()

      assert.deepEqual(await Promise.all(reads), received.map(({ seq }) => seq))
    },

    async 'a follower that has ended receives nothing, and the others go on' ({ stores: [a, b] }) {
      const [gone, stays, again] = [record(), record(), record()]
      const leaves = await b.follow('s.0', gone.receive)
      const followings = [await b.follow('s.0', stays.receive), await b.follow('s.0', stays.receive)]
      leaves.end()
      leaves.end()
      await a.append('s.0', 'a')
      await stays.until(1)
      for (const { end } of followings) end()
      const { seq, end } = await b.follow('s.0', again.receive)
      await a.append('s.0', 'b')
      await again.until(2)
      end()

      assert.equal(seq, 1)
      assert.deepEqual(gone.received, [])
      assertInOrder(stays.received, ['a'])
      assertInOrder(again.received, ['a', 'b'])
    }
  }
}

/** A follower that records the events that it receives. */
interface Follower {
  readonly received: readonly StoredEvent[]
  readonly receive: (event: StoredEvent) => void
  /** Waits until the follower has received an event. */
  readonly until: (seq: number) => Promise<void>
}

function createFollower (wait: Wait): Follower {
  const received: StoredEvent[] = []
  return {
    received,
    receive: (event) => { received.push(event) },
    until: (last) => wait(() => received.some(({ seq }) => seq === last), `the follower receives the event ${last}`)
  }
}

// A follower may receive events twice, or skip some.
function assertInOrder (received: readonly StoredEvent[], messages: readonly string[]): void {
  const news = received.filter(({ seq }, index) => received.findIndex((other) => other.seq === seq) === index)
  assert.deepEqual(news.map(({ seq }) => seq), news.map(({ seq }) => seq).sort((one, next) => one - next))
  for (const { seq, message } of received) assert.equal(message, messages[seq - 1])
}
