// The HTTP status and headers of a request that was answered with an error.
import type { FastifyReply } from 'fastify'
import type { Authenticator } from '../../auth/authenticator.ts'
import { ErrorCode } from '../../protocol/error-code.ts'
import type { Era } from '../../protocol/revisions.ts'
import {
  InsufficientScopeError, RefusedError, SessionGoneError, SignInRequiredError, UnavailableError, type RpcError
} from '../../errors.ts'
import { authOf } from '../guard/auth-hook.ts'
import { RETRY_AFTER } from './reply.ts'

// MCP 2026-07-28 basic and streamable-http. A code that is not listed here is answered with 200.
const MODERN_STATUS: ReadonlyMap<number, number> = new Map([
  [ErrorCode.ParseError, 400],
  [ErrorCode.InvalidRequest, 400],
  [ErrorCode.InvalidParams, 400],
  [ErrorCode.HeaderMismatch, 400],
  [ErrorCode.UnsupportedProtocolVersion, 400],
  [ErrorCode.MethodNotFound, 404]
])

/**
 * Returns the HTTP status of an error. It depends on who refused the request: an error that a handler threw is an
 * ordinary reply, with 200. In legacy revisions, only authorization, lost sessions and reached limits have a status of
 * their own.
 */
export function statusOf (error: RpcError, era: Era): number {
  // MCP 2025-11-25 and 2026-07-28 authorization, Runtime Insufficient Scope Errors.
  if (error instanceof InsufficientScopeError) return 403
  if (error instanceof SignInRequiredError) return error.statusCode
  if (error instanceof SessionGoneError) return 404
  if (error instanceof UnavailableError) return error.status
  if (era === 'legacy') return 200
  // MCP 2026-07-28 basic, Error Codes: this code always has this status, even if a handler threw the error.
  if (error.code === ErrorCode.MissingRequiredClientCapability) return 400
  return error instanceof RefusedError ? MODERN_STATUS.get(error.code) ?? 200 : 200
}

/** Sets the headers by which a client can recover from an error: when to try again, or how to get another token. */
export function setErrorHeaders (reply: FastifyReply, error: RpcError, auth: Authenticator | undefined): void {
  if (error instanceof UnavailableError) reply.header('retry-after', error.retryAfter ?? RETRY_AFTER)
  if (auth === undefined) return
  const { request } = reply
  if (error instanceof InsufficientScopeError) {
    reply.header('www-authenticate', auth.challengeScopes(request, error.requiredScopes))
  } else if (error instanceof SignInRequiredError) {
    reply.header('www-authenticate', auth.challengeSignIn(request, authOf(request)?.info.scopes ?? []))
  }
}
