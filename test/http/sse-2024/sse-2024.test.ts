import t, { type Test } from 'tap'
import mcpPlugin from '../../../lib/index.ts'
import { createApp, createHost, createServer, initialize, legacy, mount, openSession, type AppOptions } from '../../support/app.ts'
import { createV1, said } from '../../support/sdk-servers.ts'
import { openSse, opening, type SseClient } from '../../support/sse-client.ts'
import { createGate, frameOf, listen, until } from '../../support/stream.ts'
import { createTalker } from '../../support/talk.ts'

const JSON_TYPE = { 'content-type': 'application/json' }

async function createSse (t: Test, options: AppOptions = {}) {
  const { app, logLines } = await createApp(t, { legacySse: true, ...options })
  const address = await listen(app)
  return { app, address, logLines, mount: app.mcp.get('Notes') }
}

function errorOf (code: number, message: string, id: unknown = null): object {
  return { jsonrpc: '2.0', id, error: { code, message } }
}

t.test('a stream begins with the URL to post to, and what is posted there is answered by the stream', async (t) => {
  const { address, mount } = await createSse(t)

  const client = await openSse(address)
  const posted = await client.post({ jsonrpc: '2.0', id: 1, method: 'initialize', params: opening() })

  t.equal(client.response.status, 200)
  t.match(Object.fromEntries(client.response.headers), {
    'content-type': 'text/event-stream',
    'cache-control': 'no-cache, no-transform',
    'x-accel-buffering': 'no'
  })
  t.match(client.endpoint, /^\/messages\?sessionId=[\da-f]{8}-[\da-f-]{27}$/)
  t.equal(posted.status, 202)
  t.equal(posted.headers.get('content-type'), 'text/plain; charset=utf-8')
  t.equal(await posted.text(), 'Accepted')
  t.equal(await client.event(), frameOf({
    jsonrpc: '2.0',
    id: 1,
    result: {
      protocolVersion: '2024-11-05',
      capabilities: { tools: { listChanged: true }, logging: {} },
      serverInfo: { name: 'Notes', version: '1.0.0' }
    }
  }))
  t.equal(await client.ask('tools/call', { name: 'echo', arguments: { text: 'hi' } }, 2), frameOf({
    jsonrpc: '2.0', id: 2, result: { content: [{ type: 'text', text: 'hi' }] }
  }))
  t.match(mount.stats(), { sessions: 1, exchanges: 0, streams: 1 })
})

t.test('without the option neither URL is served', async (t) => {
  const { app } = await createApp(t)

  t.equal((await app.inject({ url: '/sse' })).statusCode, 404)
  t.equal((await app.inject({ method: 'POST', url: '/messages' })).statusCode, 404)
})

t.test('the revision is negotiated as over Streamable HTTP, and a version header is accepted', async (t) => {
  const { address } = await createSse(t)
  for (const [requested, chosen] of [
    ['2025-11-25', '2025-11-25'],
    ['2025-03-26', '2025-03-26'],
    ['2026-07-28', '2025-11-25'],
    ['1999-01-01', '2025-11-25']
  ] as const) {
    const client = await openSse(address)

    t.match(await client.ask('initialize', opening(requested)), new RegExp(`"protocolVersion":"${chosen}"`))
    t.equal(
      (await client.post({ jsonrpc: '2.0', method: 'notifications/initialized' }, { 'mcp-protocol-version': chosen }))
        .status,
      202
    )
  }
})

t.test('an invalid message is refused by the reply to the POST, and the stream goes on', async (t) => {
  const { address } = await createSse(t, { bodyLimit: 1000, maxDepth: 10 })
  const client = await openSse(address)
  const modern = {
    'io.modelcontextprotocol/protocolVersion': '2026-07-28',
    'io.modelcontextprotocol/clientCapabilities': {}
  }
  const MODERN = 'Unsupported protocol version: HTTP+SSE serves only revisions before 2026-07-28; use Streamable HTTP'
  const supported = ['2025-11-25', '2025-06-18', '2025-03-26', '2024-11-05']
  const refused: ReadonlyArray<
    readonly [body: unknown, headers: Record<string, string>, status: number, answer: object]
  > = [
    ['{', {}, 400, errorOf(-32700, 'Parse error: the body is not valid JSON')],
    ['', {}, 400, errorOf(-32700, 'Parse error: the body is empty')],
    ['7', {}, 400, errorOf(-32600, 'Invalid Request: a message must be a JSON object')],
    [
      [{ jsonrpc: '2.0', id: 1, method: 'ping' }],
      {},
      400,
      errorOf(-32600, 'Invalid Request: a message must be a JSON object')
    ],
    [{ id: 3, method: 'ping' }, {}, 400, errorOf(-32600, 'Invalid Request: \'jsonrpc\' must be "2.0"', 3)],
    [
      '{"__proto__":{},"id":4}', {}, 400,
      errorOf(-32600, "Invalid Request: the keys '__proto__' and 'constructor.prototype' are not allowed", 4)
    ],
    [`${'['.repeat(11)}${']'.repeat(11)}`, {}, 400, errorOf(-32600, 'Invalid Request: nested deeper than 10 levels')],
    [
      '"'.padEnd(2000, 'a') + '"', {}, 413,
      errorOf(-32000, "Request body too large; the mount's 'bodyLimit' says how long it may be")
    ],
    ['{}', { 'content-type': 'text/plain' }, 415, errorOf(-32000, 'Unsupported content type: send application/json')],
    [
      { jsonrpc: '2.0', id: 5, method: 'initialize', params: {} }, {}, 400,
      errorOf(-32602, "Invalid params: initialize needs 'protocolVersion', a string", 5)
    ],
    [
      { jsonrpc: '2.0', id: 6, method: 'tools/list', params: { _meta: modern } },
      { 'mcp-protocol-version': '2026-07-28' },
      400,
      {
        jsonrpc: '2.0',
        id: 6,
        error: { code: -32022, message: MODERN, data: { supported, requested: '2026-07-28' } }
      }
    ],
    [
      { jsonrpc: '2.0', method: 'notifications/cancelled', params: {} },
      { 'mcp-protocol-version': '2026-07-28' },
      400,
      {
        jsonrpc: '2.0',
        id: null,
        error: { code: -32022, message: MODERN, data: { supported, requested: '2026-07-28' } }
      }
    ]
  ]

  for (const [body, headers, status, answer] of refused) {
    const response = await client.post(body, headers)

    t.equal(response.status, status)
    t.same(await response.json(), answer)
  }
  t.match(await client.ask('initialize', opening()), /"protocolVersion":"2024-11-05"/)
})

t.test('a message needs a session with an open stream, and the client of a stream must accept event streams', async (t) => {
  const { app, address, mount } = await createSse(t)
  const headers = { ...JSON_TYPE }
  const payload = '{"jsonrpc":"2.0","id":1,"method":"ping"}'
  const NO_SESSION = errorOf(-32000, "The query needs a 'sessionId'; post to the URL of the stream's 'endpoint' event")
  const NOT_FOUND = errorOf(-32001, 'Session not found: its stream has ended or never existed; open a new one')

  for (const [query, status, answer] of [
    ['', 400, NO_SESSION],
    ['?sessionId=a&sessionId=b', 400, NO_SESSION],
    ['?sessionId=', 404, NOT_FOUND],
    ['?sessionId=__proto__', 404, NOT_FOUND]
  ] as const) {
    const response = await app.inject({ method: 'POST', url: `/messages${query}`, headers, payload })

    t.equal(response.statusCode, status)
    t.same(response.json(), answer)
  }
  const unwilling = await app.inject({ url: '/sse', headers: { accept: 'application/json' } })
  t.equal(unwilling.statusCode, 406)
  t.same(unwilling.json(), errorOf(-32000, 'Not Acceptable: accept text/event-stream'))
  const unknown = await app.inject({ url: '/sse', headers: { 'mcp-protocol-version': '2026-07-28' } })
  t.equal(unknown.statusCode, 400)
  t.match(unknown.json(), { error: { code: -32022 } })

  const client = await openSse(address)
  client.leave()
  await until(() => mount.stats().streams === 0)
  t.same((await client.post(payload)).status, 404)
})

t.test('other methods get 405 with the allowed ones', async (t) => {
  const { app } = await createSse(t)

  for (const [url, method, allow] of [
    ['/sse', 'POST', 'GET'],
    ['/sse', 'DELETE', 'GET'],
    ['/sse/', 'POST', 'GET'],
    ['/messages', 'GET', 'POST'],
    ['/messages/', 'PUT', 'POST']
  ] as const) {
    const response = await app.inject({ method, url })

    t.equal(response.statusCode, 405)
    t.equal(response.headers.allow, allow)
    t.same(response.json(), errorOf(-32000, `Method not allowed; this endpoint takes ${allow}`))
  }
})

t.test('sessions of one transport are unknown to the other', async (t) => {
  const { app, address, mount } = await createSse(t)
  const client = await openSse(address)
  await client.ask('initialize', opening())
  const streamable = await openSession(app)

  const there = await app.inject(legacy('tools/list', {}, { headers: { 'mcp-session-id': client.sessionId } }))
  const deleted = await app.inject({ method: 'DELETE', url: '/mcp', headers: { 'mcp-session-id': client.sessionId } })
  const here = await app.inject({ ...legacy('tools/list'), url: `/messages?sessionId=${streamable['mcp-session-id']}` })
  await app.inject(initialize('2025-11-25', { headers: { 'mcp-session-id': client.sessionId } }))
  const beside = await app.inject(legacy('tools/list', {}, { headers: streamable }))

  t.equal(there.statusCode, 404)
  t.equal(deleted.statusCode, 404)
  t.equal(here.statusCode, 404)
  t.equal(beside.statusCode, 200)
  t.equal(mount.stats().sessions, 3)
  t.equal(await client.ask('ping'), frameOf({ jsonrpc: '2.0', id: 1, result: {} }))
})

t.test('streams count towards maxSessions, and end with their connections', async (t) => {
  const { app, address, mount } = await createSse(t, { maxSessions: 1 })
  const ended: unknown[] = []
  mount.sessions.on('ended', (session, reason) => ended.push([session.sessionId, session.client.info?.name, reason]))
  const client = await openSse(address)
  await client.ask('initialize', opening())
  await client.ask('ping')

  const busy = await app.inject({ url: '/sse' })
  const busyThere = await app.inject(initialize())
  client.leave()
  await until(() => mount.sessions.size === 0)

  t.equal(busy.statusCode, 503)
  t.equal(busy.headers['retry-after'], '30')
  t.same(busy.json(), errorOf(-32603, 'Too many open sessions: 1; try again later'))
  t.equal(busyThere.statusCode, 503)
  t.same(ended, [[client.sessionId, 'test', 'disconnected']])
  t.match(mount.stats(), { sessions: 0, exchanges: 0, streams: 0 })
  t.ok(await openSse(address))
})

t.test('a ping may come first; a client without initialize has no capabilities', async (t) => {
  const server = createServer()
  server.registerTool('who', {}, (_args, { protocolVersion, client }) => JSON.stringify({ protocolVersion, client }))
  const { address } = await createSse(t, { server })
  const older = await openSse(address)
  const newer = await openSse(address, '/sse', { 'mcp-protocol-version': '2025-06-18' })
  const says = (text: object): string =>
    frameOf({ jsonrpc: '2.0', id: 1, result: { content: [{ type: 'text', text: JSON.stringify(text) }] } })

  t.equal(await older.ask('ping', {}, 7), frameOf({ jsonrpc: '2.0', id: 7, result: {} }))
  t.equal(
    await older.ask('tools/call', { name: 'who' }),
    says({ protocolVersion: '2024-11-05', client: { capabilities: {} } })
  )
  t.equal(
    await newer.ask('tools/call', { name: 'who' }),
    says({ protocolVersion: '2025-06-18', client: { capabilities: {} } })
  )
  const late = await older.post({ jsonrpc: '2.0', id: 9, method: 'initialize', params: opening() })
  t.equal(late.status, 400)
  t.same(
    await late.json(),
    errorOf(
      -32600,
      "Invalid Request: the session has already been initialized, or began without 'initialize'; " +
        'open a new stream to send it',
      9
    )
  )
})

t.test('a session has one SDK server, with or without initialize, which closes with the session', async (t) => {
  for (const begin of [
    (client: SseClient) => client.ask('initialize', opening(), 8),
    (client: SseClient) => client.ask('ping', {}, 8)
  ]) {
    const { app } = createHost(t)
    const made: Array<ReturnType<typeof createV1>> = []
    const closed = createGate()
    await mount(app, {
      name: 'Tasks',
      legacySse: true,
      server: () => {
        const server = createV1()
        server.server.onclose = closed.open
        made.push(server)
        return server
      }
    })
    const client = await openSse(await listen(app))

    await client.ask('ping', {}, 7)
    await begin(client)

    t.equal(
      await client.ask('tools/call', { name: 'hello' }),
      frameOf({ jsonrpc: '2.0', id: 1, result: said('hello') })
    )
    t.equal(made.length, 1)
    client.leave()
    await closed.promise
  }
})

t.test('an initialize that fails leaves no session behind', async (t) => {
  const { app } = createHost(t)
  const talker = createTalker(() => ({}))
  await app.register(mcpPlugin, {
    legacySse: true,
    server: {
      ...talker,
      serve: async () => {
        throw new Error('no')
      }
    }
  })
  const client = await openSse(await listen(app))

  t.equal(await client.ask('initialize', opening()), frameOf(errorOf(-32603, 'Internal error', 1)))
  t.equal(await client.next(), undefined)
  await until(() => app.mcp.get('Talk').sessions.size === 0)
})

t.test('the URL to post to has all prefixes with their parameters filled in, and the path of publicUrl', async (t) => {
  const { app } = createHost(t)
  await app.register(async (scope) => {
    await scope.register(mcpPlugin, { server: createServer('one'), prefix: '/:tenant/notes/', legacySse: true })
    await scope.register(mcpPlugin, {
      server: createServer('two'),
      prefix: '/two',
      path: '/',
      legacySse: { ssePath: '/old/events/', messagesPath: '/old/in/' }
    })
    await scope.register(mcpPlugin, { server: createServer('three'), prefix: '/three', publicUrl: 'http://127.0.0.1/ai/', legacySse: { ssePath: '/', messagesPath: '/in' } })
  }, { prefix: '/api' })
  const address = await listen(app)

  const one = await openSse(address, '/api/b%20c/notes/sse?a=/b')
  const two = await openSse(address, '/api/two/old/events')
  const three = await openSse(address, '/api/three')

  t.equal(one.endpoint, `/api/b%20c/notes/messages?sessionId=${one.sessionId}`)
  t.match(await one.ask('initialize', opening()), /"name":"one"/)
  t.equal(two.endpoint, `/api/two/old/in?sessionId=${two.sessionId}`)
  t.match(await two.ask('initialize', opening()), /"name":"two"/)
  t.equal(three.endpoint, `/ai/api/three/in?sessionId=${three.sessionId}`)
})

t.test('a request beyond maxRequests gets 503', async (t) => {
  const { app } = createHost(t)
  await app.register(mcpPlugin, {
    legacySse: { maxRequests: 1 },
    closeGracePeriod: 1,
    server: createTalker(() => new Promise(() => {}))
  })
  const client = await openSse(await listen(app))
  const call = (id: number): Promise<Response> => client.post({ jsonrpc: '2.0', id, method: 'tools/call' })

  const first = await call(1)
  const second = await call(2)
  await client.post({ jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 1 } })
  const third = await call(3)

  t.equal(first.status, 202)
  t.equal(second.status, 503)
  t.equal(second.headers.get('retry-after'), '30')
  t.same(await second.json(), errorOf(-32603, 'Too many requests at once: 1; try again later', 2))
  t.equal(third.status, 202)
})

t.test('two mounts cannot have the same URL of streams', async (t) => {
  const { app } = createHost(t)
  const options = { server: createServer(), legacySse: true } as const
  await app.register(mcpPlugin, options)

  await t.rejects(mount(app, { ...options, name: 'b', path: '/b' }), { code: 'MCP_ERR_DUPLICATE_ENDPOINT', message: /^endpoint '\/sse' already serves the mount 'Notes'/ })
})

for (const [what, other, path] of [
  ['an endpoint', { path: '/messages' }, '/messages'],
  ['messages', { path: '/c', legacySse: { ssePath: '/d' } }, '/messages']
] as const) {
  t.test(`a mount cannot have the URL of another for ${what}`, async (t) => {
    const { app } = createHost(t)
    await app.register(mcpPlugin, { server: createServer(), legacySse: true })

    await t.rejects(mount(app, { server: createServer(), name: 'b', ...other }), {
      code: 'MCP_ERR_DUPLICATE_ENDPOINT',
      message: new RegExp(`^endpoint '${path}'`)
    })
  })
}

t.test('a health check at the URL of the stream is refused', async (t) => {
  const { app } = createHost(t)

  await t.rejects(mount(app, { server: createServer(), legacySse: { ssePath: '/health' }, health: true }), { code: 'MCP_ERR_INVALID_OPTION', message: /^option 'health' needs '\/health', which the app already serves/ })
})
