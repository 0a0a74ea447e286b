// The checks of session stores that prove how the state of a session changes.
import assert from 'node:assert/strict'
import { TEXTS } from './contract.ts'
import { CHANGES, RECORD, limitsOf, type SessionChecks } from './session-subject.ts'

/** @internal Log level and subscriptions are stored as they were changed last. */
export function changeChecks (unit: number): SessionChecks {
  const limits = limitsOf(unit)

  return {
    async 'a changed log level is in the record' ({ stores: [a, b] }) {
      await a.open('s', RECORD, limits)
      await b.change('s', { kind: 'logLevel', level: 'critical' })

      assert.deepEqual(await a.load('s', unit), { ...RECORD, logLevel: 'critical' })
    },

    async 'a subscription is stored once, and removed by one change' ({ stores: [a, b] }) {
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

    async 'only the last URI of a topic is stored, whichever node stored it' ({ stores: [a, b] }) {
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

    async 'concurrent changes are all stored' ({ stores: [a, b] }) {
      const uris = Array.from({ length: 100 }, (_, index) => `notes://${index}`)
      await a.open('s', RECORD, limits)

      await Promise.all(
        uris.map((uri, index) => (index % 2 === 0 ? a : b).change('s', { kind: 'subscribe', topic: uri, uri }))
      )

      assert.deepEqual([...(await a.readState('s'))?.subscriptions ?? []].sort(), uris.sort())
    },

    async 'later changes do not alter a record or state that was read' ({ stores: [a] }) {
      await a.open('s', RECORD, limits)
      const record = await a.load('s', unit)
      const state = await a.readState('s')
      for (const change of CHANGES.filter(({ kind }) => !kind.startsWith('un') && kind !== 'end')) {
        await a.change('s', change)
      }

      assert.deepEqual(record, RECORD)
      assert.deepEqual(state, { subscriptions: [], listener: undefined, calls: new Map() })
    }
  }
}

/** @internal Connections are counted, and reply streams are stored until they end. */
export function connectionChecks (unit: number): SessionChecks {
  const limits = limitsOf(unit)

  return {
    async 'the listener is the node of the last GET connection, until that node gives it up' ({ stores: [a, b] }) {
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

    async 'each of several concurrent connections gets its own turn, and the state before it' (
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

    async 'reply streams are stored from their beginning to their end, with the exact request ids' (
      { stores: [a, b] }
    ) {
      await a.open('s', RECORD, limits)
      await a.change('s', { kind: 'begin', streamId: 's.n1-1', ids: [1, '1', 'ä "', -(2 ** 53 - 1)] })
      await b.change('s', { kind: 'begin', streamId: 's.n2-1', ids: [] })
      const both = await a.readState('s')
      await b.change('s', { kind: 'end', streamId: 's.n1-1' })
      await b.change('s', { kind: 'end', streamId: 's.n1-7' })

      assert.deepEqual(both?.calls, new Map([['s.n1-1', [1, '1', 'ä "', -(2 ** 53 - 1)]], ['s.n2-1', []]]))
      assert.deepEqual((await a.readState('s'))?.calls, new Map([['s.n2-1', []]]))
    }
  }
}
