import t from 'tap'
import { createMemoryCluster } from '../../../lib/store/memory-cluster.ts'
import { answerLostCalls, readAnswered } from '../../../lib/session/nodes/foreign-reply.ts'

const RECORD = { protocolVersion: '2025-11-25', client: { capabilities: {} }, logLevel: 'debug' } as const
const LOST = {
  code: -32603,
  message:
    'The server process that was answering this request has died; ' +
      'whether it took effect is not known. Send it again if that is safe'
}

t.test('the open requests of a stream are answered with an error, and the stream ends', async (t) => {
  const node = createMemoryCluster().join('Notes', { onOutage () {}, onRecovery () {} })
  await node.sessions.open('s', RECORD, { max: 1, ttl: 1000 })
  await node.sessions.change('s', { kind: 'begin', streamId: 's.x-1', ids: [1, 'two', 3] })
  await node.events.append('s.x-1', JSON.stringify({ jsonrpc: '2.0', method: 'notifications/message', params: {} }))
  await node.events.append('s.x-1', JSON.stringify({ jsonrpc: '2.0', id: 3, method: 'roots/list' }))
  await node.events.append('s.x-1', JSON.stringify({ jsonrpc: '2.0', id: 1, result: {} }))

  await answerLostCalls(node, 's.x-1', [1, 'two', 3])

  const added = await node.events.read('s.x-1', 3)
  t.same(
    added?.map(({ message }) => JSON.parse(message)),
    [
      { jsonrpc: '2.0', id: 'two', error: LOST },
      { jsonrpc: '2.0', id: 3, error: LOST }
    ]
  )
  t.same((await node.sessions.readState('s'))?.calls, new Map())
})

t.test('each of two requests with the same id is answered', async (t) => {
  const node = createMemoryCluster().join('Notes', { onOutage () {}, onRecovery () {} })
  await node.sessions.open('s', RECORD, { max: 1, ttl: 1000 })
  await node.events.append('s.x-1', JSON.stringify({ jsonrpc: '2.0', id: 1, result: {} }))

  await answerLostCalls(node, 's.x-1', [1, 1])

  t.same(
    (await node.events.read('s.x-1', 1))?.map(({ message }) => JSON.parse(message)),
    [{ jsonrpc: '2.0', id: 1, error: LOST }]
  )
})

t.test('a text that is not a message answers no request', (t) => {
  for (const text of ['', '{', 'null', '[]', '7']) t.equal(readAnswered(text), undefined)
  t.end()
})

t.test('a request is answered again if its answer is no longer stored', async (t) => {
  const node = createMemoryCluster({ events: { maxEvents: 1 } }).join('Notes', { onOutage () {}, onRecovery () {} })
  for (const n of [1, 2]) {
    await node.events.append(
      's.x-1',
      JSON.stringify({ jsonrpc: '2.0', method: 'notifications/message', params: { n } })
    )
  }

  await answerLostCalls(node, 's.x-1', [1])

  t.match(JSON.parse((await node.events.read('s.x-1', 2))?.[0]?.message ?? ''), { id: 1, error: LOST })
})

t.test('a response answers the request with its id, and other messages answer none', (t) => {
  t.equal(readAnswered('{"id":1,"result":{}}'), 1)
  t.equal(readAnswered('{"id":"a","error":{}}'), 'a')
  for (const other of [
    '{"id":1,"method":"ping"}',
    '{"method":"notifications/message"}',
    '{"id":null,"error":{}}',
    '[]'
  ]) { t.equal(readAnswered(other), undefined) }
  t.end()
})
