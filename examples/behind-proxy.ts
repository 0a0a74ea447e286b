// A server behind a proxy that checks Host and Origin itself and changes the Host, so the check of the mount is off.
// Use this only if nobody but the proxy can reach the app. If the proxy keeps the Host, publicUrl is enough. Try it
// behind nginx or Caddy; see docs/proxies.md.
import Fastify from 'fastify'
import mcpPlugin, { closeOnSignal, McpServer } from 'fastify-mcp-mount'

const { PUBLIC_URL = 'https://mcp.example.com', PROXY = '127.0.0.1' } = process.env

const callers = new McpServer({ name: 'Callers', version: '1.0.0' })
callers.registerTool('who_am_i', { description: 'Tell where the caller comes from, and how.' }, (_args, { request }) =>
  `${request?.ip} by ${request?.protocol}`)

// Trusts the X-Forwarded-For and X-Forwarded-Proto of the proxy only; `true` would trust those of anyone.
const app = Fastify({ logger: true, trustProxy: PROXY })
app.register(mcpPlugin, {
  server: callers,
  dnsRebindingProtection: false,
  // The URL is not checked here, but mount.url begins with it.
  publicUrl: PUBLIC_URL,
  // The proxy checks the health of the app.
  health: true
})

closeOnSignal(app)
await app.listen({ host: '127.0.0.1', port: Number(process.env.PORT ?? 8000) })
for (const { url } of app.mcp) console.log(`MCP endpoint ${url}`)
