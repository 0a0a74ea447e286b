// Anything with `fetch`: what it is asked, and what becomes of its answers.
import t, { type Test } from 'tap'
import {
  createHost,
  initialize,
  JSON_AND_SSE,
  legacy,
  modernCall,
  mount,
  openSession,
  post
} from '../../support/app.ts'
import { collectFrames, createGate, frameOf, listen, send, sendAlone, until } from '../../support/stream.ts'
import { Client } from '../../support/definition-client.ts'
import type { FetchHandler } from '../../../lib/index.ts'
import { FetchServer } from '../../../lib/sdk/fetch/server.ts'
import { createSdkApp, said, type SdkApp } from '../../support/sdk-servers.ts'

type Options = Parameters<FetchHandler['fetch']>[1]

/** One request as a handler got it. */
interface Received {
  readonly method: string
  readonly url: string
  readonly headers: Headers
  readonly body: unknown
  readonly options: Options
}

interface FetchApp extends SdkApp { readonly received: readonly Received[] }

const json = (message: object, init: ResponseInit = {}): Response => Response.json({ jsonrpc: '2.0', ...message }, init)
const sse = (text: string, init: ResponseInit = {}): Response =>
  new Response(text, { ...init, headers: { 'content-type': 'text/event-stream; charset=utf-8', ...init.headers } })
const events = (...messages: object[]): string =>
  messages.map((message) => `event: message\ndata: ${JSON.stringify({ jsonrpc: '2.0', ...message })}\n\n`).join('')

/** Creates a handler that records its requests and accepts notifications. */
function createHandler (answer: (request: Received, signal: AbortSignal) => Response | Promise<Response>): {
  readonly handler: FetchHandler
  readonly received: readonly Received[]
} {
  const received: Received[] = []
  return {
    received,
    handler: {
      async fetch (request, options) {
        const { method, url, headers } = request
        const one = { method, url, headers, body: method === 'POST' ? await request.json() : undefined, options }
        received.push(one)
        return answer(one, request.signal)
      }
    }
  }
}

async function createFetchApp (
  t: Test,
  answer: (request: Received, signal: AbortSignal) => Response | Promise<Response>,
  options: Parameters<typeof createSdkApp>[2] = {}
): Promise<FetchApp> {
  const { handler, received } = createHandler(answer)
  return { ...(await createSdkApp(t, handler, options)), received }
}

const idOf = ({ body }: Received): unknown => Object(body).id

t.test('a handler gets each request as it was sent, with the parsed body and the caller', async (t) => {
  const { app, received } = await createFetchApp(t, (request) => json({ id: idOf(request), result: said('done') }))

  const response = await app.inject(
    modernCall(
      'hello',
      { a: 1 },
      { id: 'x', url: '/mcp?a=1', headers: { 'x-tenant': 'acme', connection: 'keep-alive', cookie: 'a=b' } }
    )
  )

  t.same(response.json(), { jsonrpc: '2.0', id: 'x', result: said('done') })
  const [request] = received
  t.match(request, { method: 'POST', url: 'http://localhost/mcp?a=1' })
  t.same(request?.body, JSON.parse(modernCall('hello', { a: 1 }, { id: 'x' }).payload))
  t.same(request?.options, { parsedBody: request?.body })
  t.same(Object.fromEntries(request?.headers ?? []), {
    accept: 'application/json, text/event-stream',
    'content-type': 'application/json',
    cookie: 'a=b',
    'mcp-method': 'tools/call',
    'mcp-name': 'hello',
    'mcp-protocol-version': '2026-07-28',
    'user-agent': 'lightMyRequest',
    'x-tenant': 'acme'
  })
})

t.test("a handler does not see the mount's own sessions", async (t) => {
  const { app, received } = await createFetchApp(t, (request) =>
    json({ id: idOf(request), result: { capabilities: {}, protocolVersion: '2024-11-05' } })
  )

  const opened = await app.inject(initialize('2025-06-18'))
  const listed = await app.inject(
    legacy('tools/list', {}, { headers: { 'mcp-session-id': String(opened.headers['mcp-session-id']) } })
  )

  t.same(opened.json(), { jsonrpc: '2.0', id: 1, result: { capabilities: {}, protocolVersion: '2025-06-18' } })
  t.equal(listed.statusCode, 200)
  t.same(
    received.map(({ headers }) => [headers.get('mcp-session-id'), headers.get('mcp-protocol-version')]),
    [
      [null, '2025-06-18'],
      [null, '2025-06-18']
    ]
  )
})

t.test('a handler gets the AuthInfo of its caller', async (t) => {
  const { handler, received } = createHandler((request) => json({ id: idOf(request), result: {} }))
  const auth = { token: 'secret', clientId: 'ann', scopes: ['read'] }

  await new Client({ channel: { auth } }).ask(new FetchServer(handler), 'tools/list')

  t.same(received[0]?.options?.authInfo, auth)
  t.equal(received[0]?.url, 'http://localhost/mcp')
})

t.test('a call of the host app reaches a modern handler with complete _meta', async (t) => {
  const { mounted, received } = await createFetchApp(t, (request) => json({ id: idOf(request), result: said('done') }))

  t.same(await mounted.call('grüß', { a: 1 }), said('done'))

  t.same(received[0]?.body, {
    jsonrpc: '2.0',
    id: 0,
    method: 'tools/call',
    params: {
      name: 'grüß',
      arguments: { a: 1 },
      _meta: {
        'io.modelcontextprotocol/protocolVersion': '2026-07-28',
        'io.modelcontextprotocol/clientCapabilities': {}
      }
    }
  })
  t.same(Object.fromEntries(received[0]?.headers ?? []), {
    accept: 'application/json, text/event-stream',
    'content-type': 'application/json',
    'mcp-method': 'tools/call',
    'mcp-name': '=?base64?Z3LDvMOf?=',
    'mcp-protocol-version': '2026-07-28'
  })
})

t.test('an answer by SSE is relayed as it comes: notifications first, then the result', async (t) => {
  const notification = { method: 'notifications/message', params: { level: 'info', data: 'working' } }
  const { app } = await createFetchApp(t, (request) =>
    sse(
      ': open\n\nid: 1\ndata: ' +
        `\n\n${events(notification, { method: 'notifications/bare' }, { id: idOf(request), result: said('done') }, { method: 'notifications/late' })}`
    )
  )
  const address = await listen(app)

  const frames = await collectFrames(
    await send(
      address,
      legacy('tools/call', { name: 'a' }, { headers: { ...JSON_AND_SSE, ...(await openSession(app)) } })
    )
  )

  t.same(frames, [
    ': open',
    frameOf({ jsonrpc: '2.0', ...notification }),
    frameOf({ jsonrpc: '2.0', method: 'notifications/bare', params: {} }),
    frameOf({ jsonrpc: '2.0', id: 1, result: said('done') })
  ])
})

t.test('an error of a handler keeps its code, message and data', async (t) => {
  const { app } = await createFetchApp(t, (request) =>
    json({ id: idOf(request), error: { code: -32099, message: 'not now', data: { retry: 1 } } }, { status: 400 })
  )

  const response = await app.inject(modernCall('hello'))

  t.same(response.json(), { jsonrpc: '2.0', id: 1, error: { code: -32099, message: 'not now', data: { retry: 1 } } })
})

const strange: ReadonlyArray<readonly [what: string, answer: () => Response, message: string]> = [
  [
    'no JSON',
    () => new Response('<h1>Bad Gateway</h1>', { status: 502, headers: { 'content-type': 'text/html' } }),
    "the server's fetch answered with status 502 and no JSON-RPC message"
  ],
  [
    'JSON that is no message',
    () => Response.json([1]),
    "the server's fetch answered with status 200 and no JSON-RPC message"
  ],
  [
    'nothing',
    () => new Response(null, { status: 202 }),
    "the server's fetch answered with status 202 and no JSON-RPC message"
  ],
  [
    'an event that is no JSON',
    () => sse('data: hello\n\n'),
    "the server's fetch answered with status 200 and no JSON-RPC message"
  ],
  [
    'a stream that ends without a result',
    () => sse(events({ method: 'notifications/a' })),
    "the server's fetch ended its response without a result"
  ],
  [
    'a notification alone',
    () => json({ method: 'notifications/a' }),
    "the server's fetch ended its response without a result"
  ],
  [
    'an SSE answer without a body',
    () => new Response(null, { headers: { 'content-type': 'text/event-stream' } }),
    "the server's fetch answered with status 200 and no JSON-RPC message"
  ]
]

for (const [what, answer, message] of strange) {
  t.test(`a handler that answers with ${what} fails the request`, async (t) => {
    const { app } = await createFetchApp(t, answer)

    t.same((await app.inject(modernCall('hello'))).json(), { jsonrpc: '2.0', id: 1, error: { code: -32603, message } })
  })
}

t.test('a result that is not an object becomes an empty result', async (t) => {
  const { app } = await createFetchApp(t, (request) => json({ id: idOf(request) }))

  t.same((await app.inject(modernCall('hello'))).json(), { jsonrpc: '2.0', id: 1, result: {} })
})

t.test('an error that a handler throws is logged, and hidden from the client', async (t) => {
  for (const fail of [() => { throw new Error('no database') }, async () => { throw new Error('no database') }]) {
    const { app, logLines } = await createSdkApp(t, { fetch: fail })

    const response = await app.inject(modernCall('hello'))

    t.match(response.json(), {
      error: { code: -32603, message: /^Error answering tools\/call \(error id [-0-9a-f]{36}\)$/ }
    })
    t.match(
      logLines.filter(({ level }) => level === 50),
      [{ msg: 'answering tools/call failed', err: { message: 'no database' } }]
    )
  }
})

t.test('the request of a client that leaves is aborted, and that is no failure', async (t) => {
  const started = createGate()
  const aborted = createGate<string>()
  const { app, logLines, mounted } = await createFetchApp(t, async (_request, signal) => {
    started.open()
    await new Promise((_resolve, reject) => {
      signal.addEventListener('abort', () => {
        aborted.open(String(signal.reason))
        reject(signal.reason)
      })
    })
    return json({})
  })
  const address = await listen(app)

  const sent = sendAlone(address, modernCall('hello'))
  await started.promise
  sent.destroy()

  t.equal(await aborted.promise, 'Error: The client closed the connection')
  await until(() => mounted.stats().exchanges === 0)
  t.same(logLines.filter(({ level }) => Number(level) >= 40), [])
})

t.test('a handler is closed with the last of its mounts', async (t) => {
  let closed = 0
  const handler: FetchHandler = { fetch: async () => json({ id: 1, result: {} }), close: () => { closed++ } }
  const { app } = createHost(t)
  await mount(app, { server: handler, name: 'A' })
  await mount(app, { server: handler, name: 'B', prefix: '/b' })
  const { app: other } = createHost(t)
  await mount(other, { server: handler })
  await app.ready()
  await other.ready()

  await app.close()
  const early = closed
  await other.close()

  t.same([early, closed], [0, 1])
})

t.test('a legacy client without sessions is served, and its `initialized` is not passed on', async (t) => {
  const { app, received } = await createFetchApp(t, (request) => json({ id: idOf(request), result: {} }))
  const headers = await openSession(app)

  const notified = await post(app, { jsonrpc: '2.0', method: 'notifications/initialized' }, headers)
  const deleted = await app.inject({ method: 'DELETE', url: '/mcp', headers })

  t.same([notified.statusCode, deleted.statusCode], [202, 200])
  t.same(received.map(({ method }) => method), ['POST'])
})
