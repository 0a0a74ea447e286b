// The same server over HTTP on PORT or, with --stdio, for the one client that has started this process.
import Fastify from 'fastify'
import mcpPlugin, { closeOnSignal, McpServer, Type } from 'fastify-mcp-mount'
import { serveStdio } from 'fastify-mcp-mount/stdio'

const { PORT = '8000' } = process.env

const notes = new McpServer({ name: 'Notes', version: '1.0.0' }, {
  instructions: 'Keeps short notes for as long as the server runs.',
  // On both transports, the lifespan is entered before the first request and left at the end.
  lifespan: (app) => {
    app.log.info('notes are open')
    return { value: new Map<number, string>(), close: () => { app.log.info('notes are closed') } }
  }
})

notes.registerTool('add_note', {
  description: 'Save a note.',
  inputSchema: Type.Object({ text: Type.String({ minLength: 1 }) })
}, ({ text }, { lifespan: texts }) => {
  const id = texts.size + 1
  texts.set(id, text)
  return `Saved as note ${id}`
})

notes.registerTool('list_notes', {
  description: 'List all notes.', annotations: { readOnlyHint: true }
}, (_args: unknown, { lifespan: texts }) =>
  [...texts].map(([id, text]) => `${id}: ${text}`).join('\n'))

notes.registerTool('clear_notes', {
  description: 'Delete all notes, if the user agrees.',
  annotations: { destructiveHint: true }
}, async (_args: unknown, ctx) => {
  const answer = await ctx.elicit(`Delete ${ctx.lifespan.size} notes?`, Type.Object({ sure: Type.Boolean() }))
  if (answer.action !== 'accept' || !answer.content.sure) return 'Nothing was deleted'
  ctx.lifespan.clear()
  return 'All notes are deleted'
})

async function serveHttp (): Promise<void> {
  const app = Fastify({ logger: true })
  app.register(mcpPlugin, { server: notes })
  closeOnSignal(app)
  await app.listen({ host: '127.0.0.1', port: Number(PORT) })
  console.log(`MCP endpoint ${app.mcp.get('Notes').url}`)
}

async function serveClient (): Promise<void> {
  const { close } = await serveStdio(notes)
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, close)
}

await (process.argv.includes('--stdio') ? serveClient() : serveHttp())
