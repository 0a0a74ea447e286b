// Publishes which HTTP requests are refused. This only runs while there are subscribers.
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Refusal } from '../../protocol/refusals.ts'
import type { MountIdentity } from '../../telemetry/events.ts'
import { publishRefusal } from '../../telemetry/refusal-events.ts'
import { authOf } from '../guard/auth-hook.ts'

const IDENTITY = Symbol('fastify-mcp-mount.identity')

/** Makes the mount known whose requests a scope serves. */
export function identifyScope (scope: FastifyInstance, identity: MountIdentity): void {
  scope.decorate(IDENTITY, identity)
}

/** Publishes that a request to a mount is refused. */
export function publishHttpRefusal (request: FastifyRequest, refusal: Refusal): void {
  // The cast holds, because `identifyScope` has set it. Scopes that are no mount's have none.
  const { [IDENTITY]: identity } = request.server as { readonly [IDENTITY]?: MountIdentity }
  if (identity === undefined) return
  const { body, headers } = request
  publishRefusal(identity, refusal, {
    request,
    auth: authOf(request)?.info,
    sessionId: headers['mcp-session-id']?.toString(),
    message: body ?? { method: headers['mcp-method'], params: { name: headers['mcp-name'] } }
  })
}
