// `@hono/mcp` on Hono's server for Node.js, with JSON replies. Its README has one transport for all requests, which
// mixes up the replies of clients that use the same request ids; so there is one for each request, or for each session.
import { randomUUID } from 'node:crypto'
import { StreamableHTTPTransport } from '@hono/mcp'
import { serve as listenWithHono } from '@hono/node-server'
import { Hono } from 'hono'
import type { WorkloadName } from '../workloads.ts'
import { createSdkServer } from './sdk-v1-server.ts'
import type { Serving } from './serving.ts'

/** Starts the server. */
export async function serve (workload: WorkloadName): Promise<Serving> {
  const app = workload === 'legacy call' ? createStateless() : createWithSessions()
  return await new Promise((resolve) => {
    listenWithHono({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' }, ({ port }) =>
      resolve({ url: `http://127.0.0.1:${port}/mcp` })
    )
  })
}

function createStateless (): Hono {
  const app = new Hono()
  app.all('/mcp', async (context) => {
    const transport = new StreamableHTTPTransport({ enableJsonResponse: true })
    await createSdkServer().connect(transport)
    return await transport.handleRequest(context)
  })
  return app
}

function createWithSessions (): Hono {
  const transports = new Map<string, StreamableHTTPTransport>()
  const app = new Hono()
  app.all('/mcp', async (context) => {
    const id = context.req.header('mcp-session-id')
    const known = transports.get(String(id))
    if (known !== undefined) return await known.handleRequest(context)
    if (id !== undefined) return context.notFound()

    const transport = new StreamableHTTPTransport({
      sessionIdGenerator: randomUUID,
      enableJsonResponse: true,
      onsessioninitialized: (sessionId) => { transports.set(sessionId, transport) },
      onsessionclosed: (sessionId) => { transports.delete(sessionId) }
    })
    await createSdkServer().connect(transport)
    return await transport.handleRequest(context)
  })
  return app
}
