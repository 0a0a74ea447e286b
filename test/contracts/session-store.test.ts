import { setImmediate as nextTurn } from 'node:timers/promises'
import t from 'tap'
import { sessionStoreContract, type SessionStoreSubject } from '../../lib/contracts/index.ts'
import type { LogLevel } from '../../lib/protocol/log-level.ts'
import { createMemorySessionStore } from '../../lib/store/memory-session-store.ts'
import type { SessionRecord, SessionState, SessionStore } from '../../lib/store/session-store.ts'
import { proveFaults } from './faults.ts'

const NONE: SessionRecord = { protocolVersion: '', client: { capabilities: {} }, logLevel: 'info' }
const FOREVER = 1e12

/** What is wrong with a store, as a function from a right one. */
const FAULTS: Readonly<Record<string, (store: SessionStore) => Partial<SessionStore>>> = {
  'text that is not ASCII is lost': (store) => ({
    load: async (...args) =>
      JSON.parse(JSON.stringify((await store.load(...args)) ?? null).replace(/[^ -~]/g, '?')) ?? undefined
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
      open: (id, ...args) => store.open(lower(id), ...args),
      load: (id, ...args) => store.load(lower(id), ...args),
      readState: (id) => store.readState(lower(id))
    }
  },
  'everything is found': (store) => ({ load: async (...args) => await store.load(...args) ?? NONE }),
  'there may be any number': (store) => ({
    open: (id, record, { ttl }) => store.open(id, record, { max: Infinity, ttl })
  }),
  'what ends takes its place on': (store) => ({ delete: async (id) => await store.readState(id) !== undefined }),
  'nothing expires': (store) => ({
    open: (id, record, { max }) => store.open(id, record, { max, ttl: FOREVER }),
    load: (id) => store.load(id, FOREVER),
    touch: (ids) => store.touch(ids, FOREVER)
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
  'log levels do not change': (store) => ({
    change: async (id, change) => { if (change.kind !== 'logLevel') await store.change(id, change) }
  }),
  'each spelling is a subscription': (store) => ({
    change: async (id, change) => {
      await store.change(
        id,
        change.kind === 'subscribe' ? { ...change, topic: `${change.topic} ${change.uri}` } : change
      )
    }
  }),
  'subscriptions stay': (store) => ({
    change: async (id, change) => { if (change.kind !== 'unsubscribe') await store.change(id, change) }
  }),
  'a session ends with a subscription': (store) => ({
    change: async (id, change) => {
      await (change.kind === 'unsubscribe' ? store.delete(id) : store.change(id, change))
    }
  }),
  'nothing is read': () => ({ readState: async () => undefined }),
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
    change: async (id, change) =>
      await store.change(
        id,
        change.kind === 'unlisten' ? { kind: 'unlisten', node: (await store.readState(id))?.listener ?? '' } : change
      )
  }),
  'what was so before is found out before': (store) => ({
    connect: async (id, listener) => {
      const state = await store.readState(id)
      await nextTurn()
      const connecting = await store.connect(id, listener)
      return connecting && { turn: connecting.turn, state: state ?? connecting.state }
    }
  }),
  'what is renewed does not live on': (store) => {
    const levels = new Map<string, LogLevel>()
    return {
      change: (id, change) => {
        if (change.kind === 'logLevel') levels.set(id, change.level)
        return store.change(id, change)
      },
      renew: async (id) => await store.readState(id) && levels.get(id)
    }
  },
  'ids of requests are text': (store) => ({
    change: (id, change) =>
      store.change(id, change.kind === 'begin' ? { ...change, ids: change.ids.map(String) } : change)
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
  'holders have no share': (store) => ({ open: (id, record, { max, ttl }) => store.open(id, record, { max, ttl }) }),
  'holders are told apart by their letters only': (store) => ({
    open: (id, record, { share, ...limits }) =>
      store.open(id, record, {
        ...limits,
        ...(share && { share: { ...share, holder: share.holder.toLowerCase().trim() } })
      })
  }),
  'a place is never given back to its holder': (store) => {
    const held = new Map<string, number>()
    return {
      open: async (id, record, { share, ...limits }) => {
        const count = held.get(share?.holder ?? '') ?? 0
        if (share !== undefined && count >= share.max) return { kind: 'share' }
        if (share !== undefined) held.set(share.holder, count + 1)
        return await store.open(id, record, limits)
      }
    }
  },
  'what is used counts for its holder until it would have expired': (store) => {
    const opened = new Map<string, number>()
    let time = 0
    return {
      open: async (id, record, { share, ...limits }) => {
        if (share !== undefined && [...opened].filter(([, moment]) => moment > time - 3).length >= share.max) {
          return { kind: 'share' }
        }
        opened.set(id, time)
        return await store.open(id, record, limits)
      },
      load: (...args) => { time++; return store.load(...args) }
    }
  },
  'the newest makes room': (store) => {
    const unused: string[] = []
    return {
      open: async (id, record, limits) => {
        const outcome = await store.open(id, record, { ...limits, displaces: false })
        const displaced = outcome.kind === 'full' ? unused.pop() : undefined
        if (limits.displaces === true) unused.push(id)
        if (displaced === undefined) return outcome
        await store.delete(displaced)
        return { ...await store.open(id, record, { ...limits, displaces: false }), displaced }
      },
      change: async (id, change) => {
        if (change.kind === 'use') unused.splice(0, unused.length, ...unused.filter((other) => other !== id))
        await store.change(id, change)
      }
    }
  },
  'room is made in two steps': (store) => ({
    open: async (id, record, limits) => {
      const outcome = await store.open(id, record, limits)
      if (outcome.displaced !== undefined) await nextTurn()
      return outcome.displaced === undefined
        ? outcome
        : await store.open(`${id}+`, record, { ...limits, max: Infinity }).then(() => outcome)
    }
  }),
  'everybody takes part in making room': (store) => ({
    open: (id, record, limits) => store.open(id, record, { ...limits, displaces: true })
  }),
  'room is made before a share is looked at': (store) => ({
    open: async (id, record, { share, ...limits }) => {
      if (share === undefined) return await store.open(id, record, limits)
      const { kind, displaced } = await store.open(`${id}?`, record, limits)
      await store.delete(`${id}?`)
      return kind === 'full' ? { kind } : { ...await store.open(id, record, { ...limits, share }), displaced }
    }
  }),
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
  await proveFaults(
    t,
    {
      'text that is not ASCII is lost': [
        'a session is found by every node, with all that was stored of it',
        'a record holds any text'
      ],
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
      'each spelling is a subscription': [
        'of one topic the URI is known that was told last, by whatever node',
        'subscriptions come and go, each of them once'
      ],
      'subscriptions stay': ['subscriptions come and go, each of them once'],
      'a session ends with a subscription': ['subscriptions come and go, each of them once'],
      'nothing is read': ['subscriptions come and go, each of them once', 'changes at the same time are all kept'],
      'of changes at once one is kept': ['changes at the same time are all kept'],
      'any node ends the listening': [
        'the node that listens is the last one that has begun to, until it no longer does'
      ],
      'what was so before is found out before': [
        'of connections at the same time each has a turn of its own, and knows what was so before it'
      ],
      'what is renewed does not live on': ['a session whose record is known lives on, and its log level is told'],
      'ids of requests are text': ['calls are known from their beginning to their end, with the ids as they are'],
      'what was read is live': ['what was read does not change any more'],
      'the end is told to all who ask': ['one that ends is ended once, and by whichever node'],
      'holders have no share': [
        'no more sessions count for one holder than may, however many nodes try at once, and others have theirs'
      ],
      'holders are told apart by their letters only': ['holders are told apart, whatever they are called'],
      'a place is never given back to its holder': [
        'a session that ends gives its place back to its holder, and so does one that expires'
      ],
      'what is used counts for its holder until it would have expired': [
        'a session counts for its holder as long as it lives on'
      ],
      'the newest makes room': [
        'the oldest session that was never used makes room for a new one, and none that was used'
      ],
      'room is made in two steps': ['however many nodes make room at once, there are never more than may be'],
      'everybody takes part in making room': ['what takes no part in making room makes none and finds none'],
      'room is made before a share is looked at': [
        'a share is looked at before room is made, and a session that makes room counts for its holder no more'
      ],
      'a change makes a session': ['a change of a session that has ended, or expired, creates nothing']
    },
    (fault) => sessionStoreContract(() => createSubject(fault))
  )
})
