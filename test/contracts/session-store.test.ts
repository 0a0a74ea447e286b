import { setImmediate as nextTurn } from 'node:timers/promises'
import t from 'tap'
import { sessionStoreContract, type SessionStoreSubject } from '../../lib/contracts/index.ts'
import { createMemorySessionStore } from '../../lib/session/memory-session-store.ts'
import type { SessionRecord, SessionState, SessionStore } from '../../lib/session/session-store.ts'
import { proveFaults } from './faults.ts'

const NONE: SessionRecord = { protocolVersion: '', client: { capabilities: {} }, logLevel: 'info' }
const FOREVER = 1e12

/** What is wrong with a store, as a function from a right one. */
const FAULTS: Readonly<Record<string, (store: SessionStore) => Partial<SessionStore>>> = {
  'text that is not ASCII is lost': (store) => ({
    load: async (...args) => JSON.parse(JSON.stringify(await store.load(...args) ?? null).replace(/[^ -~]/g, '?')) ?? undefined
  }),
  'what is absent is null': (store) => ({
    load: async (...args) => {
      const record = await store.load(...args)
      // A principal that is null is what the fault is about.
      return record && { ...record, principal: record.principal ?? null } as SessionRecord
    }
  }),
  'ids are told apart by their letters only': (store) => {
    const lower = (id: string): string => id.toLowerCase()
    return {
      open: (id, ...args) => store.open(lower(id), ...args), load: (id, ...args) => store.load(lower(id), ...args), readState: (id) => store.readState(lower(id))
    }
  },
  'everything is found': (store) => ({ load: async (...args) => await store.load(...args) ?? NONE }),
  'there may be any number': (store) => ({ open: (id, record, { ttl }) => store.open(id, record, { max: Infinity, ttl }) }),
  'what ends takes its place on': (store) => ({ delete: async (id) => await store.readState(id) !== undefined }),
  'nothing expires': (store) => ({
    open: (id, record, { max }) => store.open(id, record, { max, ttl: FOREVER }), load: (id) => store.load(id, FOREVER), touch: (ids) => store.touch(ids, FOREVER)
  }),
  'what is loaded does not live on': (store) => {
    const records = new Map<string, SessionRecord>()
    return {
      open: (id, record, limits) => { records.set(id, record); return store.open(id, record, limits) },
      load: async (id) => await store.readState(id) && records.get(id)
    }
  },
  'what is touched does not live on': (store) => ({
    touch: async (ids) => {
      const states = await Promise.all(ids.map((id) => store.readState(id)))
      return ids.filter((_, index) => states[index] === undefined)
    }
  }),
  'a thousand are touched at most': (store) => ({ touch: (ids, ttl) => store.touch(ids.slice(0, 1000), ttl) }),
  'log levels do not change': (store) => ({ change: async (id, change) => { if (change.kind !== 'logLevel') await store.change(id, change) } }),
  'subscriptions stay': (store) => ({ change: async (id, change) => { if (change.kind !== 'unsubscribe') await store.change(id, change) } }),
  'of changes at once one is kept': (store) => {
    let isBusy = false
    return {
      change: async (...args) => {
        if (isBusy) return
        isBusy = true
        await nextTurn()
        await store.change(...args)
        isBusy = false
      }
    }
  },
  'any node ends the listening': (store) => ({
    change: async (id, change) => await store.change(id, change.kind === 'unlisten' ? { kind: 'unlisten', node: (await store.readState(id))?.listener ?? '' } : change)
  }),
  'ids of requests are text': (store) => ({
    change: (id, change) => store.change(id, change.kind === 'begin' ? { ...change, ids: change.ids.map(String) } : change)
  }),
  'what was read is live': (store) => {
    const states = new Map<string, SessionState>()
    return {
      readState: async (id) => {
        const state = await store.readState(id)
        if (state !== undefined) states.set(id, state)
        return state
      },
      change: async (id, change) => {
        await store.change(id, change)
        Object.assign(states.get(id) ?? {}, await store.readState(id))
      }
    }
  },
  'the end is told to all who ask': (store) => ({ delete: async (id) => { await store.delete(id); return true } }),
  'a change makes a session': (store) => ({
    change: async (id, change) => {
      if (await store.readState(id) === undefined) await store.open(id, NONE, { max: 10, ttl: FOREVER })
      await store.change(id, change)
    }
  })
}

function createSubject (fault: string | undefined): SessionStoreSubject {
  const clock = { now: 0 }
  const store = createMemorySessionStore(() => clock.now)
  const faulty = { ...store, ...(fault !== undefined && FAULTS[fault]?.(store)) }
  return { stores: [faulty, faulty], pass: (milliseconds) => { clock.now += milliseconds } }
}

t.test('each contract of session stores is broken by a store that does not keep it', async (t) => {
  await proveFaults(t, {
    'text that is not ASCII is lost': ['a session is found by every node, with all that was stored of it', 'a record holds any text'],
    'what is absent is null': ['a record without a principal, or a name of the client, has none afterwards'],
    'ids are told apart by their letters only': ['sessions whose ids are alike are not mixed'],
    'everything is found': ['what was never opened is not found'],
    'there may be any number': ['no more are opened than there may be, however many nodes try at once'],
    'what ends takes its place on': ['a session that ends makes room for another'],
    'nothing expires': ['so does one that expires', 'a session that is not used ends'],
    'what is loaded does not live on': ['a session that is loaded lives on, by whichever node'],
    'what is touched does not live on': ['sessions that are touched live on, and those that have ended are told'],
    'a thousand are touched at most': ['thousands are touched at once'],
    'log levels do not change': ['a log level that changes is in the record'],
    'subscriptions stay': ['subscriptions come and go, each of them once'],
    'of changes at once one is kept': ['changes at the same time are all kept'],
    'any node ends the listening': ['the node that listens is the last one that has begun to, until it no longer does'],
    'ids of requests are text': ['calls are known from their beginning to their end, with the ids as they are'],
    'what was read is live': ['what was read does not change any more'],
    'the end is told to all who ask': ['one that ends is ended once, and by whichever node'],
    'a change makes a session': ['a change of a session that has ended, or expired, creates nothing']
  }, (fault) => sessionStoreContract(() => createSubject(fault)))
})
