import cors from '@fastify/cors'
import t from 'tap'
import mcpPlugin from '../../../lib/index.ts'
import { createApp, createHost, createServer, modern } from '../../support/app.ts'

const EVIL_HOST = { host: 'evil.example' }
const EVIL_ORIGIN = { origin: 'https://evil.example' }

t.test('side routes use the parsers and the error handler of the app, and none of the limits and hooks of the endpoint', async (t) => {
  const { app } = createHost(t)
  app.setErrorHandler(async (error: Error, _request, reply) => reply.code(418).send({ mine: error.message }))
  app.decorate('greeting', 'hello')
  app.register(mcpPlugin, {
    prefix: '/notes',
    server: createServer(),
    bodyLimit: 10,
    maxDepth: 1,
    hooks: { onRequest: async (_request, reply) => reply.code(401).send() },
    routes: async (scope) => {
      scope.get('/hello', async () => scope.getDecorator('greeting'))
      scope.post('/echo', async ({ body }) => ({ body }))
      scope.put('/fail', async () => { throw new Error('gone') })
    }
  })

  const hello = await app.inject({ url: '/notes/hello' })
  const json = await app.inject({
    method: 'POST',
    url: '/notes/echo',
    payload: { deep: [[['longer than the limit']]] }
  })
  const text = await app.inject({
    method: 'POST',
    url: '/notes/echo',
    headers: { 'content-type': 'text/plain' },
    payload: 'text'
  })
  const failed = await app.inject({ method: 'PUT', url: '/notes/fail' })
  const endpoint = await app.inject(modern('tools/list', {}, { url: '/notes/mcp' }))

  t.equal(hello.body, 'hello')
  t.same(json.json(), { body: { deep: [[['longer than the limit']]] } })
  t.same(text.json(), { body: 'text' })
  t.same([failed.statusCode, failed.json()], [418, { mine: 'gone' }])
  t.equal(endpoint.statusCode, 401)
})

t.test('side routes refuse a foreign Host or Origin in the form of the app, unless they are public', async (t) => {
  const { app, logLines } = await createApp(t, {
    routes: async (scope) => {
      scope.get('/private', async () => 'private')
      // A value that the types do not allow.
      scope.get('/almost', { config: JSON.parse('{ "public": "yes" }') }, async () => 'private')
      scope.get('/public', { config: { public: true } }, async () => 'public')
    }
  })

  for (const url of ['/private', '/almost']) {
    const byHost = await app.inject({ url, headers: EVIL_HOST })
    const byOrigin = await app.inject({ url, headers: EVIL_ORIGIN })

    t.same(
      [byHost.statusCode, byHost.json()],
      [421, { statusCode: 421, error: 'Misdirected Request', message: 'Invalid Host header' }]
    )
    t.same(
      [byOrigin.statusCode, byOrigin.json()],
      [403, { statusCode: 403, error: 'Forbidden', message: 'Invalid Origin header' }]
    )
    t.equal((await app.inject({ url })).statusCode, 200)
  }
  t.equal((await app.inject({ url: '/public', headers: { ...EVIL_HOST, ...EVIL_ORIGIN } })).body, 'public')
  t.equal(logLines.filter(({ level }) => level === 40).length, 4)
})

t.test('with dnsRebindingProtection: false, side routes serve every Host', async (t) => {
  const { app } = await createApp(t, {
    dnsRebindingProtection: false,
    routes: async (scope) => {
      scope.get('/private', async () => 'private')
    }
  })

  t.equal((await app.inject({ url: '/private', headers: EVIL_HOST })).body, 'private')
})

t.test('hooks and decorators of side routes do not reach the endpoint or the app', async (t) => {
  const { app } = createHost(t)
  const seen: string[] = []
  app.get('/', async () => 'hello')
  app.register(mcpPlugin, {
    server: createServer(),
    routes: async (scope) => {
      scope.addHook('onRequest', async ({ url }) => { seen.push(url) })
      scope.decorate('inside', true)
      scope.get('/side', async () => 'side')
    }
  })

  await app.inject({ url: '/' })
  t.equal((await app.inject(modern('tools/list'))).statusCode, 200)
  await app.inject({ url: '/side' })

  t.same(seen, ['/side'])
  t.notOk(app.hasDecorator('inside'))
})

t.test('side routes inherit the constraints of their mount and can add others', async (t) => {
  const { app } = createHost(t)
  for (const name of ['a', 'b']) {
    app.register(mcpPlugin, {
      server: createServer(name),
      constraints: { host: `${name}.example` },
      allowedHosts: [`${name}.example`],
      routes: async (scope) => {
        scope.get('/side', async () => name)
        scope.get('/side', { constraints: { version: '2.0.0' } }, async () => `${name} 2`)
      }
    })
  }

  t.equal((await app.inject({ url: '/side', headers: { host: 'a.example' } })).body, 'a')
  t.equal((await app.inject({ url: '/side', headers: { host: 'b.example' } })).body, 'b')
  t.equal((await app.inject({ url: '/side', headers: { host: 'b.example', 'accept-version': '2.x' } })).body, 'b 2')
  t.equal((await app.inject({ url: '/side' })).statusCode, 404)
})

t.test('an @fastify/cors of side routes does not change the endpoint', async (t) => {
  const page = { origin: 'https://app.example.com' }
  const { app } = await createApp(t, {
    prefix: '/notes',
    allowedOrigins: [page.origin],
    routes: async (scope) => {
      await scope.register(cors, { origin: page.origin, methods: ['PUT'] })
      scope.put('/side', async () => 'side')
    }
  })
  const asking = { ...page, 'access-control-request-method': 'PUT' }

  const asked = await app.inject({ method: 'OPTIONS', url: '/notes/side', headers: asking })
  const served = await app.inject({ method: 'PUT', url: '/notes/side', headers: page })
  const foreign = await app.inject({ method: 'OPTIONS', url: '/notes/side', headers: { ...asking, ...EVIL_ORIGIN } })
  const endpoint = await app.inject({ method: 'OPTIONS', url: '/notes/mcp', headers: asking })

  t.same([asked.statusCode, asked.headers['access-control-allow-methods']], [204, 'PUT'])
  t.same([served.body, served.headers['access-control-allow-origin']], ['side', page.origin])
  t.equal(foreign.statusCode, 403)
  t.equal(endpoint.statusCode, 405)
})

t.test('an error in the option routes fails the start of the app', async (t) => {
  const { app } = createHost(t)
  app.register(mcpPlugin, { server: createServer(), routes: async () => { throw new Error('no routes') } })

  await t.rejects(async () => await app.ready(), { message: 'no routes' })
})
