import t from 'tap'
import { InsufficientScopeError, RpcError } from '../../lib/errors.ts'
import { encodeError, encodeNotification, encodeResponse, statusOf } from '../../lib/protocol/envelope.ts'

t.test('a modern error has the HTTP status that the specification gives its code', async (t) => {
  for (const [code, status] of [
    [-32700, 400], [-32600, 400], [-32602, 400], [-32020, 400], [-32021, 400], [-32022, 400], [-32601, 404], [-32603, 200], [1, 200]
  ] as const) {
    t.equal(statusOf(new RpcError(code, 'no'), 'modern'), status, String(code))
  }
})

t.test('a legacy error has status 200, whatever its code', async (t) => {
  for (const code of [-32700, -32600, -32601, -32602, -32603, -32002]) t.equal(statusOf(new RpcError(code, 'no'), 'legacy'), 200)
})

t.test('an error for want of a scope has status 403 in both eras', async (t) => {
  t.equal(statusOf(new InsufficientScopeError(['a']), 'modern'), 403)
  t.equal(statusOf(new InsufficientScopeError(['a']), 'legacy'), 403)
})

t.test('a response carries its id as it came', async (t) => {
  t.equal(encodeResponse(7, '{}'), '{"jsonrpc":"2.0","id":7,"result":{}}')
  t.equal(encodeResponse('"\n', '{"a":1}'), '{"jsonrpc":"2.0","id":"\\"\\n","result":{"a":1}}')
})

t.test('an error has data only where it was given some', async (t) => {
  t.equal(encodeError(null, { code: -32600, message: 'no' }), '{"jsonrpc":"2.0","id":null,"error":{"code":-32600,"message":"no"}}')
  t.equal(encodeError('a', { code: 1, message: 'no', data: { b: [1] } }), '{"jsonrpc":"2.0","id":"a","error":{"code":1,"message":"no","data":{"b":[1]}}}')
  t.equal(encodeError(0, { code: 1, message: 'no', data: null }), '{"jsonrpc":"2.0","id":0,"error":{"code":1,"message":"no","data":null}}')
})

t.test('an error whose data JSON cannot carry is sent without it', async (t) => {
  const circular: { self?: object } = {}
  circular.self = circular

  for (const data of [circular, 1n, () => {}, Symbol('no'), undefined, { toJSON () { throw new Error('no') } }]) {
    t.equal(encodeError(1, { code: 1, message: 'no', data }), '{"jsonrpc":"2.0","id":1,"error":{"code":1,"message":"no"}}')
  }
})

t.test('an error whose code is no integer is an internal error', async (t) => {
  for (const code of [NaN, 1.5, Infinity]) {
    t.equal(encodeError(1, { code, message: 'no' }), '{"jsonrpc":"2.0","id":1,"error":{"code":-32603,"message":"no"}}')
  }
})

t.test('a notification has no id', async (t) => {
  t.equal(encodeNotification('notifications/message', { level: 'info', data: 'a' }), '{"jsonrpc":"2.0","method":"notifications/message","params":{"level":"info","data":"a"}}')
  t.throws(() => encodeNotification('notifications/message', { data: 1n }), TypeError)
})
