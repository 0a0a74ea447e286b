import t from 'tap'
import { idsOf, joinAnswers } from '../../lib/conversation/batch-reply.ts'
import { Client } from '../support/definition-client.ts'

// V8's longest string has 2^29 - 24 characters.
const HALF = 'a'.repeat(2 ** 28)

t.test('the answers to a batch are one array', async (t) => {
  const { log, logged } = new Client()

  t.equal(joinAnswers(['{"id":1}', '{"id":"b"}'], [1, 'b'], log), '[{"id":1},{"id":"b"}]')
  t.same(logged, [])
})

t.test('if the reply is longer than a string can be, each request is answered with an error', async (t) => {
  const { log, logged } = new Client()

  const reply = JSON.parse(joinAnswers([HALF, HALF], [1, 'b'], log))

  const error = { code: -32603, message: 'The reply to the batch is too long; send each request on its own' }
  t.same(reply, [{ jsonrpc: '2.0', id: 1, error }, { jsonrpc: '2.0', id: 'b', error }])
  t.match(logged, [{ level: 'warn', err: { name: 'RangeError' } }])
})

t.test('the ids of a batch are those of its requests', async (t) => {
  const request = { kind: 'request', era: 'legacy', request: { id: 'b', method: 'ping', params: {} } } as const
  const notification = { kind: 'notification', era: 'legacy', method: 'notifications/initialized', params: {} } as const
  const reason = 'invalid_request'
  const refusal = { kind: 'refusal', reason, status: 400, code: -32600, message: 'no', id: 3 } as const

  t.same(idsOf([request, notification, refusal]), ['b'])
})
