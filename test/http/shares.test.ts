// One caller cannot use up the sessions and streams of all others.
import t, { type Test } from 'tap'
import type { FastifyInstance, LightMyRequestResponse } from 'fastify'
import mcpPlugin, { McpServer, type AuthOptions, type McpMountOptions } from '../../lib/index.ts'
import { createHost, createServer, initialize, legacy, modern, openSession, openUsedSession, type Post } from '../support/app.ts'
import { startNodes } from '../support/cluster.ts'
import { partsOf } from '../support/parts.ts'
import { openSse, opening } from '../support/sse-client.ts'
import { listen, openGet, send, sendAlone, until } from '../support/stream.ts'

type Headers = Readonly<Record<string, string>>

const ANN: Headers = { 'x-user': 'ann' }
const BOB: Headers = { 'x-user': 'bob' }
const EVE: Headers = { 'x-user': 'eve' }

const auth: AuthOptions = {
  authenticate: ({ headers }) => ({
    token: '',
    clientId: String(headers['x-client'] ?? 'app'),
    scopes: [],
    subject: String(headers['x-user'])
  })
}

async function createShared (t: Test, options: Partial<McpMountOptions> = {}) {
  const { app } = createHost(t)
  await app.register(mcpPlugin, { server: createServer(), ...options })
  await app.ready()
  return { app, mount: app.mcp.get('Notes') }
}

function initializeAs (app: FastifyInstance, headers: Headers): Promise<LightMyRequestResponse> {
  return app.inject(initialize('2025-11-25', { headers }))
}

function ping (headers: Headers): Post {
  return legacy('ping', {}, { headers })
}

/** The two nodes of a cluster, whose callers say who they are or do not. */
async function createNodes (t: Test, options: Partial<McpMountOptions> = {}) {
  const server = new McpServer(
    { name: 'Notes', version: '1.0.0' },
    { requestState: { keys: ['0123456789abcdef0123456789abcdef'] } }
  )
  server.registerTool('hello', {}, () => 'hello')
  return await startNodes(t, { server, ...options })
}

t.test('a principal that has used up its share of sessions gets 429, and others are served', async (t) => {
  const { app, mount } = await createShared(t, { auth, maxSessions: 6, maxSessionsPerPrincipal: 2 })
  const first = await openSession(app, '2025-11-25', { headers: ANN })
  await openSession(app, '2025-11-25', { headers: ANN })

  const over = await initializeAs(app, ANN)
  // Another client of the same person is the same principal.
  const otherClient = await initializeAs(app, { ...ANN, 'x-client': 'other' })
  const bobs = await initializeAs(app, BOB)
  await app.inject({ method: 'DELETE', url: '/mcp', headers: { ...ANN, ...first } })
  const again = await initializeAs(app, ANN)

  t.same([over, otherClient, bobs, again].map(({ statusCode, headers }) => [statusCode, headers['retry-after']]), [
    [429, '30'], [429, '30'], [200, undefined], [200, undefined]
  ])
  t.same(over.json(), {
    jsonrpc: '2.0',
    id: 1,
    error: { code: -32603, message: 'Too many open sessions of one caller: 2; end one of them, or try again later' }
  })
  t.equal(mount.sessions.size, 3)
})

t.test('with auth, a full mount replies 503 and displaces no session', async (t) => {
  const { app, mount } = await createShared(t, { auth, maxSessions: 2 })
  await openSession(app, '2025-11-25', { headers: ANN })
  await openSession(app, '2025-11-25', { headers: BOB })

  const full = await initializeAs(app, EVE)

  t.equal(full.statusCode, 503)
  t.equal(mount.sessions.size, 2)
})

t.test('a second initialize does not count against the share, because it ends the previous session', async (t) => {
  const { app } = await createShared(t, { auth, maxSessionsPerPrincipal: 1 })
  const headers = { ...ANN, ...await openSession(app, '2025-11-25', { headers: ANN }) }

  t.equal((await initializeAs(app, headers)).statusCode, 200)
})

t.test('without auth, a flood of sessions displaces only unused ones', async (t) => {
  const { app, mount } = await createShared(t, { maxSessions: 5 })
  const address = await listen(app)
  const ended: string[] = []
  mount.sessions.on('ended', (_session, reason) => ended.push(reason))
  const works = await openUsedSession(app)
  const listens = await openSession(app)
  await openGet(address, listens)

  const statuses: number[] = []
  for (let i = 0; i < 30; i++) {
    const opened = await app.inject(initialize())
    statuses.push(opened.statusCode)
    const headers = { 'mcp-session-id': String(opened.headers['mcp-session-id']), 'content-type': 'application/json' }
    const payload = { jsonrpc: '2.0', method: 'notifications/initialized' }
    statuses.push((await app.inject({ method: 'POST', url: '/mcp', headers, payload })).statusCode)
  }

  t.same([...new Set(statuses)], [200, 202])
  t.same([ended.length, ...new Set(ended)], [27, 'displaced'])
  for (const headers of [works, listens]) t.equal((await app.inject(ping(headers))).statusCode, 200)
  t.equal(mount.sessions.size, 5)
})

t.test('a session is in use after any message that is not part of its opening', async (t) => {
  const { app } = await createShared(t, { maxSessions: 3 })
  const bodies = [
    { method: 'notifications/roots/list_changed' }, { id: 'ask-1', result: {} }, { id: 1, method: 'tools/list' }
  ]
  for (const body of bodies) {
    const headers = { ...await openSession(app), 'content-type': 'application/json' }
    await app.inject({ method: 'POST', url: '/mcp', headers, payload: { jsonrpc: '2.0', ...body } })
  }

  t.equal((await app.inject(initialize())).statusCode, 503)
})

t.test('unused sessions of HTTP+SSE are displaced, too, and their streams end', async (t) => {
  const { app, mount } = await createShared(t, { maxSessions: 2, legacySse: true })
  const address = await listen(app)
  const idle = await openSse(address)
  await idle.ask('initialize', opening())
  const works = await openSse(address)
  await works.ask('initialize', opening())
  await works.ask('ping')

  await openSse(address)

  t.equal(await idle.event(), undefined)
  await until(() => mount.stats().streams === 2)
  t.match(await works.ask('ping', {}, 9), /"id":9/)
})

t.test('sessions of HTTP+SSE count towards the share of sessions', async (t) => {
  const { app } = await createShared(t, { auth, legacySse: true, maxSessionsPerPrincipal: 1 })
  const address = await listen(app)
  await openSession(app, '2025-11-25', { headers: ANN })

  t.equal((await app.inject({ url: '/sse', headers: { ...ANN, accept: 'text/event-stream' } })).statusCode, 429)
  await openSse(address, '/sse', BOB)
})

t.test('in a cluster, the sessions of a principal on all nodes count towards one share', async (t) => {
  const { nodes: [a, b] } = await createNodes(t, { auth, maxSessionsPerPrincipal: 3 })

  const opened = await Promise.all(
    Array.from({ length: 20 }, (_, index) => initializeAs((index % 2 === 0 ? a : b).app, ANN))
  )
  const others = await initializeAs(a.app, BOB)

  t.equal(opened.filter(({ statusCode }) => statusCode === 200).length, 3)
  t.equal(opened.filter(({ statusCode, headers }) => statusCode === 429 && headers['retry-after'] === '30').length, 17)
  t.equal(others.statusCode, 200)
  t.equal(await a.mount.sessions.count(), 4)
})

t.test('in a cluster, too, a flood of sessions displaces only unused ones', async (t) => {
  const { nodes: [a, b] } = await createNodes(t, { maxSessions: 4 })
  const works = await openUsedSession(a.app)
  const worksLater = await openSession(a.app)
  await b.app.inject(ping(worksLater))
  const flood: Headers[] = []
  for (let i = 0; i < 20; i++) flood.push(await openSession((i % 2 === 0 ? a : b).app))

  for (const { app } of [a, b]) {
    for (const headers of [works, worksLater]) t.equal((await app.inject(ping(headers))).statusCode, 200)
  }
  t.equal(await b.mount.sessions.count(), 4)
  await until(() => a.mount.sessions.size <= 4 && b.mount.sessions.size <= 4)
  t.same(await Promise.all(flood.map(async (headers) => (await a.app.inject(ping(headers))).statusCode)), [
    ...Array<number>(18).fill(404),
    200,
    200
  ])
})

t.test('an initialize whose session is displaced before its reply gets 503 with Retry-After', async (t) => {
  const server = new McpServer(
    { name: 'Notes', version: '1.0.0' },
    { requestState: { keys: ['0123456789abcdef0123456789abcdef'] } }
  )
  let isSlow = true
  const gates: Array<() => void> = []
  server.use(async (_ctx, next) => {
    if (isSlow) await new Promise<void>((resolve) => gates.push(resolve))
    return await next()
  })
  const { nodes: [a, b] } = await startNodes(t, { server, maxSessions: 1 })
  const waiting = send(a.address, initialize())
  await until(() => gates.length === 1)
  isSlow = false

  await openSession(b.app)
  const refused = await waiting
  for (const open of gates) open()

  t.equal(refused.status, 503)
  t.equal(refused.headers.get('retry-after'), '30')
  t.match(await refused.json(), {
    id: 1,
    error: { code: -32603, message: 'the session was displaced; try again later' }
  })
})

function listenAs (headers: Headers): Post {
  return modern(
    'subscriptions/listen',
    { notifications: { toolsListChanged: true } },
    { headers: { ...headers, accept: 'application/json, text/event-stream' } }
  )
}

t.test('a principal that has used up its share of streams gets 429 until it closes one', async (t) => {
  const { app, mount } = await createShared(t, { auth, maxStreams: 3, maxStreamsPerPrincipal: 2 })
  const address = await listen(app)
  const sent = [sendAlone(address, listenAs(ANN)), sendAlone(address, listenAs(ANN))]
  await until(() => mount.stats().streams === 2)

  const over = await app.inject(listenAs(ANN))
  await send(address, listenAs(BOB))
  await until(() => mount.stats().streams === 3)
  const full = await app.inject(listenAs(EVE))
  sent[0]?.destroy()
  await until(() => mount.stats().streams === 2)

  t.same(
    [over, full].map(({ statusCode, headers }) => [statusCode, headers['retry-after']]),
    [
      [429, '30'],
      [503, '30']
    ]
  )
  t.same(over.json().error.message, 'Too many open streams of one caller: 2; end one of them, or try again later')
  t.equal((await send(address, listenAs(ANN))).status, 200)
})

t.test('in a cluster, the streams of a principal on all nodes count towards one share, except those of a dead node', async (t) => {
  const { nodes: [a, b, c] } = await createNodes(t, { auth, maxStreamsPerPrincipal: 2 })
  const streams = [sendAlone(a.address, listenAs(ANN)), sendAlone(b.address, listenAs(ANN))]
  await until(() => a.mount.stats().streams === 1 && b.mount.stats().streams === 1)

  const over = [await c.app.inject(listenAs(ANN)), await a.app.inject(listenAs(ANN))]
  const others = await send(c.address, listenAs(BOB))
  streams[0]?.destroy()
  await until(() => a.mount.stats().streams === 0)
  await until(() => partsOf(a.mount).changes.subscriptions.size === 0)
  const afterwards = await send(c.address, listenAs(ANN))
  b.kill()
  const afterDeath = await send(a.address, listenAs(ANN))

  t.same(over.map(({ statusCode, headers }) => [statusCode, headers['retry-after']]), [[429, '30'], [429, '30']])
  t.same([others.status, afterwards.status, afterDeath.status], [200, 200, 200])
  t.equal((await a.app.inject(listenAs(ANN))).statusCode, 429)
  t.equal(partsOf(c.mount).changes.subscriptions.size, 2)
})

t.test('during an outage, each node counts its own streams only', async (t) => {
  const { cluster, nodes: [a, b] } = await createNodes(t, { auth, maxStreamsPerPrincipal: 1 })
  cluster.beginOutage()

  const served = [await send(a.address, listenAs(ANN)), await send(b.address, listenAs(ANN))]
  const over = await a.app.inject(listenAs(ANN))

  t.same([...served.map(({ status }) => status), over.statusCode], [200, 200, 429])
})
