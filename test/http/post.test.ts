import t from 'tap'
import { Type } from '../../lib/index.ts'
import { createApp, legacy, modern, modernCall, MODERN_META, openSession, post, SERVER_META, type Post } from '../support/app.ts'

const VERSION_KEY = 'io.modelcontextprotocol/protocolVersion'
const CAPABILITIES_KEY = 'io.modelcontextprotocol/clientCapabilities'

function mismatch (message: string): object {
  return { jsonrpc: '2.0', id: 1, error: { code: -32020, message: `Header mismatch: ${message}` } }
}

function without (request: Post, name: string): Post {
  const { [name]: _left, ...headers } = { ...request.headers }
  return { ...request, headers }
}

t.test('a modern request is served without initialize', async (t) => {
  const { app } = await createApp(t)

  const response = await app.inject(modernCall('echo', { text: 'hi' }, { id: 'a' }))

  t.equal(response.statusCode, 200)
  t.equal(response.headers['content-type'], 'application/json; charset=utf-8')
  t.same(response.json(), {
    jsonrpc: '2.0',
    id: 'a',
    result: { resultType: 'complete', content: [{ type: 'text', text: 'hi' }], _meta: SERVER_META }
  })
})

t.test('a modern request neither needs nor opens a session', async (t) => {
  const { app } = await createApp(t)

  const response = await app.inject(
    modern('server/discover', {}, { headers: { 'mcp-session-id': 'unknown', 'last-event-id': '7' } })
  )

  t.equal(response.statusCode, 200)
  t.notOk(response.headers['mcp-session-id'])
  t.equal(app.mcp.get('Notes').sessions.size, 0)
})

t.test('a method that the server does not implement gets 404 with -32601', async (t) => {
  const { app } = await createApp(t)

  for (const method of [
    'nope', '', 'ping', 'initialize', 'logging/setLevel', 'prompts/list', '__proto__', 'toString'
  ]) {
    const response = await app.inject(modern(method))

    t.equal(response.statusCode, 404, method)
    t.same(response.json(), {
      jsonrpc: '2.0',
      id: 1,
      error: { code: -32601, message: `Method not found: ${method}` }
    })
  }
})

t.test('an unsupported revision gets 400 with -32022, the supported revisions and the requested one', async (t) => {
  const { app } = await createApp(t)

  for (const revision of ['2027-01-01', '2025-11-25', 'latest']) {
    const response = await app.inject(
      modern('tools/list', {}, { meta: { [VERSION_KEY]: revision }, headers: { 'mcp-protocol-version': revision } })
    )

    t.equal(response.statusCode, 400)
    t.same(response.json(), {
      jsonrpc: '2.0',
      id: 1,
      error: {
        code: -32022,
        message: 'Unsupported protocol version',
        data: { supported: ['2026-07-28'], requested: revision }
      }
    })
  }
})

t.test('a missing or contradicting MCP-Protocol-Version gets 400 with -32020', async (t) => {
  const { app } = await createApp(t)

  const missing = await app.inject(without(modern('tools/list'), 'mcp-protocol-version'))
  const other = await app.inject(modern('tools/list', {}, { headers: { 'mcp-protocol-version': '2025-11-25' } }))
  const twice = await app.inject(
    modern('tools/list', {}, { headers: { 'mcp-protocol-version': '2026-07-28, 2026-07-28' } })
  )

  t.equal(missing.statusCode, 400)
  t.same(missing.json(), mismatch("MCP-Protocol-Version header is missing, but the body has the value '2026-07-28'"))
  t.equal(other.statusCode, 400)
  t.same(
    other.json(),
    mismatch("MCP-Protocol-Version header value '2025-11-25' does not match body value '2026-07-28'")
  )
  t.equal(twice.statusCode, 400)
})

t.test('a missing or contradicting Mcp-Method gets 400 with -32020', async (t) => {
  const { app } = await createApp(t)

  const missing = await app.inject(without(modern('tools/list'), 'mcp-method'))
  const other = await app.inject(modern('tools/list', {}, { headers: { 'mcp-method': 'Tools/List' } }))

  t.equal(missing.statusCode, 400)
  t.same(missing.json(), mismatch("Mcp-Method header is missing, but the body has the value 'tools/list'"))
  t.equal(other.statusCode, 400)
  t.same(other.json(), mismatch("Mcp-Method header value 'Tools/List' does not match body value 'tools/list'"))
})

t.test('a missing or contradicting Mcp-Name gets 400 with -32020 before anything is called', async (t) => {
  const { app, server } = await createApp(t)
  server.registerTool('trap', {}, () => String(t.fail('no call')))
  server.registerPrompt('hello', {}, () => 'hi')
  server.registerResource('a', 'notes://a', {}, () => 'text')

  const missing = await app.inject(without(modernCall('trap'), 'mcp-name'))
  const other = await app.inject(modernCall('trap', {}, { headers: { 'mcp-name': 'echo' } }))
  const prompt = await app.inject(modern('prompts/get', { name: 'hello' }, { headers: { 'mcp-name': 'other' } }))
  const resource = await app.inject(modern('resources/read', { uri: 'notes://a' }, { headers: { 'mcp-name': 'a' } }))

  t.same(missing.json(), mismatch("Mcp-Name header is missing, but the body has the value 'trap'"))
  t.same(other.json(), mismatch("Mcp-Name header value 'echo' does not match body value 'trap'"))
  t.same(prompt.json(), mismatch("Mcp-Name header value 'other' does not match body value 'hello'"))
  t.same(resource.json(), mismatch("Mcp-Name header value 'a' does not match body value 'notes://a'"))
  for (const response of [missing, other, prompt, resource]) t.equal(response.statusCode, 400)
})

t.test('Mcp-Name may be Base64, and must be valid then', async (t) => {
  const { app } = await createApp(t)

  for (const [name, status] of [
    ['=?base64?ZWNobw==?=', 200],
    [' echo ', 200],
    ['=?base64?ZWNobw?=', 400],
    ['=?BASE64?ZWNobw==?=', 400],
    ['=?base64?/////w==?=', 400],
    ['=?base64?b3RoZXI=?=', 400]
  ] as const) {
    t.equal(
      (await app.inject(modernCall('echo', { text: 'hi' }, { headers: { 'mcp-name': name } }))).statusCode,
      status,
      name
    )
  }
})

t.test('Mcp-Param headers are compared with the arguments they mirror', async (t) => {
  const { app, server } = await createApp(t)
  server.registerTool(
    'query',
    {
      inputSchema: Type.Object({
        region: Type.Optional(Type.String({ 'x-mcp-header': 'Region' })),
        limit: Type.Optional(Type.Integer({ 'x-mcp-header': 'Limit' }))
      })
    },
    () => 'done'
  )

  for (const [args, headers, status] of [
    [{}, {}, 200],
    [{ region: 'us', limit: 42 }, { 'mcp-param-region': 'us', 'mcp-param-limit': '42.0' }, 200],
    [{ region: '世界' }, { 'mcp-param-region': '=?base64?5LiW55WM?=' }, 200],
    [{ region: 'us' }, {}, 400],
    [{ region: 'us' }, { 'mcp-param-region': 'eu' }, 400],
    [{}, { 'mcp-param-region': 'us' }, 400],
    [{ region: 'A' }, { 'mcp-param-region': '=?base64?QQ?=' }, 400],
    [{ limit: 1 }, { 'mcp-param-limit': '1e0' }, 400]
  ] as const) {
    t.equal(
      (await app.inject(modernCall('query', args, { headers }))).statusCode,
      status,
      JSON.stringify([args, headers])
    )
  }
  const response = await app.inject(modernCall('query', { region: 'us' }, { headers: { 'mcp-param-region': 'eu' } }))
  t.same(response.json(), mismatch("Mcp-Param-Region header value 'eu' does not match body value 'us'"))
})

t.test('a missing or wrong _meta field gets 400 with -32602', async (t) => {
  const { app } = await createApp(t)
  const headers = modern('tools/list').headers

  for (const [meta, message] of [
    [undefined, `'_meta' needs '${VERSION_KEY}', a string`],
    [{ [CAPABILITIES_KEY]: {} }, `'_meta' needs '${VERSION_KEY}', a string`],
    [{ ...MODERN_META, [VERSION_KEY]: 1 }, `'_meta' needs '${VERSION_KEY}', a string`],
    [{ [VERSION_KEY]: '2026-07-28' }, `'_meta' needs '${CAPABILITIES_KEY}', an object`],
    [{ ...MODERN_META, [CAPABILITIES_KEY]: [] }, `'_meta' needs '${CAPABILITIES_KEY}', an object`],
    [
      { ...MODERN_META, 'io.modelcontextprotocol/clientInfo': { name: 'a' } },
      "'io.modelcontextprotocol/clientInfo' in '_meta' must be an object with a name and a version"
    ],
    [
      { ...MODERN_META, 'io.modelcontextprotocol/logLevel': 'loud' },
      "'io.modelcontextprotocol/logLevel' in '_meta' is not a log level"
    ],
    [
      { ...MODERN_META, progressToken: {} },
      "'progressToken' in '_meta' must be a string of up to 256 bytes or an integer"
    ]
  ] as const) {
    const response = await post(
      app,
      { jsonrpc: '2.0', id: 1, method: 'tools/list', params: { _meta: meta } },
      headers
    )

    t.equal(response.statusCode, 400)
    t.same(response.json(), { jsonrpc: '2.0', id: 1, error: { code: -32602, message: `Invalid params: ${message}` } })
  }
})

t.test('a modern notification gets 202, a modern response 400', async (t) => {
  const { app } = await createApp(t)
  const headers = { 'mcp-protocol-version': '2026-07-28' }

  const notification = await post(
    app,
    { jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 1 } },
    headers
  )
  const response = await post(app, { jsonrpc: '2.0', id: 1, result: {} }, headers)

  t.equal(notification.statusCode, 202)
  t.equal(notification.body, '')
  t.equal(response.statusCode, 400)
  t.same(response.json(), {
    jsonrpc: '2.0',
    id: null,
    error: { code: -32600, message: 'Invalid Request: this revision has no responses from clients' }
  })
})

t.test('both eras are served at one endpoint', async (t) => {
  const { app } = await createApp(t)
  const call = { name: 'echo', arguments: { text: 'hi' } }

  const fromLegacy = await app.inject(
    legacy('tools/call', call, { headers: { ...(await openSession(app)), 'mcp-protocol-version': '2025-11-25' } })
  )
  const fromModern = await app.inject(modern('tools/call', call))

  t.same(fromLegacy.json(), { jsonrpc: '2.0', id: 1, result: { content: [{ type: 'text', text: 'hi' }] } })
  t.same(fromModern.json().result.content, [{ type: 'text', text: 'hi' }])
})

t.test('a call with an unknown tool or without a name gets 400 with -32602', async (t) => {
  const { app } = await createApp(t)

  const unknown = await app.inject(modernCall('nope'))
  const nameless = await app.inject(modern('tools/call'))

  t.equal(unknown.statusCode, 400)
  t.same(unknown.json(), { jsonrpc: '2.0', id: 1, error: { code: -32602, message: 'Unknown tool: nope' } })
  t.equal(nameless.statusCode, 400)
  t.same(nameless.json(), {
    jsonrpc: '2.0',
    id: 1,
    error: { code: -32602, message: "Invalid params: tools/call needs 'name', a string" }
  })
})
