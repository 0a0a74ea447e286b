// Handlers with `fetch` that have their own sessions, ask their clients, or notify them of changes.
import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import t, { type Test } from 'tap'
import type { McpServer as V1McpServer } from '@modelcontextprotocol/sdk/server/mcp.js'
import { createMcpHandler, InMemoryServerEventBus, McpServer as V2McpServer } from '@modelcontextprotocol/server'
import type { FetchHandler } from '../../../lib/index.ts'
import { initialize, JSON_AND_SSE, legacy, modern, openSession, post } from '../../support/app.ts'
import { createGate, frameOf, listen, readFrames, send, sendAlone, until } from '../../support/stream.ts'
import { createFetching } from '../../support/sdk-forms.ts'
import { createSdkApp, createV1, said } from '../../support/sdk-servers.ts'

const LISTEN = { notifications: { toolsListChanged: true } }
const ACKNOWLEDGED = frameOf({
  jsonrpc: '2.0',
  method: 'notifications/subscriptions/acknowledged',
  params: { _meta: { 'io.modelcontextprotocol/subscriptionId': 1 }, notifications: { toolsListChanged: true } }
})

interface Received {
  readonly method: string
  readonly session: string | null
  readonly body: { readonly id?: unknown; readonly method?: string; readonly result?: object; readonly error?: object }
}

type Answer = (request: Received, signal: AbortSignal) => Response | Promise<Response>

/** Creates an app that mounts a handler, which records its requests. */
async function createFetchApp (t: Test, answer: Answer, options: Parameters<typeof createSdkApp>[2] = {}) {
  const received: Received[] = []
  const handler: FetchHandler = {
    async fetch ({ method, headers, signal }, options) {
      const one = {
        method,
        session: headers.get('mcp-session-id'),
        body: (options?.parsedBody ?? {}) as Received['body']
      }
      received.push(one)
      return answer(one, signal)
    }
  }
  return { ...await createSdkApp(t, handler, options), received }
}

/** Opens a session of its own at `initialize`. */
const withSessions: Answer = ({ method, body }) => {
  if (method === 'DELETE' || body.id === undefined) return new Response(null, { status: 202 })
  const init = body.method === 'initialize' ? { headers: { 'mcp-session-id': 'inner-session' } } : {}
  return Response.json({ jsonrpc: '2.0', id: body.id, result: said('done') }, init)
}

function stream (...messages: object[]): { readonly response: Response, send (message: object): void, end (): void } {
  const encoder = new TextEncoder()
  let controller: ReadableStreamDefaultController<Uint8Array>
  const body = new ReadableStream<Uint8Array>({ start (started) { controller = started } })
  const stream = {
    response: new Response(body, { headers: { 'content-type': 'text/event-stream' } }),
    send: (message: object) =>
      controller.enqueue(encoder.encode(`data: ${JSON.stringify({ jsonrpc: '2.0', ...message })}\n\n`)),
    end: () => controller.close()
  }
  for (const message of messages) stream.send(message)
  return stream
}

t.test(
  "a handler's own session is kept with the mount's, told of what the client says, and deleted at its end",
  async (t) => {
    const { app, received } = await createFetchApp(t, withSessions)

    const opened = await app.inject(initialize())
    const headers = { 'mcp-session-id': String(opened.headers['mcp-session-id']) }
    await post(app, { jsonrpc: '2.0', method: 'notifications/initialized' }, headers)
    await app.inject(legacy('tools/list', {}, { headers }))
    await openSession(app)
    await app.inject({ method: 'DELETE', url: '/mcp', headers })
    await until(() => received.some(({ method }) => method === 'DELETE'))

    t.not(headers['mcp-session-id'], 'inner-session', "the client has the mount's session")
    t.same(
      received.map(({ method, session, body }) => [method, session, body.method]),
      [
        ['POST', null, 'initialize'],
        ['POST', 'inner-session', 'notifications/initialized'],
        ['POST', 'inner-session', 'tools/list'],
        ['POST', null, 'initialize'],
        ['DELETE', 'inner-session', undefined]
      ]
    )
  }
)

t.test("a handler's own session ends with the app", async (t) => {
  const { app, received } = await createFetchApp(t, withSessions)
  await openSession(app)

  await app.close()

  t.same(received.map(({ method, session }) => [method, session]), [['POST', null], ['DELETE', 'inner-session']])
})

t.test('a stateless mount passes no session id to a handler', async (t) => {
  const { app, received } = await createFetchApp(t, withSessions, { stateless: true })

  await app.inject(initialize())
  await app.inject(legacy('tools/list'))
  await post(app, { jsonrpc: '2.0', method: 'notifications/initialized' })

  t.same(received.map(({ session, body }) => [session, body.method]), [[null, 'initialize'], [null, 'tools/list']])
})

t.test('a notification or a DELETE that a handler fails on is logged', async (t) => {
  const { app, logLines } = await createFetchApp(t, (request, signal) => {
    if (request.method === 'DELETE' || request.body.id === undefined) throw new Error('no database')
    return withSessions(request, signal)
  })
  const headers = await openSession(app)

  const notified = await post(app, { jsonrpc: '2.0', method: 'notifications/initialized' }, headers)
  const deleted = await app.inject({ method: 'DELETE', url: '/mcp', headers })
  const failures = (): unknown[] => logLines.filter(({ level }) => Number(level) >= 40)
  await until(() => failures().length === 2)

  t.same([notified.statusCode, deleted.statusCode], [202, 200])
  t.match(failures(), [
    { level: 40, msg: 'notifications/initialized could not be delivered', err: { message: 'no database' } },
    { level: 50, msg: "a session's server failed to close", err: { message: 'no database' } }
  ])
})

t.test('a question of a handler reaches the client, and the answer reaches the handler', async (t) => {
  const answers: Received[] = []
  const inner = stream({ id: 'q1', method: 'roots/list' })
  const { app } = await createFetchApp(t, (request) => {
    if (request.body.method === 'tools/call') return inner.response
    if (request.body.method !== undefined) return Response.json({ jsonrpc: '2.0', id: request.body.id, result: {} })
    answers.push(request)
    if (answers.length === 1) inner.send({ id: 'q2', method: 'ping', params: {} })
    else inner.send({ id: 1, result: said('done') })
    return new Response(null, { status: 202 })
  })
  const address = await listen(app)
  const headers = await openSession(app)

  const frames = readFrames(
    await send(address, legacy('tools/call', { name: 'ask' }, { headers: { ...JSON_AND_SSE, ...headers } }))
  )
  const first = [(await frames.next()).value, (await frames.next()).value]
  await post(app, { jsonrpc: '2.0', id: 'ask-1', result: { roots: [] } }, headers)
  const second = (await frames.next()).value
  await post(app, { jsonrpc: '2.0', id: 'ask-2', error: { code: -1, message: 'not now', data: 1 } }, headers)

  t.same(first, [': open', frameOf({ jsonrpc: '2.0', id: 'ask-1', method: 'roots/list', params: {} })])
  t.same(second, frameOf({ jsonrpc: '2.0', id: 'ask-2', method: 'ping', params: {} }))
  t.same((await frames.next()).value, frameOf({ jsonrpc: '2.0', id: 1, result: said('done') }))
  t.same(answers.map(({ body }) => body), [
    { jsonrpc: '2.0', id: 'q1', result: { roots: [] } },
    { jsonrpc: '2.0', id: 'q2', error: { code: -1, message: 'not now', data: 1 } }
  ])
})

t.test('an answer that a handler fails on is logged', async (t) => {
  const inner = stream({ id: 'q1', method: 'roots/list' })
  const { app, logLines } = await createFetchApp(t, ({ body }) => {
    if (body.method === 'tools/call') return inner.response
    if (body.method === undefined) throw new Error('no database')
    return Response.json({ jsonrpc: '2.0', id: body.id, result: {} })
  })

  const sent = app.inject(legacy('tools/call', { name: 'ask' }, { headers: await openSession(app) }))
  await until(() => logLines.some(({ level }) => level === 40))
  inner.send({ id: 1, result: said('done') })

  t.same((await sent).json().result, said('done'))
  t.match(
    logLines.filter(({ level }) => level === 40),
    [{ msg: 'the answer to roots/list could not be delivered', err: { message: 'no database' } }]
  )
})

t.test('a stream of changes is relayed, and ended at the handler when its client leaves', async (t) => {
  const ended = createGate()
  const inner = stream({
    method: 'notifications/subscriptions/acknowledged',
    params: { notifications: { toolsListChanged: true }, _meta: {} }
  })
  const { app, mounted } = await createFetchApp(t, (_request, signal) => {
    signal.addEventListener('abort', () => ended.open())
    return inner.response
  })
  const address = await listen(app)
  const sent = sendAlone(address, modern('subscriptions/listen', LISTEN, { headers: JSON_AND_SSE }))
  const [response]: [IncomingMessage] = await once(sent, 'response') as [IncomingMessage]
  let text = ''
  response.setEncoding('utf8').on('data', (chunk: string) => { text += chunk }).on('error', () => {})
  const changed = {
    method: 'notifications/tools/list_changed',
    params: { _meta: { 'io.modelcontextprotocol/subscriptionId': 1 } }
  }

  await until(() => text.endsWith(`${ACKNOWLEDGED}\n\n`))
  inner.send(changed)
  await until(() => text.endsWith(`${frameOf({ jsonrpc: '2.0', ...changed })}\n\n`))
  sent.destroy()
  await ended.promise
  await until(() => mounted.stats().streams === 0)

  t.equal(text, [': open', ACKNOWLEDGED, frameOf({ jsonrpc: '2.0', ...changed }), ''].join('\n\n'))
})

t.test('the refusal of a stream by a handler reaches the client', async (t) => {
  const refusals: ReadonlyArray<readonly [Answer, object]> = [
    [
      ({ body }) =>
        Response.json({ jsonrpc: '2.0', id: body.id, error: { code: -32601, message: 'no streams' } }, { status: 404 }),
      { code: -32601, message: 'no streams' }
    ],
    [
      () => new Response('', { headers: { 'content-type': 'text/event-stream' } }),
      { code: -32603, message: 'Internal error' }
    ]
  ]
  for (const [answer, error] of refusals) {
    const { app, mounted } = await createFetchApp(t, answer)

    const response = await app.inject(modern('subscriptions/listen', LISTEN, { headers: JSON_AND_SSE }))

    t.same(response.json(), { jsonrpc: '2.0', id: 1, error })
    t.equal(mounted.stats().streams, 0)
  }
})

t.test('a mount with jsonResponse asks a handler for no stream', async (t) => {
  const { app, received } = await createFetchApp(t, withSessions, { jsonResponse: true })

  const response = await app.inject(modern('subscriptions/listen', LISTEN))

  t.same(
    [response.statusCode, response.json()],
    [404, { jsonrpc: '2.0', id: 1, error: { code: -32601, message: 'Method not found: subscriptions/listen' } }]
  )
  t.same(received, [])
})

t.test('a client that leaves before the acknowledgement ends the stream at the handler, too', async (t) => {
  const started = createGate()
  const ended = createGate()
  const { app, mounted, logLines } = await createFetchApp(t, async (_request, signal) => {
    started.open()
    await new Promise((_resolve, reject) => {
      signal.addEventListener('abort', () => {
        ended.open()
        reject(signal.reason)
      })
    })
    return new Response()
  })
  const address = await listen(app)
  const sent = sendAlone(address, modern('subscriptions/listen', LISTEN, { headers: JSON_AND_SSE }))
  await started.promise

  sent.destroy()
  await ended.promise

  await until(() => mounted.stats().streams === 0)
  t.same(logLines.filter(({ level }) => Number(level) >= 40), [])
})

t.test('a client that listens to a v2 handler gets its changes until the app closes', async (t) => {
  const bus = new InMemoryServerEventBus()
  const handler = createMcpHandler(() => {
    const server = new V2McpServer(
      { name: 'Tasks', version: '1.0.0' },
      { capabilities: { tools: { listChanged: true } } }
    )
    server.registerTool('hello', {}, () => said('hello'))
    return server
  }, { bus })
  const { app } = await createSdkApp(t, handler)
  const address = await listen(app)
  const frames = readFrames(await send(address, modern('subscriptions/listen', LISTEN, { headers: JSON_AND_SSE })))

  const first = [(await frames.next()).value, (await frames.next()).value]
  handler.notify.toolsChanged()
  const change = (await frames.next()).value
  await app.close()

  t.same(first, [': open', ACKNOWLEDGED])
  t.equal(
    change,
    frameOf({
      jsonrpc: '2.0',
      method: 'notifications/tools/list_changed',
      params: { _meta: { 'io.modelcontextprotocol/subscriptionId': 1 } }
    })
  )
  t.same(
    (await frames.next()).value,
    frameOf({
      jsonrpc: '2.0',
      id: 1,
      result: { resultType: 'complete', _meta: { 'io.modelcontextprotocol/subscriptionId': 1 } }
    })
  )
  t.ok((await frames.next()).done)
})

t.test("a v1 server behind the SDK's own transport serves the calls of a session, and ends with it", async (t) => {
  const server: V1McpServer = createV1()
  const handler = await createFetching(server)
  const { app } = await createSdkApp(t, handler)
  const headers = await openSession(app)
  await post(app, { jsonrpc: '2.0', method: 'notifications/initialized' }, headers)

  const called = await app.inject(legacy('tools/call', { name: 'hello' }, { headers }))
  const connected = server.isConnected()
  await app.inject({ method: 'DELETE', url: '/mcp', headers })
  await until(() => !server.isConnected())

  t.same(called.json(), { jsonrpc: '2.0', id: 1, result: said('hello') })
  t.ok(connected)
})

t.test(
  'a fetch that answers 403 for want of scopes is understood, and any other 403 is a failure of the server',
  async (t) => {
    const challenges: Array<string | undefined> = [
      'Bearer error="insufficient_scope", scope="read write"',
      'Bearer error="insufficient_scope"',
      'Bearer error="invalid_token", scope="read"',
      undefined
    ]
    const { app } = await createFetchApp(
      t,
      () => {
        const challenge = challenges.shift()
        return new Response('no', {
          status: 403,
          headers: challenge === undefined ? {} : { 'www-authenticate': challenge }
        })
      },
      { stateless: true }
    )

    const scoped = await app.inject(legacy('tools/list'))
    const others = [
      await app.inject(legacy('tools/list')),
      await app.inject(legacy('tools/list')),
      await app.inject(legacy('tools/list'))
    ]

    t.match(
      [scoped.statusCode, scoped.json()],
      [403, { id: 1, error: { data: { requiredScopes: ['read', 'write'] } } }]
    )
    for (const other of others) {
      t.match(
        [other.statusCode, other.json()],
        [
          200,
          { error: { code: -32603, message: "the server's fetch answered with status 403 and no JSON-RPC message" } }
        ]
      )
    }
  }
)

t.test('the status of a fetch says whether it refused a modern request or answered it with an error', async (t) => {
  const statuses = [200, 400, 404]
  const { app } = await createFetchApp(t, ({ body: { id } }) =>
    Response.json({ jsonrpc: '2.0', id, error: { code: -32601, message: 'no' } }, { status: statuses.shift() ?? 200 })
  )

  const responses = [
    await app.inject(modern('tools/list')),
    await app.inject(modern('tools/list')),
    await app.inject(modern('tools/list'))
  ]

  t.same(responses.map(({ statusCode }) => statusCode), [200, 404, 404], 'the status of a refusal is that of its code')
})
