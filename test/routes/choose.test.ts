import { join } from 'node:path'
import multipart from '@fastify/multipart'
import fastifyStatic from '@fastify/static'
import swagger from '@fastify/swagger'
import swaggerUi from '@fastify/swagger-ui'
import underPressure from '@fastify/under-pressure'
import websocket from '@fastify/websocket'
import type { FastifyInstance, FastifySchema } from 'fastify'
import t from 'tap'
import mcpPlugin, { type ExposableRoute, type ExposeOptions } from '../../lib/index.ts'
import { createHost, createServer, modern, mount } from '../support/app.ts'
import { createRoutesApp, warningsOf } from '../support/routes.ts'

// The types of Fastify leave out what @fastify/swagger reads.
const described = (schema: object): FastifySchema => schema as FastifySchema

function addGroup (app: FastifyInstance): void {
  const handler = async (): Promise<string> => 'ok'
  app.get('/orders', { schema: described({ tags: ['orders'], summary: 'Lists orders' }) }, handler)
  app.post('/orders', { schema: described({ tags: ['orders'], description: 'Creates an order' }) }, handler)
  app.get('/plain', handler)
  app.get('/words', { schema: described({ description: '' }) }, handler)
  app.delete('/orders', { schema: described({ tags: ['orders'] }), config: { mcp: false } }, handler)
  app.get('/chosen', { config: { mcp: true } }, handler)
}

const CHOICES: ReadonlyArray<readonly [title: string, include: ExposeOptions['include'], names: readonly string[]]> = [
  ['nothing', undefined, ['get_chosen']],
  ['what is safe', 'safe', ['get_orders', 'get_chosen']],
  ['a tag', ({ tags }) => tags.includes('orders'), ['get_orders', 'post_orders', 'get_chosen']],
  ['a method', ({ method }) => method === 'POST', ['post_orders', 'get_chosen']],
  ['a prefix', ({ url }) => url.startsWith('/words'), ['get_words', 'get_chosen']],
  ['a configuration', ({ url }) => url === '/plain' && { name: 'plain' }, ['plain', 'get_chosen']]
]

for (const [title, include, names] of CHOICES) {
  t.test(`include chooses by ${title}, in addition to config.mcp`, async (t) => {
    const { listTools } = await createRoutesApp(t, addGroup, { expose: include === undefined ? {} : { include } })

    t.same((await listTools()).map(({ name }) => name), names)
  })
}

t.test('include sees the method, the URL with its prefixes, the tags, the schema and the config of a route', async (t) => {
  const seen: ExposableRoute[] = []
  const include = (route: ExposableRoute): boolean => { seen.push(route); return false }
  await createRoutesApp(t, (app) => {
    app.register(async (scope) => {
      const schema = described({ tags: ['a'], summary: 'x' })
      scope.get('/:id', { schema, config: { mine: 1 } as object }, async () => 1)
    }, { prefix: '/api' })
  }, { expose: { include } })

  t.match(seen, [{ method: 'GET', url: '/api/:id', tags: ['a'], schema: { summary: 'x' }, config: { mine: 1 } }])
})

t.test('a route says more of its tool than include does', async (t) => {
  const { listTools } = await createRoutesApp(t, (app) => {
    app.get('/a', { config: { mcp: { description: 'Mine.' } } }, async () => 1)
  }, { expose: { include: () => ({ description: 'Theirs.', title: 'Theirs' }) } })

  t.match(await listTools(), [{ name: 'get_a', description: 'Mine.', title: 'Theirs' }])
})

t.test('what include answers wrongly fails the start', async (t) => {
  const { app } = createHost(t)
  app.get('/a', async () => 1)
  // The wrong type is what the test is about.
  await mount(app, { server: createServer(), expose: { include: () => ({ titel: 'x' }) as object } })

  await t.rejects(async () => { await app.ready() }, {
    code: 'MCP_ERR_INVALID_ROUTE', message: /GET \/a.*'include\.titel'/
  })
})

t.test('a route names the mounts that it is for', async (t) => {
  const { app } = createHost(t)
  app.get('/both', { config: { mcp: true } }, async () => 1)
  app.get('/one', { config: { mcp: { mount: 'A' } } }, async () => 1)
  app.get('/two', { config: { mcp: { mount: ['A', 'B'] } } }, async () => 1)
  app.register(mcpPlugin, { path: '/a', expose: { name: 'A', version: '1.0.0' } })
  app.register(mcpPlugin, { path: '/b', name: 'B', server: createServer(), expose: true })
  await app.ready()

  const namesOf = async (url: string): Promise<string[]> => {
    const reply = await app.inject(modern('tools/list', {}, { url }))
    return reply.json().result.tools.map(({ name }: { name: string }) => name)
  }
  t.same(await namesOf('/a'), ['get_both', 'get_one', 'get_two'])
  t.same(await namesOf('/b'), ['echo', 'get_both', 'get_two'])
})

t.test('what plugins add for machines, people and files is no tool, whatever include says', async (t) => {
  const root = t.testdir({ 'a.txt': 'a', sub: { 'b.txt': 'b' } })
  const { listTools } = await createRoutesApp(t, async (app) => {
    await app.register(swagger)
    await app.register(swaggerUi)
    await app.register(websocket)
    await app.register(multipart)
    await app.register(fastifyStatic, { root, prefix: '/files/' })
    const sub = { root: join(root, 'sub'), prefix: '/sub/', wildcard: false, decorateReply: false }
    await app.register(fastifyStatic, sub)
    await app.register(underPressure, { exposeStatusRoute: true })
    app.register(async (scope) => {
      scope.get('/socket', { websocket: true }, (socket) => { socket.close() })
      scope.route({ method: 'GET', url: '/both', handler: async () => 'ok', wsHandler: (socket) => { socket.close() } })
      scope.post('/upload', { schema: described({ consumes: ['multipart/form-data'] }) }, async () => 'ok')
      scope.post('/form', {
        schema: { body: { content: { 'multipart/form-data': { schema: { type: 'object' } } } } }
      }, async () => 'ok')
      scope.get('/hidden', { schema: described({ hide: true }) }, async () => 'ok')
      scope.options('/options', async () => 'ok')
      scope.get('/health', async () => 'ok')
      scope.get('/api/healthz/live', async () => 'ok')
      scope.get('/metrics', async () => 'ok')
      scope.get('/.well-known/security.txt', async () => 'ok')
      scope.get('/patients/:id/health', async () => 'ok')
    })
  }, { expose: { include: () => true } })

  t.same((await listTools()).map(({ name }) => name), ['get_patients_id_health'])
})

t.test('routes of the package are no tools, also those of other mounts', async (t) => {
  const { app } = createHost(t)
  app.register(mcpPlugin, { path: '/other', health: true, legacySse: true, server: createServer() })
  app.register(mcpPlugin, {
    expose: { name: 'Routes', version: '1.0.0', include: () => true },
    routes: async (scope) => { scope.get('/export', async () => 'all') }
  })
  await app.ready()

  const reply = await app.inject(modern('tools/list'))
  t.same(reply.json().result.tools.map(({ name }: { name: string }) => name), ['get_export'])
})

t.test('each method of a route is a tool of its own', async (t) => {
  const { listTools } = await createRoutesApp(t, (app) => {
    app.route({ method: ['GET', 'HEAD', 'POST'], url: '/a', config: { mcp: true }, handler: async () => 'ok' })
  })

  t.same((await listTools()).map(({ name, annotations }) => [name, annotations]),
    [['get_a', { readOnlyHint: true }], ['post_a', undefined]])
})

t.test('the method of a route gives hints, and config.mcp overrides them', async (t) => {
  const { listTools } = await createRoutesApp(t, (app) => {
    for (const method of ['get', 'post', 'put', 'patch', 'delete'] as const) {
      app[method]('/a', { config: { mcp: true } }, async () => 'ok')
    }
    app.post('/search', { config: { mcp: { annotations: { readOnlyHint: true } } } }, async () => 'ok')
  })

  t.same(Object.fromEntries((await listTools()).map(({ name, annotations }) => [name, annotations])), {
    get_a: { readOnlyHint: true },
    post_a: undefined,
    put_a: { idempotentHint: true },
    patch_a: undefined,
    delete_a: { destructiveHint: true, idempotentHint: true },
    post_search: { readOnlyHint: true }
  })
})

t.test('summary and description become title and description', async (t) => {
  const { listTools, logLines } = await createRoutesApp(t, (app) => {
    const config = { mcp: true }
    app.get('/a', { config, schema: described({ summary: 'Short', description: 'Long.' }) }, async () => 1)
    app.get('/b', { config, schema: described({ summary: 'Short' }) }, async () => 1)
    app.get('/c', { config: { mcp: { title: 'T', description: 'D.' } } }, async () => 1)
  })

  t.match(await listTools(), [
    { title: 'Short', description: 'Long.' },
    { title: 'Short', description: 'Short' },
    { title: 'T', description: 'D.' }
  ])
  t.same(warningsOf(logLines), [])
})

const WRONG: Readonly<Record<string, readonly [config: unknown, message: RegExp]>> = {
  'a text': ['yes', /'config\.mcp', which must be true, false or an object/],
  'an unknown key': [{ tool: 'x' }, /'config\.mcp\.tool', which does not exist; the options are name, /],
  'a name that is no text': [{ name: 7 }, /'config\.mcp\.name', which must be a string/],
  'a header that says who the caller is': [{ headers: ['Cookie'] }, /'config\.mcp\.headers', which must be an array/],
  'a header with a space': [{ headers: ['a b'] }, /'config\.mcp\.headers', which must be an array/],
  'a header that is no text': [{ headers: [7] as never }, /'config\.mcp\.headers', which must be an array/],
  'a header of a proxy': [{ headers: ['x-forwarded-for'] }, /'config\.mcp\.headers', which must be an array/]
}

for (const [what, [mcp, message]] of Object.entries(WRONG)) {
  t.test(`a config.mcp with ${what} fails the start`, async (t) => {
    const { app } = createHost(t)
    // The wrong type is what the test is about.
    app.get('/a', { config: { mcp } as object }, async () => 1)
    await mount(app, { server: createServer(), expose: true })

    await t.rejects(async () => { await app.ready() }, { code: 'MCP_ERR_INVALID_ROUTE', message })
  })
}

const WRONG_OPTIONS: Readonly<Record<string, readonly [options: object, message: RegExp]>> = {
  'a word': [{ server: createServer(), expose: 'all' }, /'expose' must be true, false or an object/],
  'an unknown option': [{ server: createServer(), expose: { exclude: [] } }, /'exclude', which does not exist/],
  'a wrong include': [{ server: createServer(), expose: { include: 'all' } }, /'include', which must be 'safe' or/],
  'a wrong limit': [{ server: createServer(), expose: { maxResponseBytes: 0 } }, /'maxResponseBytes', which must be/],
  'no name without a server': [{ expose: true }, /'expose' needs a 'name' and a 'version'/],
  'a name beside a server': [{ server: createServer(), expose: { name: 'A', version: '1' } }, /'expose' has a 'name'/]
}

for (const [what, [options, message]] of Object.entries(WRONG_OPTIONS)) {
  t.test(`an expose option with ${what} fails the registration`, async (t) => {
    const { app } = createHost(t)

    // The wrong type is what the test is about.
    await t.rejects(mount(app, options as { server: ReturnType<typeof createServer> }), {
      code: 'MCP_ERR_INVALID_OPTION', message
    })
  })
}
