// The calls that are served at once, and how many of them are one caller's or one session's.
import t, { type Test } from 'tap'
import type { FastifyInstance } from 'fastify'
import mcpPlugin, { McpServer, type AuthOptions, type McpMountOptions } from '../../lib/index.ts'
import { createHost, initialize, legacy, modern, modernCall, openSession, post, type Post } from '../support/app.ts'
import { partsOf } from '../support/parts.ts'
import { openSse, opening } from '../support/sse-client.ts'
import { listen, send, sendAlone, until } from '../support/stream.ts'

type Headers = Readonly<Record<string, string>>

const ANN: Headers = { 'x-user': 'ann' }
const BOB: Headers = { 'x-user': 'bob' }
const EVE: Headers = { 'x-user': 'eve' }

const auth: AuthOptions = {
  authenticate: ({ headers }) => ({ token: '', clientId: 'app', scopes: [], subject: String(headers['x-user']) })
}

const OVER = { code: -32603, message: 'Too many calls in flight of one caller: 2; end one of them, or try again later' }

/** Creates a mount with a tool that returns when the test says so. */
async function createSlow (t: Test, options: Partial<McpMountOptions> = {}) {
  const waiting: Array<(answer: string) => void> = []
  const server = new McpServer({ name: 'Notes', version: '1.0.0' })
  server.registerTool('wait', {}, async () => new Promise<string>((resolve) => { waiting.push(resolve) }))
  server.registerTool('heed', {}, async (_args, { signal }) => new Promise<string>((resolve, reject) => {
    waiting.push(resolve)
    signal.addEventListener('abort', () => reject(signal.reason))
  }))
  const { app } = createHost(t)
  await app.register(mcpPlugin, { server, ...options })
  const address = await listen(app)
  const untilRunning = (count: number): Promise<void> => until(() => waiting.length === count)
  t.teardown(() => finish())

  function finish (): void {
    for (const resolve of waiting.splice(0)) resolve('done')
  }
  return { app, address, untilRunning, finish }
}

function wait (headers: Headers, name = 'wait'): Post {
  return modernCall(name, {}, { headers })
}

async function statusOf (app: FastifyInstance, request: Post): Promise<readonly [number, unknown]> {
  const { statusCode, headers } = await app.inject(request)
  return [statusCode, headers['retry-after']]
}

t.test('a principal that has used up its share of calls gets 429 until a call ends, and others are served', async (t) => {
  const { app, address, untilRunning, finish } = await createSlow(t, { auth, maxCallsInFlightPerPrincipal: 2 })
  const served = [send(address, wait(ANN)), send(address, wait(ANN))]
  await untilRunning(2)

  const over = await app.inject(wait(ANN))
  const others = await statusOf(app, modern('tools/list', {}, { headers: BOB }))
  finish()
  await Promise.all(served)

  t.same([over.statusCode, over.headers['retry-after']], [429, '30'])
  t.same(over.json(), { jsonrpc: '2.0', id: 1, error: OVER })
  t.same(others, [200, undefined])
  t.same(await statusOf(app, modern('tools/list', {}, { headers: ANN })), [200, undefined])
})

t.test('a mount with maxCallsInFlight calls replies 503 to everyone', async (t) => {
  const { app, address, untilRunning, finish } = await createSlow(t, {
    auth,
    maxCallsInFlight: 2,
    maxCallsInFlightPerPrincipal: 1
  })
  const served = [send(address, wait(ANN)), send(address, wait(BOB))]
  await untilRunning(2)

  const full = await app.inject(wait(EVE))
  finish()
  await Promise.all(served)

  t.same([full.statusCode, full.headers['retry-after']], [503, '30'])
  t.equal(full.json().error.message, 'Too many calls in flight: 2; try again later')
  t.same(await statusOf(app, modern('tools/list', {}, { headers: EVE })), [200, undefined])
})

t.test('a call whose handler stops when its client disconnects gives its place back', async (t) => {
  const { app, address, untilRunning } = await createSlow(t, { auth, maxCallsInFlightPerPrincipal: 1 })
  const sent = sendAlone(address, wait(ANN, 'heed'))
  await untilRunning(1)

  const over = await statusOf(app, wait(ANN))
  sent.destroy()
  await until(() => partsOf(app.mcp.get('Notes')).calls.taken === 0)

  t.same(over, [429, '30'])
  t.same(await statusOf(app, modern('tools/list', {}, { headers: ANN })), [200, undefined])
})

t.test('a handler that goes on after its client disconnected keeps its place', async (t) => {
  const { app, address, untilRunning, finish } = await createSlow(t, { auth, maxCallsInFlightPerPrincipal: 1 })
  const sent = sendAlone(address, wait(ANN))
  await untilRunning(1)
  sent.destroy()
  await until(() => sent.closed)

  const over = await statusOf(app, wait(ANN))
  finish()
  await until(() => partsOf(app.mcp.get('Notes')).calls.taken === 0)

  t.same(over, [429, '30'])
  t.same(await statusOf(app, modern('tools/list', {}, { headers: ANN })), [200, undefined])
})

t.test('requests of both eras count towards one share, notifications and responses do not', async (t) => {
  const { app, address, untilRunning, finish } = await createSlow(t, { auth, maxCallsInFlightPerPrincipal: 2 })
  const session = { ...ANN, ...await openSession(app, '2025-11-25', { headers: ANN }) }
  const served = [send(address, legacy('tools/call', { name: 'wait' }, { headers: session })), send(address, wait(ANN))]
  await untilRunning(2)

  const over = [legacy('ping', {}, { headers: session }), initialize('2025-11-25', { headers: ANN }), wait(ANN)]
  const statuses = await Promise.all(over.map((request) => statusOf(app, request)))
  const notified = await post(app, { jsonrpc: '2.0', method: 'notifications/initialized' }, session)
  const answered = await post(app, { jsonrpc: '2.0', id: 'none', result: {} }, session)
  finish()
  await Promise.all(served)

  t.same(statuses, [[429, '30'], [429, '30'], [429, '30']])
  t.same([notified.statusCode, answered.statusCode], [202, 202])
  t.equal(app.mcp.get('Notes').sessions.size, 1)
  t.same(await statusOf(app, legacy('ping', {}, { headers: session })), [200, undefined])
})

t.test('a refused initialize gives its place back', async (t) => {
  const { app } = await createSlow(t, { auth, maxCallsInFlightPerPrincipal: 1 })

  t.equal((await app.inject(legacy('initialize', {}, { headers: ANN }))).statusCode, 400)
  t.equal((await app.inject(initialize('2025-11-25', { headers: ANN }))).statusCode, 200)
})

t.test('each request of a batch counts, and requests beyond the share get errors', async (t) => {
  const { app, address, untilRunning, finish } = await createSlow(t, { auth, maxCallsInFlightPerPrincipal: 2 })
  const session = {
    ...ANN,
    ...(await openSession(app, '2025-03-26', { headers: ANN })),
    'content-type': 'application/json'
  }
  const batch = [1, 2, 3].map((id) => ({ jsonrpc: '2.0', id, method: 'tools/call', params: { name: 'wait' } }))
  const served = send(address, { method: 'POST', url: '/mcp', headers: session, payload: JSON.stringify(batch) })
  await untilRunning(2)

  const over = await statusOf(app, legacy('ping', {}, { headers: session }))
  finish()
  const answers: unknown = await (await served).json()

  t.same(over, [429, '30'])
  t.match(answers, [
    { id: 3, error: OVER }, { id: 1, result: { content: [{ text: 'done' }] } },
    { id: 2, result: { content: [{ text: 'done' }] } }
  ])
  t.same(await statusOf(app, legacy('ping', {}, { headers: session })), [200, undefined])
})

t.test('calls of HTTP+SSE count until they are answered on the stream', async (t) => {
  const { address, untilRunning, finish } = await createSlow(t, {
    auth,
    legacySse: true,
    maxCallsInFlightPerPrincipal: 1
  })
  const sse = await openSse(address, '/sse', ANN)
  await sse.ask('initialize', opening())
  await sse.post({ jsonrpc: '2.0', id: 2, method: 'tools/call', params: { name: 'wait' } })
  await untilRunning(1)

  const over = await sse.post({ jsonrpc: '2.0', id: 3, method: 'ping' })
  finish()
  const answer = await sse.event()

  t.same([over.status, over.headers.get('retry-after')], [429, '30'])
  t.match(answer, /"id":2,"result"/)
  t.match(await sse.ask('ping', {}, 4), /"id":4,"result"/)
})

t.test('an initialize of HTTP+SSE that got 429 can be sent again', async (t) => {
  const { address, untilRunning, finish } = await createSlow(t, {
    auth,
    legacySse: true,
    maxCallsInFlightPerPrincipal: 1
  })
  const sse = await openSse(address, '/sse', ANN)
  const served = send(address, wait(ANN))
  await untilRunning(1)

  const over = await sse.post({ jsonrpc: '2.0', id: 1, method: 'initialize', params: opening() })
  finish()
  await served

  t.equal(over.status, 429)
  t.match(await sse.ask('initialize', opening()), /"id":1,"result"/)
})

t.test('without auth, an address has a share only if the option is set', async (t) => {
  const { app, address, untilRunning } = await createSlow(t, { maxCallsInFlightPerAddress: 1 })
  const open = await createSlow(t)
  const held = [sendAlone(address, wait({})), sendAlone(open.address, wait({})), sendAlone(open.address, wait({}))]
  await Promise.all([untilRunning(1), open.untilRunning(2)])

  const over = await app.inject(wait({}))
  const others = await app.inject({ ...modern('tools/list'), remoteAddress: '203.0.113.7' })

  t.same(
    [over.statusCode, others.statusCode, (await open.app.inject(modern('tools/list'))).statusCode],
    [429, 200, 200]
  )
  t.match(over.json().error.message, 'Too many calls in flight of one address: 1; ')
  for (const sent of held) sent.destroy()
})

const OF_SESSION = 'Too many calls in flight of one session: 2; end one of them, or try again later'

t.test('a session that has used up its share of calls gets 429, and other sessions and clients are served', async (t) => {
  const { app, address, untilRunning, finish } = await createSlow(t, { maxCallsInFlightPerSession: 2 })
  const [session, other] = [await openSession(app), await openSession(app)]
  const call = legacy('tools/call', { name: 'wait' }, { headers: session })
  const served = [send(address, call), send(address, call), send(address, wait({}))]
  await untilRunning(3)

  const over = await app.inject(legacy('ping', {}, { headers: session }))
  const others = [legacy('ping', {}, { headers: other }), modern('tools/list'), initialize('2025-11-25')]
  const statuses = await Promise.all(others.map((request) => statusOf(app, request)))
  finish()
  await Promise.all(served)

  t.same([over.statusCode, over.headers['retry-after']], [429, '30'])
  t.equal(over.json().error.message, OF_SESSION)
  t.same(statuses, [[200, undefined], [200, undefined], [200, undefined]])
  t.same(await statusOf(app, legacy('ping', {}, { headers: session })), [200, undefined])
})

t.test('the requests of a batch beyond the share of their session get errors', async (t) => {
  const { app, address, untilRunning, finish } = await createSlow(t, { maxCallsInFlightPerSession: 2 })
  const headers = { ...await openSession(app, '2025-03-26'), 'content-type': 'application/json' }
  const batch = [1, 2, 3].map((id) => ({ jsonrpc: '2.0', id, method: 'tools/call', params: { name: 'wait' } }))
  const served = send(address, { method: 'POST', url: '/mcp', headers, payload: JSON.stringify(batch) })
  await untilRunning(2)

  const over = await statusOf(app, legacy('ping', {}, { headers }))
  finish()
  const answers: unknown = await (await served).json()

  t.same(over, [429, '30'])
  t.match(answers, [
    { id: 3, error: { code: -32603, message: OF_SESSION } }, { id: 1, result: {} }, { id: 2, result: {} }
  ])
  t.same(await statusOf(app, legacy('ping', {}, { headers })), [200, undefined])
})

t.test('a call of HTTP+SSE counts for its session', async (t) => {
  const { address, untilRunning, finish } = await createSlow(t, { legacySse: true, maxCallsInFlightPerSession: 1 })
  const [sse, other] = [await openSse(address, '/sse'), await openSse(address, '/sse')]
  for (const one of [sse, other]) await one.ask('initialize', opening())
  await sse.post({ jsonrpc: '2.0', id: 2, method: 'tools/call', params: { name: 'wait' } })
  await untilRunning(1)

  const over = await sse.post({ jsonrpc: '2.0', id: 3, method: 'ping' })

  t.equal(over.status, 429)
  t.match(await other.ask('ping', {}, 4), /"id":4,"result"/)
  finish()
  t.match(await sse.event(), /"id":2,"result"/)
})
