import { setImmediate as nextTurn } from 'node:timers/promises'
import t from 'tap'
import { sessionStoreContract, type SessionStoreSubject } from '../../lib/contracts/index.ts'
import type { LogLevel } from '../../lib/protocol/log-level.ts'
import { createMemorySessionStore } from '../../lib/store/memory-session-store.ts'
import type { SessionRecord, SessionState, SessionStore } from '../../lib/store/session-store.ts'
import { proveFaults } from './faults.ts'

const NONE: SessionRecord = { protocolVersion: '', client: { capabilities: {} }, logLevel: 'info' }
const FOREVER = 1e12

/** Each fault, as a function that returns the faulty members of a correct store. */
const FAULTS: Readonly<Record<string, (store: SessionStore) => Partial<SessionStore>>> = {
  'text that is not ASCII is lost': (store) => ({
    load: async (...args) =>
      JSON.parse(JSON.stringify((await store.load(...args)) ?? null).replace(/[^ -~]/g, '?')) ?? undefined
  }),
  'an absent principal is read as null': (store) => ({
    load: async (...args) => {
      const record = await store.load(...args)
      // The fault is a value that the type does not allow.
      return record && { ...record, principal: record.principal ?? null } as SessionRecord
    }
  }),
  'ids are compared without case': (store) => {
    const lower = (id: string): string => id.toLowerCase()
    return {
      open: (id, ...args) => store.open(lower(id), ...args),
      load: (id, ...args) => store.load(lower(id), ...args),
      readState: (id) => store.readState(lower(id))
    }
  },
  'every id is found': (store) => ({ load: async (...args) => await store.load(...args) ?? NONE }),
  'max is ignored': (store) => ({
    open: (id, record, { ttl }) => store.open(id, record, { max: Infinity, ttl })
  }),
  'delete removes nothing': (store) => ({ delete: async (id) => await store.readState(id) !== undefined }),
  'nothing expires': (store) => ({
    open: (id, record, { max }) => store.open(id, record, { max, ttl: FOREVER }),
    load: (id) => store.load(id, FOREVER),
    touch: (ids) => store.touch(ids, FOREVER)
  }),
  'load does not extend the life of a session': (store) => {
    const records = new Map<string, SessionRecord>()
    return {
      open: (id, record, limits) => { records.set(id, record); return store.open(id, record, limits) },
      load: async (id) => await store.readState(id) && records.get(id)
    }
  },
  'touch does not extend the lives of sessions': (store) => ({
    touch: async (ids) => {
      const states = await Promise.all(ids.map((id) => store.readState(id)))
      return ids.filter((_, index) => states[index] === undefined)
    }
  }),
  'touch handles a thousand sessions at most': (store) =>
    ({ touch: (ids, ttl) => store.touch(ids.slice(0, 1000), ttl) }),
  'log levels are not stored': (store) => ({
    change: async (id, change) => { if (change.kind !== 'logLevel') await store.change(id, change) }
  }),
  'each spelling of a URI is its own subscription': (store) => ({
    change: async (id, change) => {
      await store.change(
        id,
        change.kind === 'subscribe' ? { ...change, topic: `${change.topic} ${change.uri}` } : change
      )
    }
  }),
  'subscriptions are not removed': (store) => ({
    change: async (id, change) => { if (change.kind !== 'unsubscribe') await store.change(id, change) }
  }),
  'removing a subscription deletes the session': (store) => ({
    change: async (id, change) => {
      await (change.kind === 'unsubscribe' ? store.delete(id) : store.change(id, change))
    }
  }),
  'no state is read': () => ({ readState: async () => undefined }),
  'only one of several concurrent changes is stored': (store) => {
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
  'any node can give up the GET connection': (store) => ({
    change: async (id, change) =>
      await store.change(
        id,
        change.kind === 'unlisten' ? { kind: 'unlisten', node: (await store.readState(id))?.listener ?? '' } : change
      )
  }),
  'connect reads the state in a step of its own': (store) => ({
    connect: async (id, listener) => {
      const state = await store.readState(id)
      await nextTurn()
      const connecting = await store.connect(id, listener)
      return connecting && { turn: connecting.turn, state: state ?? connecting.state }
    }
  }),
  'renew does not extend the life of a session': (store) => {
    const levels = new Map<string, LogLevel>()
    return {
      change: (id, change) => {
        if (change.kind === 'logLevel') levels.set(id, change.level)
        return store.change(id, change)
      },
      renew: async (id) => await store.readState(id) && levels.get(id)
    }
  },
  'the ids of requests become text': (store) => ({
    change: (id, change) =>
      store.change(id, change.kind === 'begin' ? { ...change, ids: change.ids.map(String) } : change)
  }),
  'a state that was read changes later': (store) => {
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
  'delete always resolves to true': (store) => ({ delete: async (id) => { await store.delete(id); return true } }),
  'shares are ignored': (store) => ({ open: (id, record, { max, ttl }) => store.open(id, record, { max, ttl }) }),
  'the names of holders are compared without case and outer spaces': (store) => ({
    open: (id, record, { share, ...limits }) =>
      store.open(id, record, {
        ...limits,
        ...(share && { share: { ...share, holder: share.holder.toLowerCase().trim() } })
      })
  }),
  'places of a share are never freed': (store) => {
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
  'a session counts towards its share only until its first expiry': (store) => {
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
  'the newest session is displaced': (store) => {
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
  'displacement takes two steps': (store) => ({
    open: async (id, record, limits) => {
      const outcome = await store.open(id, record, limits)
      if (outcome.displaced !== undefined) await nextTurn()
      return outcome.displaced === undefined
        ? outcome
        : await store.open(`${id}+`, record, { ...limits, max: Infinity }).then(() => outcome)
    }
  }),
  'every session takes part in displacement': (store) => ({
    open: (id, record, limits) => store.open(id, record, { ...limits, displaces: true })
  }),
  'the share is checked after displacement': (store) => ({
    open: async (id, record, { share, ...limits }) => {
      if (share === undefined) return await store.open(id, record, limits)
      const { kind, displaced } = await store.open(`${id}?`, record, limits)
      await store.delete(`${id}?`)
      return kind === 'full' ? { kind } : { ...await store.open(id, record, { ...limits, share }), displaced }
    }
  }),
  'the expiry of a listed session is in seconds': (store) => ({
    list: async (from) => {
      const { sessions, ...page } = await store.list(from)
      return { ...page, sessions: sessions.map((one) => ({ ...one, expiresAt: one.expiresAt / 1000 })) }
    }
  }),
  'a hundred sessions at most are listed': (store) => ({
    list: async () => ({ sessions: (await store.list()).sessions.slice(0, 100) })
  }),
  'a change creates a session': (store) => ({
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

t.test('each check of the session store contract fails for a store with the fault that it looks for', async (t) => {
  await proveFaults(
    t,
    {
      'text that is not ASCII is lost': [
        'every node finds a session with its whole record',
        'a record holds any text'
      ],
      'an absent principal is read as null': ['a record without a principal or client info is returned without them'],
      'ids are compared without case': ['sessions with similar ids are kept apart'],
      'every id is found': ['a session that was never opened is not found'],
      'max is ignored': ['no more sessions open than max, even if nodes open them concurrently'],
      'delete removes nothing': ['a session that is deleted frees its place'],
      'nothing expires': ['a session that expires frees its place', 'a session that is not used expires'],
      'load does not extend the life of a session': ['loading a session on any node extends its life'],
      'touch does not extend the lives of sessions': [
        'touching sessions extends their lives and returns those that have ended'
      ],
      'touch handles a thousand sessions at most': ['more than a thousand sessions are touched in one call'],
      'log levels are not stored': ['a changed log level is in the record'],
      'each spelling of a URI is its own subscription': [
        'only the last URI of a topic is stored, whichever node stored it',
        'a subscription is stored once, and removed by one change'
      ],
      'subscriptions are not removed': ['a subscription is stored once, and removed by one change'],
      'removing a subscription deletes the session': ['a subscription is stored once, and removed by one change'],
      'no state is read': [
        'a subscription is stored once, and removed by one change',
        'concurrent changes are all stored'
      ],
      'only one of several concurrent changes is stored': ['concurrent changes are all stored'],
      'any node can give up the GET connection': [
        'the listener is the node of the last GET connection, until that node gives it up'
      ],
      'connect reads the state in a step of its own': [
        'each of several concurrent connections gets its own turn, and the state before it'
      ],
      'renew does not extend the life of a session': ['renewing a session extends its life and returns its log level'],
      'the ids of requests become text': [
        'reply streams are stored from their beginning to their end, with the exact request ids'
      ],
      'a state that was read changes later': ['later changes do not alter a record or state that was read'],
      'delete always resolves to true': ['a session is deleted once, by any node'],
      'shares are ignored': [
        'a holder gets no more sessions than its share, even if nodes open them concurrently'
      ],
      'the names of holders are compared without case and outer spaces': [
        'holders are distinguished by their exact names'
      ],
      'places of a share are never freed': [
        'a session that is deleted or expires frees a place in the share of its holder'
      ],
      'a session counts towards its share only until its first expiry': [
        'a session counts towards the share of its holder as long as it lives'
      ],
      'the newest session is displaced': [
        'a new session displaces the oldest unused one, and never a used one'
      ],
      'displacement takes two steps': ['concurrent displacement never exceeds max'],
      'every session takes part in displacement': [
        'a session without displaces neither displaces another nor is displaced'
      ],
      'the share is checked after displacement': [
        'the share is checked before displacement, and a displaced session no longer counts towards it'
      ],
      'the expiry of a listed session is in seconds': [
        'every open session is listed with its record, its listener and when it expires'
      ],
      'a hundred sessions at most are listed': [
        'more than a thousand sessions are listed, also while some of them end'
      ],
      'a change creates a session': ['changing a deleted or expired session creates nothing']
    },
    (fault) => sessionStoreContract(() => createSubject(fault))
  )
})
