import cors from '@fastify/cors'
import t, { type Test } from 'tap'
import type { FastifyInstance, LightMyRequestResponse } from 'fastify'
import mcpPlugin, { createMemoryEventStore, type CorsOptions } from '../../../lib/index.ts'
import { resolveOptions } from '../../../lib/http/resolve-options.ts'
import { createApp, createHost, createServer, initialize, legacy, modern, modernCall, openSession, openUsedSession } from '../../support/app.ts'
import { collectFrames, listen, openGet, send } from '../../support/stream.ts'

const PAGE = 'https://app.example.com'
const ALLOWED = 'Authorization, Content-Type, DPoP, Last-Event-ID, Mcp-Method, Mcp-Name, Mcp-Protocol-Version, ' +
  'Mcp-Session-Id'
const EXPOSED = 'Mcp-Session-Id, WWW-Authenticate'

/** Sends the preflight that a browser sends before a request. */
function preflight (
  app: FastifyInstance,
  headers: Record<string, string> = {},
  url = '/mcp'
): Promise<LightMyRequestResponse> {
  return app.inject({
    method: 'OPTIONS',
    url,
    headers: { origin: PAGE, 'access-control-request-method': 'POST', ...headers }
  })
}

/** The headers of a reply that have to do with CORS. */
function corsOf ({ headers }: Pick<LightMyRequestResponse, 'headers'>): object {
  return Object.fromEntries(
    Object.entries(headers).filter(([name]) => name.startsWith('access-control-') || name === 'vary')
  )
}

const READABLE = { vary: 'Origin', 'access-control-allow-origin': PAGE, 'access-control-expose-headers': EXPOSED }

t.test('without the option cors, no reply has CORS headers', async (t) => {
  const { app, logLines } = await createApp(t, { allowedOrigins: [PAGE] })

  const asked = await preflight(app)
  const served = await app.inject(modern('tools/list', {}, { headers: { origin: PAGE } }))

  t.equal(asked.statusCode, 405)
  t.equal(served.statusCode, 200)
  t.same([corsOf(asked), corsOf(served)], [{}, {}])
  t.match(logLines.filter(({ level }) => level === 40), [
    { origin: PAGE, msg: "preflight from Origin 'https://app.example.com' refused; pages need the mount's 'cors', and their origin in its 'allowedOrigins'" }
  ])
})

t.test('a preflight gets all methods and headers that the protocol needs', async (t) => {
  const { app } = await createApp(t, { cors: true, allowedOrigins: [PAGE] })

  for (const method of ['POST', 'GET', 'DELETE']) {
    const response = await preflight(app, {
      'access-control-request-method': method,
      'access-control-request-headers': 'content-type,mcp-protocol-version'
    })

    t.equal(response.statusCode, 204)
    t.equal(response.body, '')
    t.equal(response.headers['content-length'], '0')
    t.same(corsOf(response), {
      ...READABLE,
      vary: 'Origin, Access-Control-Request-Headers',
      'access-control-allow-methods': 'GET, POST, DELETE',
      'access-control-allow-headers': ALLOWED
    })
  }
})

t.test('of the requested headers, a preflight allows Mcp-Param headers and no other additional ones', async (t) => {
  const { app } = await createApp(t, { cors: true, allowedOrigins: [PAGE] })

  const response = await preflight(app, {
    'access-control-request-headers':
      'cookie, mcp-param-region,Mcp-Param-X_1!, x-mcp-param-a, mcp-param-, mcp-param-a b,mcp-method'
  })

  t.equal(response.headers['access-control-allow-headers'], `${ALLOWED}, mcp-param-region, Mcp-Param-X_1!`)
})

t.test("allowedOrigins: '*' lets pages of every origin read replies, without credentials", async (t) => {
  const { app } = await createApp(t, { cors: true, allowedOrigins: '*' })

  for (const origin of ['https://evil.example', 'null']) {
    const asked = await app.inject({
      method: 'OPTIONS',
      url: '/mcp',
      headers: { origin, 'access-control-request-method': 'POST', 'access-control-request-headers': 'mcp-param-a' }
    })
    const read = await app.inject(modern('tools/list', {}, { headers: { origin } }))
    const refused = await app.inject(modern('tools/list', {}, { headers: { origin, host: 'evil.example' } }))

    t.same([asked.statusCode, read.statusCode, refused.statusCode], [204, 200, 421])
    t.match(asked.headers['access-control-allow-headers'], /mcp-param-a/)
    for (const { headers } of [asked, read, refused]) {
      t.equal(headers['access-control-allow-origin'], '*')
      t.equal(headers['access-control-allow-credentials'], undefined)
    }
  }
})

t.test('CORS allows exactly the origins that the guard allows', async (t) => {
  const { app } = await createApp(t, { cors: true, allowedOrigins: ['https://app.example.com', 'http://localhost:*', 'null'], publicUrl: 'https://api.example.com/base' })

  for (const origin of [PAGE, 'http://localhost', 'http://localhost:5173', 'null', 'https://api.example.com']) {
    const asked = await preflight(app, { origin })
    const served = await app.inject(modern('tools/list', {}, { headers: { origin } }))

    t.same([asked.statusCode, served.statusCode], [204, 200], origin)
    t.same(
      [asked.headers['access-control-allow-origin'], served.headers['access-control-allow-origin']],
      [origin, origin]
    )
  }
  for (const origin of ['https://evil.example', 'https://app.example.com:8443', 'http://app.example.com', 'http://localhost.evil.example', 'https://api.example.com/base', '']) {
    const asked = await preflight(app, { origin })
    const served = await app.inject(modern('tools/list', {}, { headers: { origin } }))

    t.same([asked.statusCode, served.statusCode], [403, 403], origin)
    t.same([corsOf(asked), corsOf(served)], [{ vary: 'Origin' }, { vary: 'Origin' }])
  }
})

t.test('by default, CORS allows pages of localhost', async (t) => {
  const { app } = await createApp(t, { cors: true })

  t.equal((await preflight(app, { origin: 'http://localhost:5173' })).headers['access-control-allow-origin'], 'http://localhost:5173')
  t.equal((await preflight(app)).statusCode, 403)
})

t.test('a request without Origin gets only Vary: Origin', async (t) => {
  const { app } = await createApp(t, { cors: true })

  const served = await app.inject(modern('tools/list'))
  const options = await app.inject({ method: 'OPTIONS', url: '/mcp' })

  t.equal(served.statusCode, 200)
  t.equal(options.statusCode, 405)
  t.same([corsOf(served), corsOf(options)], [{ vary: 'Origin' }, { vary: 'Origin' }])
})

t.test('an allowed page can read a reply of any status', async (t) => {
  const server = createServer()
  const { app } = await createApp(t, {
    server,
    cors: true,
    allowedOrigins: [PAGE],
    maxSessions: 1,
    bodyLimit: 1000,
    hooks: {
      onRequest: async (request, reply) => {
        if (request.headers.authorization === 'none') return reply.code(401).header('www-authenticate', 'Bearer').send()
        if (request.headers.authorization === 'broken') throw new Error('the database is gone')
      }
    }
  })
  const origin = { origin: PAGE }
  await openUsedSession(app)
  const refused = {
    200: modern('tools/list', {}, { headers: origin }),
    400: { ...modern('tools/list', {}, { headers: origin }), payload: '{' },
    401: modern('tools/list', {}, { headers: { ...origin, authorization: 'none' } }),
    404: legacy('ping', {}, { headers: { ...origin, 'mcp-session-id': 'unknown' } }),
    405: { ...modern('tools/list', {}, { headers: origin }), method: 'PUT' as const },
    406: modern('tools/list', {}, { headers: { ...origin, accept: 'text/html' } }),
    413: modernCall('echo', { text: 'x'.repeat(1000) }, { headers: origin }),
    415: modern('tools/list', {}, { headers: { ...origin, 'content-type': 'text/plain' } }),
    421: modern('tools/list', {}, { headers: { ...origin, host: 'other.example' } }),
    500: modern('tools/list', {}, { headers: { ...origin, authorization: 'broken' } }),
    503: initialize('2025-11-25', { headers: origin })
  }

  for (const [status, request] of Object.entries(refused)) {
    const response = await app.inject(request)

    t.equal(response.statusCode, Number(status))
    t.same(corsOf(response), READABLE, status)
  }
})

t.test('a preflight does not reach the hooks of the mount', async (t) => {
  const { app } = await createApp(t, {
    cors: true,
    allowedOrigins: [PAGE],
    hooks: { onRequest: async (_request, reply) => reply.code(401).send() }
  })

  t.equal((await preflight(app)).statusCode, 204)
  t.equal((await app.inject(modern('tools/list'))).statusCode, 401)
})

t.test('event streams have CORS headers, too', async (t) => {
  const server = createServer()
  server.registerTool('report', {}, async (_args, ctx) => { await ctx.reportProgress(1); return 'done' })
  const { app } = await createApp(t, {
    server,
    cors: true,
    allowedOrigins: [PAGE],
    eventStore: createMemoryEventStore()
  })
  const address = await listen(app)
  const session = await openSession(app)
  const origin = { origin: PAGE }
  const subscribe = modern(
    'subscriptions/listen',
    { notifications: { toolsListChanged: true } },
    { headers: { ...origin, accept: 'text/event-stream' } }
  )

  const exchange = await send(
    address,
    modernCall('report', {}, { headers: { ...origin, accept: 'text/event-stream' }, meta: { progressToken: 1 } })
  )
  const listening = await openGet(address, { ...session, ...origin })
  const subscription = await send(address, subscribe)

  for (const response of [exchange, listening, subscription]) {
    t.equal(response.headers.get('content-type'), 'text/event-stream')
    t.same(corsOf({ headers: Object.fromEntries(response.headers) }), READABLE)
  }
  t.equal((await collectFrames(exchange)).length, 3)
})

t.test('options of @fastify/cors add to the headers that the protocol needs', async (t) => {
  const { app } = await createApp(t, {
    allowedOrigins: [PAGE],
    cors: {
      allowedHeaders: ['X-Tenant', ' X-Trace '],
      exposedHeaders: 'X-Cost, X-Trace',
      credentials: true,
      maxAge: 600,
      cacheControl: 60,
      optionsSuccessStatus: 200
    }
  })

  const asked = await preflight(app, { 'access-control-request-headers': 'x-tenant,mcp-param-a' })
  const served = await app.inject(modern('tools/list', {}, { headers: { origin: PAGE } }))

  const readable = { ...READABLE, 'access-control-expose-headers': `${EXPOSED}, X-Cost, X-Trace`, 'access-control-allow-credentials': 'true' }
  t.equal(asked.statusCode, 200)
  t.equal(asked.headers['cache-control'], 'max-age=60')
  t.same(corsOf(asked), {
    ...readable,
    vary: 'Origin, Access-Control-Request-Headers',
    'access-control-allow-methods': 'GET, POST, DELETE',
    'access-control-allow-headers': `${ALLOWED}, X-Tenant, X-Trace, mcp-param-a`,
    'access-control-max-age': '600'
  })
  t.same(corsOf(served), readable)
})

t.test('cacheControl may be a string', async (t) => {
  const { app } = await createApp(t, { allowedOrigins: [PAGE], cors: { cacheControl: 'public, max-age=60' } })

  t.equal((await preflight(app)).headers['cache-control'], 'public, max-age=60')
})

t.test('options of cors that contradict the mount or do not exist are refused with advice', async (t) => {
  const problemOf = (wrong: object): unknown => {
    try {
      return resolveOptions({ server: createServer(), cors: wrong as CorsOptions })
    } catch (error) {
      return error
    }
  }

  for (const [wrong, problem] of [
    [
      { origin: '*' },
      "has 'origin', which is set elsewhere: the guard and CORS have one list of origins; " +
        "write them in the mount's 'allowedOrigins'"
    ],
    [
      { delegator: () => {} },
      "has 'delegator', which is set elsewhere: the guard and CORS have one list of origins; " +
        "write them in the mount's 'allowedOrigins'"
    ],
    [{ methods: ['PUT'] }, "has 'methods', which are fixed: GET, POST and DELETE; leave it out"],
    ...['hook', 'preflight', 'preflightContinue', 'strictPreflight'].map(
      (name) =>
        [
          { [name]: false },
          `has '${name}', which cannot be changed: a preflight is always answered before all else; leave it out`
        ] as const
    ),
    [
      { maxage: 1 },
      "has 'maxage', which does not exist; the options are allowedHeaders, exposedHeaders, credentials, " +
        'maxAge, cacheControl, optionsSuccessStatus'
    ],
    [{ allowedHeaders: 7 }, "has 'allowedHeaders', which must name headers as an array or separated by commas"],
    [{ exposedHeaders: [7] }, "has 'exposedHeaders', which must name headers as an array or separated by commas"],
    [{ credentials: 'include' }, "has 'credentials', which must be true or false"],
    [{ maxAge: -1 }, "has 'maxAge', which must be a whole number of seconds"],
    [{ cacheControl: 1.5 }, "has 'cacheControl', which must be a string or a whole number of seconds"],
    [{ optionsSuccessStatus: 404 }, "has 'optionsSuccessStatus', which must be 200 or 204"]
  ] as const) {
    t.match(problemOf(wrong), { code: 'MCP_ERR_INVALID_OPTION', message: `option 'cors' ${problem}` })
  }
  t.match(problemOf({ maxAge: undefined, origin: undefined }), { cors: {} })
})

async function besideTheAppsOwn (t: Test, order: 'before' | 'behind'): Promise<void> {
  const { app } = createHost(t)
  const own = { origin: 'https://host.example', methods: ['PATCH'], credentials: true, maxAge: 1, cacheControl: 1, exposedHeaders: 'X-Host' }
  if (order === 'before') app.register(cors, own)
  app.register(mcpPlugin, { server: createServer(), cors: true, allowedOrigins: [PAGE], allowedHosts: ['localhost:*'] })
  if (order === 'behind') app.register(cors, own)
  app.get('/', async () => 'hello')

  const asked = await preflight(app, { 'access-control-request-headers': 'x-tenant,mcp-param-a' })
  const served = await app.inject(modern('tools/list', {}, { headers: { origin: PAGE } }))
  const foreign = await preflight(app, { origin: 'https://host.example' })
  const sibling = await preflight(app, {}, '/')

  t.equal(asked.statusCode, 204)
  t.equal(asked.headers['cache-control'], undefined)
  t.same(corsOf(asked), {
    ...READABLE,
    vary: 'Origin, Access-Control-Request-Headers',
    'access-control-allow-methods': 'GET, POST, DELETE',
    'access-control-allow-headers': `${ALLOWED}, mcp-param-a`
  })
  t.same(corsOf(served), READABLE)
  t.equal(foreign.statusCode, 403)
  t.same(corsOf(foreign), { vary: 'Origin' })
  t.match(corsOf(sibling), { 'access-control-allow-origin': 'https://host.example', 'access-control-allow-methods': 'PATCH', 'access-control-allow-credentials': 'true' })
}

t.test('an @fastify/cors of the app applies to its routes, and the mount keeps its own policy', async (t) => {
  await besideTheAppsOwn(t, 'before')
})

t.test('the same holds if the mount is registered first', async (t) => {
  await besideTheAppsOwn(t, 'behind')
})

t.test('each mount has its own CORS policy, and sibling routes have none', async (t) => {
  const { app } = createHost(t)
  app.register(mcpPlugin, { server: createServer('A'), path: '/a', cors: true, allowedOrigins: ['https://a.example'] })
  app.register(mcpPlugin, { server: createServer('B'), path: '/b', cors: { maxAge: 9 }, allowedOrigins: ['https://b.example'] })
  app.register(mcpPlugin, { server: createServer('C'), path: '/c', allowedOrigins: ['https://a.example'] })
  app.get('/plain', async () => 'hello')

  const answers = []
  for (const origin of ['https://a.example', 'https://b.example']) {
    for (const url of ['/a', '/a/', '/b', '/c', '/plain', '/nowhere']) {
      const { statusCode, headers } = await preflight(app, { origin }, url)
      answers.push([url, statusCode, headers['access-control-allow-origin'], headers['access-control-max-age']])
    }
  }

  t.same(answers, [
    ['/a', 204, 'https://a.example', undefined],
    ['/a/', 204, 'https://a.example', undefined],
    ['/b', 403, undefined, undefined],
    ['/c', 405, undefined, undefined],
    ['/plain', 404, undefined, undefined],
    ['/nowhere', 404, undefined, undefined],
    ['/a', 403, undefined, undefined],
    ['/a/', 403, undefined, undefined],
    ['/b', 204, 'https://b.example', '9'],
    ['/c', 403, undefined, undefined],
    ['/plain', 404, undefined, undefined],
    ['/nowhere', 404, undefined, undefined]
  ])
})

t.test('two mounts at the same path with different hosts each have their own CORS policy', async (t) => {
  const { app } = createHost(t)
  for (const name of ['a', 'b']) {
    app.register(mcpPlugin, { server: createServer(name), cors: true, publicUrl: `https://${name}.example`, constraints: { host: `${name}.example` } })
  }

  t.equal((await preflight(app, { host: 'a.example', origin: 'https://a.example' })).statusCode, 204)
  t.equal((await preflight(app, { host: 'b.example', origin: 'https://a.example' })).statusCode, 403)
})

t.test('with dnsRebindingProtection: false, allowedOrigins still decides which pages can read replies', async (t) => {
  const { app } = await createApp(t, { cors: true, dnsRebindingProtection: false, allowedOrigins: [PAGE] })

  const listed = await preflight(app)
  const other = await preflight(app, { origin: 'https://evil.example' })
  const served = await app.inject(modern('tools/list', {}, { headers: { origin: 'https://evil.example' } }))

  t.equal(listed.statusCode, 204)
  t.equal(other.statusCode, 405)
  t.equal(served.statusCode, 200)
  t.same([corsOf(other), corsOf(served)], [{ vary: 'Origin' }, { vary: 'Origin' }])
})
