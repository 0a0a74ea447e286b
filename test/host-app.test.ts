// A mount in apps with the most common plugins of Fastify.
import compress from '@fastify/compress'
import helmet from '@fastify/helmet'
import rateLimit from '@fastify/rate-limit'
import underPressure from '@fastify/under-pressure'
import { gunzipSync } from 'node:zlib'
import type { FastifyInstance, FastifyServerOptions } from 'fastify'
import t, { type Test } from 'tap'
import mcpPlugin, { type McpServer } from '../lib/index.ts'
import { createHost, createServer, modern, modernCall, openSession, SERVER_META, type Post } from './support/app.ts'
import { createGate, frameOf, listen, openGet, readFrames, send, type Gate } from './support/stream.ts'

const PROGRESS = frameOf({
  jsonrpc: '2.0',
  method: 'notifications/progress',
  params: { progressToken: 'p', progress: 1, total: 2 }
})
const RESULT = frameOf({
  jsonrpc: '2.0',
  id: 1,
  result: { resultType: 'complete', content: [{ type: 'text', text: 'done' }], _meta: SERVER_META }
})

/** Creates a tool that reports progress and then waits for the test. */
function createWorker (): { server: McpServer, goOn: Gate } {
  const server = createServer()
  const goOn = createGate()
  server.registerTool(
    'greet',
    {},
    (_args, { request }) =>
      `${request?.server.getDecorator<string>('greeting')}, ${request?.getDecorator<string>('user')}`
  )
  server.registerTool('work', {}, async (_args, ctx) => {
    await ctx.reportProgress(1, 2)
    await goOn.promise
    return 'done'
  })
  return { server, goOn }
}

const work: Post = modernCall(
  'work',
  {},
  {
    headers: { accept: 'application/json, text/event-stream', 'accept-encoding': 'gzip' },
    meta: { progressToken: 'p' }
  }
)

/** An app with a mount and something else, which listens. */
async function createApp (t: Test, prepare: (app: FastifyInstance) => unknown, options: FastifyServerOptions = {}) {
  const { app, logLines } = createHost(t, options)
  const { server, goOn } = createWorker()
  await prepare(app)
  app.register(mcpPlugin, { server })
  return { app, goOn, logLines, address: await listen(app) }
}

/** Each message of the stream arrives when it is sent: the second is not sent before the first has arrived. */
async function streams (t: Test, address: string, goOn: Gate): Promise<Headers> {
  const response = await send(address, work)
  const frames = readFrames(response)
  t.equal(response.headers.get('content-type'), 'text/event-stream')
  t.equal((await frames.next()).value, ': open')
  t.equal((await frames.next()).value, PROGRESS)
  goOn.open()
  t.equal((await frames.next()).value, RESULT)
  t.equal((await frames.next()).done, true)
  return response.headers
}

t.test('hooks of the app run for requests of a mount, and handlers read its decorators', async (t) => {
  const seen: string[] = []
  const { app, goOn, address } = await createApp(t, (app) => {
    app.decorate('greeting', 'Hello')
    app.decorateRequest('user', '')
    app.addHook('onRequest', async (request) => { request.setDecorator('user', 'Ann') })
    app.addHook('preHandler', async (request, reply) => {
      reply.header('x-user', request.getDecorator<string>('user'))
    })
    app.addHook('onSend', async (_request, reply, payload) => { reply.header('x-served-by', 'app'); return payload })
    app.addHook('onResponse', async (request) => { seen.push(`${request.method} ${request.url}`) })
  })

  const headers = await streams(t, address, goOn)
  const plain = await app.inject(modernCall('greet'))

  t.match(Object.fromEntries(headers), { 'x-user': 'Ann', 'x-served-by': 'app' })
  t.match(plain.json(), { result: { content: [{ text: 'Hello, Ann' }] } })
  t.match(plain.headers, { 'x-user': 'Ann', 'x-served-by': 'app' })
  t.same(seen, ['POST /mcp', 'POST /mcp'])
})

t.test('with trustProxy a handler sees the address of the client, and the guard the Host of the request', async (t) => {
  const { app, goOn, address } = await createApp(t, (app) => {
    app.addHook('onSend', async ({ ip, host, protocol }, reply, payload) => {
      reply.header('x-seen', `${ip} ${protocol}://${host}`)
      return payload
    })
  }, { trustProxy: true })
  const forwarded = {
    'x-forwarded-for': '203.0.113.7',
    'x-forwarded-proto': 'https',
    'x-forwarded-host': 'api.example.com'
  }

  const served = await app.inject(modern('tools/list', {}, { headers: forwarded }))
  const refused = await app.inject(
    modern('tools/list', {}, { headers: { ...forwarded, host: 'evil.example', 'x-forwarded-host': 'localhost' } })
  )

  t.same([served.statusCode, served.headers['x-seen']], [200, '203.0.113.7 https://api.example.com'])
  t.equal(refused.statusCode, 421)
  await streams(t, address, goOn)
})

t.test('@fastify/rate-limit counts the requests of a mount, streams included, and refuses as JSON-RPC', async (t) => {
  const { app, goOn, address } = await createApp(t, (app) => app.register(rateLimit, { max: 2, timeWindow: '1 hour' }))

  const headers = await streams(t, address, goOn)
  const last = await app.inject(modern('tools/list'))
  const refused = await app.inject(modern('tools/list'))

  t.equal(headers.get('x-ratelimit-remaining'), '1')
  t.equal(last.headers['x-ratelimit-remaining'], '0')
  t.equal(refused.statusCode, 429)
  t.match(refused.headers, { 'retry-after': /^\d+$/, 'content-type': 'application/json; charset=utf-8' })
  t.match(refused.json(), { jsonrpc: '2.0', id: null, error: { code: -32600, message: /^Rate limit exceeded/ } })
})

t.test('with @fastify/under-pressure, a mount replies 503 only while the process is under pressure', async (t) => {
  const relaxed = await createApp(t, (app) =>
    app.register(underPressure, { healthCheck: async () => true, healthCheckInterval: 3_600_000 })
  )
  const pressed = await createApp(t, (app) =>
    app.register(underPressure, { healthCheck: async () => false, healthCheckInterval: 3_600_000, retryAfter: 7 })
  )

  await streams(t, relaxed.address, relaxed.goOn)
  const refused = await send(pressed.address, work)

  t.equal(refused.status, 503)
  t.equal(refused.headers.get('retry-after'), '7')
  t.same(await refused.json(), {
    jsonrpc: '2.0',
    id: null,
    error: { code: -32603, message: 'The server is temporarily unavailable; try again later' }
  })
})

t.test('@fastify/helmet sets its headers on replies and streams of a mount', async (t) => {
  const { app, goOn, address } = await createApp(t, (app) => app.register(helmet))

  const headers = await streams(t, address, goOn)
  const plain = await app.inject(modern('tools/list'))

  t.equal(headers.get('x-content-type-options'), 'nosniff')
  t.ok(headers.has('content-security-policy'))
  t.equal(plain.headers['x-content-type-options'], 'nosniff')
})

t.test('@fastify/compress compresses the JSON of a mount, but not its streams', async (t) => {
  const { app, goOn, address } = await createApp(t, (app) => app.register(compress, { threshold: 0 }))

  const headers = await streams(t, address, goOn)
  const plain = await app.inject(modern('tools/list', {}, { headers: { 'accept-encoding': 'gzip' } }))
  const listening = await openGet(address, { ...await openSession(app), 'accept-encoding': 'gzip' })

  t.equal(headers.get('content-encoding'), null)
  t.equal(plain.headers['content-encoding'], 'gzip')
  t.match(JSON.parse(String(gunzipSync(plain.rawPayload))), {
    jsonrpc: '2.0',
    id: 1,
    result: { tools: [{ name: 'echo' }, { name: 'greet' }, { name: 'work' }] }
  })
  t.equal(listening.headers.get('content-encoding'), null)
  t.equal((await readFrames(listening).next()).value, ': open')
})
