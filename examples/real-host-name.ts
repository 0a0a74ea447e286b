// A server with a public host name. Requests for another host get 421, and those of pages of another origin 403.
// Try it: curl -i http://127.0.0.1:8000/mcp -H 'Host: mcp.example.com', and the same with another host.
import Fastify from 'fastify'
import mcpPlugin, { closeOnSignal, McpServer, Type } from 'fastify-mcp-mount'

// The URL has no path, because that of the endpoint is appended.
const { PUBLIC_URL = 'https://mcp.example.com' } = process.env

const slugs = new McpServer({ name: 'Slugs', version: '1.0.0' })
slugs.registerTool('make_slug', {
  description: 'Make the part of a URL that stands for a title.',
  inputSchema: Type.Object({ title: Type.String() })
}, ({ title }) => {
  const letters = title.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase()
  return letters.replace(/[^a-z0-9]+/g, '-').replace(/^-|-$/g, '')
})

const app = Fastify({ logger: true })
app.register(mcpPlugin, {
  server: slugs,
  // The URL by which clients reach the app, e.g. that of a TLS proxy. Its host and origin are allowed.
  publicUrl: PUBLIC_URL,
  // More hosts that are allowed: the internal name of the app, and this machine on any port.
  allowedHosts: ['mcp.internal:8000', 'localhost:*', '127.0.0.1:*'],
  // More origins whose pages may use the server.
  allowedOrigins: ['https://app.example.com', 'http://localhost:*'],
  cors: true
})

closeOnSignal(app)
await app.listen({ host: '127.0.0.1', port: Number(process.env.PORT ?? 8000) })
for (const { url } of app.mcp) console.log(`MCP endpoint ${url}`)
