// The hook that lets only callers pass who may use the mount, and what the rest of a request knows of them.
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Authenticated } from '../auth/auth-info.ts'
import { AuthRejection, type Authenticator } from '../auth/authenticator.ts'
import { ErrorCode } from '../protocol/error-code.ts'
import { refuseUnread, sendBusy, sendRefusal } from './reply.ts'

const AUTHENTICATED = Symbol('fastify-mcp-mount.authenticated')

interface AuthenticatedRequest { [AUTHENTICATED]?: Authenticated | null }

/** Who sends a request; undefined where the mount has no `auth`. */
export function authOf (request: FastifyRequest): Authenticated | undefined {
  return (request as AuthenticatedRequest)[AUTHENTICATED] ?? undefined
}

/** Puts all routes of a scope behind authorization. */
export function addAuthHook (scope: FastifyInstance, authenticator: Authenticator): void {
  scope.decorateRequest(AUTHENTICATED, null)
  scope.addHook('onRequest', async function onRequestAuth (request, reply) {
    if (isPreflight(request)) return
    const decision = await authenticator.authenticate(request)
    if (decision instanceof AuthRejection) return refuse(reply, decision)
    // Decorated above.
    ;(request as AuthenticatedRequest)[AUTHENTICATED] = decision
  })
}

function refuse (reply: FastifyReply, { status, message, challenge, error }: AuthRejection): FastifyReply {
  if (challenge !== undefined) reply.header('www-authenticate', challenge)
  if (error === undefined) reply.log.info({ status, challenge }, message)
  else reply.log.error({ err: error }, 'it could not be told who sends a request')

  const refusal = refuseUnread(status, message)
  if (status === 503) sendBusy(reply, { ...refusal, code: ErrorCode.InternalError })
  else sendRefusal(reply, status === 500 ? { ...refusal, code: ErrorCode.InternalError } : refusal)
  return reply
}

// Fetch standard, CORS-preflight request: a browser sends it without credentials.
function isPreflight ({ method, headers }: FastifyRequest): boolean {
  return method === 'OPTIONS' && headers.origin !== undefined && headers['access-control-request-method'] !== undefined
}
