import t from 'tap'
import { createApp, createServer, openSession, post } from '../../support/app.ts'
import { collectFrames, frameOf, listen } from '../../support/stream.ts'

const PING = { jsonrpc: '2.0', id: 1, method: 'ping' }
const NOTIFICATION = { jsonrpc: '2.0', method: 'notifications/initialized' }

function invalid (message: string, id: unknown = null): object {
  return { jsonrpc: '2.0', id, error: { code: -32600, message: `Invalid Request: ${message}` } }
}

t.test('a session of 2025-03-26 may send batches and gets one array', async (t) => {
  const { app } = await createApp(t)
  const session = await openSession(app, '2025-03-26')

  const response = await post(
    app,
    [
      PING, NOTIFICATION,
      { jsonrpc: '2.0', id: 'b', method: 'tools/call', params: { name: 'echo', arguments: { text: 'hi' } } }
    ],
    session
  )

  t.equal(response.statusCode, 200)
  t.equal(response.headers['content-type'], 'application/json; charset=utf-8')
  t.same(response.json(), [
    { jsonrpc: '2.0', id: 1, result: {} },
    { jsonrpc: '2.0', id: 'b', result: { content: [{ type: 'text', text: 'hi' }] } }
  ])
})

t.test('sessions of other revisions cannot send batches', async (t) => {
  const { app } = await createApp(t)

  for (const revision of ['2024-11-05', '2025-06-18', '2025-11-25']) {
    const response = await post(app, [PING], await openSession(app, revision))

    t.equal(response.statusCode, 400, revision)
    t.same(response.json(), invalid(`revision ${revision} has no batches; send each message on its own`))
  }
})

t.test('a batch of nothing but notifications and responses gets 202', async (t) => {
  const { app } = await createApp(t)
  const session = await openSession(app, '2025-03-26')

  const response = await post(app, [NOTIFICATION, { jsonrpc: '2.0', id: 5, result: {} }], session)

  t.equal(response.statusCode, 202)
  t.equal(response.body, '')
})

t.test('an empty batch is refused', async (t) => {
  const { app } = await createApp(t)

  const response = await post(app, [], await openSession(app, '2025-03-26'))

  t.equal(response.statusCode, 400)
  t.same(response.json(), invalid('the batch is empty'))
})

t.test('a batch longer than maxBatch is refused as a whole', async (t) => {
  const { app } = await createApp(t, { maxBatch: 2 })
  const session = await openSession(app, '2025-03-26')

  const fitting = await post(app, [PING, PING], session)
  const tooLong = await post(app, [PING, PING, PING], session)

  t.equal(fitting.statusCode, 200)
  t.equal(tooLong.statusCode, 400)
  t.same(tooLong.json(), invalid("the batch has more than 2 messages, which is 'maxBatch'"))
})

t.test('an invalid message in a batch gets an error of its own, and the rest is served', async (t) => {
  const { app } = await createApp(t)
  const session = await openSession(app, '2025-03-26')

  const response = await post(
    app,
    [
      1,
      null,
      [],
      { jsonrpc: '1.0', id: 2, method: 'ping' },
      { ...PING, id: null },
      { ...PING, params: [] },
      { ...PING, id: 9 }
    ],
    session
  )

  t.equal(response.statusCode, 200)
  t.same(response.json(), [
    invalid('a message must be a JSON object'),
    invalid('a message must be a JSON object'),
    invalid('a message must be a JSON object'),
    invalid('\'jsonrpc\' must be "2.0"', 2),
    invalid("'id' must be a string of up to 256 bytes or an integer between -(2^53 - 1) and 2^53 - 1"),
    {
      jsonrpc: '2.0',
      id: 1,
      error: {
        code: -32602,
        message: "Invalid params: 'params' must be an object, and so must 'params._meta' when it is present"
      }
    },
    { jsonrpc: '2.0', id: 9, result: {} }
  ])
})

t.test('initialize and modern requests are refused in a batch', async (t) => {
  const { app } = await createApp(t)
  const session = await openSession(app, '2025-03-26')
  const initialize = {
    jsonrpc: '2.0',
    id: 2,
    method: 'initialize',
    params: { protocolVersion: '2025-03-26', capabilities: {}, clientInfo: { name: 'a', version: '1' } }
  }
  const modern = {
    jsonrpc: '2.0',
    method: 'notifications/x',
    params: { _meta: { 'io.modelcontextprotocol/protocolVersion': '2026-07-28' } }
  }

  const response = await post(app, [initialize, modern, PING], session)

  t.equal(response.statusCode, 200)
  t.same(response.json(), [
    invalid("'initialize' must not be part of a batch", 2),
    invalid('a batch is of revision 2025-03-26'),
    { jsonrpc: '2.0', id: 1, result: {} }
  ])
  t.equal(app.mcp.get('Notes').sessions.size, 1)
})

t.test('a batch needs its session', async (t) => {
  const { app } = await createApp(t)

  const without = await post(app, [PING])
  const unknown = await post(app, [PING], { 'mcp-session-id': 'unknown' })

  t.equal(without.statusCode, 400)
  t.same(without.json(), {
    jsonrpc: '2.0',
    id: null,
    error: { code: -32000, message: "Mcp-Session-Id header is required; send 'initialize' first" }
  })
  t.equal(unknown.statusCode, 404)
  t.same(unknown.json(), {
    jsonrpc: '2.0',
    id: null,
    error: {
      code: -32001,
      message: "Session not found: it has ended or never existed; send 'initialize' to open a new one"
    }
  })
})

t.test('without sessions the version header decides whether batches are served; none means 2025-03-26', async (t) => {
  const { app } = await createApp(t, { stateless: true })

  const assumed = await post(app, [PING])
  const named = await post(app, [PING], { 'mcp-protocol-version': '2025-03-26' })
  const later = await post(app, [PING], { 'mcp-protocol-version': '2025-06-18' })

  t.same(assumed.json(), [{ jsonrpc: '2.0', id: 1, result: {} }])
  t.same(named.json(), [{ jsonrpc: '2.0', id: 1, result: {} }])
  t.equal(later.statusCode, 400)
  t.same(later.json(), invalid('revision 2025-06-18 has no batches; send each message on its own'))
})

t.test('with legacy: false, an array is refused', async (t) => {
  const { app } = await createApp(t, { legacy: false })

  const response = await post(app, [PING], { 'mcp-protocol-version': '2026-07-28' })

  t.equal(response.statusCode, 400)
  t.same(response.json(), invalid('a message must be a JSON object'))
})

t.test('a batch whose calls notify is answered by a stream of single messages', async (t) => {
  const { app, server } = await createApp(t)
  server.registerTool('report', {}, async (_args, ctx) => { await ctx.info('working'); return 'done' })
  const address = await listen(app)
  const session = await openSession(app, '2025-03-26')
  const body = JSON.stringify([1, { jsonrpc: '2.0', id: 2, method: 'tools/call', params: { name: 'report' } }])

  const response = await fetch(`${address}/mcp`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream', ...session },
    body
  })

  t.equal(response.headers.get('content-type'), 'text/event-stream')
  // The answers and the notification come in the order in which they are ready.
  t.same((await collectFrames(response)).sort(), [
    ': open',
    frameOf({ jsonrpc: '2.0', id: 2, result: { content: [{ type: 'text', text: 'done' }] } }),
    frameOf(invalid('a message must be a JSON object')),
    frameOf({ jsonrpc: '2.0', method: 'notifications/message', params: { level: 'info', data: 'working' } })
  ].sort())
})

t.test('the event loop turns between the messages of a batch', async (t) => {
  let turns = 0
  const server = createServer()
  const seen: number[] = []
  server.registerTool('look', {}, () => {
    seen.push(turns)
    return 'ok'
  })
  const { app } = await createApp(t, { server })
  const session = await openSession(app, '2025-03-26')
  const count = (): void => {
    turns++
    if (seen.length < 5) setImmediate(count)
  }
  setImmediate(count)

  const response = await post(
    app,
    [1, 2, 3, 4, 5].map((id) => ({ jsonrpc: '2.0', id, method: 'tools/call', params: { name: 'look' } })),
    session
  )

  t.equal(response.json().length, 5)
  t.equal(new Set(seen).size, 5)
})
