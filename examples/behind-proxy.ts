// A server behind a proxy that checks Host and Origin by itself, and passes on whatever Host it likes: the check is off.
// Only for an app that nobody reaches but the proxy; where it passes on the Host it was sent, publicUrl alone does it. Try it
// behind nginx or Caddy, as docs/proxies.md has it.
import Fastify from 'fastify'
import mcpPlugin, { McpServer } from 'fastify-mcp-mount'

const { PUBLIC_URL = 'https://mcp.example.com', PROXY = '127.0.0.1' } = process.env

const callers = new McpServer({ name: 'Callers', version: '1.0.0' })
callers.registerTool('who_am_i', { description: 'Tell where the caller comes from, and how.' }, (_args, { request }) =>
  `${request?.ip} by ${request?.protocol}`)

// Whose X-Forwarded-For and X-Forwarded-Proto are believed; true would believe anyone's.
const app = Fastify({ logger: true, trustProxy: PROXY })
app.register(mcpPlugin, {
  server: callers,
  dnsRebindingProtection: false,
  // No longer checked, but mount.url begins with it.
  publicUrl: PUBLIC_URL,
  // The proxy asks whether the app is there.
  health: true
})

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => app.close())
await app.listen({ host: '127.0.0.1', port: Number(process.env.PORT ?? 8000) })
for (const { url } of app.mcp) console.log(`MCP endpoint ${url}`)
