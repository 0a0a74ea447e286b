// A server with a name on the internet. Requests for any other host get 421, those of pages of any other origin 403.
// Try it: curl -i http://127.0.0.1:8000/mcp -H 'Host: mcp.example.com', and the same with a host of your own.
import Fastify from 'fastify'
import mcpPlugin, { McpServer, Type } from 'fastify-mcp-mount'

// Without a path: that of the endpoint comes behind it.
const { PUBLIC_URL = 'https://mcp.example.com' } = process.env

const slugs = new McpServer({ name: 'Slugs', version: '1.0.0' })
slugs.registerTool('make_slug', {
  description: 'Make the part of a URL that stands for a title.',
  inputSchema: Type.Object({ title: Type.String() })
}, ({ title }) => title.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase().replace(/[^a-z0-9]+/g, '-').replace(/^-|-$/g, ''))

const app = Fastify({ logger: true })
app.register(mcpPlugin, {
  server: slugs,
  // Where clients reach the app, say through a proxy that does TLS: its host and its origin are served.
  publicUrl: PUBLIC_URL,
  // What else may be in Host: colleagues who reach the app directly, and this machine on any port.
  allowedHosts: ['mcp.internal:8000', 'localhost:*', '127.0.0.1:*'],
  // Whose pages may use the server besides those of its own origin.
  allowedOrigins: ['https://app.example.com', 'http://localhost:*'],
  cors: true
})

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => app.close())
await app.listen({ host: '127.0.0.1', port: Number(process.env.PORT ?? 8000) })
for (const { url } of app.mcp) console.log(`MCP endpoint ${url}`)
