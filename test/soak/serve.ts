// The server under soak, in a process of its own: for each line on standard input it prints its figures.
import { createInterface } from 'node:readline'
import { setTimeout as wait } from 'node:timers/promises'
import Fastify from 'fastify'
import mcpPlugin, { createMemoryEventStore, McpServer, Type } from 'fastify-mcp-mount'

const CHANGE_INTERVAL = 50

const server = new McpServer({ name: 'Soak', version: '1.0.0' })
server.registerTool('echo', { inputSchema: Type.Object({ text: Type.String() }) }, async ({ text }) => text)
server.registerTool('slow', { inputSchema: Type.Object({ steps: Type.Integer() }) }, async ({ steps }, ctx) => {
  for (let step = 1; step <= steps && !ctx.signal.aborted; step++) {
    await ctx.reportProgress(step, steps, 'x'.repeat(200))
    await wait(5)
  }
  return 'done'
})
server.registerResource('clock', 'soak://clock', {}, async () => String(performance.now()))
const changing = server.registerTool('changing', {}, async () => 'here')

const app = Fastify()
app.register(mcpPlugin, {
  server,
  eventStore: createMemoryEventStore({ maxAge: 1000 }),
  sessionIdleTimeout: 2000,
  maxSessions: 100_000
})
console.log(await app.listen({ port: 0 }))

const mount = app.mcp.get('Soak')
const changes = setInterval(() => {
  if (changing.enabled) changing.disable()
  else changing.enable()
  mount.notify.resourceUpdated('soak://clock')
}, CHANGE_INTERVAL)

createInterface({ input: process.stdin })
  .on('line', () => {
    globalThis.gc?.()
    // What has happened is no leak.
    const { outcomes: _outcomes, ...load } = mount.stats()
    console.log(JSON.stringify({
      ...load,
      heap: process.memoryUsage().heapUsed,
      handles: process.getActiveResourcesInfo().filter((name) => name !== 'Timeout' && name !== 'Immediate').length
    }))
  })
  .on('close', () => {
    clearInterval(changes)
    app.close()
  })
