// The bytes of the URIs that one caller watches, by all of its sessions and streams together.
import t, { type Test } from 'tap'
import type { FastifyInstance, LightMyRequestResponse } from 'fastify'
import mcpPlugin, { McpServer, type AuthOptions, type McpMountOptions } from '../../lib/index.ts'
import { createHost, createServer, legacy, modern, openSession, type Post } from '../support/app.ts'
import { startNodes } from '../support/cluster.ts'
import { openSse, opening } from '../support/sse-client.ts'
import { listen, send, sendAlone, until } from '../support/stream.ts'

type Headers = Readonly<Record<string, string>>

const ANN: Headers = { 'x-user': 'ann' }
const BOB: Headers = { 'x-user': 'bob' }

const auth: AuthOptions = {
  authenticate: ({ headers }) => ({ token: '', clientId: 'app', scopes: [], subject: String(headers['x-user']) })
}

const OVER =
  'Too many resources are being watched by one caller: their URIs may have 50 bytes in all; ' +
    'watch fewer of them, or try again later'

function createWatched (server = createServer()): McpServer {
  server.registerResource('note', 'notes://1', {}, () => 'a note')
  return server
}

async function createShared (t: Test, options: Partial<McpMountOptions> = {}) {
  const { app } = createHost(t)
  await app.register(mcpPlugin, { server: createWatched(), maxWatchedTotal: 100, ...options })
  await app.ready()
  return { app, mount: app.mcp.get('Notes') }
}

// Each URI has 40 bytes.
function uriOf (name: string): string {
  return `notes://${name.padEnd(32, '-')}`
}

function subscribe (
  app: FastifyInstance,
  name: string,
  headers: Headers,
  method = 'resources/subscribe'
): Promise<LightMyRequestResponse> {
  return app.inject(legacy(method, { uri: uriOf(name) }, { headers }))
}

function listenTo (name: string, headers: Headers): Post {
  return modern(
    'subscriptions/listen',
    { notifications: { resourceSubscriptions: [uriOf(name)] } },
    { headers: { ...headers, accept: 'application/json, text/event-stream' } }
  )
}

t.test('the sessions of a principal together watch at most its share, and others are not limited by it', async (t) => {
  const { app } = await createShared(t, { auth, maxWatchedPerPrincipal: 50 })
  const [first, second] = [
    await openSession(app, '2025-11-25', { headers: ANN }),
    await openSession(app, '2025-11-25', { headers: ANN })
  ]
  const bobs = await openSession(app, '2025-11-25', { headers: BOB })

  const own = await subscribe(app, 'a', { ...ANN, ...first })
  const over = await subscribe(app, 'b', { ...ANN, ...second })
  const others = await subscribe(app, 'b', { ...BOB, ...bobs })
  await app.inject({ method: 'DELETE', url: '/mcp', headers: { ...ANN, ...first } })
  const again = await subscribe(app, 'b', { ...ANN, ...second })
  await subscribe(app, 'b', { ...ANN, ...second }, 'resources/unsubscribe')
  const another = await subscribe(app, 'c', { ...ANN, ...second })

  t.same([own, over, others, again, another].map(({ statusCode, headers }) => [statusCode, headers['retry-after']]), [
    [200, undefined], [429, '30'], [200, undefined], [200, undefined], [200, undefined]
  ])
  t.same(over.json(), { jsonrpc: '2.0', id: 1, error: { code: -32603, message: OVER } })
})

t.test('the streams and the sessions of a principal together watch at most its share', async (t) => {
  const { app, mount } = await createShared(t, { auth, maxWatchedPerPrincipal: 50 })
  const address = await listen(app)
  const stream = sendAlone(address, listenTo('a', ANN))
  await until(() => mount.stats().streams === 1)

  const over = await app.inject(listenTo('b', ANN))
  const session = { ...ANN, ...await openSession(app, '2025-11-25', { headers: ANN }) }
  const overBySession = await subscribe(app, 'b', session)
  const others = await send(address, listenTo('b', BOB))
  stream.destroy()
  await until(() => mount.stats().streams === 1)

  t.same(
    [over, overBySession].map(({ statusCode, headers }) => [statusCode, headers['retry-after']]),
    [
      [429, '30'],
      [429, '30']
    ]
  )
  t.same(over.json(), { jsonrpc: '2.0', id: 1, error: { code: -32603, message: OVER } })
  t.equal(others.status, 200)
  t.equal((await send(address, listenTo('b', ANN))).status, 200)
})

t.test('a caller within its share gets 503 if all clients together watch too much', async (t) => {
  const { app } = await createShared(t, { auth, maxWatchedPerPrincipal: 80 })
  const [anns, bobs] = [
    { ...ANN, ...(await openSession(app, '2025-11-25', { headers: ANN })) },
    { ...BOB, ...(await openSession(app, '2025-11-25', { headers: BOB })) }
  ]
  await subscribe(app, 'a', anns)
  await subscribe(app, 'a', bobs)

  const full = await subscribe(app, 'b', bobs)
  await subscribe(app, 'a', anns, 'resources/unsubscribe')

  t.equal(full.statusCode, 503)
  t.equal((await subscribe(app, 'b', bobs)).statusCode, 200)
})

t.test('without auth, an address has a share if the option is set', async (t) => {
  const { app } = await createShared(t, { maxWatchedPerAddress: 50 })
  const session = await openSession(app)
  await subscribe(app, 'a', session)

  const over = await subscribe(app, 'b', session)

  t.equal(over.statusCode, 429)
  t.match(over.json().error.message, 'Too many resources are being watched by one address: ')
})

t.test('sessions of HTTP+SSE count towards the same share until their stream ends', async (t) => {
  const { app, mount } = await createShared(t, { auth, legacySse: true, maxWatchedPerPrincipal: 50 })
  const address = await listen(app)
  const sse = await openSse(address, '/sse', ANN)
  await sse.ask('initialize', opening())
  await sse.ask('resources/subscribe', { uri: uriOf('a') })
  const session = { ...ANN, ...await openSession(app, '2025-11-25', { headers: ANN }) }

  const over = await subscribe(app, 'b', session)
  sse.leave()
  await until(() => mount.sessions.size === 1)

  t.equal(over.statusCode, 429)
  t.equal((await subscribe(app, 'b', session)).statusCode, 200)
})

t.test('in a cluster, each node counts the sessions that it serves, including those opened on another node', async (t) => {
  const server = createWatched(
    new McpServer(
      { name: 'Notes', version: '1.0.0' },
      { requestState: { keys: ['0123456789abcdef0123456789abcdef'] } }
    )
  )
  const { nodes: [a, b] } = await startNodes(t, { server, auth, maxWatchedTotal: 100, maxWatchedPerPrincipal: 50 })
  const first = { ...ANN, ...await openSession(a.app, '2025-11-25', { headers: ANN }) }
  const second = { ...ANN, ...await openSession(a.app, '2025-11-25', { headers: ANN }) }

  t.equal((await subscribe(b.app, 'a', first)).statusCode, 200)
  t.equal((await subscribe(b.app, 'b', second)).statusCode, 429)
  await a.app.inject({ method: 'DELETE', url: '/mcp', headers: first })
  await until(() => b.mount.sessions.size === 1)
  t.equal((await subscribe(b.app, 'b', second)).statusCode, 200)
})
