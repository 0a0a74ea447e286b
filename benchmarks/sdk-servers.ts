// One server written with the official SDK, and the ways to serve it: mounted, and by the SDK's own transport.
import { randomUUID } from 'node:crypto'
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js'
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js'
import { isInitializeRequest } from '@modelcontextprotocol/sdk/types.js'
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import mcpPlugin, { type Mountable } from 'fastify-mcp-mount'
import { z } from 'zod'

/** Makes the server. */
export function createSdkServer (): McpServer {
  const server = new McpServer({ name: 'Notes', version: '1.0.0' })
  server.registerTool('add_note', { inputSchema: { text: z.string() } }, async ({ text }) => ({ content: [{ type: 'text', text: `Saved: ${text}` }] }))
  return server
}

/** Mounts the server, or what makes one. */
export function createSdkMount (server: Mountable, options: { readonly stateless?: boolean }): FastifyInstance {
  const app = Fastify()
  app.register(mcpPlugin, { server, ...options })
  return app
}

/** A server and a transport for each request, as the SDK's example simpleStatelessStreamableHttp has them. */
export function createOwnStateless (): FastifyInstance {
  const app = Fastify()
  app.post('/mcp', async (request, reply) => {
    const server = createSdkServer()
    // Of the two kinds of reply that the SDK has, the quicker one.
    const transport = new StreamableHTTPServerTransport({ enableJsonResponse: true })
    await server.connect(transport)
    reply.raw.on('close', () => {
      transport.close()
      server.close()
    })
    await handOver(transport, request, reply)
  })
  return app
}

/** A server and a transport for each session, as the SDK's example jsonResponseStreamableHttp has them. */
export function createOwnSessions (): FastifyInstance {
  const transports = new Map<string, StreamableHTTPServerTransport>()
  const app = Fastify()
  app.post('/mcp', async (request, reply) => {
    const known = transports.get(String(request.headers['mcp-session-id']))
    if (known !== undefined) return await handOver(known, request, reply)
    if (!isInitializeRequest(request.body)) return reply.code(400).send()

    const transport = new StreamableHTTPServerTransport({
      sessionIdGenerator: randomUUID,
      enableJsonResponse: true,
      onsessioninitialized: (sessionId) => { transports.set(sessionId, transport) }
    })
    transport.onclose = () => { transports.delete(String(transport.sessionId)) }
    await createSdkServer().connect(transport)
    await handOver(transport, request, reply)
  })
  return app
}

async function handOver (transport: StreamableHTTPServerTransport, request: FastifyRequest, reply: FastifyReply): Promise<void> {
  reply.hijack()
  await transport.handleRequest(request.raw, reply.raw, request.body)
}
