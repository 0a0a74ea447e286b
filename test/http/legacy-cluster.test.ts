// Requests of legacy clients to the nodes of a cluster, with and without an outage.
import t, { type Test } from 'tap'
import type { LightMyRequestResponse } from 'fastify'
import { ClusterUnreachableError, McpServer, type McpMountOptions } from '../../lib/index.ts'
import { initialize, JSON_AND_SSE, legacy, modernCall, openSession, post } from '../support/app.ts'
import { startNodes, type TestNodes } from '../support/cluster.ts'
import { createGate, openGet, readFrames, send, until } from '../support/stream.ts'

const UNAVAILABLE = (id: number | null): object => ({
  jsonrpc: '2.0',
  id,
  error: { code: -32603, message: 'The store of sessions cannot be reached; try again later' }
})
const NOT_FOUND = { error: { code: -32001, message: /Session not found/ } }

interface Stage extends TestNodes {
  readonly headers: Readonly<Record<string, string>>
  readonly begun: Promise<AbortSignal>
}

async function setUp (t: Test, options: Partial<McpMountOptions> = {}, revision?: string): Promise<Stage> {
  const begun = createGate<AbortSignal>()
  const server = new McpServer(
    { name: 'Notes', version: '1.0.0' },
    { requestState: { keys: ['0123456789abcdef0123456789abcdef'] } }
  )
  server.registerTool('hello', {}, () => 'hello')
  server.registerTool('level', {}, async (_args, ctx) => { await ctx.log('info', 'here'); return 'said' })
  server.registerTool('work', {}, async (_args, { signal }) => {
    begun.open(signal)
    await new Promise((resolve) => { signal.addEventListener('abort', resolve, { once: true }) })
    return 'stopped'
  })
  const nodes = await startNodes(t, { server, ...options })
  return { ...nodes, headers: await openSession(nodes.nodes[0].app, revision), begun: begun.promise }
}

function hello (headers: Readonly<Record<string, string>>, id = 1): ReturnType<typeof legacy> {
  return legacy('tools/call', { name: 'hello' }, { id, headers })
}

function statusOf ({ statusCode, headers }: LightMyRequestResponse): unknown {
  return [statusCode, headers['retry-after']]
}

t.test('during an outage requests of a session get 503 and Retry-After, and all others are served', async (t) => {
  const { cluster, nodes: [, b], headers } = await setUp(t)
  const batching = await openSession(b.app, '2025-03-26')
  cluster.beginOutage()
  const stream = { accept: 'text/event-stream', ...headers }

  const refused = [
    await b.app.inject(hello(headers)),
    await b.app.inject(initialize()),
    await post(b.app, { jsonrpc: '2.0', method: 'notifications/initialized' }, headers),
    await post(b.app, [{ jsonrpc: '2.0', id: 1, method: 'ping' }], batching),
    await b.app.inject({ url: '/mcp', headers: stream }),
    await b.app.inject({ method: 'DELETE', url: '/mcp', headers })
  ]
  const served = await b.app.inject(modernCall('hello'))

  t.same(refused.map(statusOf), refused.map(() => [503, '30']))
  t.same(refused.map((response) => response.json()), [1, 1, null, null, null, null].map(UNAVAILABLE))
  t.equal(served.statusCode, 200)

  cluster.endOutage()
  t.match((await b.app.inject(hello(headers))).json(), { result: { content: [{ text: 'hello' }] } })
})

t.test('a change that cannot be stored is refused, also when an outage begins during the request', async (t) => {
  const { cluster, nodes: [a], headers } = await setUp(t)
  const store = cluster.nodes[0]?.sessions
  const change = t.capture(Object(store), 'change', async () => {
    cluster.beginOutage()
    throw new ClusterUnreachableError('unreachable')
  })

  const refused = await a.app.inject(legacy('logging/setLevel', { level: 'error' }, { headers }))

  t.equal(change().length, 1)
  t.same(statusOf(refused), [503, '30'])
  t.same(refused.json(), UNAVAILABLE(1))
})

t.test('requests without a session or with an unknown one get the same answers as without a cluster', async (t) => {
  const { nodes: [, b] } = await setUp(t)
  const unknown = { 'mcp-session-id': '00000000-0000-4000-8000-000000000000' }

  const responses = [
    await b.app.inject(hello({})),
    await post(b.app, { jsonrpc: '2.0', method: 'notifications/initialized' }),
    await post(b.app, []),
    await b.app.inject({ method: 'DELETE', url: '/mcp' }),
    await b.app.inject(hello(unknown)),
    await post(b.app, [], unknown),
    await b.app.inject({ method: 'DELETE', url: '/mcp', headers: unknown })
  ]

  t.same(responses.map(({ statusCode }) => statusCode), [400, 400, 400, 400, 404, 404, 404])
  t.match(responses.at(-1)?.json(), NOT_FOUND)
})

t.test('a session that one node deletes is unknown to all nodes', async (t) => {
  const { nodes, headers } = await setUp(t)
  const frames = readFrames(await openGet(nodes[0].address, headers))
  await frames.next()
  await frames.next()

  const deleted = await nodes[1].app.inject({ method: 'DELETE', url: '/mcp', headers })

  t.equal(deleted.statusCode, 200)
  t.ok((await frames.next()).done)
  for (const { app } of nodes) t.equal((await app.inject(hello(headers))).statusCode, 404)
})

t.test('an initialize that names a session ends that one on all nodes', async (t) => {
  const { nodes: [a, b, c], headers } = await setUp(t)

  const opened = await openSession(b.app, undefined, { headers })
  await until(() => a.mount.sessions.size === 0)

  t.equal((await c.app.inject(hello(headers))).statusCode, 404)
  t.equal((await c.app.inject(hello(opened))).statusCode, 200)
})

t.test('an initialize beyond maxSessions gets 503 and opens no session', async (t) => {
  const { nodes: [a, b], headers } = await setUp(t, { maxSessions: 1 })
  await a.app.inject(hello(headers))

  const refused = await b.app.inject(initialize())

  t.same(statusOf(refused), [503, '30'])
  t.match(refused.json(), { error: { message: 'Too many open sessions: 1; try again later' } })
  t.equal(await a.mount.sessions.count(), 1)
})

t.test('a cancellation stops a call that runs on another node', async (t) => {
  const { nodes: [a, b], headers, begun } = await setUp(t)
  const called = a.app.inject(legacy('tools/call', { name: 'work' }, { id: 'x', headers }))
  const signal = await begun

  const cancelled = await post(
    b.app,
    { jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 'x', reason: 'enough' } },
    headers
  )

  t.equal(cancelled.statusCode, 202)
  t.equal((await called).statusCode, 202)
  t.match(signal.reason, { message: 'The request was cancelled: enough' })
})

t.test('a cancellation in a batch stops a call that runs on another node', async (t) => {
  const { nodes: [a, b], headers, begun } = await setUp(t, {}, '2025-03-26')
  const called = a.app.inject(legacy('tools/call', { name: 'work' }, { id: 'x', headers }))
  const signal = await begun

  const batch = await post(
    b.app,
    [
      { jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 'x' } },
      { jsonrpc: '2.0', id: 1, method: 'ping' }
    ],
    headers
  )

  t.same(batch.json(), [{ jsonrpc: '2.0', id: 1, result: {} }])
  t.equal((await called).statusCode, 202)
  t.ok(signal.aborted)
})

t.test('a batch is refused in a session whose revision has no batches', async (t) => {
  const { nodes: [, b], headers } = await setUp(t)

  t.match((await post(b.app, [{ jsonrpc: '2.0', id: 1, method: 'ping' }], headers)).json(), { error: { message: /has no batches/ } })
})

t.test('the reply to a batch is a stream that is resumed on another node', async (t) => {
  const { nodes: [a, b], headers } = await setUp(t, {}, '2025-03-26')
  const payload = JSON.stringify(
    [1, 2].map((id) => ({ jsonrpc: '2.0', id, method: 'tools/call', params: { name: 'level' } }))
  )
  const frames = readFrames(
    await send(a.address, {
      method: 'POST',
      url: '/mcp',
      headers: { 'content-type': 'application/json', ...JSON_AND_SSE, ...headers },
      payload
    })
  )
  await frames.next()
  const [, id = ''] = /^id: (.*)\.1$/m.exec((await frames.next()).value ?? '') ?? []

  const resumed = await (await openGet(b.address, { ...headers, 'last-event-id': `${id}.0` })).text()

  t.equal([...resumed.matchAll(/"result":/g)].length, 2)
})

t.test('a stateless mount ignores the session id and the cluster', async (t) => {
  const { cluster, nodes: [a] } = await setUp(t, { stateless: true })
  cluster.beginOutage()

  t.equal((await a.app.inject(hello({ 'mcp-session-id': '00000000-0000-4000-8000-000000000000' }))).statusCode, 200)
})
