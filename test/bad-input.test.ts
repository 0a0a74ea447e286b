import fc from 'fast-check'
import t, { type Test } from 'tap'
import {
  createApp,
  initialize,
  modern,
  modernCall,
  MODERN_META,
  openSession,
  post,
  type TestApp
} from './support/app.ts'

const MODERN_HEADERS = modern('tools/list').headers
const REQUEST = { jsonrpc: '2.0', id: 1, method: 'tools/list', params: { _meta: MODERN_META } }

function invalid (message: string, id: unknown = null): object {
  return { jsonrpc: '2.0', id, error: { code: -32600, message: `Invalid Request: ${message}` } }
}

/** The server goes on, and nothing that was sent has left a mark. */
async function goesOn (t: Test, { app, logLines }: TestApp): Promise<void> {
  const response = await app.inject(modernCall('echo', { text: 'still here' }))
  t.match(response.json(), { id: 1, result: { content: [{ text: 'still here' }] } })
  t.match(app.mcp.get('Notes').stats(), { sessions: 0, exchanges: 0, streams: 0 })
  t.equal(Reflect.get({}, 'polluted'), undefined)
  t.notOk(logLines.some(({ level }) => Number(level) >= 50))
}

t.test('a body that is not JSON gets 400 with -32700 and no id', async (t) => {
  const testApp = await createApp(t)

  for (const body of [
    '',
    ' ',
    '{',
    '{"jsonrpc":"2.0","id":1',
    "{'id':1}",
    'null null',
    '\u0000',
    '\ufffd',
    'NaN',
    '{"id":1,}',
    '['.repeat(100_000)
  ]) {
    const response = await post(testApp.app, body, MODERN_HEADERS)

    t.equal(response.statusCode, 400)
    t.same(response.json(), {
      jsonrpc: '2.0',
      id: null,
      error: {
        code: -32700,
        message: body === '' ? 'Parse error: the body is empty' : 'Parse error: the body is not valid JSON'
      }
    })
  }
  await goesOn(t, testApp)
})

t.test('JSON that is not a message gets 400 with -32600', async (t) => {
  const testApp = await createApp(t)

  for (const body of ['null', 'true', '7', '"text"']) {
    const response = await post(testApp.app, body, MODERN_HEADERS)

    t.equal(response.statusCode, 400)
    t.same(response.json(), invalid('a message must be a JSON object'))
  }
  await goesOn(t, testApp)
})

t.test('a wrong type anywhere in a message gets 400, with its id where that could be read', async (t) => {
  const testApp = await createApp(t)
  const idProblem = "'id' must be a string of up to 256 bytes or an integer between -(2^53 - 1) and 2^53 - 1"
  const paramsProblem = {
    jsonrpc: '2.0',
    id: 1,
    error: {
      code: -32602,
      message: "Invalid params: 'params' must be an object, and so must 'params._meta' when it is present"
    }
  }

  for (const [changes, expected] of [
    [{ jsonrpc: '1.0' }, invalid('\'jsonrpc\' must be "2.0"', 1)],
    [{ jsonrpc: 2 }, invalid('\'jsonrpc\' must be "2.0"', 1)],
    [{ jsonrpc: undefined, id: 'a' }, invalid('\'jsonrpc\' must be "2.0"', 'a')],
    ...[null, {}, [], 1.5, true, 2 ** 53, -(2 ** 53), [1]].map((id) => [{ id }, invalid(idProblem)] as const),
    ...[null, 7, {}, [], false].map((method) => [{ method }, invalid("'method' must be a string", 1)] as const),
    ...[7, 'text', [], true].map((params) => [{ params }, paramsProblem] as const),
    ...[7, 'text', []].map((_meta) => [{ params: { _meta } }, paramsProblem] as const),
    [{ method: undefined }, invalid("a request needs a 'method', a response an 'id' and a 'result' or 'error'", 1)],
    [
      { method: undefined, id: undefined },
      invalid("a request needs a 'method', a response an 'id' and a 'result' or 'error'")
    ]
  ] as const) {
    const response = await post(testApp.app, { ...REQUEST, ...changes }, MODERN_HEADERS)

    t.equal(response.statusCode, 400, JSON.stringify(changes))
    t.same(response.json(), expected)
  }
  await goesOn(t, testApp)
})

t.test('valid ids are returned unchanged', async (t) => {
  const { app } = await createApp(t)

  for (const id of [0, -1, 2 ** 53 - 1, '', '1', 'x'.repeat(256), '\u2028"\\', '__proto__']) {
    t.equal((await app.inject(modern('tools/list', {}, { id }))).json().id, id)
  }
})

t.test('an id or a progress token of more than 256 bytes gets 400 and is not repeated', async (t) => {
  const testApp = await createApp(t)
  const long = 'x'.repeat(100_000)

  const byId = await testApp.app.inject(modern('tools/list', {}, { id: long }))
  t.equal(byId.statusCode, 400)
  t.same(
    byId.json(),
    invalid("'id' must be a string of up to 256 bytes or an integer between -(2^53 - 1) and 2^53 - 1")
  )

  const byToken = await testApp.app.inject(modern('tools/list', {}, { meta: { progressToken: long } }))
  t.equal(byToken.statusCode, 400)
  t.match(byToken.json(), { id: 1, error: { code: -32602, message: /'progressToken' .* up to 256 bytes/ } })
  await goesOn(t, testApp)
})

t.test('an error repeats only the beginning of what a client has sent', async (t) => {
  const { app, logLines } = await createApp(t)
  const long = 'x'.repeat(100_000)
  const cut = `${'x'.repeat(128)}…`
  const legacy = { jsonrpc: '2.0', id: 1, method: 'initialize', params: { protocolVersion: long } }

  for (const [request, error] of [
    [modern(long), { code: -32601, message: `Method not found: ${cut}` }],
    [modernCall(long), { code: -32602, message: `Unknown tool: ${cut}` }],
    [
      modern('tools/list', {}, { headers: { 'mcp-method': long.slice(0, 10_000) } }),
      {
        code: -32020,
        message: `Header mismatch: Mcp-Method header value '${cut}' does not match body value 'tools/list'`
      }
    ],
    [
      modern('tools/list', {}, { headers: { 'mcp-protocol-version': long.slice(0, 10_000) } }),
      {
        code: -32020,
        message: `Header mismatch: MCP-Protocol-Version header value '${cut}' does not match body value '2026-07-28'`
      }
    ]
  ] as const) {
    t.match((await app.inject(request)).json(), { error })
  }
  t.match((await post(app, { ...legacy, method: 'ping' }, { 'mcp-protocol-version': long.slice(0, 10_000) })).json(), {
    error: { data: { requested: cut } }
  })

  const origin = `http://${'x'.repeat(10_000)}.example`
  t.equal((await post(app, legacy, { origin })).statusCode, 403)
  t.equal((await post(app, legacy, { host: 'x'.repeat(10_000) })).statusCode, 421)
  t.equal(
    (
      await app.inject({
        method: 'OPTIONS',
        url: '/mcp',
        headers: { 'access-control-request-method': 'POST', origin: 'http://localhost:1' }
      })
    ).statusCode,
    405
  )
  t.notOk(logLines.some((line) => Number(line.level) >= 40 && JSON.stringify(line).length > 2000))
})

t.test('a modern-only mount does not repeat an invalid revision', async (t) => {
  const { app } = await createApp(t, { legacy: false })
  const requested = async (protocolVersion: unknown): Promise<object> =>
    (await post(app, { jsonrpc: '2.0', id: 1, method: 'initialize', params: { protocolVersion } })).json().error.data

  t.strictSame(await requested('x'.repeat(100_000)), { supported: ['2026-07-28'], requested: `${'x'.repeat(128)}…` })
  t.strictSame(await requested({ a: [] }), { supported: ['2026-07-28'] })
})

t.test('nesting of 100,000 levels gets 400', async (t) => {
  const testApp = await createApp(t)
  const deep = '['.repeat(100_000) + ']'.repeat(100_000)

  const bare = await post(testApp.app, deep)
  const inside = await post(
    testApp.app,
    JSON.stringify({ ...REQUEST, params: 0 }).replace('0}', `{"a":${deep}}}`),
    MODERN_HEADERS
  )

  t.equal(bare.statusCode, 400)
  t.same(bare.json(), invalid('nested deeper than 1000 levels'))
  t.equal(inside.statusCode, 400)
  t.same(inside.json(), invalid('nested deeper than 1000 levels', 1))
  await goesOn(t, testApp)
})

t.test('keys that reach a prototype get 400 and reach none', async (t) => {
  const testApp = await createApp(t)
  const message = "the keys '__proto__' and 'constructor.prototype' are not allowed"

  for (const body of [
    '{"jsonrpc":"2.0","id":1,"method":"tools/list","__proto__":{"polluted":1}}',
    '{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"_meta":{"__proto__":{"polluted":1}}}}',
    '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"arguments":{"constructor":{"prototype":{"polluted":1}}}}}'
  ]) {
    const response = await post(testApp.app, body, MODERN_HEADERS)

    t.equal(response.statusCode, 400)
    t.same(response.json(), invalid(message, 1))
  }
  await goesOn(t, testApp)
})

t.test('names of Object.prototype are not tools, prompts or methods', async (t) => {
  const testApp = await createApp(t)

  for (const name of ['__proto__', 'constructor', 'toString', 'hasOwnProperty', '']) {
    const response = await testApp.app.inject(modernCall(name))

    t.equal(response.statusCode, 400)
    t.same(response.json(), { jsonrpc: '2.0', id: 1, error: { code: -32602, message: `Unknown tool: ${name}` } })
  }
  await goesOn(t, testApp)
})

t.test('a foreign session gets 404, a header that contradicts the body and an unknown revision 400', async (t) => {
  const testApp = await createApp(t)
  const foreign = await openSession((await createApp(t)).app)

  const unknown = await post(testApp.app, { jsonrpc: '2.0', id: 1, method: 'ping' }, foreign)
  const contradicting = await testApp.app.inject(modern('tools/list', {}, { headers: { 'mcp-method': 'tools/call' } }))
  const revision = await testApp.app.inject(modern('tools/list', {}, {
    headers: { 'mcp-protocol-version': '1.0' }, meta: { 'io.modelcontextprotocol/protocolVersion': '1.0' }
  }))

  t.same([unknown.statusCode, unknown.json().id], [404, 1])
  t.same([contradicting.statusCode, contradicting.json().error.code], [400, -32020])
  t.same([revision.statusCode, revision.json().error.code], [400, -32022])
  await goesOn(t, testApp)
})

const json = fc.jsonValue({ maxDepth: 4 })
const methods = fc.constantFrom(
  'tools/list',
  'tools/call',
  'prompts/get',
  'resources/read',
  'completion/complete',
  'server/discover',
  'initialize',
  'ping',
  'logging/setLevel',
  'notifications/cancelled'
)
const almostMessages = fc.record({
  jsonrpc: fc.oneof(fc.constant('2.0'), json),
  id: fc.oneof(fc.integer(), fc.string(), json),
  method: fc.oneof(methods, json),
  params: fc.oneof(json, fc.record({
    name: fc.oneof(fc.constant('echo'), json),
    uri: json,
    arguments: fc.oneof(fc.record({ text: json }), json),
    protocolVersion: fc.oneof(fc.constant('2025-11-25'), json),
    capabilities: fc.oneof(fc.constant({}), json),
    clientInfo: fc.oneof(fc.constant({ name: 'a', version: '1' }), json),
    cursor: json,
    _meta: fc.oneof(fc.constant(MODERN_META), json)
  }, { requiredKeys: [] }))
}, { requiredKeys: [] })
const headerTexts = fc.oneof(
  fc.constantFrom(
    '2026-07-28',
    '2025-11-25',
    '2025-03-26',
    'tools/call',
    'tools/list',
    'initialize',
    'echo',
    'application/json',
    'text/event-stream',
    '*/*',
    'http://localhost'
  ),
  fc.string({ unit: fc.constantFrom(...'aZ09 ,;=/?*"\t-._~') })
)
const headerSets = fc.record(
  {
    accept: headerTexts,
    'content-type': fc.oneof(
      { weight: 9, arbitrary: fc.constant('application/json') },
      { weight: 1, arbitrary: headerTexts }
    ),
    'mcp-protocol-version': headerTexts,
    'mcp-method': headerTexts,
    'mcp-name': headerTexts,
    'mcp-session-id': headerTexts,
    origin: fc.oneof({ weight: 9, arbitrary: fc.constant('http://localhost') }, { weight: 1, arbitrary: headerTexts })
  },
  { requiredKeys: [] }
)

t.test('every reply to random input is JSON-RPC with a status below 500', async (t) => {
  for (const options of [{}, { stateless: true }, { legacy: false, jsonResponse: true }]) {
    const { app } = await createApp(t, options)
    const session = await openSession(app, '2025-03-26')

    await fc.assert(fc.asyncProperty(
      fc.oneof(almostMessages, fc.array(almostMessages), json), headerSets, fc.boolean(),
      async (body, headers, inSession) => {
        const response = await post(app, body, { ...inSession && session, ...headers })

        return (
          response.statusCode < 500 &&
          isRpcReply(response.body) &&
          !/node_modules|\.ts:\d+|\bat .+\(/.test(response.body)
        )
      }
    ), { numRuns: 300 })
    t.equal((await app.inject(modern('tools/list'))).statusCode, 200)
  }
})

function isRpcReply (text: string): boolean {
  if (text === '') return true
  const payload = text.startsWith(': open') ? text.slice(text.lastIndexOf('data: ') + 6) : text
  const replies: unknown = JSON.parse(payload)
  return (Array.isArray(replies) ? replies : [replies]).every((reply) =>
    reply.jsonrpc === '2.0' && 'id' in reply && (('result' in reply) !== Number.isInteger(reply.error?.code)))
}

t.test('a fuzzed text is refused as well', async (t) => {
  const testApp = await createApp(t)

  await fc.assert(fc.asyncProperty(fc.oneof(fc.string(), fc.json()), async (text) => {
    const response = await post(testApp.app, text)
    return response.statusCode === 400 && isRpcReply(response.body)
  }))
  await goesOn(t, testApp)
})

t.test('after invalid requests, a client can still initialize', async (t) => {
  const { app } = await createApp(t)

  await post(app, '{')

  t.equal((await app.inject(initialize())).statusCode, 200)
})
