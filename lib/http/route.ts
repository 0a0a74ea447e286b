// The endpoint of one mount: the HTTP methods that it takes, and their handlers.
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { isModernHeader } from '../protocol/classify.ts'
import { createEndpoint, refuseAllBut, type EndpointMethod } from './endpoint.ts'
import { createGetHandler } from './get.ts'
import { findSession, readHeader, readLegacyHeaders, refuseSession, type LegacyHeaders } from './legacy.ts'
import type { MountParts } from './parts.ts'
import { createPostHandler } from './post.ts'
import type { SendPage } from './beside/endpoint-page.ts'
import { sendRefusal } from './reply/reply.ts'
import { sendUnserved } from './reply/unserved.ts'
import { limitBodiesByTool } from './tool-body-limit.ts'

/** Builds the plugin that serves the endpoint of one mount. @param page Sends the page for people. */
export function createRoutes (parts: MountParts, page: SendPage): (scope: FastifyInstance) => Promise<void> {
  const { auth, definition, identity, options } = parts
  const hasSessions = options.legacy && !options.stateless
  const listens = hasSessions && !options.jsonResponse

  const bodyLimitOf = definition.limitBodies?.()
  const limit = bodyLimitOf && limitBodiesByTool(bodyLimitOf, options.bodyLimit)
  const methods: EndpointMethod[] = [{ method: 'POST', handler: createPostHandler(parts), ...limit }]
  if (listens) methods.push({ method: 'GET', onRequest: refuseModern, handler: createGetHandler(parts) })
  if (hasSessions) methods.push({ method: 'DELETE', onRequest: refuseModern, handler: createDeleteHandler(parts) })
  return createEndpoint({ path: options.path, identity, auth, methods, page }, options)
}

// MCP 2025-11-25 transports, Session Management 5.
function createDeleteHandler (parts: MountParts) {
  return async function handleDelete (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    try {
      await endSession(readLegacyHeaders(request, parts), reply)
    } catch (error) {
      sendUnserved(reply, null, error)
    }
    return reply
  }

  async function endSession (headers: LegacyHeaders, reply: FastifyReply): Promise<void> {
    const session = await findSession(parts.sessions, { ...headers, isUse: true })
    if (session === undefined) return sendRefusal(reply, refuseSession(headers, null))
    await parts.sessions.finish(session.sessionId, 'deleted')
    reply.code(200).send()
  }
}

// MCP 2026-07-28 transports, Earlier Streamable HTTP Revisions: the modern revision has neither GET nor DELETE.
function refuseModern (request: FastifyRequest, reply: FastifyReply, done: () => void): void {
  if (isModernHeader(readHeader(request, 'mcp-protocol-version'))) refuseAllBut('POST', reply)
  else done()
}
