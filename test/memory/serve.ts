// The server whose heap is measured, in a process of its own. For each line on standard input it prints its figures.
import { createInterface } from 'node:readline'
import { setTimeout } from 'node:timers/promises'
import Fastify from 'fastify'
import mcpPlugin, { createMemoryEventStore, McpServer } from 'fastify-mcp-mount'

const server = new McpServer({ name: 'Kept', version: '1.0.0' })
const waiting: Array<() => void> = []
server.registerTool('stay', {}, async (_args, ctx) => {
  await ctx.reportProgress(1)
  await new Promise<void>((resolve) => { waiting.push(resolve) })
  return 'done'
})
server.registerTool('shout', {}, async (_args, ctx) => {
  for (let step = 1; step <= 8; step++) await ctx.reportProgress(step, 8, 'x'.repeat(1024 * 1024))
  return 'done'
})
server.registerTool('flood', {}, async (_args, ctx) => {
  const text = 'x'.repeat(1024 * 1024)
  for (let step = 1; step <= 16; step++) ctx.reportProgress(step, 16, text)
  await new Promise<void>((resolve) => { waiting.push(resolve) })
  return 'done'
})
server.registerResource('note', 'note://{id}', {}, async () => 'text')

const app = Fastify()
const eventStore = createMemoryEventStore({ maxBytes: 4 * 1024 * 1024 })
app.register(mcpPlugin, { server, eventStore })
app.register(mcpPlugin, {
  server,
  name: 'Slow',
  prefix: '/slow',
  storeTimeout: 0,
  // However slowly the client reads.
  maxBuffered: 32 * 1024 * 1024,
  eventStore: {
    ...eventStore,
    append: async (...event) => {
      await setTimeout(60_000, undefined, { ref: false })
      return await eventStore.append(...event)
    }
  }
})
console.log(await app.listen({ port: 0, host: '127.0.0.1' }))
const mount = app.mcp.get('Kept')

async function measure (): Promise<number> {
  // Some objects are only free after their finalizers have run in a turn of their own.
  for (let round = 0; round < 3; round++) {
    await new Promise(setImmediate)
    globalThis.gc?.()
  }
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

createInterface({ input: process.stdin })
  .on('line', async () => { console.log(JSON.stringify({ ...mount.stats(), bytes: await measure() })) })
  .on('close', () => {
    for (const resolve of waiting) resolve()
    app.close()
  })
