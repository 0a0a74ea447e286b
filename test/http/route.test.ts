import cors from '@fastify/cors'
import t, { type Test } from 'tap'
import type { FastifyServerOptions, InjectOptions } from 'fastify'
import mcpPlugin, { type McpMountOptions } from '../../lib/index.ts'
import { createApp, createHost, createServer, modern, modernCall, openSession } from '../support/app.ts'
import { collectFrames, listen, send } from '../support/stream.ts'

const METHOD_NOT_ALLOWED = {
  jsonrpc: '2.0',
  id: null,
  error: { code: -32000, message: 'Method not allowed; this endpoint takes POST, GET, DELETE' }
}

async function answersAt (
  t: Test,
  urls: readonly string[],
  options: Partial<McpMountOptions>,
  fastifyOptions?: FastifyServerOptions
): Promise<void> {
  const { app } = createHost(t, fastifyOptions)
  await app.register(mcpPlugin, { server: createServer(), ...options })

  for (const url of urls) {
    const response = await app.inject(modern('tools/list', {}, { url }))

    t.equal(response.statusCode, 200, `${url} of ${JSON.stringify([options, fastifyOptions])}`)
    t.notOk(response.headers.location)
  }
}

t.test('the endpoint answers with and without a trailing slash and never redirects', async (t) => {
  for (const fastifyOptions of [
    {}, { routerOptions: { ignoreTrailingSlash: true } }, { routerOptions: { ignoreDuplicateSlashes: true } }
  ]) {
    await answersAt(t, ['/mcp', '/mcp/', '/mcp?a=b'], {}, fastifyOptions)
    await answersAt(t, ['/'], { path: '/' }, fastifyOptions)
    await answersAt(t, ['/notes/mcp', '/notes/mcp/'], { prefix: '/notes' }, fastifyOptions)
    await answersAt(t, ['/notes', '/notes/'], { prefix: '/notes', path: '/' }, fastifyOptions)
    await answersAt(t, ['/notes', '/notes/'], { prefix: '/notes/', path: '/' }, fastifyOptions)
    await answersAt(t, ['/notes/rpc', '/notes/rpc/'], { prefix: '/notes/', path: '/rpc/' }, fastifyOptions)
    await answersAt(t, ['/mcp', '/mcp/'], { prefix: '/' }, fastifyOptions)
  }
})

t.test('the trailing slash is optional even if the app sets ignoreTrailingSlash at the top level', async (t) => {
  await answersAt(t, ['/notes/mcp', '/notes/mcp/'], { prefix: '/notes' }, { ignoreTrailingSlash: true })
})

t.test('paths next to the endpoint are not served', async (t) => {
  const { app } = await createApp(t, { prefix: '/notes' })

  for (const url of ['/', '/notes', '/mcp', '/notes/mcp/x', '/notes/MCP']) {
    t.equal((await app.inject(modern('tools/list', {}, { url }))).statusCode, 404, url)
  }
})

t.test('other methods get 405 with the allowed ones, with any body', async (t) => {
  const { app } = await createApp(t, { bodyLimit: 10 })

  for (const method of ['PUT', 'PATCH', 'OPTIONS'] as const) {
    for (const body of [
      {},
      { headers: { 'content-type': 'application/json' }, payload: '{' },
      { headers: { 'content-type': 'application/json' }, payload: '"longer than the limit"' },
      { headers: { 'content-type': 'text/plain' }, payload: 'x' },
      { headers: { 'content-type': 'garbage' }, payload: 'x' }
    ]) {
      const response = await app.inject({ method, url: '/mcp', ...body })

      t.equal(response.statusCode, 405, `${method} ${JSON.stringify(body)}`)
      t.equal(response.headers.allow, 'POST, GET, DELETE')
      t.same(response.json(), METHOD_NOT_ALLOWED)
    }
  }
})

t.test('the modern revision has neither GET nor DELETE', async (t) => {
  const { app } = await createApp(t)
  const session = await openSession(app)

  for (const method of ['GET', 'DELETE'] as const) {
    const response = await app.inject({
      method,
      url: '/mcp',
      headers: { ...session, accept: 'text/event-stream', 'mcp-protocol-version': '2026-07-28' }
    })

    t.equal(response.statusCode, 405)
    t.equal(response.headers.allow, 'POST')
    t.same(response.json(), {
      jsonrpc: '2.0',
      id: null,
      error: { code: -32600, message: 'Method not allowed; this endpoint takes POST' }
    })
  }
  t.equal(app.mcp.get('Notes').sessions.size, 1)
})

t.test('HEAD gets 405 without a body', async (t) => {
  const { app } = await createApp(t)

  const response = await app.inject({ method: 'HEAD', url: '/mcp' })

  t.equal(response.statusCode, 405)
  t.equal(response.headers.allow, 'POST, GET, DELETE')
  t.equal(response.body, '')
})

t.test('two servers at one path are told apart by host name', async (t) => {
  const { app } = createHost(t)
  for (const [name, host] of [['A', 'a.example'], ['B', 'b.example']] as const) {
    app.register(mcpPlugin, { server: createServer(name), constraints: { host }, allowedHosts: [host] })
  }

  for (const [name, host] of [['A', 'a.example'], ['B', 'b.example']]) {
    const response = await app.inject(modern('server/discover', {}, { headers: { host: String(host) } }))
    t.same(response.json().result._meta, { 'io.modelcontextprotocol/serverInfo': { name, version: '1.0.0' } })
  }
  t.equal((await app.inject(modern('server/discover'))).statusCode, 404)
})

t.test('the body parser, the error handler and the 404s of sibling routes are untouched', async (t) => {
  const { app } = createHost(t)
  app.post('/echo', async ({ body }) => ({ body }))
  app.get('/fail', async () => { throw new Error('mine') })
  app.register(mcpPlugin, { server: createServer(), bodyLimit: 10, maxDepth: 1 })

  const requests: InjectOptions[] = [
    { method: 'POST', url: '/echo', payload: { deep: [[[1]]], long: 'longer than the limit of the mount' } },
    { method: 'POST', url: '/echo', headers: { 'content-type': 'text/plain' }, payload: 'text' },
    { method: 'POST', url: '/echo', headers: { 'content-type': 'application/json' }, payload: '{' },
    { method: 'POST', url: '/echo', headers: { 'content-type': 'text/html' }, payload: 'text' },
    { url: '/fail' },
    { url: '/nowhere' }
  ]
  const replies = []
  for (const request of requests) replies.push((await app.inject(request)).json())

  t.match(replies, [
    { body: { deep: [[[1]]] } },
    { body: 'text' },
    { statusCode: 400, code: 'FST_ERR_CTP_INVALID_JSON_BODY' },
    { statusCode: 415, code: 'FST_ERR_CTP_INVALID_MEDIA_TYPE' },
    { statusCode: 500, error: 'Internal Server Error', message: 'mine' },
    { statusCode: 404, error: 'Not Found' }
  ])
})

t.test('hooks of the app see the requests of the mount, and their headers are on every reply', async (t) => {
  const { app } = createHost(t)
  const seen: string[] = []
  app.addHook('onRequest', async ({ method }) => { seen.push(method) })
  app.addHook('onSend', async (_request, reply) => { reply.header('x-app', 'mine') })
  app.register(mcpPlugin, { server: createServer() })

  const served = await app.inject(modern('tools/list'))
  const refused = await app.inject(modern('tools/list', {}, { headers: { host: 'evil.example' } }))
  const other = await app.inject({ method: 'PUT', url: '/mcp' })

  t.same(seen, ['POST', 'POST', 'PUT'])
  t.same(
    [served, refused, other].map(({ statusCode, headers }) => [statusCode, headers['x-app']]),
    [
      [200, 'mine'],
      [421, 'mine'],
      [405, 'mine']
    ]
  )
})

t.test('headers of onSend hooks and of @fastify/cors are on event streams too', async (t) => {
  const { app } = createHost(t)
  await app.register(cors, { origin: 'http://localhost:5173', exposedHeaders: ['mcp-session-id'] })
  app.addHook('onSend', async (_request, reply) => { reply.header('x-app', 'mine') })
  const server = createServer()
  server.registerTool('report', {}, async (_args, ctx) => { await ctx.info('working'); return 'done' })
  app.register(mcpPlugin, { server })
  const address = await listen(app)

  const response = await send(address, modernCall('report', {}, {
    headers: { accept: 'application/json, text/event-stream', origin: 'http://localhost:5173' },
    meta: { 'io.modelcontextprotocol/logLevel': 'debug' }
  }))

  t.match(Object.fromEntries(response.headers), {
    'content-type': 'text/event-stream',
    'cache-control': 'no-cache, no-transform',
    'x-accel-buffering': 'no',
    'x-app': 'mine',
    'access-control-allow-origin': 'http://localhost:5173',
    'access-control-expose-headers': 'mcp-session-id'
  })
  t.equal((await collectFrames(response)).length, 3)
})

t.test('@fastify/cors answers the preflight requests of the endpoint', async (t) => {
  const { app } = createHost(t)
  await app.register(cors, { origin: 'http://localhost:5173' })
  app.register(mcpPlugin, { server: createServer() })

  const response = await app.inject({ method: 'OPTIONS', url: '/mcp', headers: { origin: 'http://localhost:5173', 'access-control-request-method': 'POST' } })

  t.equal(response.statusCode, 204)
  t.equal(response.headers['access-control-allow-origin'], 'http://localhost:5173')
})
