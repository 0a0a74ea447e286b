import t from 'tap'
import { NodeLink } from '../../../lib/session/nodes/node-link.ts'
import { createMemoryBus } from '../../../lib/store/notification-bus.ts'
import type { Message } from '../../../lib/protocol/message.ts'
import { Forwarder } from '../../../lib/session/nodes/forwarder.ts'
import { LocalSupport } from '../../../lib/session/local-support.ts'
import { Session } from '../../../lib/session/session.ts'

const session = new Session(
  { sessionId: 's', protocolVersion: '2025-11-25', client: { capabilities: {} } },
  0,
  new LocalSupport()
)

/**
 * The number of requests that each of the other nodes runs; undefined if it does not answer, and 'none' if it does not
 * know the question.
 */
type Counts = Readonly<Record<string, number | 'none' | undefined>>

function createForwarder (forwardsNotifications: boolean, counts: Counts = {}, isAlive = false) {
  const bus = createMemoryBus()
  const told: unknown[] = []
  const uncertain: unknown[] = []
  for (const topic of ['all', 'node:a', 'node:b', 'node:c']) {
    bus.subscribe(topic, (text) => {
      const { receipt, ...message } = JSON.parse(text)
      if (message.kind === 'received') return
      told.push([topic, message])
      const count = counts[topic.slice('node:'.length)]
      if (count !== undefined) {
        bus.publish(
          'node:a',
          JSON.stringify({ kind: 'received', receipt, from: 'b', ...(count !== 'none' && { count }) })
        )
      }
    })
  }
  const link = new NodeLink({ id: 'a', bus, isAlive: async () => isAlive }, () => {}, { retryDelay: 1, timeout: 0 })
  link.listen(() => undefined)
  const forwarder = new Forwarder(link, { id: 'a', others: async () => Object.keys(counts) }, {
    forwardsNotifications, onUncertain: (requestId, why) => { uncertain.push([requestId, why]) }
  })
  return { forwarder, told, uncertain }
}

const notification = (method: string, params = {}): Message => ({ kind: 'notification', method, params })

t.test('an answer is forwarded to the node that asked, unless that is this node or unknown', async (t) => {
  const { forwarder, told } = createForwarder(true)

  await forwarder.forward([
    { kind: 'response', id: 'ask-b-1', result: { roots: [] } },
    { kind: 'response', id: 'ask-b-2', error: { code: 1, message: 'no' } },
    { kind: 'response', id: 'ask-a-1', result: {} },
    { kind: 'response', id: 7, result: {} },
    { kind: 'refusal', reason: 'invalid_request', status: 400, code: -32600, message: 'no message', id: null }
  ], session)

  t.same(told, [
    ['node:b', { kind: 'answered', sessionId: 's', id: 'ask-b-1', answer: { result: { roots: [] } }, from: 'a' }],
    [
      'node:b',
      { kind: 'answered', sessionId: 's', id: 'ask-b-2', answer: { error: { code: 1, message: 'no' } }, from: 'a' }
    ]
  ])
})

t.test('a large notification is not forwarded', async (t) => {
  const { forwarder, told } = createForwarder(true)

  await forwarder.forward(
    [notification('notifications/a', { text: 'x'.repeat(65_536) }), notification('notifications/b', { text: 'x' })],
    session
  )

  t.same(told, [
    ['all', { kind: 'notified', sessionId: 's', method: 'notifications/b', params: { text: 'x' }, from: 'a' }]
  ])
})

t.test('a notification is forwarded to all nodes if the server handles notifications', async (t) => {
  const changed = notification('notifications/roots/list_changed')
  const [curious, other] = [createForwarder(true), createForwarder(false)]

  for (const { forwarder } of [curious, other]) await forwarder.forward([changed], session)

  t.same(curious.told, [
    ['all', { kind: 'notified', sessionId: 's', method: 'notifications/roots/list_changed', params: {}, from: 'a' }]
  ])
  t.same(other.told, [])
})

const CANCELLED = notification('notifications/cancelled', { requestId: 1, reason: 'enough' })
const AWAITED = { kind: 'awaited', sessionId: 's', requestId: 1, from: 'a' }
const AMBIGUOUS = /^a client cancelled an id that several running requests have/
const UNKNOWN = /^nothing was cancelled: a node of the cluster did not answer whether it also runs a request with the/

/** Requests with the id 1 that run at the node itself. */
function createRunning (count: number) {
  const own = new Session(
    { sessionId: 's', protocolVersion: '2025-11-25', client: { capabilities: {} } },
    0,
    new LocalSupport()
  )
  const reasons: string[] = []
  for (let number = 0; number < count; number++) {
    own.begin(1, {
      isOver: false,
      cancel: (reason) => { reasons.push(reason) }
    })
  }
  return { own, reasons }
}

t.test('the only request with an id is cancelled on the node that runs it', async (t) => {
  const elsewhere = createForwarder(true, { b: 0, c: 1 })
  await elsewhere.forwarder.forward([CANCELLED], session)
  t.same(elsewhere.told, [
    ['node:b', AWAITED],
    ['node:c', AWAITED],
    ['node:c', { kind: 'cancelled', sessionId: 's', requestId: 1, reason: 'enough', from: 'a' }]
  ])

  const here = createForwarder(true, { b: 0 })
  const { own, reasons } = createRunning(1)
  await here.forwarder.forward([CANCELLED], own)
  t.same(here.told, [['node:b', AWAITED]])
  t.same(reasons, ['enough'])

  const alone = createForwarder(true)
  await alone.forwarder.forward([CANCELLED], own)
  t.same(alone.told, [])
  t.same(reasons, ['enough', 'enough'])
  t.same([elsewhere.uncertain, here.uncertain, alone.uncertain], [[], [], []])
})

t.test('nothing is cancelled if several requests have the id, on one node or several', async (t) => {
  for (const [count, counts] of [
    [1, { b: 1 }],
    [0, { b: 1, c: 1 }],
    [0, { b: 2 }],
    [0, { b: 2, c: 'none' }]
  ] as ReadonlyArray<readonly [number, Counts]>) {
    const { forwarder, told, uncertain } = createForwarder(true, counts, true)
    const { own, reasons } = createRunning(count)
    await forwarder.forward([CANCELLED], own)

    t.same(
      told,
      Object.keys(counts).map((id) => [`node:${id}`, AWAITED])
    )
    t.same(reasons, [])
    t.match(uncertain, [[1, AMBIGUOUS]])
  }
})

t.test('other nodes are not asked if this node runs several requests with the id', async (t) => {
  const { forwarder, told, uncertain } = createForwarder(true, { b: 0 })
  const { own, reasons } = createRunning(2)

  await forwarder.forward([CANCELLED], own)

  t.same([told, reasons], [[], []])
  t.match(uncertain, [[1, AMBIGUOUS]])
})

t.test(
  'nothing is cancelled if a living node does not answer; a dead node counts as running nothing',
  async (t) => {
    for (const count of ['none', undefined] as const) {
      const { forwarder, uncertain } = createForwarder(true, { b: count }, true)
      const { own, reasons } = createRunning(1)
      await forwarder.forward([CANCELLED], own)

      t.same(reasons, [])
      t.match(uncertain, [[1, UNKNOWN]])
    }

    const { forwarder, uncertain } = createForwarder(true, { b: undefined }, false)
    const { own, reasons } = createRunning(1)
    await forwarder.forward([CANCELLED], own)
    t.same(reasons, ['enough'])
    t.same(uncertain, [])
  }
)

t.test('a cancellation without a valid request id is not forwarded', async (t) => {
  const { forwarder, told } = createForwarder(true, { b: 1 })

  for (const requestId of [{ a: 1 }, ['x'.repeat(1000)], 'x'.repeat(257), null]) {
    await forwarder.forward([notification('notifications/cancelled', { requestId })], session)
  }

  t.strictSame(told, [])
})
