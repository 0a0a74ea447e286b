// All servers by name. Each is loaded only where it is served, so that it does not load the packages of the others.
import type { WorkloadName } from '../workloads.ts'
import type { Serving } from './serving.ts'

interface ServerModule { serve (workload: WorkloadName): Promise<Serving> }

/** The names of all servers. */
export type ServerName = keyof typeof SERVERS

/** Loads a server by its name. */
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
