import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import Fastify, { type FastifyInstance } from 'fastify'
import t, { type Test } from 'tap'
import { readRoutes } from '../../lib/cli/routes-run.ts'
import type { ReportedRoutes } from '../../lib/cli/routes-report.ts'
import mcpPlugin, { McpServer, type McpMountOptions, type RouteMountOptions } from '../../lib/index.ts'
import { ROUTES_DECIDED, type RoutesDecided } from '../../lib/routes/decided.ts'
import { createTestTerminal } from './terminal.ts'

async function read (t: Test, exported: FastifyInstance | McpServer): Promise<readonly ReportedRoutes[]> {
  const decided: RoutesDecided[] = []
  // Mounts publish nothing else on this channel.
  const keep = (message: unknown): void => { decided.push(message as RoutesDecided) }
  subscribe(ROUTES_DECIDED, keep)
  t.teardown(() => { unsubscribe(ROUTES_DECIDED, keep) })
  const { terminal } = createTestTerminal()
  return await readRoutes(exported, { settings: { name: 'app.ts', file: '/app.ts' }, decided, terminal })
}

function createApp (options: McpMountOptions | RouteMountOptions): FastifyInstance {
  const app = Fastify()
  app.register(mcpPlugin, options)
  return app
}

t.test('the routes of an app that are tools have their hints and their size', async (t) => {
  const app = createApp({ expose: { name: 'Shop', version: '1.0.0' } })
  app.delete('/orders/:id', { schema: { summary: 'Delete an order' }, config: { mcp: true } }, async () => '')

  const [shop, ...others] = await read(t, app)

  t.same(others, [])
  t.match(shop?.tools, [{
    tool: 'delete_orders_id', method: 'DELETE', url: '/orders/:id', hints: ['destructive', 'idempotent'], tokens: Number
  }])
})

t.test('an app without a tool among its routes has an empty table', async (t) => {
  const app = createApp({ expose: { name: 'Shop', version: '1.0.0' } })
  app.get('/orders', async () => '')

  t.match(await read(t, app), [{ tools: [], resources: [], leftOut: [{ method: 'GET', url: '/orders' }] }])
})

t.test('an app whose mounts expose no routes is refused, with what to write', async (t) => {
  const app = createApp({ server: new McpServer({ name: 'Notes', version: '1' }) })

  await t.rejects(read(t, app), {
    message: /^No mount of app\.ts exposes routes: register the plugin with expose: true/
  })
})

t.test('a server of its own is mounted, and exposes no routes', async (t) => {
  await t.rejects(read(t, new McpServer({ name: 'Notes', version: '1' })), { message: /^No mount of app\.ts exposes/ })
})
