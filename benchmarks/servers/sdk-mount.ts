// This package with one instance of the official SDK v1.
import Fastify from 'fastify'
import mcpPlugin from 'fastify-mcp-mount'
import type { WorkloadName } from '../workloads.ts'
import { createSdkServer } from './sdk-v1-server.ts'
import { listen, type Serving } from './serving.ts'

/** Starts the server. */
export async function serve (workload: WorkloadName): Promise<Serving> {
  const app = Fastify()
  app.register(mcpPlugin, { server: createSdkServer(), stateless: workload === 'legacy call' })
  return await listen(app)
}
