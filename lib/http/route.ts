// The routes of one mount, in a scope of their own.
import type { FastifyInstance, FastifyReply, FastifyRequest, HTTPMethods, RouteOptions } from 'fastify'
import { isModernHeader } from '../protocol/classify.ts'
import type { Mount } from '../mount.ts'
import type { ResolvedOptions } from '../options.ts'
import { isPreflight } from './auth-hook.ts'
import { parseBody, RefusalError } from './body.ts'
import { createCorsPolicy } from './cors.ts'
import { createGetHandler } from './get.ts'
import { addMountHooks } from './hooks.ts'
import { findSession, readHeader, readLegacyHeaders } from './legacy.ts'
import { createPostHandler } from './post.ts'
import { protectEndpoint, unless } from './protection.ts'
import { handleError, refuseUnread, sendRefusal } from './reply.ts'

/** Builds the plugin that serves one mount: CORS, guard, body parser, error handler and routes, none of which leave its scope. */
export function createRoutes (mount: Mount, options: ResolvedOptions): (scope: FastifyInstance) => Promise<void> {
  return async function mcpRoutes (scope) {
    // Before all else, so that whatever refuses a request does so in words that an allowed page can read.
    const cors = options.cors === false ? undefined : createCorsPolicy(options.cors, options.allowedOrigins)
    await cors?.addTo(scope)
    protectEndpoint(scope, mount, options)

    const hasSessions = options.legacy && !options.stateless
    const listens = hasSessions && !options.jsonResponse
    const allowed: HTTPMethods[] = ['POST', ...listens ? ['GET'] : [], ...hasSessions ? ['DELETE'] : []]
    const refuseMethod = createMethodRefusal(allowed)
    // One that CORS has not answered has no caller whom the user's hooks could ask for.
    if (options.hooks.onRequest !== undefined) scope.addHook('onRequest', unless((request) => !isPreflight(request), refuseMethod))
    addMountHooks(scope, options.hooks)
    addBodyParsers(scope, options.maxDepth)
    scope.setErrorHandler(handleError)

    const refused = scope.supportedMethods.filter((method) => !allowed.includes(method) && method !== 'OPTIONS')
    const common = {
      bodyLimit: options.bodyLimit,
      exposeHeadRoute: false,
      ...(options.constraints !== undefined && { constraints: options.constraints }),
      ...(cors !== undefined && { config: cors.config })
    }

    for (const url of listUrls(scope, options.path)) {
      const add = (route: Pick<RouteOptions, 'method' | 'onRequest' | 'onSend' | 'handler'>): unknown => scope.route({ ...common, ...route, url })
      add({ method: 'POST', handler: createPostHandler(mount, options) })
      if (listens) add({ method: 'GET', onRequest: refuseModern, handler: createGetHandler(mount, options) })
      if (hasSessions) add({ method: 'DELETE', onRequest: refuseModern, handler: createDeleteHandler(mount) })
      add({ method: refused, onRequest: refuseMethod, handler: refuseMethod })
      add({ method: 'OPTIONS', onRequest: refuseMethod, handler: refuseMethod, ...(cors !== undefined && { onSend: cors.nameAllowedHeaders }) })
    }
  }
}

// Only POST has a body: what DELETE brings is not looked at, whatever type it has.
function addBodyParsers (scope: FastifyInstance, maxDepth: number): void {
  scope.removeAllContentTypeParsers()
  scope.addContentTypeParser('application/json', { parseAs: 'string' }, function parseJson (request, body, done) {
    if (request.method !== 'POST') return done(null)
    try {
      done(null, parseBody(String(body), maxDepth))
    } catch (error) {
      // parseBody throws nothing but refusals.
      done(error as RefusalError)
    }
  })
  scope.addContentTypeParser('*', function refuseType (request, payload, done) {
    payload.resume()
    if (request.method !== 'POST') return done(null)
    done(new RefusalError(refuseUnread(415, 'Unsupported content type: send application/json')))
  })
}

// The endpoint answers with and without a trailing slash. Fastify sees to both where the path is '/' below a prefix, or
// where the app ignores trailing slashes.
function listUrls (scope: FastifyInstance, path: string): readonly string[] {
  const bare = path.replace(/\/+$/, '')
  if (bare === '') return ['/']
  const { ignoreTrailingSlash, routerOptions } = scope.initialConfig
  return ignoreTrailingSlash === true || routerOptions?.ignoreTrailingSlash === true ? [bare] : [bare, `${bare}/`]
}

// MCP 2025-11-25 transports, Session Management 5.
function createDeleteHandler (mount: Mount) {
  return function handleDelete (request: FastifyRequest, reply: FastifyReply): void {
    const session = findSession(mount.sessionManager, readLegacyHeaders(request), null)
    if ('kind' in session) return sendRefusal(reply, session)
    mount.sessionManager.end(session.sessionId, 'deleted')
    reply.code(200).send()
  }
}

// MCP 2026-07-28 transports, Earlier Streamable HTTP Revisions: this one has neither GET nor DELETE.
function refuseModern (request: FastifyRequest, reply: FastifyReply, done: () => void): void {
  if (isModernHeader(readHeader(request, 'mcp-protocol-version'))) refuseAllBut('POST', reply)
  else done()
}

// As a hook it answers before the body is read.
function createMethodRefusal (allowed: readonly string[]) {
  const allow = allowed.join(', ')

  return function refuseMethod (_request: FastifyRequest, reply: FastifyReply): void {
    refuseAllBut(allow, reply)
  }
}

function refuseAllBut (allow: string, reply: FastifyReply): void {
  reply.header('allow', allow)
  sendRefusal(reply, refuseUnread(405, `Method not allowed; this endpoint takes ${allow}`))
}
