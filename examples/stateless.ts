// Interchangeable processes behind a plain load balancer: no sessions, no streams, one JSON body per request, in both
// eras. Try it: start two, with PORT=8000 and PORT=8001, behind any load balancer.
import Fastify from 'fastify'
import mcpPlugin, { closeOnSignal, McpServer, Type } from 'fastify-mcp-mount'

const hashes = new McpServer({ name: 'Hashes', version: '1.0.0' })

hashes.registerTool('digest', {
  description: 'Compute the digest of a text, as hexadecimal digits.',
  inputSchema: Type.Object({
    text: Type.String(),
    algorithm: Type.Union([Type.Literal('SHA-256'), Type.Literal('SHA-512')], { default: 'SHA-256' })
  }),
  outputSchema: Type.Object({ digest: Type.String(), process: Type.Integer() }),
  annotations: { readOnlyHint: true, idempotentHint: true }
}, async ({ text, algorithm }) => {
  const digest = await crypto.subtle.digest(algorithm, new TextEncoder().encode(text))
  return { digest: Buffer.from(digest).toString('hex'), process: process.pid }
})

const app = Fastify({ logger: true })
app.register(mcpPlugin, {
  server: hashes,
  // Legacy clients get no session, so any process can answer. They cannot be asked or notified of changes.
  stateless: true,
  // Nothing is streamed, so progress and log messages are dropped.
  jsonResponse: true,
  // For the load balancer: the check returns 503 as soon as the process begins to close.
  health: true
})

closeOnSignal(app)
await app.listen({ host: '127.0.0.1', port: Number(process.env.PORT ?? 8000) })
for (const { url } of app.mcp) console.log(`MCP endpoint ${url}`)
