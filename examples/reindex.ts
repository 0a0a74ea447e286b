// A long-running tool: it reports progress, logs to the client, and stops when the client cancels it. It indexes the
// Markdown files in DIR. Try it: have an assistant reindex, then search for "session".
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import Fastify from 'fastify'
import mcpPlugin, { closeOnSignal, McpServer, ToolError, Type } from 'fastify-mcp-mount'

// A pause between two files leaves the disk to others.
const { DIR = 'docs', PAUSE_MS = '20' } = process.env

let index = new Map<string, Set<string>>()
let isRunning = false

const search = new McpServer({ name: 'Search', version: '1.0.0' })

search.registerTool('reindex', {
  description: 'Read all files again. Takes a while; may be cancelled, and then all is as it was.',
  outputSchema: Type.Object({ files: Type.Integer(), words: Type.Integer() }),
  annotations: { idempotentHint: true },
  // The tool may run as long as it needs.
  timeout: 0
}, async (_args, ctx) => {
  if (isRunning) throw new ToolError('Reindexing has begun already; wait until it has ended')
  isRunning = true
  try {
    const files = (await readdir(DIR, { recursive: true })).filter((file) => file.endsWith('.md')).sort()
    await ctx.info(`${files.length} files to read`)
    const found = new Map<string, Set<string>>()
    for (const [position, file] of files.entries()) {
      const words = (await readFile(join(DIR, file), 'utf8')).toLowerCase().match(/\p{L}+/gu) ?? []
      if (words.length === 0) await ctx.warning({ file, problem: 'has no words' })
      for (const word of words) found.set(word, (found.get(word) ?? new Set()).add(file))
      await ctx.reportProgress(position + 1, files.length, file)
      // Rejects when the call is cancelled, as every function that takes a signal.
      await pause(Number(PAUSE_MS), undefined, { signal: ctx.signal })
    }
    index = found
    return { files: files.length, words: found.size }
  } finally {
    isRunning = false
    if (ctx.signal.aborted) ctx.request?.log.info('reindexing was cancelled')
  }
})

search.registerTool('search', {
  description: 'Find the files that contain a word.',
  inputSchema: Type.Object({ word: Type.String() }),
  annotations: { readOnlyHint: true }
}, ({ word }) => {
  if (index.size === 0) throw new ToolError('There is no index yet; call reindex first')
  return [...index.get(word.toLowerCase()) ?? ['No file contains that']]
})

const app = Fastify({ logger: true })
app.register(mcpPlugin, { server: search })

closeOnSignal(app)
await app.listen({ host: '127.0.0.1', port: Number(process.env.PORT ?? 8000) })
for (const { url } of app.mcp) console.log(`MCP endpoint ${url}`)
