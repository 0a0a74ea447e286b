// The checks of session stores that prove how sessions are found, live on and end.
import assert from 'node:assert/strict'
import type { SessionRecord, SessionStore, StoredSession } from '../store/session-store.ts'
import { TEXTS } from './contract.ts'
import { CHANGES, RECORD, limitsOf, type SessionChecks } from './session-subject.ts'

/** @internal A session is found by its exact id, with its whole record. */
export function recordChecks (unit: number): SessionChecks {
  const limits = limitsOf(unit)

  return {
    async 'every node finds a session with its whole record' ({ stores: [a, b] }) {
      assert.equal((await a.open('s', RECORD, limits)).kind, 'opened')

      assert.deepEqual(await a.load('s', unit), RECORD)
      assert.deepEqual(await b.load('s', unit), RECORD)
      assert.deepEqual(await b.readState('s'), { subscriptions: [], listener: undefined, calls: new Map() })
    },

    async 'a record without a principal or client info is returned without them' ({ stores: [a, b] }) {
      const record: SessionRecord = { protocolVersion: '2024-11-05', client: { capabilities: {} }, logLevel: 'error' }
      await a.open('s', record, limits)

      const found = await b.load('s', unit)

      assert.equal(found?.principal, undefined)
      assert.deepEqual(JSON.parse(JSON.stringify(found)), record)
    },

    async 'a record holds any text' ({ stores: [a, b] }) {
      for (const [index, name] of TEXTS.entries()) {
        const record = {
          ...RECORD,
          principal: name,
          client: { info: { name, version: name }, capabilities: { experimental: { [name]: {} } } }
        }
        await a.open(`s${index}`, record, limits)
        assert.deepEqual(await b.load(`s${index}`, unit), record)
      }
    },

    async 'sessions with similar ids are kept apart' ({ stores: [a, b] }) {
      for (const id of ['s', 's1', 'S', 's:1']) await a.open(id, { ...RECORD, principal: id }, limits)
      await b.change('s', { kind: 'subscribe', topic: 'a', uri: 'notes://a' })
      await b.delete('s1')

      for (const id of ['s', 'S', 's:1']) assert.equal((await a.load(id, unit))?.principal, id)
      assert.equal(await a.load('s1', unit), undefined)
      assert.deepEqual((await a.readState('S'))?.subscriptions, [])
    }
  }
}

/** @internal Using a session extends its life, and otherwise it expires. */
export function lifeChecks (unit: number): SessionChecks {
  const limits = limitsOf(unit)

  return {
    async 'a session that is not used expires' ({ stores: [a, b], pass }) {
      await a.open('s', RECORD, limits)
      await pass(unit * 1.2)

      assert.equal(await b.count(), 0)
      assert.equal(await a.readState('s'), undefined)
      assert.equal(await b.load('s', unit), undefined)
      assert.equal(await a.delete('s'), false)
    },

    async 'loading a session on any node extends its life' ({ stores: [a, b], pass }) {
      await a.open('used', RECORD, limits)
      await a.open('unused', RECORD, limits)
      await pass(unit * 0.6)
      await b.load('used', unit)
      await pass(unit * 0.6)

      assert.equal(await a.count(), 1)
      assert.notEqual(await a.load('used', unit), undefined)
      assert.equal(await a.load('unused', unit), undefined)
      await pass(unit * 1.2)
      assert.equal(await a.load('used', unit), undefined)
    },

    async 'renewing a session extends its life and returns its log level' ({ stores: [a, b], pass }) {
      await a.open('used', RECORD, limits)
      await a.open('unused', RECORD, limits)
      await a.change('used', { kind: 'logLevel', level: 'critical' })
      await pass(unit * 0.6)
      const level = await b.renew('used', unit)
      await pass(unit * 0.6)

      assert.equal(level, 'critical')
      assert.equal(await a.count(), 1)
      assert.equal(await b.renew('used', unit), 'critical')
      assert.equal(await b.renew('unused', unit), undefined)
    }
  }
}

/** @internal One operation extends the lives of many sessions. */
export function touchChecks (unit: number): SessionChecks {
  const limits = limitsOf(unit)

  return {
    async 'touching sessions extends their lives and returns those that have ended' ({ stores: [a, b], pass }) {
      for (const id of ['s1', 's2', 's3', 's4']) await a.open(id, RECORD, limits)
      await a.delete('s2')
      await pass(unit * 0.6)

      assert.deepEqual(await b.touch([], unit), [])
      assert.deepEqual([...await b.touch(['s1', 's2', 's3', 'never'], unit)].sort(), ['never', 's2'])
      await pass(unit * 0.6)
      assert.deepEqual([...await a.touch(['s1', 's3', 's4'], unit)], ['s4'])
      assert.equal(await a.count(), 2)
    },

    async 'more than a thousand sessions are touched in one call' ({ stores: [a, b] }) {
      const ids = Array.from({ length: 1201 }, (_, index) => `s${index}`)
      await Promise.all(
        ids.filter((_, index) => index % 3 > 0).map((id) => a.open(id, RECORD, { max: 2000, ttl: unit }))
      )

      assert.deepEqual([...await b.touch(ids, unit)].sort(), ids.filter((_, index) => index % 3 === 0).sort())
    }
  }
}

/** @internal All sessions can be listed, part by part. */
export function listChecks (unit: number): SessionChecks {
  const limits = limitsOf(unit)

  async function listAll (store: SessionStore): Promise<ReadonlyMap<string, StoredSession>> {
    const found = new Map<string, StoredSession>()
    let from: string | undefined
    do {
      const { sessions, next } = await store.list(from)
      for (const session of sessions) found.set(session.sessionId, session)
      from = next
    } while (from !== undefined)
    return found
  }

  return {
    async 'every open session is listed with its record, its listener and when it expires' ({ stores: [a, b], pass }) {
      await a.open('gone', RECORD, limits)
      await pass(unit * 0.6)
      await a.open('s1', RECORD, limits)
      await b.open('s2', { ...RECORD, logLevel: 'error' }, limits)
      await b.connect('s2', 'n1')
      await pass(unit * 0.6)

      const listed = await listAll(b)

      assert.deepEqual([...listed.keys()].sort(), ['s1', 's2'])
      assert.deepEqual(listed.get('s1')?.record, RECORD)
      assert.deepEqual(listed.get('s2')?.record, { ...RECORD, logLevel: 'error' })
      assert.deepEqual([listed.get('s1')?.listener, listed.get('s2')?.listener], [undefined, 'n1'])
      const { expiresAt = 0 } = listed.get('s1') ?? {}
      await pass(unit * 0.2)
      await a.load('s1', unit)
      const later = (await listAll(a)).get('s1')?.expiresAt ?? 0
      assert.ok(later - expiresAt > unit * 0.5 && later - expiresAt < unit * 2, 'an expiry is a time in milliseconds')
    },

    async 'more than a thousand sessions are listed, also while some of them end' ({ stores: [a, b] }) {
      const ids = Array.from({ length: 1201 }, (_, index) => `s${index}`)
      await Promise.all(ids.map((id) => a.open(id, RECORD, { max: 2000, ttl: unit })))

      const first = await b.list()
      await Promise.all(first.sessions.slice(0, 10).map(({ sessionId }) => a.delete(sessionId)))
      const listed = new Set((first.sessions).map(({ sessionId }) => sessionId))
      let { next } = first
      while (next !== undefined) {
        const page = await b.list(next)
        for (const { sessionId } of page.sessions) listed.add(sessionId)
        next = page.next
      }

      assert.deepEqual([...listed].sort(), ids.sort())
    }
  }
}

/** @internal A session that does not exist, or has ended, is not found, and nothing creates it again. */
export function endChecks (unit: number): SessionChecks {
  const limits = limitsOf(unit)

  return {
    async 'a session that was never opened is not found' ({ stores: [a] }) {
      assert.equal(await a.load('s', unit), undefined)
      assert.equal(await a.renew('s', unit), undefined)
      assert.equal(await a.readState('s'), undefined)
      assert.equal(await a.connect('s', 'n1'), undefined)
      assert.equal(await a.delete('s'), false)
      assert.deepEqual(await a.touch(['s'], unit), ['s'])
      assert.equal(await a.count(), 0)
    },

    async 'a session is deleted once, by any node' ({ stores: [a, b] }) {
      await a.open('s', RECORD, limits)

      const deleted = await Promise.all(Array.from({ length: 10 }, (_, index) => (index % 2 === 0 ? a : b).delete('s')))

      assert.deepEqual(deleted.filter(Boolean), [true])
      assert.equal(await a.load('s', unit), undefined)
      assert.equal(await b.count(), 0)
    },

    async 'changing a deleted or expired session creates nothing' ({ stores: [a, b], pass }) {
      await a.open('deleted', RECORD, limits)
      await a.open('expired', RECORD, limits)
      await a.delete('deleted')
      await pass(unit * 1.2)

      for (const id of ['deleted', 'expired', 'never']) {
        for (const change of CHANGES) await b.change(id, change)
        assert.equal(await b.connect(id, 'n1'), undefined)
        assert.equal(await b.renew(id, unit), undefined)
        assert.equal(await a.load(id, unit), undefined)
        assert.equal(await a.readState(id), undefined)
        await a.open(id, RECORD, limits)
        assert.deepEqual(await b.load(id, unit), RECORD)
        assert.deepEqual(await b.readState(id), { subscriptions: [], listener: undefined, calls: new Map() })
      }
      assert.equal(await a.count(), 3)
    }
  }
}
