// One node: an app that shares its clients with the other nodes through Redis. Set PORT, REDIS_URL and MCP_STATE_KEY,
// the secret with which nodes open the state that other nodes have sealed.
import Fastify from 'fastify'
import { Redis } from 'ioredis'
import mcpPlugin, { closeOnSignal, McpServer, Type } from 'fastify-mcp-mount'
import { redisCluster } from 'fastify-mcp-mount/redis'

const { PORT = '0', REDIS_URL = 'redis://127.0.0.1:6379', MCP_STATE_KEY = '' } = process.env
const BOARD = 'example:board'

// The app's own data and the cluster use the same client.
const redis = new Redis(REDIS_URL)

const board = new McpServer({ name: 'Board', version: '1.0.0' }, { requestState: { keys: [MCP_STATE_KEY] } })

board.registerTool('which_node', { description: 'Tell which process answers.' }, () => `Process ${process.pid}`)

board.registerTool('pin', {
  description: 'Pin a note to the board.',
  inputSchema: Type.Object({ text: Type.String() })
}, async ({ text }, ctx) => {
  await redis.rpush(BOARD, text)
  // Subscribers on all nodes are notified.
  ctx.notifyResourceUpdated('board://notes')
  return 'Pinned'
})

board.registerTool('clear', { description: 'Take all notes off, if the user agrees.' }, async (_args, ctx) => {
  const answer = await ctx.elicit('Take all notes off the board?', Type.Object({ sure: Type.Boolean() }))
  if (answer.action !== 'accept' || !answer.content.sure) return 'All is as it was'
  await redis.del(BOARD)
  ctx.notifyResourceUpdated('board://notes')
  return 'Cleared'
})

board.registerTool('count', {
  description: 'Count slowly, which goes on where the connection breaks.',
  inputSchema: Type.Object({ to: Type.Integer({ minimum: 1, maximum: 100 }) })
}, async ({ to }, ctx) => {
  for (let n = 1; n <= to; n++) {
    await ctx.reportProgress(n, to)
    await new Promise((resolve) => { setTimeout(resolve, 100) })
  }
  return `Counted to ${to} in process ${process.pid}`
})

board.registerResource('notes', 'board://notes', { mimeType: 'text/plain' }, async () =>
  (await redis.lrange(BOARD, 0, -1)).join('\n')
)

const app = Fastify({ logger: { level: 'warn' } })
app.register(mcpPlugin, { server: board, cluster: redisCluster({ client: redis }), health: true })
app.addHook('onClose', () => { redis.disconnect() })

// Until nginx finds out that this node refuses connections, the node serves those that are open.
closeOnSignal(app, { drain: 2000 })
process.once('disconnect', () => app.close())

const address = await app.listen({ port: Number(PORT), host: '127.0.0.1' })
// Sends the parent process the address. After that, the channel to it does not keep this process running.
process.send?.(address, () => process.channel?.unref())
