// The middlewares over every transport, in both eras, in a cluster, and for calls of the app.
import Fastify from 'fastify'
import t from 'tap'
import mcpPlugin, { createMemoryCluster, McpServer } from '../../lib/index.ts'
import {
  cacheResults, dereference, limitCalls, limitConcurrency, limitResults, timeouts
} from '../../lib/middleware/index.ts'
import { clientKinds } from '../support/clients.ts'
import { modern as onPipe, openPipe } from '../stdio/pipe.ts'
import { createApp, legacy, modern, modernCall, openSession } from '../support/app.ts'

function createAll () {
  let runs = 0
  const server = new McpServer({ name: 'Notes', version: '1.0.0' })
    .use(dereference())
    .use(limitCalls({ max: 3, window: '1 hour' }))
    .use(limitConcurrency({ max: 2 }))
    .use(timeouts({ default: 10_000 }))
    .use(cacheResults({ tools: ['count'], ttl: '1 hour', by: 'public' }))
    .use(limitResults({ maxBytes: 100 }))
  const inputSchema = {
    type: 'object', properties: { id: { $ref: '#/$defs/id' } }, $defs: { id: { type: 'string' } }
  } as const
  server.registerTool('count', { inputSchema }, () => `run ${++runs}`)
  server.registerTool('long', {}, () => 'x'.repeat(200))
  return server
}

const COUNTED = { content: [{ type: 'text', text: 'run 1' }] }
const LIMITED = { isError: true, content: [{ text: /^Too many calls: the limit is 3 in 1 hour/ }] }

for (const kind of clientKinds) {
  t.test(`${kind.title} meets all middlewares over HTTP`, async (t) => {
    const { app } = await createApp(t, { server: createAll() })
    await app.listen({ port: 0 })
    const client = await kind.connect(`${app.listeningOrigin}/mcp`)
    t.teardown(() => client.close())

    t.match(await client.listTools(), [{ name: 'count', inputSchema: { properties: { id: { type: 'string' } } } }, {}])
    t.match(await client.callTool('count'), COUNTED)
    t.match(await client.callTool('count'), COUNTED)
    t.match(await client.callTool('long'), { content: [{ text: 'x'.repeat(100) }, { text: /was cut/ }] })
    t.match(await client.callTool('count'), LIMITED)
  })
}

t.test('a refused call is answered with 429 and Retry-After, in both eras', async (t) => {
  const server = new McpServer({ name: 'Notes', version: '1.0.0' })
    .use(limitCalls({ max: 1, window: '2 minutes', how: 'refuse', by: 'session' }))
  server.registerTool('add', {}, () => 'added')
  const { app } = await createApp(t, { server })
  const headers = await openSession(app)
  const requests = [
    () => modernCall('add'), () => legacy('tools/call', { name: 'add' }, { headers })
  ]

  for (const create of requests) {
    t.equal((await app.inject(create())).statusCode, 200)
    const refused = await app.inject(create())
    t.equal(refused.statusCode, 429)
    t.match(refused.headers, { 'retry-after': /^1(19|20)$/ })
    t.match(refused.json(), { error: { code: -32603, message: /^Too many calls: the limit is 1 in 2 minutes/ } })
  }
})

t.test('the nodes of a cluster drop what was cached when the app notifies one of them', async (t) => {
  const cluster = createMemoryCluster()
  const runs: string[] = []
  const nodes = await Promise.all(['one', 'two'].map(async (node) => {
    const server = new McpServer({ name: 'Notes', version: '1.0.0' }, { requestState: { keys: ['0'.repeat(32)] } })
      .use(cacheResults({ resources: ['notes://a'], ttl: '1 hour', by: 'public' }))
    server.registerResource('a', 'notes://a', {}, () => { runs.push(node); return node })
    const app = Fastify()
    await app.register(mcpPlugin, { server, cluster })
    await app.ready()
    t.teardown(() => app.close())
    return app
  }))
  const read = async (): Promise<void> => {
    for (const app of nodes) await app.inject(modern('resources/read', { uri: 'notes://a' }))
  }
  await read()
  await read()
  t.strictSame(runs, ['one', 'two'])
  nodes[0]?.mcp.get('Notes').notify.resourceUpdated('notes://a')
  while (runs.length < 4) {
    await new Promise((resolve) => { setImmediate(resolve) })
    await read()
  }
  t.strictSame(runs.slice(2).sort(), ['one', 'two'])
})

for (const era of ['modern', 'legacy'] as const) {
  t.test(`a ${era} client on a pipe meets all middlewares, as one caller`, async (t) => {
    const { write, next } = await openPipe(t, createAll())
    let id = 0
    const call = async (name: string): Promise<unknown> => {
      const params = { name, arguments: {} }
      write(era === 'modern'
        ? onPipe(++id, 'tools/call', params)
        : { jsonrpc: '2.0', id: ++id, method: 'tools/call', params })
      return await next()
    }
    if (era === 'legacy') {
      const clientInfo = { name: 'test', version: '1.0.0' }
      const params = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo }
      write({ jsonrpc: '2.0', id: 0, method: 'initialize', params })
      await next()
      write({ jsonrpc: '2.0', method: 'notifications/initialized' })
    }

    t.match(await call('count'), { result: COUNTED })
    t.match(await call('count'), { result: COUNTED })
    t.match(await call('long'), { result: { content: [{}, { text: /was cut/ }] } })
    t.match(await call('count'), { result: LIMITED })
  })
}

t.test('calls of the app are cached and cut, and not limited', async (t) => {
  const { app } = await createApp(t, { server: createAll() })
  for (let n = 0; n < 5; n++) t.match(await app.mcp.get('Notes').call('count'), COUNTED)
  t.match(await app.mcp.get('Notes').call('long'), { content: [{}, { text: /was cut/ }] })
})
