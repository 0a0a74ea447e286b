// A channel for what has no reply of its own: calls of the host app, and notifications of clients.
import type { FastifyBaseLogger, FastifyRequest } from 'fastify'
import { doNothing } from '../do-nothing.ts'
import type { Channel } from '../server/context.ts'
import { authOf } from './auth-hook.ts'

/** Creates a channel that nothing can be sent by. @param request The HTTP request, where there is one. */
export function createMuteChannel (log: FastifyBaseLogger, lifespan: unknown, request?: FastifyRequest): Channel {
  return { log, lifespan, notify: doNothing, onDisconnect: doNothing, ...(request !== undefined && { request, auth: authOf(request)?.info }) }
}
