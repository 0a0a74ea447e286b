// The official SDK v1 on Fastify. Its documentation shows Express; the only difference is that Fastify must know that
// the transport replies. Replies are JSON, the faster of the two kinds that the transport offers.
import { randomUUID } from 'node:crypto'
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js'
import { isInitializeRequest } from '@modelcontextprotocol/sdk/types.js'
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import type { WorkloadName } from '../workloads.ts'
import { createSdkServer } from './sdk-v1-server.ts'
import { listen, type Serving } from './serving.ts'

/** Starts the server. */
export async function serve (workload: WorkloadName): Promise<Serving> {
  return await listen(workload === 'legacy call' ? createStateless() : createWithSessions())
}

// A server and a transport for each request, as the SDK's example simpleStatelessStreamableHttp has them.
function createStateless (): FastifyInstance {
  const app = Fastify()
  app.post('/mcp', async (request, reply) => {
    const server = createSdkServer()
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

// A server and a transport for each session, as the SDK's example jsonResponseStreamableHttp has them.
function createWithSessions (): FastifyInstance {
  const transports = new Map<string, StreamableHTTPServerTransport>()
  const app = Fastify()

  async function handle (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply | undefined> {
    const known = transports.get(String(request.headers['mcp-session-id']))
    if (known !== undefined) {
      await handOver(known, request, reply)
      return
    }
    if (!isInitializeRequest(request.body)) return reply.code(400).send()

    const transport = new StreamableHTTPServerTransport({
      sessionIdGenerator: randomUUID,
      enableJsonResponse: true,
      onsessioninitialized: (sessionId) => { transports.set(sessionId, transport) }
    })
    transport.onclose = () => { transports.delete(String(transport.sessionId)) }
    await createSdkServer().connect(transport)
    await handOver(transport, request, reply)
  }

  app.post('/mcp', handle)
  app.delete('/mcp', handle)
  return app
}

async function handOver (
  transport: StreamableHTTPServerTransport, request: FastifyRequest, reply: FastifyReply
): Promise<void> {
  reply.hijack()
  await transport.handleRequest(request.raw, reply.raw, request.body)
}
