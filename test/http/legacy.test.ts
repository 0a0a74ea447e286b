import t from 'tap'
import { createApp, initialize, legacy, modern, openSession, openUsedSession, post } from '../support/app.ts'
import { partsOf } from '../support/parts.ts'

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/

function notFound (id: unknown): object {
  return {
    jsonrpc: '2.0',
    id,
    error: {
      code: -32001,
      message: "Session not found: it has ended or never existed; send 'initialize' to open a new one"
    }
  }
}

function sessionRequired (id: unknown): object {
  return {
    jsonrpc: '2.0',
    id,
    error: { code: -32000, message: "Mcp-Session-Id header is required; send 'initialize' first" }
  }
}

t.test('initialize opens a session and returns the requested revision, back to 2024-11-05', async (t) => {
  const { app } = await createApp(t)

  for (const revision of ['2025-11-25', '2025-06-18', '2025-03-26', '2024-11-05']) {
    const response = await app.inject(initialize(revision))

    t.equal(response.statusCode, 200)
    t.match(response.headers['mcp-session-id'], UUID)
    t.same(response.json(), {
      jsonrpc: '2.0',
      id: 1,
      result: {
        protocolVersion: revision,
        capabilities: { tools: { listChanged: true }, logging: {} },
        serverInfo: { name: 'Notes', version: '1.0.0' }
      }
    })
  }
  t.equal(app.mcp.get('Notes').sessions.size, 4)
})

t.test('an unknown revision is answered with the newest legacy one', async (t) => {
  const { app } = await createApp(t)

  for (const revision of ['2026-07-28', '1999-01-01', '', 'latest']) {
    t.equal((await app.inject(initialize(revision))).json().result.protocolVersion, '2025-11-25', revision)
  }
})

t.test('initialize needs a revision, capabilities and a client', async (t) => {
  const { app } = await createApp(t)
  const params = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'a', version: '1' } }

  for (const [wrong, message] of [
    [{ protocolVersion: 1 }, "initialize needs 'protocolVersion', a string"],
    [{ capabilities: [] }, "initialize needs 'capabilities', an object"],
    [{ clientInfo: { name: 'a' } }, "initialize needs 'clientInfo', an object with a name and a version"]
  ] as const) {
    const response = await app.inject(legacy('initialize', { ...params, ...wrong }, { id: 'x' }))

    t.equal(response.statusCode, 400)
    t.notOk(response.headers['mcp-session-id'])
    t.same(response.json(), { jsonrpc: '2.0', id: 'x', error: { code: -32602, message: `Invalid params: ${message}` } })
  }
  t.equal(app.mcp.get('Notes').sessions.size, 0)
})

t.test('a session serves requests until the client ends it', async (t) => {
  const { app } = await createApp(t)
  const session = await openSession(app)

  const before = await app.inject(legacy('ping', {}, { id: 7, headers: session }))
  const ended = await app.inject({ method: 'DELETE', url: '/mcp', headers: session })
  const after = await app.inject(legacy('ping', {}, { id: 'seven', headers: session }))
  const again = await app.inject({ method: 'DELETE', url: '/mcp', headers: session })

  t.same(before.json(), { jsonrpc: '2.0', id: 7, result: {} })
  t.equal(ended.statusCode, 200)
  t.equal(ended.body, '')
  t.equal(after.statusCode, 404)
  t.same(after.json(), notFound('seven'))
  t.equal(again.statusCode, 404)
  t.same(again.json(), notFound(null))
})

t.test('a DELETE without session gets 400, whatever body it has', async (t) => {
  const { app } = await createApp(t)

  for (const [contentType, payload] of [['application/json', '{'], ['text/plain', 'x']] as const) {
    const response = await app.inject({
      method: 'DELETE',
      url: '/mcp',
      headers: { 'content-type': contentType },
      payload
    })

    t.equal(response.statusCode, 400)
    t.same(response.json(), sessionRequired(null))
  }
})

t.test('a request without session gets 400, one of an unknown session 404', async (t) => {
  const { app } = await createApp(t)

  const without = await app.inject(legacy('tools/list', {}, { id: 0 }))

  t.equal(without.statusCode, 400)
  t.same(without.json(), sessionRequired(0))
  for (const id of ['', 'unknown', '__proto__', 'constructor', 'x'.repeat(4000)]) {
    const response = await app.inject(legacy('tools/list', {}, { headers: { 'mcp-session-id': id } }))

    t.equal(response.statusCode, 404)
    t.same(response.json(), notFound(1))
  }
})

t.test('a session of one mount is unknown to another', async (t) => {
  const first = await createApp(t)
  const second = await createApp(t)

  const response = await second.app.inject(legacy('ping', {}, { headers: await openSession(first.app) }))

  t.equal(response.statusCode, 404)
})

t.test('notifications and responses get 202, and need the session too', async (t) => {
  const { app } = await createApp(t)
  const session = await openSession(app)

  for (const message of [
    { jsonrpc: '2.0', method: 'notifications/initialized' }, { jsonrpc: '2.0', id: 1, result: {} },
    { jsonrpc: '2.0', id: 1, error: {} }
  ]) {
    const accepted = await post(app, message, session)
    const without = await post(app, message)
    const unknown = await post(app, message, { 'mcp-session-id': 'unknown' })

    t.equal(accepted.statusCode, 202)
    t.equal(accepted.body, '')
    t.equal(without.statusCode, 400)
    t.same(without.json(), sessionRequired(null))
    t.equal(unknown.statusCode, 404)
    t.same(unknown.json(), notFound(null))
  }
})

t.test('a second initialize ends the previous session', async (t) => {
  const { app } = await createApp(t, { maxSessions: 1 })
  const old = await openSession(app)

  const response = await app.inject(initialize('2025-06-18', { headers: old }))

  t.equal(response.statusCode, 200)
  t.not(response.headers['mcp-session-id'], old['mcp-session-id'])
  t.equal((await app.inject(legacy('ping', {}, { headers: old }))).statusCode, 404)
  t.equal(app.mcp.get('Notes').sessions.size, 1)
})

t.test('a client with an unknown session id can initialize', async (t) => {
  const { app } = await createApp(t)

  t.equal((await app.inject(initialize('2025-06-18', { headers: { 'mcp-session-id': 'unknown' } }))).statusCode, 200)
})

t.test('beyond maxSessions initialize gets 503 with Retry-After', async (t) => {
  const { app } = await createApp(t, { maxSessions: 1 })
  const session = await openUsedSession(app)

  const refused = await app.inject(initialize('2025-11-25', { id: 'x' }))
  await app.inject({ method: 'DELETE', url: '/mcp', headers: session })
  const accepted = await app.inject(initialize())

  t.equal(refused.statusCode, 503)
  t.equal(refused.headers['retry-after'], '30')
  t.same(refused.json(), {
    jsonrpc: '2.0',
    id: 'x',
    error: { code: -32603, message: 'Too many open sessions: 1; try again later' }
  })
  t.equal(accepted.statusCode, 200)
})

t.test('5,000 initialize requests in a row never exceed maxSessions, and each freed place is used again', async (t) => {
  const { app } = await createApp(t, { maxSessions: 100 })
  const { sessions } = app.mcp.get('Notes')
  const statuses = new Map<number, number>()

  for (let i = 0; i < 5000; i++) {
    const { statusCode, headers } = await app.inject(initialize())
    if (statusCode === 200) {
      await app.inject(legacy('ping', {}, { headers: { 'mcp-session-id': String(headers['mcp-session-id']) } }))
    }
    statuses.set(statusCode, (statuses.get(statusCode) ?? 0) + 1)
  }
  const full = sessions.size
  for (const { sessionId } of [...partsOf(app.mcp.get('Notes')).sessions]) {
    await app.inject({ method: 'DELETE', url: '/mcp', headers: { 'mcp-session-id': sessionId } })
  }

  t.same([...statuses], [[200, 100], [503, 4900]])
  t.same([full, sessions.size], [100, 0])
  t.equal((await app.inject(initialize())).statusCode, 200)
})

t.test('mount.sessions emits an event when a session opens or ends', async (t) => {
  const { app } = await createApp(t)
  const told: unknown[] = []
  const { sessions } = app.mcp.get('Notes')
  sessions.on('opened', ({ client }) => told.push(client.info?.name))
  sessions.on('ended', (_session, reason) => told.push(reason))

  const headers = await openSession(app)
  await app.inject({ method: 'DELETE', url: '/mcp', headers })
  await openSession(app)
  await app.close()

  t.same(told, ['test', 'deleted', 'test', 'closed'])
})

t.test('an initialize that fails leaves no session behind', async (t) => {
  const { app, server } = await createApp(t, { maxSessions: 1 })
  let fails = true
  server.use((ctx, next) => {
    if (fails) throw new Error('not now')
    return next()
  })

  for (let i = 0; i < 3; i++) t.match((await app.inject(initialize())).json(), { id: 1, error: { code: -32603 } })
  fails = false

  t.equal(app.mcp.get('Notes').sessions.size, 0)
  t.equal((await app.inject(initialize())).statusCode, 200)
})

t.test('with stateless: true, each request is served on its own', async (t) => {
  const { app } = await createApp(t, { stateless: true })

  const opened = await app.inject(initialize('2025-06-18', { headers: { 'mcp-session-id': 'ignored' } }))
  const served = await app.inject(legacy('ping', {}, { headers: { 'mcp-session-id': 'ignored' } }))
  const accepted = await post(app, { jsonrpc: '2.0', method: 'notifications/initialized' })
  const removed = await app.inject({ method: 'DELETE', url: '/mcp' })

  t.equal(opened.json().result.protocolVersion, '2025-06-18')
  t.notOk(opened.headers['mcp-session-id'])
  t.same(served.json(), { jsonrpc: '2.0', id: 1, result: {} })
  t.equal(accepted.statusCode, 202)
  t.equal(removed.statusCode, 405)
  t.equal(removed.headers.allow, 'POST')
})

t.test('legacy: false refuses legacy clients with a message for their users', async (t) => {
  const { app } = await createApp(t, { legacy: false })

  const opened = await app.inject(initialize())
  const served = await app.inject(legacy('tools/list'))
  const modernised = await app.inject(modern('tools/list'))
  const removed = await app.inject({ method: 'DELETE', url: '/mcp' })

  t.equal(opened.statusCode, 400)
  t.same(opened.json(), {
    jsonrpc: '2.0',
    id: 1,
    error: {
      code: -32022,
      message: 'Unsupported protocol version',
      data: { supported: ['2026-07-28'], requested: '2025-11-25' }
    }
  })
  t.equal(served.statusCode, 400)
  t.match(served.json(), { jsonrpc: '2.0', id: 1, error: { code: -32602, message: /this server speaks 2026-07-28 only/ } })
  t.equal(modernised.statusCode, 200)
  t.equal(removed.statusCode, 405)
})

t.test('an unknown version header gets 400, except with initialize', async (t) => {
  const { app } = await createApp(t)
  const session = await openSession(app)
  const headers = { ...session, 'mcp-protocol-version': '1999-01-01' }

  const response = await app.inject(legacy('ping', {}, { headers }))

  t.equal(response.statusCode, 400)
  t.match(response.json(), { jsonrpc: '2.0', id: 1, error: { code: -32022, data: { requested: '1999-01-01' } } })
  t.equal(
    (await app.inject(initialize('2025-11-25', { headers: { 'mcp-protocol-version': '1999-01-01' } }))).statusCode,
    200
  )
})

t.test('errors of a legacy request come with status 200', async (t) => {
  const { app } = await createApp(t)
  const session = await openSession(app)

  for (const [method, params, error] of [
    ['nope', {}, { code: -32601, message: 'Method not found: nope' }],
    ['server/discover', {}, { code: -32601, message: 'Method not found: server/discover' }],
    ['tools/call', { name: 'nope' }, { code: -32602, message: 'Unknown tool: nope' }],
    ['logging/setLevel', { level: 'loud' }, { code: -32602, message: "Invalid params: 'level' is not a log level" }]
  ] as const) {
    const response = await app.inject(legacy(method, params, { headers: session }))

    t.equal(response.statusCode, 200)
    t.same(response.json(), { jsonrpc: '2.0', id: 1, error })
  }
})
