// The channel of what has no reply: calls of the host app, and notifications of clients.
import type { FastifyBaseLogger } from 'fastify'
import { doNothing } from '../do-nothing.ts'
import type { Channel } from '../server/call/incoming.ts'

/**
 * Creates a channel that sends nothing.
 * @param sender The HTTP request of a notification and who sent it; absent where the message did not come over HTTP.
 */
export function createNoOpChannel (
  log: FastifyBaseLogger, lifespan: unknown, sender: Pick<Channel, 'request' | 'auth'> = {}
): Channel {
  return { ...sender, log, lifespan, notify: doNothing, onDisconnect: doNothing }
}
