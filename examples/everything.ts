// Serves everything-server.ts, as the official conformance suite expects it.
import Fastify from 'fastify'
import mcpPlugin, { createMemoryEventStore } from 'fastify-mcp-mount'
import { createEverything } from './everything-server.ts'

const app = Fastify({ logger: { level: 'warn' } })
app.register(mcpPlugin, { server: createEverything(), eventStore: createMemoryEventStore(), retryInterval: 500 })
await app.listen({ host: '127.0.0.1', port: Number(process.env.PORT ?? 8000) })
console.log(`MCP endpoint ${app.mcp.get('everything').url}`)
