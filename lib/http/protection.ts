// What a request passes before a mount does anything for it.
import type { FastifyInstance, FastifyReply, FastifyRequest, onRequestAsyncHookHandler, onRequestHookHandler } from 'fastify'
import type { Authenticator } from '../auth/authenticator.ts'
import type { Mount } from '../mount.ts'
import type { ResolvedOptions } from '../options.ts'
import { ErrorCode } from '../protocol/error-code.ts'
import { createAuthHook, prepareRequests } from './auth-hook.ts'
import { createGuard } from './guard.ts'
import { refuseUnread, RETRY_AFTER, sendBusy, sendRefusal } from './reply.ts'

/** How a request is refused. */
export type Refuse = (reply: FastifyReply, status: number, message: string) => void

/** Puts guard and authorization before all routes of the endpoint's scope. */
export function protectEndpoint (scope: FastifyInstance, { auth }: Mount, options: ResolvedOptions): void {
  prepareRequests(scope)
  for (const hook of createProtection({ auth, options, refuse: refuseAsRpc })) scope.addHook('onRequest', hook)
}

/** Puts the same before the routes beside the endpoint, all but those with `config: { public: true }`. */
export function protectRoutes (scope: FastifyInstance, { auth }: Mount, options: ResolvedOptions): void {
  prepareRequests(scope)
  for (const hook of createProtection({ auth, options, refuse: refuseAsError })) scope.addHook('onRequest', unlessPublic(hook))
}

interface Protection { readonly auth: Authenticator | undefined, readonly options: ResolvedOptions, readonly refuse: Refuse }

// In this order.
function createProtection ({ auth, options, refuse }: Protection): ReadonlyArray<onRequestHookHandler | onRequestAsyncHookHandler> {
  return [
    ...options.dnsRebindingProtection ? [createGuardHook(options, refuse)] : [],
    ...auth === undefined ? [] : [createAuthHook(auth, refuse)]
  ]
}

function createGuardHook (options: ResolvedOptions, refuse: Refuse): onRequestHookHandler {
  const guard = createGuard(options)

  return function onRequestGuard (request: FastifyRequest, reply: FastifyReply, done: () => void): void {
    const rejection = guard(request)
    if (rejection === undefined) return done()
    request.log.warn(rejection.seen, rejection.advice)
    refuse(reply, rejection.status, rejection.message)
  }
}

function unlessPublic (hook: onRequestHookHandler | onRequestAsyncHookHandler): onRequestHookHandler {
  return function onRequestUnlessPublic (request, reply, done) {
    // What a route's config holds is the user's to declare.
    const config = request.routeOptions.config as { readonly public?: unknown }
    // One that is async has no use for `done`.
    return config.public === true ? done() : (hook as onRequestHookHandler).call(this, request, reply, done)
  }
}

function refuseAsRpc (reply: FastifyReply, status: number, message: string): void {
  if (status < 500) return sendRefusal(reply, refuseUnread(status, message))
  const refusal = { ...refuseUnread(status, message), code: ErrorCode.InternalError }
  if (status === 503) sendBusy(reply, refusal)
  else sendRefusal(reply, refusal)
}

// An error like any other of the app, for its error handler.
function refuseAsError (reply: FastifyReply, statusCode: number, message: string): void {
  if (statusCode === 503) reply.header('retry-after', RETRY_AFTER)
  reply.send(Object.assign(new Error(message), { statusCode }))
}
