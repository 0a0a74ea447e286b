import t from 'tap'
import {
  encodeError, encodeJson, encodeNotification, encodeResponse, escapeLineBreaks, resolveToJson
} from '../../lib/protocol/encode.ts'

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

t.test('values are encoded as by JSON.stringify', async (t) => {
  for (const value of [
    'a',
    '\\ud800 as text',
    '\\',
    '\\\\ud800',
    '\u{1F600}',
    5,
    null,
    [1, 'a'],
    { a: { b: undefined } }
  ]) { t.equal(encodeJson(value), JSON.stringify(value)) }
})

t.test('a lone surrogate becomes a replacement character', async (t) => {
  t.equal(encodeJson('a\ud800b'), '"a\uFFFDb"')
  t.equal(encodeJson({ '\udc00': ['\udbff\udbff\udc00'] }), '{"\uFFFD":["\uFFFD\u{10FC00}"]}')
  t.equal(encodeJson('\\\ud800'), '"\\\\\uFFFD"')
})

t.test('a value that JSON cannot represent throws', async (t) => {
  for (const value of [undefined, () => {}, Symbol('a'), { toJSON () {} }]) {
    t.throws(() => encodeJson(value), { name: 'TypeError', message: /no JSON/ })
  }
  t.throws(() => encodeJson(5n), TypeError)
})

t.test('a value with a toJSON method is resolved to what the method returns', async (t) => {
  const own = { a: 1 }

  t.equal(resolveToJson(own), own)
  t.equal(resolveToJson(undefined), undefined)
  t.equal(resolveToJson(new Date(0)), '1970-01-01T00:00:00.000Z')
  t.equal(resolveToJson({ toJSON () {} }), null)
  t.throws(() => resolveToJson({ toJSON () { throw new Error('no') } }), { message: 'no' })
})

t.test('only characters that some readers take for a line break are escaped', async (t) => {
  t.equal(escapeLineBreaks('"plain \u00e4 \u20ac"'), '"plain \u00e4 \u20ac"')
  for (const [character, escaped] of [
    ['\u0085', '\\u0085'],
    ['\u2028', '\\u2028'],
    ['\u2029', '\\u2029']
  ]) { t.equal(escapeLineBreaks(`"${character}${character}"`), `"${escaped}${escaped}"`) }
})

t.test('lone surrogates are replaced in little time, however many escapes the text has', async (t) => {
  const length = 500_000
  const texts = ['\ud800', '\\ud800', 'a\\\ud800', '\\', '"'].map((unit) => unit.repeat(length) + '\ud800')

  for (const text of texts) {
    const expected = JSON.stringify(text.replaceAll('\ud800', '\uFFFD'))
    const started = process.cpuUsage()
    const json = encodeJson(text)
    const { user } = process.cpuUsage(started)
    t.ok(json === expected)
    t.ok(user < 500_000, `${user} microseconds`)
  }
})
