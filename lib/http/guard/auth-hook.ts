// The hook that lets only callers pass who may use the mount, and what the rest of a request knows of them.
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Authenticated, AuthInfo } from '../../auth/auth-info.ts'
import { AuthRejection, type Authenticator } from '../../auth/authenticator.ts'
import type { Refuse } from '../reply/reply.ts'

const AUTHENTICATED = Symbol('fastify-mcp-mount.authenticated')

interface AuthenticatedRequest { [AUTHENTICATED]?: Authenticated | null }

/** Who sends a request; undefined where the mount has no `auth`. */
export function authOf (request: FastifyRequest): Authenticated | undefined {
  return (request as AuthenticatedRequest)[AUTHENTICATED] ?? undefined
}

/**
 * Returns what a mount's `auth` says of the sender of a request, for the `routes` and `hooks` of the mount; undefined
 * if the mount has no `auth`, and for a route that is public.
 */
export function authInfoOf (request: FastifyRequest): AuthInfo | undefined {
  return authOf(request)?.info
}

/** Gives the requests of a scope a place for what is known of their callers. */
export function prepareRequests (scope: FastifyInstance): void {
  // A mount may be among the routes of another one.
  if (!scope.hasRequestDecorator(AUTHENTICATED)) scope.decorateRequest(AUTHENTICATED, null)
}

/** How a hook treats the requests that it does not authorize. */
export interface AuthHookSettings {
  /** Whether a request needs no authorization. */
  isExempt (request: FastifyRequest): boolean
  /** Refuses a request. */
  readonly refuse: Refuse
}

/** Builds the hook that lets only callers pass who may use the mount. */
export function createAuthHook (
  authenticator: Authenticator, { isExempt, refuse }: AuthHookSettings
): (request: FastifyRequest, reply: FastifyReply) => Promise<unknown> {
  return async function onRequestAuth (request, reply) {
    if (isExempt(request)) return
    const decision = await authenticator.authenticate(request)
    if (decision instanceof AuthRejection) {
      announce(reply, decision)
      refuse(reply, decision.status, decision.message)
      return reply
    }
    // `prepareRequests` has added the property.
    ;(request as AuthenticatedRequest)[AUTHENTICATED] = decision
  }
}

function announce (reply: FastifyReply, { status, message, challenge, error }: AuthRejection): void {
  if (challenge !== undefined) reply.header('www-authenticate', challenge)
  if (error === undefined) reply.log.info({ status, challenge }, message)
  else reply.log.error({ err: error }, 'it could not be told who sends a request')
}

/** Whether a request is a CORS preflight, which a browser sends without credentials (Fetch, CORS-preflight request). */
export function isPreflight ({ method, headers }: FastifyRequest): boolean {
  return method === 'OPTIONS' && headers.origin !== undefined && headers['access-control-request-method'] !== undefined
}
