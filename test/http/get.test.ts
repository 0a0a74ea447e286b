import { once } from 'node:events'
import { get } from 'node:http'
import t, { type Test } from 'tap'
import mcpPlugin, { ClusterUnreachableError, createMemoryEventStore, type EventStore } from '../../lib/index.ts'
import type { Session } from '../../lib/session/session.ts'
import { createApp, createHost, createServer, initialize, legacy, openSession, post, type AppOptions } from '../support/app.ts'
import { startNodes } from '../support/cluster.ts'
import { partsOf } from '../support/parts.ts'
import { collectFrames, createGate, frameOf, frameWithId, listen, openGet, readFrames, until } from '../support/stream.ts'
import { createTalker } from '../support/talk.ts'

const STREAM = { accept: 'text/event-stream' }
const NOT_RESUMABLE = {
  jsonrpc: '2.0',
  id: null,
  error: {
    code: -32000,
    message:
      'Invalid Last-Event-ID: it is not an event of this session, or later events have been dropped; ' +
        'send the request again'
  }
}

async function createListening (t: Test, options: AppOptions = {}) {
  const { app, logLines } = await createApp(t, options)
  const address = await listen(app)
  const mount = app.mcp.get('Notes')
  const open = async (revision?: string): Promise<{ headers: Record<string, string>, session: Session }> => {
    const headers = await openSession(app, revision)
    const session = partsOf(mount).sessions.get(String(headers['mcp-session-id']))
    if (session === undefined) throw new Error('no session')
    return { headers, session }
  }
  return { app, logLines, address, mount, open }
}

t.test('a GET opens a stream at once, and messages that are sent on it arrive', async (t) => {
  const { address, mount, open } = await createListening(t)
  const { headers, session } = await open()

  const response = await openGet(address, headers)
  const frames = readFrames(response)
  const first = (await frames.next()).value
  session.listening?.send('{"a":1}')

  t.equal(response.status, 200)
  t.match(Object.fromEntries(response.headers), {
    'content-type': 'text/event-stream',
    'cache-control': 'no-cache, no-transform',
    'x-accel-buffering': 'no'
  })
  t.equal(first, ': open')
  t.equal((await frames.next()).value, frameOf({ a: 1 }))
  t.equal(mount.stats().streams, 1)
})

t.test('a GET that accepts event streams opens a stream, and any other gets 406', async (t) => {
  const { app, address, open } = await createListening(t)
  const { headers } = await open()

  for (const accept of ['*/*', 'text/event-stream, application/json', 'text/*']) {
    t.equal((await openGet(address, { ...headers, accept })).status, 200)
  }
  for (const accept of ['application/json', 'text/html']) {
    const response = await app.inject({ url: '/mcp', headers: { ...headers, accept } })

    t.equal(response.statusCode, 406)
    t.same(response.json(), {
      jsonrpc: '2.0',
      id: null,
      error: { code: -32000, message: 'Not Acceptable: accept text/event-stream' }
    })
  }
})

t.test('a GET needs a session and a supported revision', async (t) => {
  const { app, open } = await createListening(t)
  const { headers } = await open()

  const without = await app.inject({ url: '/mcp', headers: STREAM })
  const unknown = await app.inject({ url: '/mcp', headers: { ...STREAM, 'mcp-session-id': 'unknown' } })
  const revision = await app.inject({
    url: '/mcp',
    headers: { ...STREAM, ...headers, 'mcp-protocol-version': '1999-01-01' }
  })

  t.equal(without.statusCode, 400)
  t.match(without.json(), { id: null, error: { message: /^Mcp-Session-Id header is required/ } })
  t.equal(unknown.statusCode, 404)
  t.match(unknown.json(), { id: null, error: { message: /^Session not found/ } })
  t.equal(revision.statusCode, 400)
  t.match(revision.json(), { error: { code: -32022 } })
})

t.test('without streams or without sessions, GET gets 405', async (t) => {
  for (const [options, allow] of [
    [{ jsonResponse: true }, 'POST, DELETE'],
    [{ stateless: true }, 'POST'],
    [{ legacy: false }, 'POST']
  ] as const) {
    const { app } = await createApp(t, options)

    const response = await app.inject({ url: '/mcp', headers: STREAM })

    t.equal(response.statusCode, 405)
    t.equal(response.headers.allow, allow)
  }
})

t.test('a second GET replaces the first one, whose stream ends', async (t) => {
  const { address, mount, open } = await createListening(t)
  const { headers, session } = await open()
  const older = await openGet(address, headers)

  const newer = readFrames(await openGet(address, headers))
  session.listening?.send('{}')

  t.same(await collectFrames(older), [': open'])
  t.same([(await newer.next()).value, (await newer.next()).value], [': open', frameOf({})])
  t.equal(mount.stats().streams, 1)
})

t.test('a session is idle only when its GET stream is closed', async (t) => {
  const { address, mount, open } = await createListening(t)
  const { headers, session } = await open()
  const sent = get(`${address}/mcp`, { headers: { ...STREAM, ...headers }, agent: false })
  sent.on('error', () => {})
  await once(sent, 'response')

  const during = session.isIdleSince(Infinity)
  sent.destroy()
  await until(() => mount.stats().streams === 0)

  t.notOk(during)
  t.ok(session.isIdleSince(Infinity))
})

t.test('a DELETE ends the stream of a GET', async (t) => {
  const { app, address, open } = await createListening(t)
  const { headers } = await open()
  const response = await openGet(address, headers)

  await app.inject({ method: 'DELETE', url: '/mcp', headers })

  t.same(await collectFrames(response), [': open'])
})

t.test('closing the app ends the stream of a GET', async (t) => {
  const { app, address, open } = await createListening(t)
  const { headers } = await open()
  const response = await openGet(address, headers)

  await app.close()

  t.same(await collectFrames(response), [': open'])
})

t.test('without an event store, Last-Event-ID is ignored', async (t) => {
  const { address, open } = await createListening(t)
  const { headers } = await open()

  const frames = readFrames(await openGet(address, { ...headers, 'last-event-id': 'anything' }))

  t.equal((await frames.next()).value, ': open')
})

t.test('the GET stream of a 2025-11-25 client begins with a priming event, that of an earlier one does not', async (t) => {
  const { address, open } = await createListening(t, { eventStore: createMemoryEventStore(), retryInterval: 250 })
  const newest = await open()
  const earlier = await open('2025-06-18')

  const primed = readFrames(await openGet(address, newest.headers))
  const unprimed = readFrames(await openGet(address, earlier.headers))
  earlier.session.listening?.send('{}')

  t.same([(await primed.next()).value, (await primed.next()).value], [': open', `id: ${newest.session.sessionId}.0.0\nretry: 250\ndata: `])
  t.same([(await unprimed.next()).value, (await unprimed.next()).value], [': open', frameWithId(`${earlier.session.sessionId}.0.1`, {})])
})

t.test('a client that resumes its GET stream gets the missed events and then the new ones', async (t) => {
  const { address, mount, open } = await createListening(t, { eventStore: createMemoryEventStore() })
  const { headers, session } = await open()
  const idOf = (seq: number): string => `${session.sessionId}.0.${seq}`
  const first = await openGet(address, headers)
  for (const n of [1, 2, 3]) session.listening?.send(JSON.stringify({ n }))

  const frames = readFrames(await openGet(address, { ...headers, 'last-event-id': idOf(1) }))
  const missed = [(await frames.next()).value, (await frames.next()).value, (await frames.next()).value]
  session.listening?.send('{"n":4}')

  t.same(missed, [': open', frameWithId(idOf(2), { n: 2 }), frameWithId(idOf(3), { n: 3 })])
  t.equal((await frames.next()).value, frameWithId(idOf(4), { n: 4 }))
  t.equal((await collectFrames(first)).length, 5, 'the older one has ended')
  t.equal(mount.stats().streams, 1)
})

t.test('a Last-Event-ID that is malformed, foreign, unused so far or expired gets 400', async (t) => {
  const clock = { now: 0 }
  const { app, address, open } = await createListening(t, {
    eventStore: createMemoryEventStore({ maxAge: 1000 }, () => clock.now)
  })
  const mine = await open()
  const other = await open()
  await openGet(address, mine.headers)
  await openGet(address, other.headers)
  for (const { session } of [mine, other]) for (const n of [1, 2]) session.listening?.send(JSON.stringify({ n }))
  const { sessionId } = mine.session
  await new Promise(setImmediate)

  clock.now = 1000
  for (const id of ['', 'x', `${sessionId}`, `${sessionId}.0`, `${sessionId}.0.x`, `${sessionId}.0.-1`, `${sessionId}.0.1.1`, `${sessionId}.0.3`, `${sessionId}.7.1`, `${sessionId}.0.1`, `${other.session.sessionId}.0.1`]) {
    const response = await app.inject({ url: '/mcp', headers: { ...STREAM, ...mine.headers, 'last-event-id': id } })

    t.equal(response.statusCode, 400, id)
    t.same(response.json(), NOT_RESUMABLE)
  }
})

t.test('a GET is refused and opened without warnings if the app has an asynchronous onSend hook', async (t) => {
  const { app, logLines } = createHost(t)
  app.addHook('onSend', async () => { await new Promise(setImmediate) })
  app.register(mcpPlugin, { server: createServer() })

  const refused = await app.inject({ url: '/mcp', headers: STREAM })
  const address = await listen(app)
  const opened = await openGet(address, await openSession(app))

  t.equal(refused.statusCode, 400)
  t.equal(opened.status, 200)
  t.notOk(logLines.some(({ level }) => Number(level) >= 40))
})

t.test('if the event store fails, its errors are logged, and clients are served without resumption', async (t) => {
  const error = new Error('no disk')
  const failing: EventStore[] = [
    { append () { throw error }, read () { throw error }, forget () { throw error } },
    { append: async () => { throw error }, read: async () => { throw error }, forget: async () => { throw error } }
  ]
  for (const eventStore of failing) {
    const { app, logLines, address, open } = await createListening(t, { eventStore })
    const { headers, session } = await open()
    const frames = readFrames(await openGet(address, headers))
    session.listening?.send('{}')

    const refused = await app.inject({ url: '/mcp', headers: { ...STREAM, ...headers, 'last-event-id': `${session.sessionId}.0.0` } })
    const seen = [(await frames.next()).value, (await frames.next()).value, (await frames.next()).value]
    await app.inject({ method: 'DELETE', url: '/mcp', headers })

    t.equal(refused.statusCode, 400)
    t.same(seen.slice(2), [frameOf({})], 'what is not kept has no id')
    t.match(
      logLines.filter(({ level }) => level === 50),
      ['append', 'forget'].map(() => ({ msg: 'the event store failed', mcp: 'Notes', err: { message: 'no disk' } }))
    )
    t.equal((await app.inject(initialize())).statusCode, 200)
  }
})

t.test('a GET gets 400 if its session ends while events are being replayed', async (t) => {
  const reading = createGate()
  const gate = createGate()
  const kept = createMemoryEventStore()
  const { app, address, mount, open } = await createListening(t, {
    eventStore: {
      ...kept,
      read: async (...args) => {
        reading.open()
        await gate.promise
        return kept.read(...args)
      }
    }
  })
  const { headers, session } = await open()
  await openGet(address, headers)
  session.listening?.send('{}')

  const resumed = openGet(address, { ...headers, 'last-event-id': `${session.sessionId}.0.0` })
  await reading.promise
  await app.inject({ method: 'DELETE', url: '/mcp', headers })
  gate.open()

  t.equal((await resumed).status, 400)
  t.match(mount.stats(), { sessions: 0, exchanges: 0 })
})

t.test('a message for one session does not reach another session', async (t) => {
  const { app, address, open } = await createListening(t)
  const [mine, other] = [await open(), await open()]
  const streams = [
    readFrames(await openGet(address, mine.headers)),
    readFrames(await openGet(address, other.headers))
  ] as const

  mine.session.listening?.send('{"to":"me"}')
  other.session.listening?.send('{"to":"other"}')
  await post(app, { jsonrpc: '2.0', method: 'notifications/initialized' }, mine.headers)
  await app.inject(legacy('ping', {}, { headers: mine.headers }))

  for (const stream of streams) await stream.next()
  t.equal((await streams[0].next()).value, frameOf({ to: 'me' }))
  t.equal((await streams[1].next()).value, frameOf({ to: 'other' }))
})

/** Three nodes, one of which hears late of the events of streams. */
async function createNodes (t: Test, before: () => Promise<void>) {
  const { cluster, nodes: [node] } = await startNodes(t, { server: createTalker(() => ({})) })
  const events = cluster.nodes[0]?.events
  const follow = events?.follow
  t.intercept(Object(events), 'follow', {
    value: async (...args: Parameters<NonNullable<typeof follow>>) => {
      await before()
      return follow?.(...args)
    }
  })
  return { cluster, node, headers: await openSession(node.app) }
}

t.test('a GET gets 503 with Retry-After if the cluster is unreachable, and leaves nothing behind', async (t) => {
  const { node, headers } = await createNodes(t, async () => { throw new ClusterUnreachableError('unreachable') })

  const opened = await openGet(node.address, headers)

  t.equal(opened.status, 503)
  t.equal(opened.headers.get('retry-after'), '30')
  t.match(node.mount.stats(), { exchanges: 0, streams: 0 })
  t.notOk(node.sessions.get(String(headers['mcp-session-id']))?.isBusy)
})

t.test('a client that disconnects before its stream begins leaves nothing behind', async (t) => {
  const [asked, gone] = [createGate(), createGate()]
  const { node, headers } = await createNodes(t, async () => { asked.open(); await gone.promise })
  const closed = new Promise((resolve) => {
    node.app.server.once('connection', (socket) => {
      socket.once('close', resolve)
    })
  })
  const sent = get(`${node.address}/mcp`, { agent: false, headers: { ...STREAM, ...headers } }).on('error', () => {})
  await asked.promise

  sent.destroy()
  await closed
  gone.open()
  await until(() => node.sessions.get(String(headers['mcp-session-id']))?.listening !== undefined)
  await until(() => node.sessions.get(String(headers['mcp-session-id']))?.isBusy === false)

  t.match(node.mount.stats(), { exchanges: 0, streams: 0 })
})
