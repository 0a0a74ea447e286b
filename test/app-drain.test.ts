import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { text } from 'node:stream/consumers'
import type { FastifyInstance, FastifyServerOptions } from 'fastify'
import t, { type Test } from 'tap'
import mcpPlugin, { type McpMountOptions } from '../lib/index.ts'
import { createHost, createServer, JSON_AND_SSE, modern, modernCall, openSession, type Post } from './support/app.ts'
import { partsOf } from './support/parts.ts'
import { collectFrames, createGate, listen, openGet, readFrames, send, until } from './support/stream.ts'

/** An app with a tool that goes on until it is let, and a route that is a tool. */
interface Waiting {
  readonly app: FastifyInstance
  readonly address: string
  readonly started: Promise<void>
  finish (): void
}

async function createWaiting (
  t: Test, options: Partial<McpMountOptions> = {}, settings: FastifyServerOptions = {}
): Promise<Waiting> {
  const [started, finish] = [createGate(), createGate()]
  const { app } = createHost(t, settings)
  const server = createServer()
  server.registerTool('wait', {}, async () => {
    started.open()
    await finish.promise
    return 'done'
  })
  app.get('/time', { config: { mcp: { name: 'time' } } }, async () => 'noon')
  app.register(mcpPlugin, { server, expose: true, health: true, ...options })
  return { app, address: await listen(app), started: started.promise, finish: () => finish.open() }
}

/** Writes a request to a socket of its own, but not the end of its head. */
async function beginRequest (address: string, { method, url, headers, payload }: Post): Promise<Socket> {
  const socket = connect(Number(new URL(address).port), '127.0.0.1')
  await once(socket, 'connect')
  const fields = Object.entries({ ...headers, host: 'localhost', 'content-length': Buffer.byteLength(payload) })
  socket.write([`${method} ${url} HTTP/1.1`, ...fields.map(([name, value]) => `${name}: ${value}`)].join('\r\n'))
  return socket
}

interface Reply { readonly head: string, readonly body: string }

/** Writes the rest of a request, and resolves to the reply. */
async function endRequest (socket: Socket, { payload }: Post): Promise<Reply> {
  socket.write(`\r\n\r\n${payload}`)
  const [head = '', body = ''] = (await text(socket)).split('\r\n\r\n')
  return { head, body }
}

t.test('while an app drains, it serves on, reports that it is not ready, and ends connections', async (t) => {
  const { app, address } = await createWaiting(t)
  const before = await fetch(new URL('/health', address))

  const drained = app.mcp.drain({ delay: 60_000 })
  const [ready, live] = await Promise.all(['ready', 'live'].map((path) => fetch(new URL(`/health/${path}`, address))))
  const called = await send(address, modernCall('echo', { text: 'hello' }))
  const session = await openSession(app)
  const stream = readFrames(await openGet(address, session))
  const opening = await stream.next()
  await app.close()
  await drained

  t.strictSame([before.status, ready?.status, live?.status], [200, 503, 200])
  t.not(before.headers.get('connection'), 'close')
  t.equal(ready?.headers.get('connection'), 'close')
  t.equal(called.headers.get('connection'), 'close')
  t.match(await called.json(), { result: { content: [{ text: 'hello' }] } })
  t.equal(opening.value, ': open')
  t.equal((await stream.next()).done, true)
})

t.test('the log has a line when a mount begins to close, and one when it has closed', async (t) => {
  const { app, logLines } = createHost(t)
  app.register(mcpPlugin, { server: createServer() })
  await app.ready()
  await openSession(app)

  await app.mcp.drain({ delay: 1 })
  await app.close()

  const told = logLines.filter(({ msg }) => /begins to close|has closed/.test(String(msg)))
  t.match(told, [
    { level: 30, mcp: 'Notes', sessions: 1, exchanges: 0, streams: 0, msg: 'MCP server Notes begins to close' },
    { level: 30, mcp: 'Notes', msg: 'MCP server Notes has closed' }
  ])
  t.equal(told.length, 2)
})

t.test('after the delay, connections are refused, streams end, and calls may finish and call routes', async (t) => {
  const { app, address, started, finish } = await createWaiting(t)
  const frames = openGet(address, await openSession(app)).then(collectFrames)
  const listening = send(address, modern('subscriptions/listen', { notifications: { toolsListChanged: true } }, {
    headers: JSON_AND_SSE
  })).then(collectFrames)
  const answer = send(address, modernCall('wait'))
  await Promise.all([started, until(() => app.mcp.get('Notes').stats().streams === 2)])

  const drained = app.mcp.drain({ delay: 1 })
  const again = app.mcp.drain({ delay: 60_000 })
  t.equal((await frames).length, 1)
  t.match((await listening).at(-1), /"result":/)
  await t.rejects(send(address, modernCall('echo', { text: 'late' })), { cause: { code: 'ECONNREFUSED' } })
  const route = await app.mcp.get('Notes').call('time')
  finish()

  t.match(route, { content: [{ text: 'noon' }] })
  t.match(await (await answer).json(), { result: { content: [{ text: 'done' }] } })
  await Promise.all([drained, again])
  await t.rejects(app.inject('/time'), { code: 'FST_ERR_REOPENED_CLOSE_SERVER' })
})

t.test('an app that does not listen can be drained, and the options are checked', async (t) => {
  const { app } = createHost(t)
  await app.register(mcpPlugin, { server: createServer() })

  await t.rejects(app.mcp.drain({ delay: 1.5 }), { code: 'MCP_ERR_INVALID_OPTION' })
  await app.mcp.drain()

  await t.rejects(app.inject('/'), { code: 'FST_ERR_REOPENED_CLOSE_SERVER' })
})

const CALL = modernCall('echo', { text: 'late' })
const REFUSED = {
  jsonrpc: '2.0',
  id: null,
  error: { code: -32603, message: 'The server is shutting down; send the request again' }
}

/** Has an app that closes receive the rest of requests that were begun before. */
async function closeDuring (
  t: Test, { app, address, started, finish }: Waiting, posts: readonly Post[]
): Promise<readonly Reply[]> {
  const received: Socket[] = []
  app.server.on('connection', (socket: Socket) => { received.push(socket) })
  const answer = send(address, { ...modernCall('wait'), url: posts[0]?.url ?? '' })
  await started
  const sockets = await Promise.all(posts.map((post) => beginRequest(address, post)))
  await until(() => received.filter(({ bytesRead }) => bytesRead > 0).length > posts.length)

  const closed = app.close()
  await until(() => partsOf(app.mcp.get('Notes')).isClosing)
  const replies = await Promise.all(sockets.map((socket, index) => endRequest(socket, posts[index] ?? CALL)))
  finish()
  t.equal((await answer).status, 200)
  await closed
  return replies
}

t.test('a request during closing gets a JSON-RPC error, and one of another route gets that of Fastify', async (t) => {
  const waiting = await createWaiting(t, { prefix: '/my notes/:tenant' })
  const url = '/my%20notes/acme/mcp'

  const [mcp, query, other] = await closeDuring(t, waiting, [
    { ...CALL, url }, { ...CALL, url: `${url}/?a=b` }, { ...CALL, url: '/time' }
  ])

  for (const reply of [mcp, query]) {
    t.match(reply?.head, /^HTTP\/1.1 503 [^]*retry-after: 30/)
    t.strictSame(JSON.parse(reply?.body ?? ''), REFUSED)
  }
  t.match(other?.head, /^HTTP\/1.1 503 /)
  t.match(JSON.parse(other?.body ?? ''), { error: 'Service Unavailable' })
})

t.test('a request during closing whose URL the app rewrites gets a JSON-RPC error, too', async (t) => {
  const waiting = await createWaiting(t, {}, {
    rewriteUrl: ({ url = '' }) => url.replace(/^\/v1/, ''), routerOptions: { ignoreDuplicateSlashes: true }
  })

  const replies = await closeDuring(t, waiting, [{ ...CALL, url: '/v1/mcp' }, { ...CALL, url: '//mcp' }])

  for (const { body } of replies) t.strictSame(JSON.parse(body), REFUSED)
})

t.test('with return503OnClosing: false, a request that arrives while the app closes is served', async (t) => {
  const waiting = await createWaiting(t, {}, { return503OnClosing: false })

  const [reply] = await closeDuring(t, waiting, [CALL])

  t.match(reply?.head, /^HTTP\/1.1 200 /)
  t.match(JSON.parse(reply?.body ?? ''), { result: { content: [{ text: 'late' }] } })
})
