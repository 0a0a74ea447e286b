// The two URLs of HTTP+SSE.
import type { FastifyInstance } from 'fastify'
import { createEndpoint } from '../endpoint.ts'
import type { LegacySse } from './parts.ts'
import { createSseGetHandler } from './get.ts'
import { createSsePostHandler } from './post.ts'
import type { MountParts } from '../parts.ts'

/** Creates the plugins of the two URLs. They have the same checks as the endpoint, but other handlers. */
export function createLegacySseRoutes (
  parts: MountParts, sse: LegacySse
): ReadonlyArray<(scope: FastifyInstance) => Promise<void>> {
  const { auth, ssePath, messagesPath } = sse
  const { identity, options } = parts
  return [
    createEndpoint({
      path: ssePath, identity, auth, methods: [{ method: 'GET', handler: createSseGetHandler(parts, sse) }]
    }, options),
    createEndpoint({
      path: messagesPath, identity, auth, methods: [{ method: 'POST', handler: createSsePostHandler(parts, sse) }]
    }, options)
  ]
}
