// One node, in a process of its own, which ends with its parent process.
import { subscribe } from 'node:diagnostics_channel'
import { setTimeout as wait } from 'node:timers/promises'
import Fastify from 'fastify'
import mcpPlugin, { closeOnSignal, McpServer, Type, type ClusterEvent } from 'fastify-mcp-mount'
import { redisCluster } from 'fastify-mcp-mount/redis'

/** The settings of a node, as JSON in its argument. */
export interface NodeSettings {
  readonly port: number
  readonly redis: string
  readonly keyPrefix: string
  /** Milliseconds for `closeOnSignal`; without it, the node calls `app.close()`. */
  readonly drain?: number
  /** Milliseconds without a sign of life after which a node is dead. */
  readonly nodeTimeout?: number
}

const { port, redis, keyPrefix, drain, nodeTimeout = 10_000 } = JSON.parse(String(process.argv[2])) as NodeSettings

const server = new McpServer({ name: 'Rolling', version: '1.0.0' }, {
  requestState: { keys: ['a secret of 32 bytes or more, the same on all nodes'] }
})
const Work = Type.Object({ token: Type.String(), ms: Type.Integer() })
server.registerTool('work', { inputSchema: Work }, async ({ token, ms }, ctx) => {
  await ctx.reportProgress(1, 2)
  await wait(ms)
  return token
})

const app = Fastify({ logger: { level: process.env['LOG_LEVEL'] ?? 'error' }, trustProxy: '127.0.0.1' })
app.get('/later', {
  config: { mcp: { name: 'work_by_route' } },
  schema: { querystring: Work }
}, async ({ query }) => {
  const { token, ms } = query as { token: string, ms: number }
  await wait(ms)
  return token
})
app.register(mcpPlugin, {
  prefix: '/notes',
  server,
  expose: true,
  cluster: redisCluster({ url: redis, keyPrefix, nodeTimeout }),
  health: true
})
if (drain === undefined) process.once('SIGTERM', () => app.close())
else closeOnSignal(app, { drain })
await app.listen({ port, host: '127.0.0.1' })
subscribe('fastify-mcp-mount:cluster', (message) => {
  const { kind, peer } = message as ClusterEvent
  if (kind === 'dead') process.send?.(`dead: ${peer?.pid}`)
})

// The channel to the process that has forked this one must not keep it running.
process.once('disconnect', () => process.exit())
process.send?.('listening', () => process.channel?.unref())
