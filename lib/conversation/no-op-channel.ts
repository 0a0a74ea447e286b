// The channel of messages that send nothing back to a client: calls by the host app, and notifications.
import type { FastifyBaseLogger } from 'fastify'
import { doNothing } from '../do-nothing.ts'
import type { Channel } from '../server/call/incoming.ts'

/**
 * Creates a channel that sends nothing.
 * @param sender The mount, and the HTTP request of a notification and its caller, as far as there are any.
 */
export function createNoOpChannel (
  log: FastifyBaseLogger, lifespan: unknown, sender: Pick<Channel, 'identity' | 'request' | 'auth'> = {}
): Channel {
  return { ...sender, log, lifespan, notify: doNothing, onDisconnect: doNothing }
}
