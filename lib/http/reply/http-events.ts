// Publishes which messages HTTP carries, and which HTTP requests are refused. This only runs while there are
// subscribers.
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Refusal } from '../../protocol/refusals.ts'
import { messages } from '../../telemetry/channels.ts'
import type { MountIdentity, WireEvent } from '../../telemetry/events.ts'
import { publishRefusal } from '../../telemetry/refusal-events.ts'
import { authOf } from '../guard/auth-hook.ts'

const IDENTITY = Symbol('fastify-mcp-mount.identity')

/** Makes the mount known whose requests a scope serves. */
export function identifyScope (scope: FastifyInstance, identity: MountIdentity): void {
  scope.decorate(IDENTITY, identity)
}

// Scopes that are no mount's have none.
function identityOf ({ server }: FastifyRequest): MountIdentity | undefined {
  // The cast holds, because `identifyScope` has set it.
  return (server as { readonly [IDENTITY]?: MountIdentity })[IDENTITY]
}

/** Publishes that a request to a mount is refused. */
export function publishHttpRefusal (request: FastifyRequest, refusal: Refusal): void {
  const identity = identityOf(request)
  if (identity === undefined) return
  const { body, headers } = request
  publishRefusal(identity, refusal, {
    request,
    auth: authOf(request)?.info,
    sessionId: headers['mcp-session-id']?.toString(),
    message: body ?? { method: headers['mcp-method'], params: { name: headers['mcp-name'] } }
  })
}

/** Publishes a message that a request, its reply or its stream carries. */
export function publishHttpMessage (
  request: FastifyRequest | undefined, direction: WireEvent['direction'], text: string
): void {
  const identity = request && identityOf(request)
  if (request === undefined || identity === undefined) return
  const event: WireEvent = { ...identity, direction, transport: 'http', text, request, reqId: request.id }
  messages.publish(event)
}
