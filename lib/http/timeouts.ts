// Lifts the time limits of the app that do not fit an endpoint: calls have their own limit, and streams stay open.
import type { FastifyInstance, RouteShorthandOptions } from 'fastify'
import { doNothing } from '../do-nothing.ts'

// A timer of Node.js runs for 2^31-1 ms at most.
const LONGEST_TIMER = 2 ** 31 - 1

/** Returns the route option that lifts the app's `handlerTimeout`, which would cut streams and long calls. */
export function longestHandlerTimeout (
  { initialConfig }: FastifyInstance
): Pick<RouteShorthandOptions, 'handlerTimeout'> {
  // Fastify's type of its initial configuration does not list it.
  const { handlerTimeout } = initialConfig as { readonly handlerTimeout?: number }
  return Number(handlerTimeout) > 0 ? { handlerTimeout: LONGEST_TIMER } : {}
}

/**
 * Keeps the app's `connectionTimeout` from closing a connection while a request on it is being served, however long
 * both sides are silent. The limit still applies while the request is being received.
 */
export function keepConnectionOpen (scope: FastifyInstance): void {
  if (!(scope.server.timeout > 0)) return
  scope.addHook('preHandler', function ignoreConnectionTimeout (_request, { raw }, done) {
    // Node.js closes the connection only if nothing listens for this event.
    raw.on('timeout', doNothing)
    done()
  })
}
