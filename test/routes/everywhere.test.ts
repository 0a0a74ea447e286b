// Routes are a definition like any other: on a pipe, in a cluster, beside servers of the official SDK.
import t from 'tap'
import mcpPlugin, { createMemoryCluster, McpServer, type Mountable } from '../../lib/index.ts'
import { createHost, legacy, modern, modernCall } from '../support/app.ts'
import { createV1 } from '../support/sdk-servers.ts'
import { openPipe } from '../stdio/pipe.ts'

const config = { mcp: true }
const KEYS = ['0'.repeat(32)]

t.test('a mount serves its routes on a pipe', async (t) => {
  const { app } = createHost(t)
  app.get('/orders/:id', { config }, async ({ params, ip, mcp }) => {
    return { params, ip, isOnPipe: mcp !== undefined && mcp.request === undefined }
  })
  await app.register(mcpPlugin, { server: new McpServer({ name: 'Shop', version: '1.0.0' }), expose: true })
  const { write, next } = await openPipe(t, app.mcp.get('Shop').definition, { app })

  write(JSON.parse(modernCall('get_orders_id', { id: 7 }).payload))

  t.match(await next(), {
    result: { content: [{ text: '{"params":{"id":"7"},"ip":"127.0.0.1","isOnPipe":true}' }] }
  })
})

const CLUSTERS: Readonly<Record<string, object>> = {
  'an McpServer': {
    server: new McpServer({ name: 'Shop', version: '1.0.0' }, { requestState: { keys: KEYS } }), expose: true
  },
  'routes alone': { expose: { name: 'Shop', version: '1.0.0', requestState: { keys: KEYS } } }
}

for (const [what, options] of Object.entries(CLUSTERS)) {
  t.test(`a session that one node opened calls routes of another: ${what}`, async (t) => {
    const cluster = createMemoryCluster()
    const nodes = [createHost(t).app, createHost(t).app]
    for (const [index, app] of nodes.entries()) {
      app.get('/node', { config }, async () => `node ${index}`)
      // Each row of the table has what a mount needs.
      await app.register(mcpPlugin, { ...options as { server: Mountable }, cluster })
      await app.ready()
    }
    const [first, second] = nodes

    const clientInfo = { name: 'test', version: '1.0.0' }
    const opened = await first?.inject(
      legacy('initialize', { protocolVersion: '2025-11-25', capabilities: {}, clientInfo }))
    const headers = { 'mcp-session-id': String(opened?.headers['mcp-session-id']) }
    const called = await second?.inject(legacy('tools/call', { name: 'get_node', arguments: {} }, { headers }))

    t.match(called?.json(), { result: { content: [{ text: 'node 1' }] } })
  })
}

t.test('a cluster needs keys for the state of calls that ask', async (t) => {
  const { app } = createHost(t)

  await t.rejects(async () => {
    await app.register(mcpPlugin, { expose: { name: 'Shop', version: '1.0.0' }, cluster: createMemoryCluster() })
  }, { code: 'MCP_ERR_INVALID_OPTION', message: /'cluster' needs a server whose requestState opens on every node/ })
})

const SDK_SERVERS: Readonly<Record<string, () => Mountable>> = {
  'an SDK v1 instance': () => createV1(),
  'a factory of SDK v1 servers': () => () => createV1()
}

for (const [what, create] of Object.entries(SDK_SERVERS)) {
  t.test(`routes stand beside ${what}, in both eras`, async (t) => {
    const { app } = createHost(t)
    app.get('/orders', { config }, async () => [])
    await app.register(mcpPlugin, { name: 'Tasks', server: create(), expose: true })
    await app.ready()
    const clientInfo = { name: 'test', version: '1.0.0' }
    const opened = await app.inject(
      legacy('initialize', { protocolVersion: '2025-11-25', capabilities: {}, clientInfo }))
    const headers = { 'mcp-session-id': String(opened.headers['mcp-session-id']) }
    await app.inject({
      ...legacy('notifications/initialized', {}, { headers }),
      payload: JSON.stringify({
        jsonrpc: '2.0', method: 'notifications/initialized'
      })
    })

    const capabilities = { tools: { listChanged: true } }
    t.match(opened.json(), { result: { serverInfo: { name: 'Tasks' }, capabilities } })
    for (const ask of [
      (method: string, params: object) => app.inject(legacy(method, params, { headers })),
      (method: string, params: object) => app.inject(modern(method, params))
    ]) {
      const { tools } = (await ask('tools/list', {})).json().result
      t.same(tools.map(({ name }: { name: string }) => name), ['hello', 'get_orders'])
      const own = await ask('tools/call', { name: 'hello', arguments: {} })
      const route = await ask('tools/call', { name: 'get_orders', arguments: {} })
      t.match([own.json(), route.json()].map(({ result: { content } }) => content[0].text), ['hello', '[]'])
    }
  })
}

t.test('the middlewares and the options of an McpServer hold for the routes beside it', async (t) => {
  const { app } = createHost(t)
  app.get('/orders', { config }, async () => [])
  app.get('/broken', { config }, async () => { throw new Error('shown in development') })
  const server = new McpServer({ name: 'Shop', version: '1.0.0' }, { pageSize: 1, exposeErrors: true })
  const seen: string[] = []
  await app.register(mcpPlugin, { server, expose: true })
  server.use(async (ctx, next) => { seen.push(`${ctx.method} ${String(ctx.params.name)}`); return await next() })
  await app.ready()

  const called = await app.inject(modernCall('get_orders'))
  const broken = await app.inject(modernCall('get_broken'))
  const listed = (await app.inject(modern('tools/list'))).json().result

  t.match(called.json(), { result: { content: [{ text: '[]' }] } })
  t.match(broken.json().result.content[0].text, /shown in development/)
  t.same(seen.slice(0, 2), ['tools/call get_orders', 'tools/call get_broken'])
  t.equal(listed.tools.length, 1)
  const rest = (await app.inject(modern('tools/list', { cursor: listed.nextCursor }))).json().result
  t.match(rest.tools, [{ name: 'get_broken' }])
  t.notOk(rest.nextCursor)
})
