// `fastify-mcp`, as its README shows it. It has no JSON replies: each is a stream of one event.
import type { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js'
import Fastify from 'fastify'
import { Sessions, streamableHttp } from 'fastify-mcp'
import type { WorkloadName } from '../workloads.ts'
import { createSdkServer } from './sdk-v1-server.ts'
import { listen, type Serving } from './serving.ts'

/** Starts the server. */
export async function serve (workload: WorkloadName): Promise<Serving> {
  const common = { mcpEndpoint: '/mcp', createServer: () => createSdkServer().server }
  const app = Fastify()
  app.register(streamableHttp, workload === 'legacy call'
    ? { ...common, stateful: false }
    : { ...common, stateful: true, sessions: new Sessions<StreamableHTTPServerTransport>() })
  return await listen(app)
}
