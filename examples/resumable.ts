// Legacy clients resume after a broken connection without missing anything, because events are stored for a while.
// Try it: have a client of revision 2025-11-25 count to 100, and cut its connection in the middle.
import { setTimeout as pause } from 'node:timers/promises'
import Fastify from 'fastify'
import mcpPlugin, { closeOnSignal, createMemoryEventStore, McpServer, Type } from 'fastify-mcp-mount'

const counting = new McpServer({ name: 'Counting', version: '1.0.0' })

counting.registerTool('count', {
  description: 'Count, and tell each number.',
  inputSchema: Type.Object({
    to: Type.Integer({ minimum: 1, maximum: 1000 }),
    pauseMs: Type.Integer({ minimum: 1, maximum: 1000, default: 100 })
  })
}, async ({ to, pauseMs }, ctx) => {
  for (let n = 1; n <= to; n++) {
    await ctx.reportProgress(n, to)
    // With an event store, a broken connection does not cancel a legacy call. A real cancellation ends the pause.
    await pause(pauseMs, undefined, { signal: ctx.signal })
  }
  return `Counted to ${to}`
})

counting.registerTool('count_silently', {
  description: 'Count without a connection that lasts as long: the client comes back for the result.',
  inputSchema: Type.Object({ to: Type.Integer({ minimum: 1, maximum: 1000 }) })
}, async ({ to }, ctx) => {
  // If the client could not resume, this does nothing, and the connection stays open.
  ctx.closeStream()
  await pause(to * 10, undefined, { signal: ctx.signal })
  return `Counted to ${to}`
})

const app = Fastify({ logger: true })
app.register(mcpPlugin, {
  server: counting,
  eventStore: createMemoryEventStore({ maxEvents: 10_000, maxBytes: 16 * 1024 * 1024, maxAge: 5 * 60_000 }),
  // Clients are asked to reconnect after this many milliseconds.
  retryInterval: 500
})

closeOnSignal(app)
await app.listen({ host: '127.0.0.1', port: Number(process.env.PORT ?? 8000) })
for (const { url } of app.mcp) console.log(`MCP endpoint ${url}`)
