// The official SDK v2 on Fastify, as its documentation shows it (docs/serving/fastify.md, sessions-state-scaling.md).
// Replies are JSON where nothing has to be streamed: `responseMode: 'json'`, `enableJsonResponse`.
import { randomUUID } from 'node:crypto'
import { createMcpFastifyApp } from '@modelcontextprotocol/fastify'
import { NodeStreamableHTTPServerTransport, toNodeHandler } from '@modelcontextprotocol/node'
import { createMcpHandler, isInitializeRequest, McpServer } from '@modelcontextprotocol/server'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { z } from 'zod'
import { LISTED, LISTED_ARGUMENTS, PROGRESS, REPORT, saved, SERVER_INFO } from '../tools.ts'
import type { WorkloadName } from '../workloads.ts'
import { listen, type Serving } from './serving.ts'

// Made once, for the function that makes servers runs once for each request.
const noteArguments = z.object({ text: z.string() })
const listedArguments = z.object({
  text: z.string().describe(LISTED_ARGUMENTS.text),
  topic: z.string().describe(LISTED_ARGUMENTS.topic).optional(),
  done: z.boolean().describe(LISTED_ARGUMENTS.done).optional()
})
const report = z.object({
  notes: z.array(
    z.object({ id: z.number(), title: z.string(), text: z.string(), tags: z.array(z.string()), done: z.boolean() })
  )
})

const TOOLS: Partial<Record<WorkloadName, (server: McpServer) => void>> = {
  'modern list': addListed,
  'modern structured': addReport,
  'modern progress': addImport
}

/** Starts the server. */
export async function serve (workload: WorkloadName): Promise<Serving> {
  return await listen(
    workload === 'legacy call, session' || workload === 'legacy session'
      ? createWithSessions()
      : createStateless(workload)
  )
}

function createStateless (workload: WorkloadName): FastifyInstance {
  const addTools = TOOLS[workload] ?? addNote
  const handler = createMcpHandler(
    () => createServer(addTools),
    workload === 'modern progress' ? {} : { responseMode: 'json' }
  )
  const node = toNodeHandler(handler)
  const app = createMcpFastifyApp()
  app.all('/mcp', (request, reply) => node(request.raw, reply.raw, request.body))
  return app
}

function createWithSessions (): FastifyInstance {
  const sessions = new Map<string, NodeStreamableHTTPServerTransport>()
  const app = createMcpFastifyApp()

  async function handle (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply | undefined> {
    const known = sessions.get(String(request.headers['mcp-session-id']))
    if (known !== undefined) {
      await handOver(known, request, reply)
      return
    }
    if (!isInitializeRequest(request.body)) return reply.code(400).send()

    const transport = new NodeStreamableHTTPServerTransport({
      sessionIdGenerator: randomUUID,
      enableJsonResponse: true,
      onsessioninitialized: (id) => { sessions.set(id, transport) }
    })
    transport.onclose = () => { sessions.delete(String(transport.sessionId)) }
    await createServer(addNote).connect(transport)
    await handOver(transport, request, reply)
  }

  app.post('/mcp', handle)
  app.delete('/mcp', handle)
  return app
}

async function handOver (
  transport: NodeStreamableHTTPServerTransport, request: FastifyRequest, reply: FastifyReply
): Promise<void> {
  reply.hijack()
  await transport.handleRequest(request.raw, reply.raw, request.body)
}

function createServer (addTools: (server: McpServer) => void): McpServer {
  const server = new McpServer(SERVER_INFO)
  addTools(server)
  return server
}

function addNote (server: McpServer): void {
  server.registerTool('add_note', { inputSchema: noteArguments }, async ({ text }) => ({
    content: [{ type: 'text', text: saved(text) }]
  }))
}

function addListed (server: McpServer): void {
  for (const { name, description } of LISTED) {
    server.registerTool(name, { description, inputSchema: listedArguments }, async ({ text }) => ({
      content: [{ type: 'text', text }]
    }))
  }
}

function addReport (server: McpServer): void {
  server.registerTool('report', { inputSchema: noteArguments, outputSchema: report }, async () => ({
    content: [{ type: 'text', text: JSON.stringify(REPORT) }], structuredContent: REPORT
  }))
}

function addImport (server: McpServer): void {
  server.registerTool('import_notes', { inputSchema: noteArguments }, async ({ text }, ctx) => {
    const progressToken = ctx.mcpReq._meta?.progressToken
    for (const progress of PROGRESS) {
      if (progressToken !== undefined) {
        await ctx.mcpReq.notify({
          method: 'notifications/progress',
          params: { progressToken, progress, total: PROGRESS.length }
        })
      }
    }
    return { content: [{ type: 'text', text: saved(text) }] }
  })
}
