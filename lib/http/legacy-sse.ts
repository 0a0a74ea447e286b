// HTTP+SSE of revision 2024-11-05, for old clients: what a mount has of it, and its two URLs.
import type { FastifyInstance } from 'fastify'
import { Authenticator } from '../auth/authenticator.ts'
import { createResources, type Resources } from '../auth/resource.ts'
import type { Mount } from '../mount.ts'
import type { ResolvedOptions } from '../options.ts'
import type { SseSessions } from '../session/sse-sessions.ts'
import { createEndpoint } from './endpoint.ts'
import type { SseConnection } from './legacy-sse-connection.ts'
import { createSseGetHandler } from './legacy-sse-get.ts'
import type { ResolvedLegacySse } from './legacy-sse-options.ts'
import { createSsePostHandler } from './legacy-sse-post.ts'

/** What a mount has that serves HTTP+SSE. */
export interface LegacySse extends ResolvedLegacySse {
  readonly sessions: SseSessions
  /** The streams that are open, by the ids of their sessions. */
  readonly connections: Map<string, SseConnection>
  /** Who may pass; absent where everybody may. */
  readonly auth: Authenticator | undefined
  /** What tokens are issued for; absent where none are. */
  readonly resources: Resources | undefined
}

/**
 * Makes what a mount needs to serve HTTP+SSE. Clients take the URL of their stream for what they need a token for.
 * @param path Where streams are opened, with all prefixes.
 * @throws MCP_ERR_INVALID_OPTION
 */
export function createLegacySse (settings: ResolvedLegacySse, sessions: SseSessions, { auth, publicUrl }: Pick<ResolvedOptions, 'auth' | 'publicUrl'>, path: string): LegacySse {
  const resources = auth !== undefined && 'verify' in auth && publicUrl !== undefined ? createResources(publicUrl, path) : undefined
  return { ...settings, sessions, connections: new Map(), auth: auth && new Authenticator(auth, resources), resources }
}

/** Builds the plugins of the two URLs. They differ from the endpoint in their handlers, and in nothing that comes before. */
export function createLegacySseRoutes (mount: Mount, sse: LegacySse, options: ResolvedOptions): ReadonlyArray<(scope: FastifyInstance) => Promise<void>> {
  const { auth, ssePath, messagesPath } = sse
  return [
    createEndpoint({ path: ssePath, auth, methods: [{ method: 'GET', handler: createSseGetHandler(mount, sse, options) }] }, options),
    createEndpoint({ path: messagesPath, auth, methods: [{ method: 'POST', handler: createSsePostHandler(mount, sse) }] }, options)
  ]
}
