import { setImmediate as nextTurn } from 'node:timers/promises'
import t from 'tap'
import { sharedEventStoreContract, type EventStoreLimits, type EventStoreSubject } from '../../lib/contracts/index.ts'
import type { SharedEventStore, StoredEvent } from '../../lib/store/event-store.ts'
import { createMemoryEventStore } from '../../lib/store/memory-event-store.ts'
import { proveFaults } from './faults.ts'

/** What is wrong with a store, as a function from a right one. */
const FAULTS: Readonly<Record<string, (store: SharedEventStore) => Partial<SharedEventStore>>> = {
  'all streams are one': (store) => ({ append: (_streamId, message) => store.append('s.0', message) }),
  'the number is found out before': (store) => ({
    append: async (streamId, message) => {
      const number = (await store.read(streamId, 0))?.length ?? 0
      await nextTurn()
      await store.append(streamId, message)
      return number + 1
    }
  }),
  'what was seen comes again': (store) => ({
    read: (streamId, afterSeq) => store.read(streamId, Math.max(afterSeq - 1, 0))
  }),
  'nothing is not told from what is gone': (store) => ({
    read: async (streamId, afterSeq) => {
      const events = await store.read(streamId, afterSeq)
      return events?.length === 0 ? undefined : events
    }
  }),
  'what surrounds text is lost': (store) => ({ append: (streamId, message) => store.append(streamId, message.trim()) }),
  'bytes are not counted': (store) => {
    const messages: string[] = []
    const complete = ({ seq, message }: StoredEvent): StoredEvent => ({ seq, message: messages[Number(message)] ?? '' })
    return {
      append: (streamId, message) => store.append(streamId, String(messages.push(message) - 1)),
      read: async (streamId, afterSeq) => (await store.read(streamId, afterSeq))?.map(complete),
      follow: (streamId, listener) => store.follow(streamId, (event) => listener(complete(event)))
    }
  },
  'what is gone is passed over': (store) => ({
    read: async (streamId, afterSeq) => {
      for (let seq = afterSeq; seq < 1000; seq++) {
        const events = await store.read(streamId, seq)
        if (events !== undefined) return events
      }
      return []
    }
  }),
  'numbers begin anew when all is forgotten': (store) => {
    const last = new Map<string, number>()
    return {
      append: async (streamId, message) => {
        if (await store.read(streamId, (last.get(streamId) ?? 1) - 1) === undefined) store.forget('s')
        const number = await store.append(streamId, message)
        last.set(streamId, number)
        return number
      }
    }
  },
  'sessions are told by how their ids begin': (store) => {
    const sessions = new Set<string>()
    return {
      append: (streamId, message) => {
        sessions.add(streamId.slice(0, streamId.indexOf('.')))
        return store.append(streamId, message)
      },
      forget: (sessionId) => { for (const id of sessions) if (id.startsWith(sessionId)) store.forget(id) }
    }
  },
  'some are told later': (store) => ({
    follow: (streamId, listener) =>
      store.follow(streamId, (event) => {
        if (event.seq % 2 === 0) listener(event)
        else setImmediate(listener, event)
      })
  }),
  'following begins later': (store) => ({
    follow: async (streamId, listener) => {
      const following = nextTurn().then(nextTurn).then(() => store.follow(streamId, listener))
      return { seq: (await store.read(streamId, 0))?.length ?? 0, end () { following.then(({ end }) => end()) } }
    }
  }),
  'what is heard of cannot be read yet': (store) => {
    let isHeard = false
    return {
      read: (...args) => isHeard ? [] : store.read(...args),
      follow: (streamId, listener) => store.follow(streamId, (event) => {
        isHeard = true
        listener(event)
        isHeard = false
      })
    }
  },
  'following never ends': (store) => ({
    follow: async (...args) => ({ ...await store.follow(...args), end () {} })
  })
}

function createSubject (fault: string | undefined, limits: EventStoreLimits): EventStoreSubject<SharedEventStore> {
  const clock = { now: 0 }
  const store = createMemoryEventStore(limits, () => clock.now)
  const faulty = { ...store, ...(fault !== undefined && FAULTS[fault]?.(store)) }
  return { stores: [faulty, faulty], pass: (milliseconds) => { clock.now += milliseconds } }
}

t.test('each contract of event stores is broken by a store that does not keep it', async (t) => {
  await proveFaults(t, {
    'all streams are one': ['events are numbered from 1 in each stream, by whichever node they come'],
    'the number is found out before': ['however many nodes append at once, no number is missing and none comes twice'],
    'what was seen comes again': ['the events behind any of them are read, in order, and none behind the last'],
    'nothing is not told from what is gone': [
      'there is nothing behind 0 in a stream that is not known, and nothing is known of what is yet to come'
    ],
    'what surrounds text is lost': ['a message is any text'],
    'bytes are not counted': [
      'bytes beyond those that a stream may have are forgotten, oldest first, and are not passed over',
      'a message that has more bytes than a stream may have is numbered and not kept'
    ],
    'what is gone is passed over': [
      'what is more than a stream may have is forgotten, oldest first, and is not passed over',
      'what is too old is forgotten, and is not passed over'
    ],
    'numbers begin anew when all is forgotten': [
      'the numbers of an open session go on where they were when all events have been forgotten'
    ],
    'sessions are told by how their ids begin': ['a session is forgotten with all of its streams, and no other'],
    'some are told later': ['followers hear of events in order, however many nodes append at once'],
    'following begins later': ['a follower hears of the events of its stream, by whichever node they come'],
    'what is heard of cannot be read yet': ['a follower can read an event when it hears of it'],
    'following never ends': ['a follower that has ended hears of nothing, and the others go on']
  }, (fault) => sharedEventStoreContract((limits) => createSubject(fault, limits), { patience: 200 }))
})
