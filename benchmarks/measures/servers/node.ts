// An app that serves its clients alone, or shares them with the other nodes on a Redis.
import Fastify from 'fastify'
import mcpPlugin, { McpServer, Type } from 'fastify-mcp-mount'
import { redisCluster } from 'fastify-mcp-mount/redis'
import { addressOf } from './address.ts'
import { answerCommands } from './answer.ts'

/** Where the Redis is, if the app is to be a node. */
export interface NodeSetup { readonly url?: string | undefined }

// Longer than a measurement: what nodes tell each other by the clock is not part of a call.
const NODE_TIMEOUT = 3_600_000

// The setup from child.ts.
const { url } = JSON.parse(process.argv[2] ?? '') as NodeSetup

const server = new McpServer(
  { name: 'Notes', version: '1.0.0' },
  { requestState: { keys: ['0123456789abcdef0123456789abcdef'] } }
)
server.registerTool(
  'add_note',
  { description: 'Save a note.', inputSchema: Type.Object({ text: Type.String() }) },
  async ({ text }) => `Saved: ${text}`
)

const app = Fastify()
app.register(mcpPlugin, {
  server,
  ...(url !== undefined && { cluster: redisCluster({ url, nodeTimeout: NODE_TIMEOUT }) })
})
await app.listen({ host: '127.0.0.1', port: 0 })
answerCommands({ port: addressOf(app.server).port }, {})
