// The checks of event stores that prove how events are numbered, read and dropped.
import assert from 'node:assert/strict'
import type { EventStore } from '../store/event-store.ts'
import { TEXTS } from './contract.ts'
import { MAX_BYTES, MAX_EVENTS, type EventChecks } from './event-subject.ts'

/** @internal Events are numbered and read in order. */
export function orderChecks (): EventChecks<EventStore> {
  return {
    async 'the events of each stream are numbered from 1, whichever node appends them' ({ stores: [a, b] }) {
      assert.equal(await a.append('s.0', 'a'), 1)
      assert.equal(await b.append('s.0', 'b'), 2)
      assert.equal(await b.append('s.n1-1', 'c'), 1)
      assert.equal(await a.append('t.0', 'd'), 1)
      assert.equal(await a.append('s.0', 'e'), 3)

      assert.deepEqual(await b.read('s.0', 0), ['a', 'b', 'e'].map((message, index) => ({ seq: index + 1, message })))
      assert.deepEqual(await a.read('s.n1-1', 0), [{ seq: 1, message: 'c' }])
    },

    async 'concurrent appends get consecutive numbers, each once' ({ stores: [a, b] }) {
      const messages = Array.from({ length: 200 }, (_, index) => `m${index}`)

      const appending = messages.map((message, index) => (index % 2 === 0 ? a : b).append('s.0', message))
      const numbers = await Promise.all(appending)

      assert.deepEqual([...numbers].sort((one, other) => one - other), messages.map((_, index) => index + 1))
      const events = await a.read('s.0', 0)
      assert.ok(events !== undefined)
      assert.deepEqual(events.map(({ seq }) => seq), messages.map((_, index) => index + 1))
      for (const { seq, message } of events) assert.equal(numbers[messages.indexOf(message)], seq)
    },

    async 'the events after a number are read in order, and none after the last' ({ stores: [a, b] }) {
      for (let number = 1; number <= 12; number++) await a.append('s.0', `m${number}`)

      assert.deepEqual(await b.read('s.0', 9), [10, 11, 12].map((seq) => ({ seq, message: `m${seq}` })))
      assert.deepEqual(await b.read('s.0', 11), [{ seq: 12, message: 'm12' }])
      assert.deepEqual(await b.read('s.0', 12), [])
    },

    async 'an unknown stream has no events after 0, and reading after a future number gives undefined' (
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
    }
  }
}

/** @internal The oldest events beyond the limits of a stream are dropped. */
export function sizeChecks (): EventChecks<EventStore> {
  return {
    async 'events beyond the most of a stream are dropped, oldest first, and reading them gives undefined' (
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

    async 'events beyond the most bytes of a stream are dropped, oldest first, and reading them gives undefined' (
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

    async 'a message with more bytes than a stream may have is numbered and not stored' ({ stores: [a, b] }) {
      await a.append('s.0', 'a')
      assert.equal(await a.append('s.0', 'x'.repeat(MAX_BYTES + 1)), 2)

      for (const seq of [0, 1]) assert.equal(await b.read('s.0', seq), undefined)
      assert.deepEqual(await b.read('s.0', 2), [])
      assert.equal(await b.append('s.0', 'c'), 3)
      assert.equal(await a.read('s.0', 1), undefined)
      assert.deepEqual(await a.read('s.0', 2), [{ seq: 3, message: 'c' }])
    }
  }
}

/** @internal Old events are dropped, and so are those of a session that is forgotten. */
export function ageChecks (unit: number): EventChecks<EventStore> {
  return {
    async 'events that are too old are dropped, and reading them gives undefined' ({ stores: [a, b], pass }) {
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

    async 'the numbers of an open session continue after all of its events were dropped' (
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

    async 'forgetting a session drops all of its streams, and no others' ({ stores: [a, b] }) {
      for (const streamId of ['s.0', 's.n1-1', 's2.0', 'as.0', 's-.0']) await a.append(streamId, 'a')
      await b.forget('s')
      await b.forget('never')

      for (const streamId of ['s.0', 's.n1-1']) assert.equal(await a.read(streamId, 1), undefined)
      for (const streamId of ['s2.0', 'as.0', 's-.0']) {
        assert.deepEqual(await b.read(streamId, 0), [{ seq: 1, message: 'a' }])
      }
    }
  }
}
