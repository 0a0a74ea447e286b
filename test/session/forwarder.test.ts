import t from 'tap'
import { NodeLink } from '../../lib/cluster/node-link.ts'
import { createMemoryBus } from '../../lib/notify/bus.ts'
import type { Message } from '../../lib/protocol/message.ts'
import { Forwarder } from '../../lib/session/forwarder.ts'

function createForwarder (tellsNotifications: boolean) {
  const bus = createMemoryBus()
  const told: unknown[] = []
  for (const topic of ['all', 'node:a', 'node:b']) {
    bus.subscribe(topic, (text) => {
      const { receipt: _receipt, ...message } = JSON.parse(text)
      told.push([topic, message])
    })
  }
  return { forwarder: new Forwarder(new NodeLink({ id: 'a', bus, isAlive: async () => false }, () => {}, { retryDelay: 1, timeout: 0 }), 'a', tellsNotifications), told }
}

const notification = (method: string, params = {}): Message => ({ kind: 'notification', method, params })

t.test('an answer goes to the node that has asked, unless that is this one, or nobody has', async (t) => {
  const { forwarder, told } = createForwarder(true)

  await forwarder.forward([
    { kind: 'response', id: 'ask-b-1', result: { roots: [] } },
    { kind: 'response', id: 'ask-b-2', error: { code: 1, message: 'no' } },
    { kind: 'response', id: 'ask-a-1', result: {} },
    { kind: 'response', id: 7, result: {} },
    { kind: 'refusal', status: 400, code: -32600, message: 'no message', id: null }
  ], 's')

  t.same(told, [
    ['node:b', { kind: 'answered', sessionId: 's', id: 'ask-b-1', answer: { result: { roots: [] } }, from: 'a' }],
    ['node:b', { kind: 'answered', sessionId: 's', id: 'ask-b-2', answer: { error: { code: 1, message: 'no' } }, from: 'a' }]
  ])
})

t.test('a large notification stays on the node that got it', async (t) => {
  const { forwarder, told } = createForwarder(true)

  await forwarder.forward([notification('notifications/a', { text: 'x'.repeat(65_536) }), notification('notifications/b', { text: 'x' })], 's')

  t.same(told, [['all', { kind: 'notified', sessionId: 's', method: 'notifications/b', params: { text: 'x' }, from: 'a' }]])
})

t.test('a cancellation goes to all nodes, and any other notification where the server wants to know', async (t) => {
  const cancelled = notification('notifications/cancelled', { requestId: 1, reason: 'enough' })
  const changed = notification('notifications/roots/list_changed')
  const [curious, other] = [createForwarder(true), createForwarder(false)]

  const noId = notification('notifications/cancelled', { requestId: { id: 1 } })
  for (const { forwarder } of [curious, other]) await forwarder.forward([cancelled, noId, changed], 's')

  const toldOfCancelled = ['all', { kind: 'cancelled', sessionId: 's', requestId: 1, reason: 'enough', from: 'a' }]
  t.same(curious.told, [toldOfCancelled, ['all', { kind: 'notified', sessionId: 's', method: 'notifications/roots/list_changed', params: {}, from: 'a' }]])
  t.same(other.told, [toldOfCancelled])
})

t.test('a cancellation of what cannot be a request goes nowhere', async (t) => {
  const { forwarder, told } = createForwarder(true)

  for (const requestId of [{ a: 1 }, ['x'.repeat(1000)], 'x'.repeat(257), null]) {
    await forwarder.forward([notification('notifications/cancelled', { requestId })], 's')
  }

  t.strictSame(told, [])
})
