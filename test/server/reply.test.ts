// What definitions resolve requests to, as the JSON of replies and as objects.
import t from 'tap'
import { RpcError } from '../../lib/errors.ts'
import type { Outcome } from '../../lib/server/call/incoming.ts'
import { encodeReply, resultOf, toRpcError } from '../../lib/server/reply.ts'
import { PreparedResult } from '../../lib/server/call/result.ts'
import { Client } from '../support/definition-client.ts'

t.test('an object, its JSON and a prepared result make the same reply', (t) => {
  const result = { tools: [] }

  for (const outcome of [result, JSON.stringify(result), new PreparedResult(result)]) {
    t.equal(encodeReply(outcome, 'a'), '{"jsonrpc":"2.0","id":"a","result":{"tools":[]}}')
  }
  t.equal(resultOf(result), result)
  t.same(resultOf('{"tools":[]}'), result)
  t.end()
})

t.test('a prepared result is encoded by a copy of this package that does not know its class', (t) => {
  t.equal(JSON.stringify(new PreparedResult({ tools: [] })), '{"tools":[]}')
  t.end()
})

t.test('what a definition must not resolve to is refused', (t) => {
  t.throws(() => encodeReply('', 1), { name: 'TypeError', message: "a server definition's serve() must resolve to an object, or to the JSON of one, not to an empty text" })
  for (const outcome of [undefined, null, [], 7, { big: 1n }]) t.throws(() => encodeReply(outcome as Outcome, 1), TypeError)
  t.end()
})

t.test('an RpcError of a definition passes, and anything else is logged and hidden', (t) => {
  const { log, logged } = new Client()
  const error = new RpcError(-32602, 'Unknown tool: add')

  t.equal(toRpcError(error, log), error)
  t.same(logged, [])
  t.match(toRpcError(new TypeError('secret'), log), { code: -32603, message: 'Internal error' })
  t.match(logged, [{ level: 'error', msg: 'a server definition threw what is no RpcError', err: { message: 'secret' } }])
  t.end()
})
