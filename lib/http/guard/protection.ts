// Adds the checks that every request to a mount must pass.
import type { FastifyInstance, FastifyRequest, onRequestHookHandler, preParsingHookHandler } from 'fastify'
import type { Authenticator } from '../../auth/authenticator.ts'
import type { ResolvedOptions } from '../resolve-options.ts'
import { createAuthHook, isPreflight, prepareRequests } from './auth-hook.ts'
import { createGuardHook } from './guard.ts'
import type { MountParts } from '../parts.ts'
import { createParamsHook } from './path-params.ts'
import { refuseAsError, refuseAsRpc } from '../reply/reply.ts'

type Authorize = ReturnType<typeof createAuthHook>

/** How the URLs of a mount are protected. */
export interface Protected {
  /** Undefined if everyone may use the mount. */
  readonly auth: Authenticator | undefined
  readonly options: ResolvedOptions
}

/**
 * Adds guard, path check and authorization to all routes of the endpoint's scope. Preflights are exempt from
 * authorization, because no handler serves them.
 *
 * @param path The endpoint's path below the scope's prefix.
 */
export function protectEndpoint (scope: FastifyInstance, path: string, { auth, options }: Protected): void {
  if (options.dnsRebindingProtection) scope.addHook('onRequest', createGuardHook(options, refuseAsRpc))
  const checkParams = createParamsHook(scope.prefix + path, refuseAsRpc)
  if (checkParams !== undefined) scope.addHook('onRequest', checkParams)
  if (auth === undefined) return
  prepareRequests(scope)
  scope.addHook('onRequest', createAuthHook(auth, { isExempt: isPreflight, refuse: refuseAsRpc, log: options.log }))
}

/** Adds the same checks to the routes beside the endpoint, except those with `config: { public: true }`. */
export function protectRoutes (scope: FastifyInstance, { auth, options }: MountParts): void {
  if (options.dnsRebindingProtection) {
    scope.addHook('onRequest', unless(isPublic, createGuardHook(options, refuseAsError)))
  }
  const checkParams = createParamsHook(scope.prefix, refuseAsError)
  if (checkParams !== undefined) scope.addHook('onRequest', checkParams)
  if (auth === undefined) return
  prepareRequests(scope)
  const settings = { refuse: refuseAsError, log: options.log }
  const isExempt = (request: FastifyRequest): boolean => isPublic(request) || isPreflight(request)
  scope.addHook('onRequest', createAuthHook(auth, { ...settings, isExempt }))
  scope.addHook('preParsing', createLateAuthHook(createAuthHook(auth, { ...settings, isExempt: isPublic })))
}

// An OPTIONS request that no CORS plugin answered in onRequest reaches a handler of the user, so authorize it now.
function createLateAuthHook (authorize: Authorize): preParsingHookHandler {
  return function preParsingAuth (request, reply, payload, done) {
    if (!isPreflight(request)) return done(null, payload)
    // After a refusal Fastify ignores `done`.
    authorize(request, reply).then(() => done(null, payload), done)
  }
}

/** Wraps a hook so that it does not run for some requests. */
export function unless (
  isExempt: (request: FastifyRequest) => boolean, hook: onRequestHookHandler
): onRequestHookHandler {
  return function onRequestUnless (request, reply, done) {
    return isExempt(request) ? done() : hook.call(this, request, reply, done)
  }
}

function isPublic ({ routeOptions }: FastifyRequest): boolean {
  return routeOptions.config.public === true
}
