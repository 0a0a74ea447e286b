// All servers by name. Each is loaded only where it is served: none is to pay for what another one needs.
import type { WorkloadName } from '../workloads.ts'
import type { Serving } from './serving.ts'

interface ServerModule { serve (workload: WorkloadName): Promise<Serving> }

/** The names of all servers. */
export type ServerName = keyof typeof SERVERS

/** What loads each of them. */
export const SERVERS = {
  bare: () => import('./bare.ts'),
  native: () => import('./native.ts'),
  'sdk-mount': () => import('./sdk-mount.ts'),
  'sdk-v1': () => import('./sdk-v1.ts'),
  'sdk-v2': () => import('./sdk-v2.ts'),
  'fastify-mcp': () => import('./fastify-mcp.ts'),
  hono: () => import('./hono.ts'),
  fastmcp: () => import('./fastmcp.ts')
} satisfies Readonly<Record<string, () => Promise<ServerModule>>>
