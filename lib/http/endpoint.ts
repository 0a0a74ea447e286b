// One URL of a mount, in a scope of its own: its checks, its parsers and its routes.
import type { FastifyInstance, FastifyReply, FastifyRequest, HTTPMethods, RouteOptions } from 'fastify'
import type { Authenticator } from '../auth/authenticator.ts'
import type { ResolvedOptions } from './resolve-options.ts'
import { parseBody, RefusalError, type BodyLimits } from '../protocol/body.ts'
import { shorten } from '../protocol/bounds.ts'
import { undocumented } from './beside/api-document.ts'
import { createPageConfig, type SendPage } from './beside/endpoint-page.ts'
import { isPreflight } from './guard/auth-hook.ts'
import { createCorsPolicy } from './guard/cors.ts'
import { addMountHooks } from './beside/hooks.ts'
import { protectEndpoint, unless } from './guard/protection.ts'
import { listUrls } from './endpoint-urls.ts'
import { handleError, refuseUnread, sendRefusal } from './reply/reply.ts'
import { identifyScope, publishHttpMessage } from './reply/http-events.ts'
import { messages } from '../telemetry/channels.ts'
import type { MountIdentity } from '../telemetry/events.ts'
import { keepConnectionOpen, longestHandlerTimeout } from './timeouts.ts'

/** One URL of a mount. */
export interface Endpoint {
  /** The path below the prefix. It is served with and without a slash at its end. */
  readonly path: string
  /** The mount, for events. */
  readonly identity: MountIdentity
  /** Authenticates the callers; undefined if everybody may call. */
  readonly auth: Authenticator | undefined
  readonly methods: readonly EndpointMethod[]
  /** Sends the page for people who open the URL in a browser; absent if there is none. */
  readonly page?: SendPage
}

/** The handler of one HTTP method. */
export interface EndpointMethod extends Pick<RouteOptions, 'onRequest' | 'preParsing' | 'bodyLimit'> {
  readonly method: 'GET' | 'POST' | 'DELETE'
  readonly handler: (request: FastifyRequest, reply: FastifyReply) => unknown
}

/**
 * Builds the plugin that serves one URL. Its CORS, guard, body parser, error handler and routes stay within its scope.
 */
export function createEndpoint (
  { path, identity, auth, methods, page }: Endpoint, options: ResolvedOptions
): (scope: FastifyInstance) => Promise<void> {
  return async function mcpEndpoint (scope) {
    identifyScope(scope, identity)
    // CORS comes first, so that an allowed page can read why its request is refused.
    const cors = options.cors === false ? undefined : createCorsPolicy(options.cors, options.allowedOrigins)
    await cors?.addTo(scope)
    protectEndpoint(scope, path, { auth, options })

    const allowed: HTTPMethods[] = methods.map(({ method }) => method)
    const refuseMethod = createMethodRefusal(allowed, options.log)
    // A preflight that CORS has not answered has no caller, which the user's hooks may rely on.
    if (options.hooks.onRequest !== undefined) {
      scope.addHook('onRequest', unless((request) => !isPreflight(request), refuseMethod))
    }
    addMountHooks(scope, options.hooks)
    keepConnectionOpen(scope)
    refuseEncodedBodies(scope)
    addBodyParsers(scope, options)
    scope.setErrorHandler(handleError)

    const refused = scope.supportedMethods.filter((method) => !allowed.includes(method) && method !== 'OPTIONS')
    const common = {
      bodyLimit: options.bodyLimit,
      exposeHeadRoute: false,
      ...longestHandlerTimeout(scope),
      ...(options.constraints !== undefined && { constraints: options.constraints }),
      config: { ...options.config, ...cors?.config, ...(page !== undefined && createPageConfig(page)) }
    }

    for (const url of listUrls(scope, path)) {
      const routes: Omit<RouteOptions, 'url'>[] = [
        ...methods,
        { method: refused, onRequest: refuseMethod, handler: refuseMethod },
        {
          method: 'OPTIONS',
          onRequest: refuseMethod,
          handler: refuseMethod,
          ...(cors !== undefined && { onSend: cors.nameAllowedHeaders })
        }
      ]
      for (const route of routes) scope.route({ ...common, ...route, url, schema: undocumented() })
    }
  }
}

const ENCODED = 'Unsupported content encoding: send the body without Content-Encoding'

// RFC 9110 15.5.16. If a plugin of the app has decoded the body, it has replaced the payload, and nothing is refused.
function refuseEncodedBodies (scope: FastifyInstance): void {
  scope.addHook('preParsing', function refuseEncodedBody (request, reply, payload, done) {
    const encoding = request.headers['content-encoding']
    const isRead = encoding === undefined || payload !== request.raw || request.method !== 'POST'
    if (isRead || /^(?:identity)?$/i.test(encoding)) return done(null, payload)
    reply.header('accept-encoding', 'identity')
    sendRefusal(reply, refuseUnread(request, 415, ENCODED))
  })
}

// Only the body of a POST is read. A DELETE may have a body of any type, which is ignored.
function addBodyParsers (scope: FastifyInstance, limits: BodyLimits): void {
  scope.removeAllContentTypeParsers()
  scope.addContentTypeParser('application/json', { parseAs: 'string' }, function parseJson (request, body, done) {
    if (request.method !== 'POST') return done(null)
    try {
      const value = parseBody(String(body), limits)
      if (messages.hasSubscribers) publishHttpMessage(request, 'in', String(body))
      done(null, value)
    } catch (error) {
      // parseBody throws only refusals.
      done(error as RefusalError)
    }
  })
  scope.addContentTypeParser('*', function refuseType (request, payload, done) {
    payload.resume()
    if (request.method !== 'POST') return done(null)
    done(new RefusalError(refuseUnread(request, 415, 'Unsupported content type: send application/json')))
  })
}

// Runs as a hook as well, to answer before the body is read.
function createMethodRefusal (allowed: readonly string[], log: ResolvedOptions['log']) {
  const allow = allowed.join(', ')

  return function refuseMethod (request: FastifyRequest, reply: FastifyReply): void {
    if (!isPreflight(request)) return refuseAllBut(allow, reply)
    const origin = shorten(request.headers.origin ?? '')
    const advice = `preflight from Origin '${origin}' refused; pages need the mount's 'cors', and ` +
      "their origin in its 'allowedOrigins'"
    if (log === false) request.log.warn({ origin }, advice)
    refuseAllBut(allow, reply, advice)
  }
}

/**
 * Refuses a method.
 * @param allow The methods that the endpoint takes.
 * @param advice What the operator of the app should do.
 */
export function refuseAllBut (allow: string, reply: FastifyReply, advice?: string): void {
  reply.header('allow', allow)
  const refusal = refuseUnread(reply.request, 405, `Method not allowed; this endpoint takes ${allow}`)
  sendRefusal(reply, advice === undefined ? refusal : { ...refusal, advice })
}
