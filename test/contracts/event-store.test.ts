import { setImmediate as nextTurn } from 'node:timers/promises'
import t from 'tap'
import { sharedEventStoreContract, type EventStoreLimits, type EventStoreSubject } from '../../lib/contracts/index.ts'
import type { SharedEventStore, StoredEvent } from '../../lib/store/event-store.ts'
import { createMemoryEventStore } from '../../lib/store/memory-event-store.ts'
import { proveFaults } from './faults.ts'

/** Each fault, as a function that returns the faulty members of a correct store. */
const FAULTS: Readonly<Record<string, (store: SharedEventStore) => Partial<SharedEventStore>>> = {
  'all events go to one stream': (store) => ({ append: (_streamId, message) => store.append('s.0', message) }),
  'append finds the number in a step of its own': (store) => ({
    append: async (streamId, message) => {
      const number = (await store.read(streamId, 0))?.length ?? 0
      await nextTurn()
      await store.append(streamId, message)
      return number + 1
    }
  }),
  'read returns the event before, too': (store) => ({
    read: (streamId, afterSeq) => store.read(streamId, Math.max(afterSeq - 1, 0))
  }),
  'read gives undefined if there are no events': (store) => ({
    read: async (streamId, afterSeq) => {
      const events = await store.read(streamId, afterSeq)
      return events?.length === 0 ? undefined : events
    }
  }),
  'outer white space is lost': (store) => ({ append: (streamId, message) => store.append(streamId, message.trim()) }),
  'bytes are not counted': (store) => {
    const messages: string[] = []
    const complete = ({ seq, message }: StoredEvent): StoredEvent => ({ seq, message: messages[Number(message)] ?? '' })
    return {
      append: (streamId, message) => store.append(streamId, String(messages.push(message) - 1)),
      read: async (streamId, afterSeq) => (await store.read(streamId, afterSeq))?.map(complete),
      follow: (streamId, listener) => store.follow(streamId, (event) => listener(complete(event)))
    }
  },
  'read skips dropped events': (store) => ({
    read: async (streamId, afterSeq) => {
      for (let seq = afterSeq; seq < 1000; seq++) {
        const events = await store.read(streamId, seq)
        if (events !== undefined) return events
      }
      return []
    }
  }),
  'numbers start again after all events were dropped': (store) => {
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
  'forget matches the beginnings of ids': (store) => {
    const sessions = new Set<string>()
    return {
      append: (streamId, message) => {
        sessions.add(streamId.slice(0, streamId.indexOf('.')))
        return store.append(streamId, message)
      },
      forget: (sessionId) => { for (const id of sessions) if (id.startsWith(sessionId)) store.forget(id) }
    }
  },
  'some messages arrive late': (store) => ({
    follow: (streamId, listener) =>
      store.follow(streamId, (event) => {
        if (event.seq % 2 === 0) listener(event)
        else setImmediate(listener, event)
      })
  }),
  'follow resolves before it follows': (store) => ({
    follow: async (streamId, listener) => {
      const following = nextTurn().then(nextTurn).then(() => store.follow(streamId, listener))
      return { seq: (await store.read(streamId, 0))?.length ?? 0, end () { following.then(({ end }) => end()) } }
    }
  }),
  'an event cannot be read when it is received': (store) => {
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
  'a follower is not removed': (store) => ({
    follow: async (...args) => ({ ...await store.follow(...args), end () {} })
  })
}

function createSubject (fault: string | undefined, limits: EventStoreLimits): EventStoreSubject<SharedEventStore> {
  const clock = { now: 0 }
  const store = createMemoryEventStore(limits, () => clock.now)
  const faulty = { ...store, ...(fault !== undefined && FAULTS[fault]?.(store)) }
  return { stores: [faulty, faulty], pass: (milliseconds) => { clock.now += milliseconds } }
}

t.test('each check of the event store contract fails for a store with the fault that it looks for', async (t) => {
  await proveFaults(t, {
    'all events go to one stream': ['the events of each stream are numbered from 1, whichever node appends them'],
    'append finds the number in a step of its own': ['concurrent appends get consecutive numbers, each once'],
    'read returns the event before, too': ['the events after a number are read in order, and none after the last'],
    'read gives undefined if there are no events': [
      'an unknown stream has no events after 0, and reading after a future number gives undefined'
    ],
    'outer white space is lost': ['a message is any text'],
    'bytes are not counted': [
      'events beyond the most bytes of a stream are dropped, oldest first, and reading them gives undefined',
      'a message with more bytes than a stream may have is numbered and not stored'
    ],
    'read skips dropped events': [
      'events beyond the most of a stream are dropped, oldest first, and reading them gives undefined',
      'events that are too old are dropped, and reading them gives undefined'
    ],
    'numbers start again after all events were dropped': [
      'the numbers of an open session continue after all of its events were dropped'
    ],
    'forget matches the beginnings of ids': ['forgetting a session drops all of its streams, and no others'],
    'some messages arrive late': ['followers receive events in order, even if nodes append concurrently'],
    'follow resolves before it follows': ['a follower receives the events of its stream, whichever node appends them'],
    'an event cannot be read when it is received': ['an event can be read when a follower receives it'],
    'a follower is not removed': ['a follower that has ended receives nothing, and the others go on']
  }, (fault) => sharedEventStoreContract((limits) => createSubject(fault, limits), { patience: 200 }))
})
