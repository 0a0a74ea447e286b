import fc from 'fast-check'
import t from 'tap'
import { isRequestId, isWireObject, parseJson, parseMessage, readId } from '../../lib/protocol/message.ts'

function invalid (problem: string, id: string | number | null) {
  const message = `Invalid Request: ${problem}`
  return { kind: 'refusal', reason: 'invalid_request', status: 400, code: -32600, message, id }
}

t.test('a message with an id and a method is a request', async (t) => {
  for (const id of [
    '',
    'a',
    'i'.repeat(256),
    '€'.repeat(85),
    0,
    -1,
    Number.MAX_SAFE_INTEGER,
    Number.MIN_SAFE_INTEGER
  ]) {
    t.strictSame(parseMessage({ jsonrpc: '2.0', id, method: 'ping' }), {
      kind: 'request',
      request: { id, method: 'ping', params: {} }
    })
  }
  t.strictSame(parseMessage({ jsonrpc: '2.0', id: 1, method: 'ping', params: { a: [1], _meta: { b: 2 } } }), {
    kind: 'request', request: { id: 1, method: 'ping', params: { a: [1], _meta: { b: 2 } } }
  })
})

t.test('a message with a method and no id is a notification', async (t) => {
  t.strictSame(parseMessage({ jsonrpc: '2.0', method: 'notifications/initialized' }), {
    kind: 'notification', method: 'notifications/initialized', params: {}
  })
})

t.test('a message with an id and a result or an error is a response', async (t) => {
  t.strictSame(parseMessage({ jsonrpc: '2.0', id: 1, result: null }), { kind: 'response', id: 1, result: null })
  t.strictSame(parseMessage({ jsonrpc: '2.0', id: 'a', error: { code: -1, message: 'no' } }), {
    kind: 'response',
    id: 'a',
    error: { code: -1, message: 'no' }
  })
})

t.test('a value that is not a JSON object is refused', async (t) => {
  for (const value of [undefined, null, 1, 'a', true, [], [{ jsonrpc: '2.0', id: 1, method: 'ping' }]]) {
    t.strictSame(parseMessage(value), invalid('a message must be a JSON object', null))
  }
})

t.test('another version of JSON-RPC is refused with the id of the request', async (t) => {
  for (const jsonrpc of [undefined, null, 2, '1.0', ['2.0']]) {
    t.strictSame(parseMessage({ jsonrpc, id: 1, method: 'ping' }), invalid("'jsonrpc' must be \"2.0\"", 1))
  }
})

t.test('an id that is neither a short string nor a safe integer is refused and not echoed', async (t) => {
  for (const id of [null, true, 1.5, 2 ** 53, -(2 ** 53), 1e300, {}, [], 'i'.repeat(257), '€'.repeat(86)]) {
    t.strictSame(parseMessage({ jsonrpc: '2.0', id, method: 'ping' }),
      invalid("'id' must be a string of up to 256 bytes or an integer between -(2^53 - 1) and 2^53 - 1", null))
  }
})

t.test('a message that is neither request nor response is refused', async (t) => {
  const problem = "a request needs a 'method', a response an 'id' and a 'result' or 'error'"

  t.strictSame(parseMessage({ jsonrpc: '2.0' }), invalid(problem, null))
  t.strictSame(parseMessage({ jsonrpc: '2.0', id: 1 }), invalid(problem, 1))
  t.strictSame(parseMessage({ jsonrpc: '2.0', result: {} }), invalid(problem, null))
})

t.test('a method that is not a string is refused', async (t) => {
  for (const method of [null, 1, {}, ['ping']]) {
    t.strictSame(parseMessage({ jsonrpc: '2.0', id: 1, method }), invalid("'method' must be a string", 1))
  }
})

t.test('null in an optional member counts as absent, because some clients write it', async (t) => {
  const params = { name: 'add', arguments: null, cursor: null, context: null, _meta: null, other: null }

  t.strictSame(parseMessage({ jsonrpc: '2.0', id: 1, method: 'ping', params: null, result: null, error: null }), {
    kind: 'request',
    request: { id: 1, method: 'ping', params: {} }
  })
  t.strictSame(parseMessage({ jsonrpc: '2.0', method: 'a', params }), {
    kind: 'notification',
    method: 'a',
    params: { name: 'add', other: null }
  })
  t.equal(params.arguments, null)
  t.strictSame(parseMessage({ jsonrpc: '2.0', id: 1, method: null, params: null, result: {}, error: null }), {
    kind: 'response',
    id: 1,
    result: {}
  })
  t.strictSame(parseMessage({ jsonrpc: '2.0', id: 1, result: null, error: { code: 1 } }), {
    kind: 'response',
    id: 1,
    error: { code: 1 }
  })
})

t.test(
  'a message that is both a request and a response is refused, and so is a response with a result and an error',
  async (t) => {
    for (const answer of [{ result: {} }, { error: { code: 1, message: 'no' } }, { result: 0 }]) {
      t.strictSame(
        parseMessage({ jsonrpc: '2.0', id: 1, method: 'ping', ...answer }),
        invalid("a message with a 'method' has neither 'result' nor 'error'", 1)
      )
      t.strictSame(
        parseMessage({ jsonrpc: '2.0', method: 'ping', ...answer }),
        invalid("a message with a 'method' has neither 'result' nor 'error'", null)
      )
    }
    t.strictSame(
      parseMessage({ jsonrpc: '2.0', id: 1, result: {}, error: {} }),
      invalid("a response has either a 'result' or an 'error'", 1)
    )
  }
)

t.test('params, or a _meta, that are not an object are refused as invalid params', async (t) => {
  const refusal = {
    kind: 'refusal',
    reason: 'invalid_params',
    status: 400,
    code: -32602,
    message: "Invalid params: 'params' must be an object, and so must 'params._meta' when it is present",
    id: 1
  }

  for (const params of [[], 'a', 1, { _meta: [] }, { _meta: 'a' }]) {
    t.strictSame(parseMessage({ jsonrpc: '2.0', id: 1, method: 'ping', params }), refusal)
  }
  t.strictSame(parseMessage({ jsonrpc: '2.0', method: 'ping', params: [] }), { ...refusal, id: null })
})

t.test('an id is read from any object that has a valid one', async (t) => {
  t.equal(readId({ id: 'a' }), 'a')
  t.equal(readId({ id: 0 }), 0)
  t.equal(readId({ id: null }), null)
  t.equal(readId({}), null)
  t.equal(readId([{ id: 1 }]), null)
  t.equal(readId(undefined), null)
})

t.test('every JSON value is either refused or a message with a valid id', async () => {
  fc.assert(fc.property(fc.jsonValue(), (value) => {
    const { kind } = parseMessage(value)

    return kind === 'refusal' || (isWireObject(value) && (kind === 'notification' || isRequestId(value.id)))
  }))
})

t.test('a text is parsed as JSON, and any other text becomes undefined', async (t) => {
  t.strictSame(['{"a":[1]}', '0', 'null', '', '{', 'undefined'].map(parseJson), [
    { a: [1] }, 0, null, undefined, undefined, undefined
  ])
})
