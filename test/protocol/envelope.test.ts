import t from 'tap'
import { encodeError, encodeNotification, encodeResponse } from '../../lib/protocol/envelope.ts'

t.test('a response has the id of its request', async (t) => {
  t.equal(encodeResponse(7, '{}'), '{"jsonrpc":"2.0","id":7,"result":{}}')
  t.equal(encodeResponse('"\n', '{"a":1}'), '{"jsonrpc":"2.0","id":"\\"\\n","result":{"a":1}}')
})

t.test('an error has data only if data was given', async (t) => {
  t.equal(
    encodeError(null, { code: -32600, message: 'no' }),
    '{"jsonrpc":"2.0","id":null,"error":{"code":-32600,"message":"no"}}'
  )
  t.equal(
    encodeError('a', { code: 1, message: 'no', data: { b: [1] } }),
    '{"jsonrpc":"2.0","id":"a","error":{"code":1,"message":"no","data":{"b":[1]}}}'
  )
  t.equal(
    encodeError(0, { code: 1, message: 'no', data: null }),
    '{"jsonrpc":"2.0","id":0,"error":{"code":1,"message":"no","data":null}}'
  )
})

t.test('an error whose data JSON cannot carry is encoded without the data', async (t) => {
  const circular: { self?: object } = {}
  circular.self = circular

  for (const data of [circular, 1n, () => {}, Symbol('no'), undefined, { toJSON () { throw new Error('no') } }]) {
    t.equal(
      encodeError(1, { code: 1, message: 'no', data }),
      '{"jsonrpc":"2.0","id":1,"error":{"code":1,"message":"no"}}'
    )
  }
})

t.test('an error whose code is not an integer is an internal error', async (t) => {
  for (const code of [NaN, 1.5, Infinity]) {
    t.equal(encodeError(1, { code, message: 'no' }), '{"jsonrpc":"2.0","id":1,"error":{"code":-32603,"message":"no"}}')
  }
})

t.test('a notification has no id', async (t) => {
  t.equal(
    encodeNotification('notifications/message', { level: 'info', data: 'a' }),
    '{"jsonrpc":"2.0","method":"notifications/message","params":{"level":"info","data":"a"}}'
  )
  t.throws(() => encodeNotification('notifications/message', { data: 1n }), TypeError)
})
