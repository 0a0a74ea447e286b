import t from 'tap'
import { createServer } from '../support/app.ts'
import { byId, failure, initialize, legacy, legacyCall, modern, openPipe, openSession, result, text } from './pipe.ts'

const PING = legacy('p', 'ping')
const PONG = result('p', {})

t.test('an invalid line is answered with an error, and the next lines are served', async (t) => {
  const { write, take } = await openPipe(t)

  write(
    '{"jsonrpc":\n',
    PING,
    'nonsense\n',
    '42\n',
    '{"jsonrpc":"1.0","id":7,"method":"ping"}\n',
    '{"jsonrpc":"2.0","id":8}\n',
    PING
  )

  t.same(await take(7), [
    failure(null, -32700, 'Parse error: the line is not valid JSON'),
    PONG,
    failure(null, -32700, 'Parse error: the line is not valid JSON'),
    failure(null, -32600, 'Invalid Request: a message must be a JSON object'),
    failure(7, -32600, "Invalid Request: 'jsonrpc' must be \"2.0\""),
    failure(8, -32600, "Invalid Request: a request needs a 'method', a response an 'id' and a 'result' or 'error'"),
    PONG
  ])
})

t.test('a line that is too long is refused, and the next lines are served', async (t) => {
  const { write, take } = await openPipe(t, createServer(), { bodyLimit: 100 })

  write(legacy('long', 'x'.repeat(200)), PING)

  t.same(await take(2), [
    failure(null, -32600, "Invalid Request: the line is longer than 100 bytes, which is 'bodyLimit'"),
    PONG
  ])
})

t.test('messages that are too deep, too large or reach a prototype are refused', async (t) => {
  const { write, take } = await openPipe(t, createServer(), { maxDepth: 5 })

  write(
    '{"jsonrpc":"2.0","id":1,"method":"ping","params":{"__proto__":{}}}\n',
    '{"jsonrpc":"2.0","id":2,"method":"ping","params":{"a":[[[[[]]]]]}}\n',
    PING
  )

  t.same(await take(3), [
    failure(1, -32600, "Invalid Request: the keys '__proto__' and 'constructor.prototype' are not allowed"),
    failure(2, -32600, 'Invalid Request: nested deeper than 5 levels'),
    PONG
  ])
})

t.test('a line that is not valid UTF-8 is refused', async (t) => {
  const { input, take, write } = await openPipe(t)

  input.write(Buffer.from([0x22, 0xff, 0x22, 0x0a]))
  write(PING)

  t.same(await take(2), [failure(null, -32700, 'Parse error: the line is not valid UTF-8'), PONG])
})

t.test('blank lines are passed over, and a line may end with a carriage return', async (t) => {
  const { write, take } = await openPipe(t)

  write('\n', '  \t\r\n', `${JSON.stringify(PING)}\r\n`, '\r\n', PING)

  t.same(await take(2), [PONG, PONG])
})

t.test('messages may be cut anywhere, and many may come at once', async (t) => {
  const piped = await openPipe(t)
  await openSession(piped)
  const { input, take, write } = piped

  for (const byte of Buffer.from(`${JSON.stringify(legacyCall(1, 'echo', { text: 'Grüße 👋' }))}\n`)) {
    input.write(Buffer.of(byte))
  }
  write([2, 3].map((id) => `${JSON.stringify(legacyCall(id, 'echo', { text: `${id}` }))}\n`).join(''))

  t.same(await take(3), [text(1, 'Grüße 👋'), text(2, '2'), text(3, '3')])
})

t.test('a stream of strings is read, too', async (t) => {
  const { input, next } = await openPipe(t)
  input.setEncoding('utf8')

  input.write(`${JSON.stringify(PING)}\n`)

  t.same(await next(), PONG)
})

t.test('each message is served in the era that it names', async (t) => {
  const piped = await openPipe(t)
  await openSession(piped)
  const { take, write } = piped

  write(legacy(1, 'ping'), modern(2, 'ping'), modern(3, 'server/discover'), legacy(4, 'server/discover'))
  const [one, two, three, four] = byId(await take(4))

  t.same(one, result(1, {}))
  t.same(two, failure(2, -32601, 'Method not found: ping'))
  t.match(three, {
    id: 3,
    result: {
      resultType: 'complete',
      supportedVersions: ['2026-07-28'],
      capabilities: { tools: { listChanged: true } }
    }
  })
  t.same(four, failure(4, -32601, 'Method not found: server/discover'))
})

t.test('an unknown revision is refused with the list of served ones', async (t) => {
  const { take, write } = await openPipe(t)
  const key = 'io.modelcontextprotocol/protocolVersion'

  write(modern(1, 'tools/list', {}, { [key]: '2099-01-01' }), modern(2, 'tools/list', {}, { [key]: 5 }))

  t.same(await take(2), [
    {
      jsonrpc: '2.0',
      id: 1,
      error: {
        code: -32022,
        message: 'Unsupported protocol version',
        data: { supported: ['2026-07-28'], requested: '2099-01-01' }
      }
    },
    failure(2, -32602, `Invalid params: '_meta' needs '${key}', a string`)
  ])
})

t.test('with legacy: false, legacy requests are refused', async (t) => {
  const { take, write } = await openPipe(t, createServer(), { legacy: false })

  write(initialize(1), modern(2, 'tools/call', { name: 'echo', arguments: { text: 'a' } }))
  const [refused, served] = await take(2)

  t.match(refused, { id: 1, error: { code: -32022, data: { supported: ['2026-07-28'] } } })
  t.match(served, { id: 2, result: { content: [{ type: 'text', text: 'a' }] } })
})
