// The hook that rejects callers who may not use the mount, and stores the accepted caller on the request.
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Authenticated, AuthInfo } from '../../auth/auth-info.ts'
import { AuthRejection, type Authenticator } from '../../auth/authenticator.ts'
import type { Refuse } from './refuse.ts'

const AUTHENTICATED = Symbol('fastify-mcp-mount.authenticated')

interface AuthenticatedRequest { [AUTHENTICATED]?: Authenticated | null }

/** Returns the caller of a request; undefined if the mount has no `auth`. */
export function authOf (request: FastifyRequest): Authenticated | undefined {
  return (request as AuthenticatedRequest)[AUTHENTICATED] ?? undefined
}

/**
 * Returns the caller of a request, in the `routes` and `hooks` of a mount: what the mount's `auth` returned. Undefined
 * if the mount has no `auth`, if the route is public, and before authentication has run.
 *
 * @example
 * const issuer = 'https://auth.example.com'
 * app.register(mcpPlugin, {
 *   server,
 *   publicUrl: 'https://api.example.com',
 *   auth: { verify: jwtVerifier({ issuer }), authorizationServers: [issuer] },
 *   routes: async (scope) => {
 *     scope.get('/me', async (request) => ({ user: authInfoOf(request)?.subject }))
 *   }
 * })
 */
export function authInfoOf (request: FastifyRequest): AuthInfo | undefined {
  return authOf(request)?.info
}

/** Decorates the requests of a scope with a property that holds their caller. */
export function prepareRequests (scope: FastifyInstance): void {
  // The `routes` of a mount may register another mount.
  if (!scope.hasRequestDecorator(AUTHENTICATED)) scope.decorateRequest(AUTHENTICATED, null)
}

/** How the hook treats requests that it does not accept. */
export interface AuthHookSettings {
  /** Whether a request needs no authorization. */
  isExempt (request: FastifyRequest): boolean
  /** Refuses a request. */
  readonly refuse: Refuse
  /** The call log, which has a line for each refusal; false if there is none. */
  readonly log: unknown
}

/** Creates the hook that rejects callers who may not use the mount. */
export function createAuthHook (
  authenticator: Authenticator, { isExempt, refuse, log }: AuthHookSettings
): (request: FastifyRequest, reply: FastifyReply) => Promise<unknown> {
  return async function onRequestAuth (request, reply) {
    if (isExempt(request)) return
    const decision = await authenticator.authenticate(request)
    if (decision instanceof AuthRejection) {
      const { status, message, challenge, error } = decision
      if (challenge !== undefined) reply.header('www-authenticate', challenge)
      if (error !== undefined) reply.log.error({ err: error }, 'authenticating a request failed')
      else if (log === false) reply.log.info({ status, challenge }, message)
      refuse(reply, { status, message, reason: status < 500 ? 'token' : 'failure' })
      return reply
    }
    // The cast holds, because `prepareRequests` has added the property.
    ;(request as AuthenticatedRequest)[AUTHENTICATED] = decision
  }
}

/** Whether a request is a CORS preflight, which a browser sends without credentials (Fetch, CORS-preflight request). */
export function isPreflight ({ method, headers }: FastifyRequest): boolean {
  return method === 'OPTIONS' && headers.origin !== undefined && headers['access-control-request-method'] !== undefined
}
