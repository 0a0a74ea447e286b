// An endpoint in apps whose own settings reach its routes.
import { gzipSync, createGunzip } from 'node:zlib'
import autoload from '@fastify/autoload'
import rateLimit from '@fastify/rate-limit'
import swagger from '@fastify/swagger'
import underPressure from '@fastify/under-pressure'
import Fastify, { type FastifyRequest, type LightMyRequestResponse } from 'fastify'
import { join } from 'node:path'
import t from 'tap'
import mcpPlugin, { authInfoOf, type AuthInfo } from '../../lib/index.ts'
import { createHost, createServer, initialize, modern, modernCall, post } from '../support/app.ts'

const AUTH = { verify: () => null, authorizationServers: ['https://auth.example.com'] }

t.test('the OpenAPI document of the app includes only those routes of a mount that are in the option routes', async (t) => {
  const { app } = createHost(t)
  await app.register(swagger, { openapi: { info: { title: 'Shop', version: '1.0.0' } } })
  app.get('/goods', async () => '')
  app.register(mcpPlugin, {
    server: createServer(),
    prefix: '/notes',
    publicUrl: 'https://shop.example.com',
    auth: AUTH,
    cors: true,
    health: true,
    legacySse: true,
    routes: async (scope) => { scope.get('/export', async () => '') }
  })
  await app.ready()

  t.same(Object.keys(app.swagger().paths ?? {}), ['/goods', '/notes/export'])
})

t.test('a serializer that a hook sets does not encode replies a second time', async (t) => {
  const { app } = createHost(t)
  app.addHook('onRequest', async (_request, reply) => {
    reply.serializer((payload) => JSON.stringify({ wrapped: payload }))
  })
  app.register(mcpPlugin, { server: createServer(), health: true })

  const called = await app.inject(modernCall('echo', { text: 'hi' }))
  const refused = await app.inject(modern('unknown/method'))
  const opened = await app.inject(initialize())
  const unparsed = await post(app, '{')
  const healthy = await app.inject('/health')

  t.match(called.json(), { result: { content: [{ text: 'hi' }] } })
  t.match(refused.json(), { error: { code: -32601 } })
  t.match(opened.json(), { result: { protocolVersion: '2025-11-25' } })
  t.match(unparsed.json(), { error: { code: -32700 } })
  t.same(healthy.json(), { status: 'ok' })
})

t.test('a serializer for the whole app does not change replies', async (t) => {
  const { app } = createHost(t)
  app.setReplySerializer((payload) => JSON.stringify({ wrapped: payload }))
  app.register(mcpPlugin, { server: createServer(), health: true })

  t.match((await app.inject(modernCall('echo', { text: 'hi' }))).json(), { result: { content: [{ text: 'hi' }] } })
  t.same((await app.inject('/health')).json(), { status: 'ok' })
})

for (const [status, message] of [
  [502, 'A service that this server depends on gave an invalid response; try again later'],
  [503, 'The server is temporarily unavailable; try again later'],
  [504, 'A service that this server depends on did not respond in time; try again later']
] as const) {
  t.test(`a ${status} of a hook is worded as one, without what its error says`, async (t) => {
    const { app } = createHost(t)
    app.addHook('preHandler', async (_request, reply) => {
      reply.header('retry-after', '10')
      throw Object.assign(new Error('db-3.internal is down'), { statusCode: status })
    })
    app.register(mcpPlugin, { server: createServer() })

    const response = await app.inject(modern('tools/list'))

    t.equal(response.statusCode, status)
    t.equal(response.headers['retry-after'], '10')
    t.same(response.json(), { jsonrpc: '2.0', id: null, error: { code: -32603, message } })
  })
}

t.test('a 503 of a hook that names no time has one', async (t) => {
  const { app } = createHost(t)
  app.addHook('preHandler', async () => { throw Object.assign(new Error('busy'), { statusCode: 503 }) })
  app.register(mcpPlugin, { server: createServer() })

  const response = await app.inject(modern('tools/list'))

  t.same([response.statusCode, response.headers['retry-after']], [503, '30'])
})

t.test('under @fastify/under-pressure, clients get a JSON-RPC error with 503 and Retry-After', async (t) => {
  const { app } = createHost(t)
  const isHealthy = async (): Promise<boolean> => false
  await app.register(underPressure, { healthCheck: isHealthy, healthCheckInterval: 1000, retryAfter: 50 })
  app.register(mcpPlugin, { server: createServer() })

  for (const post of [modernCall('echo', { text: 'hi' }), initialize()]) {
    const response = await app.inject(post)

    t.same([response.statusCode, response.headers['retry-after']], [503, '50'])
    t.same(response.json(), {
      jsonrpc: '2.0',
      id: null,
      error: { code: -32603, message: 'The server is temporarily unavailable; try again later' }
    })
  }
})

t.test('config tells @fastify/rate-limit about one mount, whose clients get a JSON-RPC error with 429', async (t) => {
  const { app } = createHost(t)
  await app.register(rateLimit, { global: false })
  const keyGenerator = (request: FastifyRequest): string => authInfoOf(request)?.subject ?? ''
  const authenticate = ({ headers }: FastifyRequest): AuthInfo =>
    ({ token: '', clientId: 'app', scopes: [], subject: String(headers['x-user']) })
  const config = { rateLimit: { max: 1, timeWindow: '1 minute', keyGenerator } }
  app.register(mcpPlugin, { server: createServer(), auth: { authenticate }, config, cors: true })
  app.register(mcpPlugin, { server: createServer('Other'), prefix: '/other' })
  const call = (user: string, url = '/mcp'): Promise<LightMyRequestResponse> =>
    app.inject(modernCall('echo', { text: 'hi' }, { url, headers: { 'x-user': user } }))

  const replies = [await call('ann'), await call('ann'), await call('bob'), await call('ann', '/other/mcp')]
  replies.push(await call('ann', '/other/mcp'))

  t.same(replies.map(({ statusCode }) => statusCode), [200, 429, 200, 200, 200])
  t.match(replies[1]?.headers, { 'retry-after': /^\d+$/ })
  t.match(replies[1]?.json(), { jsonrpc: '2.0', id: null, error: { code: -32600, message: /Rate limit exceeded/ } })
})

t.test('config is an object, without what options of the mount decide', async (t) => {
  for (const [config, problem] of [
    ['fast', /must be an object, such as/],
    [{ mcp: true }, /has 'mcp', which options of the mount decide; leave it out/],
    [{ cors: {} }, /has 'cors'/]
  ] as const) {
    const { app } = createHost(t)
    app.register(mcpPlugin, { server: createServer(), config: config as object })

    await t.rejects(async () => await app.ready(), { code: 'MCP_ERR_INVALID_OPTION', message: problem })
  }
})

t.test('a compressed body gets 415 with the accepted encoding', async (t) => {
  const { app } = createHost(t)
  app.register(mcpPlugin, { server: createServer() })
  const call = modernCall('echo', { text: 'hi' })

  for (const encoding of ['gzip', 'br', 'GZIP', 'identity, gzip']) {
    const response = await app.inject({
      ...call,
      headers: { ...call.headers, 'content-encoding': encoding },
      payload: gzipSync(call.payload)
    })

    t.equal(response.statusCode, 415, encoding)
    t.equal(response.headers['accept-encoding'], 'identity')
    t.same(response.json(), {
      jsonrpc: '2.0',
      id: null,
      error: { code: -32600, message: 'Unsupported content encoding: send the body without Content-Encoding' }
    })
  }
  for (const none of ['Identity', '']) {
    t.equal(
      (await app.inject({ ...call, headers: { ...call.headers, 'content-encoding': none } })).statusCode,
      200,
      none
    )
  }
})

t.test('a body that the app decodes is served', async (t) => {
  const { app } = createHost(t)
  app.addHook('preParsing', async (request, _reply, payload) => {
    if (request.headers['content-encoding'] !== 'gzip') return payload
    delete request.headers['content-length']
    return payload.pipe(createGunzip())
  })
  app.register(mcpPlugin, { server: createServer() })
  const call = modernCall('echo', { text: 'hi' })

  const response = await app.inject({
    ...call,
    headers: { ...call.headers, 'content-encoding': 'gzip' },
    payload: gzipSync(call.payload)
  })

  t.match(response.json(), { result: { content: [{ text: 'hi' }] } })
})

t.test('metadata is found with and without a trailing slash', async (t) => {
  for (const ignoreTrailingSlash of [false, true]) {
    const { app } = createHost(t, { routerOptions: { ignoreTrailingSlash } })
    app.register(mcpPlugin, { server: createServer(), publicUrl: 'https://shop.example.com', auth: { ...AUTH, wellKnownAlias: true } })
    await app.ready()

    for (const path of ['', '/', '/mcp', '/mcp/']) {
      const response = await app.inject(`/.well-known/oauth-protected-resource${path}`)
      t.match(response.json(), { resource: 'https://shop.example.com/mcp' }, path)
    }
  }
})

t.test('options that autoload passes to every plugin are ignored with a warning', async (t) => {
  const dir = t.testdir({
    'package.json': '{ "type": "module" }',
    plugins: {
      'notes.js': `
      import mcpPlugin, { McpServer } from ${JSON.stringify(new URL('../../lib/index.ts', import.meta.url).href)}
      export default mcpPlugin
      export const autoConfig = { server: new McpServer({ name: 'Notes', version: '1.0.0' }) }
    `
    }
  })
  const { app, logLines } = createHost(t)
  app.register(autoload, { dir: join(dir, 'plugins'), options: { database: { url: 'postgres://db' }, env: 'test' } })
  await app.ready()

  t.equal((await app.inject(modern('server/discover'))).statusCode, 200)
  t.match(logLines.find(({ msg }) => /ignores/.test(String(msg))), { level: 40, msg: "MCP server Notes ignores the options 'database', 'env', which no mount has" })
})

t.test('an unknown option that resembles an option of a mount is refused', async (t) => {
  for (const [name, meant] of [
    ['allowedHost', 'allowedHosts'],
    ['alowedHosts', 'allowedHosts'],
    ['AllowedHosts', 'allowedHosts'],
    ['bodylimit', 'bodyLimit'],
    ['authenticate', 'auth'],
    ['authorization', 'auth'],
    ['maxConnections', 'maxSessions'],
    ['hosts', 'allowedHosts'],
    ['sessionTimeout', 'sessionIdleTimeout'],
    ['rateLimit', 'bodyLimit'],
    ['origins', 'allowedOrigins'],
    ['url', 'publicUrl'],
    ['serve', 'server']
  ] as const) {
    const app = Fastify()
    t.teardown(() => app.close())
    await t.rejects(
      async () => {
        await app.register(mcpPlugin, { server: createServer(), [name]: true })
      },
      {
        code: 'MCP_ERR_INVALID_OPTION',
        message: new RegExp(`^option '${name}' does not exist; .*; did you mean '${meant}'\\?$`)
      }
    )
  }
})
