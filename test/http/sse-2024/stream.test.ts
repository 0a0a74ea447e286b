import { UnavailableError } from '../../../lib/errors.ts'
import { connect } from 'node:net'
import t, { type Test } from 'tap'
import { createMemoryEventStore, InsufficientScopeError, type AuthOptions, type McpMountOptions } from '../../../lib/index.ts'
import { findMounted } from '../../../lib/registry.ts'
import { partsOf } from '../../support/parts.ts'
import { openSse, opening, type SseClient } from '../../support/sse-client.ts'
import { createGate, frameOf, until } from '../../support/stream.ts'
import { createTalk, type Talk } from '../../support/talk.ts'

async function createSse (t: Test, talk: Talk, options: Omit<McpMountOptions, 'server'> = {}) {
  const { app, address, mount, logLines } = await createTalk(t, talk, {
    legacySse: true,
    keepAliveInterval: 0,
    ...options
  })
  const client = await openSse(address)
  await client.ask('initialize', opening(), 0)
  return { app, address, mount, logLines, client }
}

function call (client: SseClient, id = 1): Promise<Response> {
  return client.post({ jsonrpc: '2.0', id, method: 'tools/call', params: {} })
}

const resultOf = (id: number, result: object = {}): string => frameOf({ jsonrpc: '2.0', id, result })
const failureOf = (id: number, message: string): string =>
  frameOf({ jsonrpc: '2.0', id, error: { code: -32603, message } })

t.test('the POST is answered at once; notifications, questions and results are sent on the stream', async (t) => {
  const gate = createGate()
  const { client, mount } = await createSse(t, async (channel, { id }) => {
    channel.notify('notifications/message', { level: 'info', data: id })
    await gate.promise
    await channel.drained?.()
    return { answer: await channel.ask?.({ method: 'roots/list', params: {} }, 0, new AbortController().signal) }
  })

  const posted = await call(client)
  t.equal(posted.status, 202)
  t.equal(
    await client.event(),
    frameOf({ jsonrpc: '2.0', method: 'notifications/message', params: { level: 'info', data: 1 } })
  )
  t.match(mount.stats(), { sessions: 1, exchanges: 1, streams: 1 })
  gate.open()
  t.equal(await client.event(), frameOf({ jsonrpc: '2.0', id: 'ask-1', method: 'roots/list', params: {} }))
  const answered = await client.post({ jsonrpc: '2.0', id: 'ask-1', result: { roots: [] } })
  t.equal(answered.status, 202)
  t.equal(await client.event(), resultOf(1, { answer: { roots: [] } }))
  t.match(mount.stats(), { sessions: 1, exchanges: 0, streams: 1 })
})

t.test('answers are sent on the stream in the order of their completion', async (t) => {
  const gate = createGate()
  const { client } = await createSse(t, async (_channel, { id }) => { if (id === 1) await gate.promise; return {} })

  await call(client, 1)
  await call(client, 2)
  t.equal(await client.event(), resultOf(2))
  gate.open()
  t.equal(await client.event(), resultOf(1))
})

t.test('messages and questions of a call that is over do not reach the client', async (t) => {
  const kept: Array<Parameters<Talk>[0]> = []
  const { client } = await createSse(t, (channel) => { kept.push(channel); return {} })
  await call(client)
  t.equal(await client.event(), resultOf(1))

  kept[0]?.notify('notifications/progress', {})
  await t.rejects(
    Promise.resolve(kept[0]?.ask?.({ method: 'roots/list', params: {} }, 0, new AbortController().signal)),
    { message: 'roots/list cannot be sent: the request is over' }
  )
  await call(client, 2)

  t.equal(await client.event(), resultOf(2))
})

t.test('a call that the client cancels is aborted and never answered', async (t) => {
  const gone = createGate<Error>()
  const late: Error[] = []
  const { client, mount } = await createSse(t, async (channel, { id }) => {
    if (id === 2) return {}
    channel.onDisconnect(gone.open)
    await gone.promise
    channel.onDisconnect((reason) => late.push(reason))
    return {}
  })
  await call(client, 1)

  await client.post({
    jsonrpc: '2.0',
    method: 'notifications/cancelled',
    params: { requestId: 1, reason: 'no longer needed' }
  })
  await call(client, 2)

  t.match(await gone.promise, { message: 'The request was cancelled: no longer needed' })
  t.equal(await client.event(), resultOf(2))
  t.match(late, [{ message: 'The request was cancelled: no longer needed' }])
  t.equal(mount.stats().exchanges, 0)
})

t.test('when the client leaves, its calls are aborted and its questions cancelled', async (t) => {
  const gone = createGate<Error>()
  const asked = createGate<unknown>()
  const { client, mount } = await createSse(t, async (channel) => {
    channel.onDisconnect(gone.open)
    asked.open(
      await channel
        .ask?.({ method: 'roots/list', params: {} }, 0, new AbortController().signal)
        .catch((error: unknown) => error)
    )
    return {}
  })
  await call(client)
  await client.event()

  client.leave()

  t.match(await gone.promise, { message: 'The request was cancelled: the session was disconnected' })
  t.match(await asked.promise, { message: 'The session has ended' })
  await until(() => mount.stats().streams === 0)
  t.match(mount.stats(), { sessions: 0, exchanges: 0, streams: 0 })
})

t.test('unexpected failures and missing scopes are answered on the stream, too', async (t) => {
  const { client } = await createSse(t, (_channel, { id }) => {
    throw id === 1
      ? new InsufficientScopeError(['write'])
      : new UnavailableError('The store of sessions cannot be reached; try again later')
  })

  await call(client, 1)
  t.equal(
    await client.event(),
    frameOf({
      jsonrpc: '2.0',
      id: 1,
      error: {
        code: 6750,
        message: 'Insufficient scope: the request needs write',
        data: { requiredScopes: ['write'] }
      }
    })
  )
  await call(client, 2)
  t.equal(await client.event(), failureOf(2, 'The store of sessions cannot be reached; try again later'))
})

t.test('a silent stream gets comments, and a session with a stream is never idle', async (t) => {
  const { client, mount } = await createSse(t, () => ({}), { sessionIdleTimeout: 1 })

  for (const session of partsOf(mount).sessions) t.notOk(session.isIdleSince(Infinity))
  partsOf(mount).streams.beat()
  partsOf(mount).exchanges.beat()

  t.equal(await client.next(), ': keep-alive')
})

t.test('a long call is kept alive by its stream alone', async (t) => {
  const [started, finish] = [createGate(), createGate()]
  const { client, mount } = await createSse(t, async () => { started.open(); await finish.promise; return {} })
  await call(client, 1)
  await started.promise

  partsOf(mount).exchanges.beat()
  partsOf(mount).streams.beat()
  finish.open()

  t.equal(await client.next(), ': keep-alive')
  t.equal(await client.event(), frameOf({ jsonrpc: '2.0', id: 1, result: {} }))
})

t.test('with an event store, events of HTTP+SSE still have no ids', async (t) => {
  const { client } = await createSse(
    t,
    (channel) => {
      channel.closeStream?.()
      return {}
    },
    { eventStore: createMemoryEventStore() }
  )

  await client.post({ jsonrpc: '2.0', method: 'notifications/initialized' })
  await call(client)

  t.equal(await client.event(), resultOf(1))
})

t.test('changes are sent on the streams of clients that subscribed', async (t) => {
  const { client, mount } = await createSse(t, () => ({}))
  for (const session of partsOf(mount).sessions) session.subscriptions.add('notes://1')

  mount.notify.resourceUpdated('notes://2')
  mount.notify.resourceUpdated('notes://1')
  mount.notify.toolsChanged()

  t.equal(await client.event(), frameOf({ jsonrpc: '2.0', method: 'notifications/resources/updated', params: { uri: 'notes://1' } }))
  t.equal(await client.event(), frameOf({ jsonrpc: '2.0', method: 'notifications/tools/list_changed' }))
})

t.test('closing the app does not wait for idle streams', async (t) => {
  const { app, client, mount } = await createSse(t, () => ({}))

  const closed = app.close()

  t.equal(await client.next(), undefined)
  await closed
  t.match(mount.stats(), { sessions: 0, exchanges: 0, streams: 0 })
})

t.test('closing the app waits for the running calls of a stream, and ends it after the last answer', async (t) => {
  const started = createGate()
  const finish = createGate()
  const { app, client, mount } = await createSse(t, async (_channel, { id }) => {
    if (id === 2) started.open()
    await finish.promise
    return {}
  })
  await call(client, 1)
  await call(client, 2)
  await started.promise

  const closed = app.close()
  await until(() => mount.stats().streams === 0)
  t.equal(mount.stats().exchanges, 3)
  // The end of the grace period ends the stream a second time.
  for (const connection of findMounted(mount).legacySse?.connections.values() ?? []) connection.cut()
  finish.open()

  t.same([await client.event(), await client.event(), await client.next()], [resultOf(1), resultOf(2), undefined])
  await closed
  t.match(mount.stats(), { sessions: 0, exchanges: 0, streams: 0 })
})

t.test('calls that outlive the grace period are aborted, and their clients get an error', async (t) => {
  const gone = createGate<Error>()
  const { app, client, mount } = await createSse(
    t,
    async (channel) => {
      channel.onDisconnect(gone.open)
      return await createGate().promise
    },
    { closeGracePeriod: 1 }
  )
  await call(client)

  const closed = app.close()

  t.equal(await client.event(), failureOf(1, 'The server is shutting down; send the request again'))
  t.equal(await client.next(), undefined)
  t.match(await gone.promise, { message: 'The server is shutting down' })
  await closed
  t.match(mount.stats(), { sessions: 0, exchanges: 0, streams: 0 })
})

t.test('an app that closes does not wait for a client that does not read', async (t) => {
  const { app, address, mount } = await createTalk(t, () => ({ text: 'x'.repeat(10_000_000) }), {
    legacySse: true,
    closeGracePeriod: 1
  })
  const socket = connect(Number(new URL(address).port), '127.0.0.1').on('error', () => {})
  t.teardown(() => socket.destroy())
  socket.write('GET /sse HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n\r\n')
  await until(() => mount.sessions.size === 1)
  const [session] = partsOf(mount).sessions
  const url = `/messages?sessionId=${session?.sessionId}`
  await app.inject({ method: 'POST', url, payload: { jsonrpc: '2.0', id: 1, method: 'tools/call' } })

  await app.close()
  await until(() => mount.stats().streams === 0)

  t.match(mount.stats(), { sessions: 0, exchanges: 0, streams: 0 })
})

t.test('a client that does not read is cut once more than maxBuffered waits', async (t) => {
  const { app, address, mount, logLines } = await createTalk(t, (channel) => {
    for (let n = 0; n < 100; n++) channel.notify('notifications/message', { level: 'info', data: 'x'.repeat(100_000) })
    return {}
  }, { legacySse: true, maxBuffered: 300_000 })
  const socket = connect(Number(new URL(address).port), '127.0.0.1').on('error', () => {})
  t.teardown(() => socket.destroy())
  socket.write('GET /sse HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n\r\n')
  await until(() => mount.sessions.size === 1)
  const [session] = partsOf(mount).sessions
  await app.inject({ method: 'POST', url: `/messages?sessionId=${session?.sessionId}`, payload: { jsonrpc: '2.0', id: 1, method: 'tools/call' } })

  await until(() => mount.stats().streams === 0)

  t.match(mount.stats(), { sessions: 0, exchanges: 0, streams: 0 })
  t.match(
    logLines.find(({ level }) => level === 40),
    { msg: 'stream cut: its client left more than 300000 bytes unread' }
  )
})

t.test('a stream ends when its token expires, after its running calls got an error', async (t) => {
  const EXPIRY = 4_000_000_000_000
  const auth: AuthOptions = {
    authenticate: () => ({ token: '', clientId: 'app', scopes: [], expiresAt: EXPIRY / 1000 })
  }
  const gone = createGate<Error>()
  const { client, mount } = await createSse(
    t,
    async (channel) => {
      channel.onDisconnect(gone.open)
      return await createGate().promise
    },
    { auth }
  )
  await call(client)

  partsOf(mount).expiry?.sweep(EXPIRY)

  t.equal(await client.event(), failureOf(1, 'The access token has expired; open a new stream with a new one'))
  t.equal(await client.next(), undefined)
  t.match(await gone.promise, { message: 'The access token has expired' })
  await until(() => mount.stats().streams === 0)
  t.match(mount.stats(), { sessions: 0, exchanges: 0, streams: 0 })
  t.equal(partsOf(mount).expiry?.size, 0)
})

t.test('a client that leaves while hooks run leaves no session behind', async (t) => {
  const arrived = createGate()
  const gate = createGate()
  const over = createGate()
  const { app, address, mount } = await createTalk(t, () => ({}), {
    legacySse: true,
    hooks: { preHandler: async () => { arrived.open(); await gate.promise; setImmediate(over.open) } }
  })
  const closed = createGate()
  app.server.on('connection', (socket) => socket.on('close', () => closed.open()))
  const socket = connect(Number(new URL(address).port), '127.0.0.1').on('error', () => {})
  socket.write('GET /sse HTTP/1.1\r\nHost: localhost\r\n\r\n')
  await arrived.promise

  socket.destroy()
  await closed.promise
  gate.open()
  await over.promise

  t.match(mount.stats(), { sessions: 0, exchanges: 0, streams: 0 })
})

t.test('a hook that replaces the stream ends the session', async (t) => {
  const { address, mount } = await createTalk(t, () => ({}), {
    legacySse: true,
    hooks: { onSend: async () => 'something else' }
  })

  const response = await fetch(`${address}/sse`)

  t.equal(await response.text(), 'something else')
  await until(() => mount.stats().streams === 0)
  t.equal(mount.stats().sessions, 0)
})
