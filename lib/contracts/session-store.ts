// What a SessionStore must do.
import assert from 'node:assert/strict'
import type { OpenOutcome, SessionChange, SessionLimits, SessionRecord, SessionStore } from '../store/session-store.ts'
import { createContracts, TEXTS, type Contract, type Subject, type TimedContractOptions } from './contract.ts'

/** A session store under test, empty. */
export interface SessionStoreSubject extends Subject {
  /** The same sessions as two nodes see them. */
  readonly stores: readonly [SessionStore, SessionStore]
  /** Lets time pass: by a clock that was passed in, or by waiting. */
  pass (milliseconds: number): Promise<void> | void
}

const RECORD: SessionRecord = Object.freeze({
  protocolVersion: '2025-11-25',
  client: { info: { name: 'Grüße 🙂', version: '1.0.0' }, capabilities: { elicitation: { form: {} }, sampling: {} } },
  principal: 'https://issuer.example|user:1',
  holder: '["https://issuer.example","user:1"]',
  logLevel: 'info'
})

const CHANGES: readonly SessionChange[] = [
  { kind: 'use' },
  { kind: 'logLevel', level: 'debug' },
  { kind: 'subscribe', topic: 'a', uri: 'notes://a' },
  { kind: 'unsubscribe', topic: 'a' },
  { kind: 'unlisten', node: 'n1' },
  { kind: 'begin', streamId: 's.n1-1', ids: [1] },
  { kind: 'end', streamId: 's.n1-1' }
]

/**
 * What a {@link SessionStore} must do.
 *
 * @param create Makes an empty store, for each check.
 * @param options How it is checked.
 * @example for (const { name, run } of sessionStoreContract(createMyStores)) test(name, run)
 */
export function sessionStoreContract (
  create: () => Promise<SessionStoreSubject> | SessionStoreSubject, { unit = 10_000 }: TimedContractOptions = {}
): readonly Contract[] {
  const limits = { max: 1000, ttl: unit }

  return createContracts(create, {
    async 'a session is found by every node, with all that was stored of it' ({ stores: [a, b] }) {
      assert.equal((await a.open('s', RECORD, limits)).kind, 'opened')

      assert.deepEqual(await a.load('s', unit), RECORD)
      assert.deepEqual(await b.load('s', unit), RECORD)
      assert.deepEqual(await b.readState('s'), { subscriptions: [], listener: undefined, calls: new Map() })
    },

    async 'a record without a principal, or a name of the client, has none afterwards' ({ stores: [a, b] }) {
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

    async 'sessions whose ids are alike are not mixed' ({ stores: [a, b] }) {
      for (const id of ['s', 's1', 'S', 's:1']) await a.open(id, { ...RECORD, principal: id }, limits)
      await b.change('s', { kind: 'subscribe', topic: 'a', uri: 'notes://a' })
      await b.delete('s1')

      for (const id of ['s', 'S', 's:1']) assert.equal((await a.load(id, unit))?.principal, id)
      assert.equal(await a.load('s1', unit), undefined)
      assert.deepEqual((await a.readState('S'))?.subscriptions, [])
    },

    async 'what was never opened is not found' ({ stores: [a] }) {
      assert.equal(await a.load('s', unit), undefined)
      assert.equal(await a.renew('s', unit), undefined)
      assert.equal(await a.readState('s'), undefined)
      assert.equal(await a.connect('s', 'n1'), undefined)
      assert.equal(await a.delete('s'), false)
      assert.deepEqual(await a.touch(['s'], unit), ['s'])
      assert.equal(await a.count(), 0)
    },

    async 'no more are opened than there may be, however many nodes try at once' ({ stores: [a, b] }) {
      const ids = Array.from({ length: 100 }, (_, index) => `s${index}`)

      const opened = await Promise.all(
        ids.map((id, index) => (index % 2 === 0 ? a : b).open(id, RECORD, { max: 10, ttl: unit }))
      )

      assert.equal(opened.filter(({ kind }) => kind === 'opened').length, 10)
      assert.equal(opened.filter(({ kind }) => kind === 'full').length, 90)
      assert.equal(await a.count(), 10)
      const found = await Promise.all(ids.map((id) => b.load(id, unit)))
      assert.deepEqual(found.map((record) => record !== undefined), opened.map(({ kind }) => kind === 'opened'))
    },

    async 'a session that ends makes room for another' ({ stores: [a, b] }) {
      const one = { max: 1, ttl: unit }
      await a.open('s1', RECORD, one)
      const full = await b.open('s2', RECORD, one)
      await b.delete('s1')

      assert.equal(full.kind, 'full')
      assert.equal((await a.open('s2', RECORD, one)).kind, 'opened')
      assert.equal(await b.count(), 1)
    },

    async 'so does one that expires' ({ stores: [a, b], pass }) {
      const one = { max: 1, ttl: unit }
      await a.open('s1', RECORD, one)
      await pass(unit * 0.5)
      const full = await b.open('s2', RECORD, one)
      await pass(unit)

      assert.equal(full.kind, 'full')
      assert.equal((await b.open('s2', RECORD, one)).kind, 'opened')
      assert.equal(await a.count(), 1)
    },

    async 'a session that is not used ends' ({ stores: [a, b], pass }) {
      await a.open('s', RECORD, limits)
      await pass(unit * 1.2)

      assert.equal(await b.count(), 0)
      assert.equal(await a.readState('s'), undefined)
      assert.equal(await b.load('s', unit), undefined)
      assert.equal(await a.delete('s'), false)
    },

    async 'a session that is loaded lives on, by whichever node' ({ stores: [a, b], pass }) {
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

    async 'a session whose record is known lives on, and its log level is told' ({ stores: [a, b], pass }) {
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
    },

    async 'sessions that are touched live on, and those that have ended are told' ({ stores: [a, b], pass }) {
      for (const id of ['s1', 's2', 's3', 's4']) await a.open(id, RECORD, limits)
      await a.delete('s2')
      await pass(unit * 0.6)

      assert.deepEqual(await b.touch([], unit), [])
      assert.deepEqual([...await b.touch(['s1', 's2', 's3', 'never'], unit)].sort(), ['never', 's2'])
      await pass(unit * 0.6)
      assert.deepEqual([...await a.touch(['s1', 's3', 's4'], unit)], ['s4'])
      assert.equal(await a.count(), 2)
    },

    async 'thousands are touched at once' ({ stores: [a, b] }) {
      const ids = Array.from({ length: 1201 }, (_, index) => `s${index}`)
      await Promise.all(
        ids.filter((_, index) => index % 3 > 0).map((id) => a.open(id, RECORD, { max: 2000, ttl: unit }))
      )

      assert.deepEqual([...await b.touch(ids, unit)].sort(), ids.filter((_, index) => index % 3 === 0).sort())
    },

    async 'a log level that changes is in the record' ({ stores: [a, b] }) {
      await a.open('s', RECORD, limits)
      await b.change('s', { kind: 'logLevel', level: 'critical' })

      assert.deepEqual(await a.load('s', unit), { ...RECORD, logLevel: 'critical' })
    },

    async 'subscriptions come and go, each of them once' ({ stores: [a, b] }) {
      await a.open('s', RECORD, limits)
      for (const uri of [...TEXTS, 'notes://a', 'notes://a', 'r', 'l', 'g']) {
        await a.change('s', { kind: 'subscribe', topic: uri, uri })
      }
      const all = await b.readState('s')
      await b.change('s', { kind: 'unsubscribe', topic: 'notes://a' })
      await b.change('s', { kind: 'unsubscribe', topic: 'never' })

      assert.deepEqual([...all?.subscriptions ?? []].sort(), [...TEXTS, 'notes://a', 'r', 'l', 'g'].sort())
      assert.deepEqual([...(await a.readState('s'))?.subscriptions ?? []].sort(), [...TEXTS, 'r', 'l', 'g'].sort())
      assert.deepEqual(await a.load('s', unit), RECORD)
    },

    async 'of one topic the URI is known that was told last, by whatever node' ({ stores: [a, b] }) {
      await a.open('s', RECORD, limits)
      for (const [index, uri] of ['notes://a', 'NOTES://a', ...TEXTS, 'notes://%61'].entries()) {
        await (index % 2 === 0 ? a : b).change('s', { kind: 'subscribe', topic: 'notes://a', uri })
        await (index % 2 === 0 ? a : b).change('s', { kind: 'subscribe', topic: 'notes://b', uri })
      }
      const last = await a.readState('s')
      await b.change('s', { kind: 'unsubscribe', topic: 'notes://b' })

      assert.deepEqual(last?.subscriptions, ['notes://%61', 'notes://%61'])
      assert.deepEqual((await a.readState('s'))?.subscriptions, ['notes://%61'])
    },

    async 'changes at the same time are all kept' ({ stores: [a, b] }) {
      const uris = Array.from({ length: 100 }, (_, index) => `notes://${index}`)
      await a.open('s', RECORD, limits)

      await Promise.all(
        uris.map((uri, index) => (index % 2 === 0 ? a : b).change('s', { kind: 'subscribe', topic: uri, uri }))
      )

      assert.deepEqual([...(await a.readState('s'))?.subscriptions ?? []].sort(), uris.sort())
    },

    async 'the node that listens is the last one that has begun to, until it no longer does' ({ stores: [a, b] }) {
      const readListener = async (): Promise<string | undefined> => (await a.readState('s'))?.listener
      await a.open('s', RECORD, limits)

      await a.connect('s', 'n1')
      assert.equal(await readListener(), 'n1')
      await b.connect('s', 'n2')
      await b.connect('s')
      await a.change('s', { kind: 'unlisten', node: 'n1' })
      assert.equal(await readListener(), 'n2')
      await b.change('s', { kind: 'unlisten', node: 'n2' })
      assert.equal(await readListener(), undefined)
    },

    async 'of connections at the same time each has a turn of its own, and knows what was so before it' (
      { stores: [a, b] }
    ) {
      await a.open('s', RECORD, limits)
      await a.change('s', { kind: 'subscribe', topic: 'a', uri: 'notes://a' })
      await a.change('s', { kind: 'begin', streamId: 's.n1-1', ids: [1] })
      const nodes = Array.from({ length: 50 }, (_, index) => `n${index}`)

      const connected = await Promise.all(
        nodes.map(async (node, index) => ({ node, ...(await (index % 2 === 0 ? a : b).connect('s', node)) }))
      )

      const inOrder = connected.sort((one, other) => Number(one.turn) - Number(other.turn))
      assert.equal(new Set(inOrder.map(({ turn }) => turn)).size, nodes.length)
      for (const { turn } of inOrder) assert.ok(Number.isSafeInteger(turn))
      assert.deepEqual(
        inOrder.map(({ state }) => state?.listener),
        [undefined, ...inOrder.slice(0, -1).map(({ node }) => node)]
      )
      const last = inOrder.at(-1)
      assert.deepEqual([last?.state?.subscriptions, last?.state?.calls], [['notes://a'], new Map([['s.n1-1', [1]]])])
      assert.equal((await b.readState('s'))?.listener, last?.node)
    },

    async 'calls are known from their beginning to their end, with the ids as they are' ({ stores: [a, b] }) {
      await a.open('s', RECORD, limits)
      await a.change('s', { kind: 'begin', streamId: 's.n1-1', ids: [1, '1', 'ä "', -(2 ** 53 - 1)] })
      await b.change('s', { kind: 'begin', streamId: 's.n2-1', ids: [] })
      const both = await a.readState('s')
      await b.change('s', { kind: 'end', streamId: 's.n1-1' })
      await b.change('s', { kind: 'end', streamId: 's.n1-7' })

      assert.deepEqual(both?.calls, new Map([['s.n1-1', [1, '1', 'ä "', -(2 ** 53 - 1)]], ['s.n2-1', []]]))
      assert.deepEqual((await a.readState('s'))?.calls, new Map([['s.n2-1', []]]))
    },

    async 'what was read does not change any more' ({ stores: [a] }) {
      await a.open('s', RECORD, limits)
      const record = await a.load('s', unit)
      const state = await a.readState('s')
      for (const change of CHANGES.filter(({ kind }) => !kind.startsWith('un') && kind !== 'end')) {
        await a.change('s', change)
      }

      assert.deepEqual(record, RECORD)
      assert.deepEqual(state, { subscriptions: [], listener: undefined, calls: new Map() })
    },

    async 'one that ends is ended once, and by whichever node' ({ stores: [a, b] }) {
      await a.open('s', RECORD, limits)

      const deleted = await Promise.all(Array.from({ length: 10 }, (_, index) => (index % 2 === 0 ? a : b).delete('s')))

      assert.deepEqual(deleted.filter(Boolean), [true])
      assert.equal(await a.load('s', unit), undefined)
      assert.equal(await b.count(), 0)
    },

    async 'a change of a session that has ended, or expired, creates nothing' ({ stores: [a, b], pass }) {
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
    },

    async 'no more sessions count for one holder than may, however many nodes try at once, and others have theirs' (
      { stores: [a, b] }
    ) {
      const share = { holder: 'ann', max: 5 }
      const ids = Array.from({ length: 50 }, (_, index) => `s${index}`)

      const opened = await Promise.all(
        ids.map((id, index) => (index % 2 === 0 ? a : b).open(id, RECORD, { ...limits, share }))
      )

      assert.equal(opened.filter(({ kind }) => kind === 'opened').length, 5)
      assert.equal(opened.filter(({ kind }) => kind === 'share').length, 45)
      assert.equal(await a.count(), 5)
      assert.equal((await a.open('bob', RECORD, { ...limits, share: { holder: 'bob', max: 5 } })).kind, 'opened')
      assert.equal((await b.open('nobody', RECORD, limits)).kind, 'opened')
    },

    async 'holders are told apart, whatever they are called' ({ stores: [a, b] }) {
      const holders = [...TEXTS, 'ann', 'Ann', 'ann ', '']
      for (const [index, holder] of holders.entries()) {
        assert.equal((await a.open(`s${index}`, RECORD, { ...limits, share: { holder, max: 1 } })).kind, 'opened')
      }
      for (const holder of holders) {
        assert.equal((await b.open('more', RECORD, { ...limits, share: { holder, max: 1 } })).kind, 'share')
      }
    },

    async 'a session that ends gives its place back to its holder, and so does one that expires' (
      { stores: [a, b], pass }
    ) {
      const shared = { ...limits, share: { holder: 'ann', max: 2 } }
      for (const id of ['s1', 's2']) await a.open(id, RECORD, shared)
      await b.delete('s1')
      const afterDelete = await b.open('s3', RECORD, shared)
      const full = await a.open('s4', RECORD, shared)
      await pass(unit * 1.2)

      assert.deepEqual([afterDelete.kind, full.kind], ['opened', 'share'])
      assert.equal((await a.open('s4', RECORD, shared)).kind, 'opened')
      assert.equal((await b.open('s5', RECORD, shared)).kind, 'opened')
      assert.equal((await b.open('s6', RECORD, shared)).kind, 'share')
    },

    async 'a session counts for its holder as long as it lives on' ({ stores: [a, b], pass }) {
      const shared = { ...limits, share: { holder: 'ann', max: 2 } }
      for (const id of ['loaded', 'touched']) await a.open(id, RECORD, shared)
      for (let time = 0; time < 3; time++) {
        await pass(unit * 0.7)
        await b.load('loaded', unit)
        await b.touch(['touched'], unit)
      }

      assert.equal((await a.open('s', RECORD, shared)).kind, 'share')
      await pass(unit * 0.7)
      await a.load('loaded', unit)
      await pass(unit * 0.5)
      assert.equal((await b.open('s', RECORD, shared)).kind, 'opened')
      assert.equal((await b.open('t', RECORD, shared)).kind, 'share')
    },

    async 'the oldest session that was never used makes room for a new one, and none that was used' (
      { stores: [a, b], pass }
    ) {
      const displacing = { max: 3, ttl: unit, displaces: true }
      const opened: OpenOutcome[] = []
      for (const id of ['used', 'old', 'new', 'x', 'y', 'z']) {
        opened.push(await (id === 'old' ? b : a).open(id, RECORD, displacing))
        if (id === 'used') await b.change('used', { kind: 'use' })
        await pass(unit * 0.01)
      }
      for (const id of ['y', 'z']) await a.change(id, { kind: 'use' })

      assert.deepEqual(opened.map(({ kind, displaced }) => [kind, displaced]), [
        ['opened', undefined],
        ['opened', undefined],
        ['opened', undefined],
        ['opened', 'old'],
        ['opened', 'new'],
        ['opened', 'x']
      ])
      assert.equal((await b.open('late', RECORD, displacing)).kind, 'full')
      assert.equal(await a.count(), 3)
      for (const id of ['old', 'new', 'x', 'late']) assert.equal(await b.load(id, unit), undefined)
      for (const id of ['used', 'y', 'z']) assert.deepEqual(await b.load(id, unit), RECORD)
    },

    async 'however many nodes make room at once, there are never more than may be' ({ stores: [a, b] }) {
      const displacing = { max: 5, ttl: unit, displaces: true }
      const ids = Array.from({ length: 50 }, (_, index) => `s${index}`)

      const opened = await Promise.all(ids.map((id, index) => (index % 2 === 0 ? a : b).open(id, RECORD, displacing)))

      const displaced = opened.flatMap((outcome) => outcome.displaced ?? [])
      assert.ok(opened.every(({ kind }) => kind === 'opened'))
      assert.equal(displaced.length, 45)
      assert.equal(new Set(displaced).size, 45)
      assert.equal(await b.count(), 5)
    },

    async 'what takes no part in making room makes none and finds none' ({ stores: [a, b], pass }) {
      const [plain, displacing] = [{ max: 1, ttl: unit }, { max: 1, ttl: unit, displaces: true }]
      await a.open('plain', RECORD, plain)
      const makesNone = await b.open('s', RECORD, displacing)
      await a.delete('plain')
      await a.open('displaced', RECORD, displacing)
      const findsNone = await b.open('s', RECORD, plain)
      await pass(unit * 1.2)
      const afterwards = await b.open('s', RECORD, displacing)

      assert.deepEqual([makesNone.kind, findsNone.kind], ['full', 'full'])
      assert.deepEqual([afterwards.kind, afterwards.displaced], ['opened', undefined])
    },

    async 'a share is looked at before room is made, and a session that makes room counts for its holder no more' (
      { stores: [a, b], pass }
    ) {
      const limitsOf = (holder: string): SessionLimits => ({
        max: 2,
        ttl: unit,
        share: { holder, max: 1 },
        displaces: true
      })
      await a.open('ann', RECORD, limitsOf('ann'))
      await pass(unit * 0.01)
      await a.open('bob', RECORD, limitsOf('bob'))

      const over = await b.open('ann2', RECORD, limitsOf('ann'))
      const stays = await b.readState('bob')
      const makesRoom = await b.open('eve', RECORD, limitsOf('eve'))

      assert.equal(over.kind, 'share')
      assert.notEqual(stays, undefined)
      assert.deepEqual([makesRoom.kind, makesRoom.displaced], ['opened', 'ann'])
      assert.deepEqual(await a.open('ann3', RECORD, limitsOf('ann')), { kind: 'opened', displaced: 'bob' })
    }
  })
}
