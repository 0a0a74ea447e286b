import t from 'tap'
import mcpPlugin, { McpServer } from '../../lib/index.ts'
import { createHost, createServer, modern, modernCall, mount } from '../support/app.ts'
import { createRoutesApp, warningsOf } from '../support/routes.ts'

t.test('a route with config.mcp is a tool, and the others are none', async (t) => {
  const { listTools, call } = await createRoutesApp(t, (app) => {
    app.get('/orders/:id', { config: { mcp: true } }, async ({ params }) => params)
    app.get('/secrets', async () => 'secret')
  })

  t.same((await listTools()).map(({ name }) => name), ['get_orders_id'])
  t.match(await call('get_orders_id', { id: 7 }), { text: '{"id":"7"}', isError: false })
})

t.test('routes are found in whatever order they and the mount are registered, and wherever they are', async (t) => {
  const { app } = createHost(t)
  const config = { mcp: true }
  app.get('/before', { config }, async () => 1)
  app.register(async (scope) => { scope.get('/early', { config }, async () => 2) }, { prefix: '/a' })
  app.register(mcpPlugin, { expose: { name: 'Routes', version: '1.0.0' } })
  app.register(async (scope) => { scope.get('/late', { config }, async () => 3) }, { prefix: '/b' })
  app.get('/after', { config }, async () => 4)

  const reply = await app.inject(modern('tools/list'))

  const names = reply.json().result.tools.map(({ name }: { name: string }) => name)
  t.same(names.sort(), ['get_a_early', 'get_after', 'get_b_late', 'get_before'])
})

t.test('a mount sees the routes of its scope and of those below it', async (t) => {
  const { app } = createHost(t)
  const config = { mcp: true }
  app.get('/outside', { config }, async () => 1)
  app.register(async (scope) => {
    scope.register(mcpPlugin, { expose: { name: 'Inner', version: '1.0.0' } })
    scope.get('/inside', { config }, async () => 2)
    scope.register(async (below) => { below.get('/below', { config }, async () => 3) })
  }, { prefix: '/inner' })
  app.register(async (scope) => { scope.get('/beside', { config }, async () => 4) })

  const reply = await app.inject(modern('tools/list', {}, { url: '/inner/mcp' }))

  const names = reply.json().result.tools.map(({ name }: { name: string }) => name)
  t.same(names.sort(), ['get_inner_below', 'get_inner_inside'])
})

t.test('a server and the routes beside it are one list, and each serves its own tools', async (t) => {
  const { app } = createHost(t)
  app.get('/orders', { config: { mcp: true } }, async () => [])
  await mount(app, { server: createServer(), expose: true })
  await app.ready()

  const { tools } = (await app.inject(modern('tools/list'))).json().result
  const own = (await app.inject(modernCall('echo', { text: 'a' }))).json().result
  const route = (await app.inject(modernCall('get_orders'))).json().result
  const unknown = (await app.inject(modernCall('nothing'))).json().error

  t.same(tools.map(({ name }: { name: string }) => name), ['echo', 'get_orders'])
  t.match(own, { content: [{ text: 'a' }], _meta: { 'io.modelcontextprotocol/serverInfo': { name: 'Notes' } } })
  t.match(route, { content: [{ text: '[]' }], _meta: { 'io.modelcontextprotocol/serverInfo': { name: 'Notes' } } })
  t.match(unknown, { code: -32602, message: 'Unknown tool: nothing' })
})

t.test('an empty server names the routes', async (t) => {
  const { app } = createHost(t)
  app.get('/orders', { config: { mcp: true } }, async () => [])
  await mount(app, { server: new McpServer({ name: 'Shop', version: '2.0.0' }), expose: true })
  await app.ready()

  t.equal((await app.inject(modernCall('nothing'))).json().error.code, -32602)
  t.same((await app.inject(modern('tools/list'))).json().result.tools.length, 1)
  t.ok(app.mcp.has('Shop'))
})

t.test('a name that two routes have fails the start, and both are named', async (t) => {
  const { app } = createHost(t)
  app.get('/orders', { config: { mcp: { name: 'orders' } } }, async () => [])
  app.post('/orders', { schema: { operationId: 'Orders' } as object, config: { mcp: true } }, async () => [])
  await mount(app, { server: createServer(), expose: true })

  await t.rejects(async () => { await app.ready() }, {
    code: 'MCP_ERR_INVALID_ROUTE', message: /POST \/orders.*'orders'.*GET \/orders.*config\.mcp\.name/
  })
})

t.test('a name that a tool of the server has fails the start', async (t) => {
  const { app } = createHost(t)
  app.get('/orders', { config: { mcp: { name: 'echo' } } }, async () => [])
  await mount(app, { server: createServer(), expose: true })

  await t.rejects(async () => { await app.ready() }, { code: 'MCP_ERR_INVALID_ROUTE', message: /GET \/orders.*'echo'.*a tool of the server/ })
})

t.test('an argument that two parts have fails the start, and offers groups', async (t) => {
  const { app } = createHost(t)
  const schema = { body: { type: 'object', properties: { id: { type: 'string' } } } }
  app.put('/orders/:id', { schema, config: { mcp: true } }, async () => [])
  await mount(app, { server: createServer(), expose: true })

  await t.rejects(async () => { await app.ready() }, {
    code: 'MCP_ERR_INVALID_ROUTE', message: /PUT \/orders\/:id.*'id' both in 'params' and in 'body'.*'grouped'/
  })
})

t.test('a call reaches the route of its tool and no other, whatever its arguments are', async (t) => {
  const { call } = await createRoutesApp(t, (app) => {
    app.get('/orders/:id', { config: { mcp: true } }, async () => 'an order')
    app.get('/orders/export', async () => 'all orders')
    app.get('/files/*', { config: { mcp: true } }, async () => 'a file')
    app.get('/files/secret/:id', async () => 'a secret')
  })

  t.match(await call('get_orders_id', { id: 'export' }), { isError: true, text: /^404 Not Found: / })
  t.match(await call('get_files_path', { path: 'secret/1' }), { isError: true, text: /^404 Not Found: / })
  t.match(await call('get_files_path', { path: 'open/1' }), { isError: false, text: 'a file' })
})

t.test('routes that cannot be told apart fail the start', async (t) => {
  const { app } = createHost(t)
  app.get('/orders/:id', { config: { mcp: true } }, async () => [])
  app.get('/orders/:id(^\\d+$)', async () => [])
  await mount(app, { server: createServer(), expose: true })

  await t.rejects(async () => { await app.ready() }, { code: 'MCP_ERR_INVALID_ROUTE', message: /cannot be told from the route 'GET \/orders\/:id\(/ })
})

t.test('routes of several versions and hosts are told apart, and each call reaches its own', async (t) => {
  const { call } = await createRoutesApp(t, (app) => {
    for (const version of ['1.0.0', '2.0.0']) {
      const config = { mcp: { name: `orders_${version[0]}` } }
      app.get('/orders', { constraints: { version }, config }, async () => version)
    }
    for (const host of ['a.example.com', 'b.example.com']) {
      const config = { mcp: { name: host } }
      app.get('/hosts', { constraints: { host }, config }, async (request) => request.host)
    }
  })

  t.match(await call('orders_1'), { text: '1.0.0' })
  t.match(await call('orders_2'), { text: '2.0.0' })
  t.match(await call('a.example.com'), { text: 'a.example.com' })
  t.match(await call('b.example.com'), { text: 'b.example.com' })
})

t.test('a model sets no headers but those that its route lists, also in groups', async (t) => {
  const seen: object[] = []
  const { call } = await createRoutesApp(t, (app) => {
    const config = { mcp: { input: 'grouped', headers: ['x-a'] } } as const
    app.get('/a', { config }, async ({ headers }) => { seen.push(headers) })
  })

  const more = { authorization: 'Bearer x', cookie: 'a=1', 'X-Forwarded-For': '1.2.3.4' }
  await call('get_a', { headers: { 'x-a': '1', ...more } })

  t.same(seen, [{ accept: 'application/json, text/*;q=0.9, */*;q=0.8', 'x-a': '1', host: 'localhost:80' }])
})

t.test('schemas of addSchema come along, also those that refer to each other', async (t) => {
  const { listTools } = await createRoutesApp(t, (app) => {
    app.addSchema({ $id: 'https://example.com/Money', type: 'object', properties: { amount: { type: 'number' } }, required: ['amount'] })
    app.addSchema({
      $id: 'https://example.com/item.json',
      type: 'object',
      properties: {
        price: { $ref: 'Money' },
        parts: { type: 'array', items: { $ref: 'item.json' } },
        note: { type: 'string', nullable: true }
      }
    })
    const schema = { body: { $ref: 'https://example.com/item.json#' }, response: { 200: { $ref: 'https://example.com/Money#' } } }
    app.post('/items', { schema, config: { mcp: true } }, async () => ({ amount: 1 }))
  })

  const [tool] = await listTools()
  t.same(tool?.inputSchema, {
    type: 'object',
    properties: {
      price: { $ref: '#/$defs/Money' },
      parts: { type: 'array', items: { $ref: '#/$defs/item.json' } },
      note: { type: ['string', 'null'] }
    },
    $defs: {
      'item.json': {
        type: 'object',
        properties: {
          price: { $ref: '#/$defs/Money' },
          parts: { type: 'array', items: { $ref: '#/$defs/item.json' } },
          note: { type: ['string', 'null'] }
        }
      },
      Money: { type: 'object', properties: { amount: { type: 'number' } }, required: ['amount'] }
    }
  })
  t.same(tool?.outputSchema, { type: 'object', properties: { amount: { type: 'number' } }, required: ['amount'] })
})

t.test('the start warns of a tool without a description, and of a route that cannot be the tool it asks to be', async (t) => {
  const { logLines, listTools } = await createRoutesApp(t, (app) => {
    const config = { mcp: true }
    app.get('/a', { config }, async () => 1)
    app.get('/b', { config, schema: { description: 'Gets b.' } as object }, async () => 1)
    app.get('/health', { config }, async () => 1)
  })

  t.same((await listTools()).map(({ name }) => name), ['get_a', 'get_b'])
  t.same(warningsOf(logLines), [
    'the route GET /health is no tool, because it is for health checks or metrics',
    "models choose a tool by its description; write a 'summary' or a 'description' into the schemas of the routes of " +
      'get_a'
  ])
})
