// The endpoint of one mount: which methods it takes, and who serves them.
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { isModernHeader } from '../protocol/classify.ts'
import { createEndpoint, refuseAllBut, type EndpointMethod } from './endpoint.ts'
import { createGetHandler } from './get.ts'
import { findSession, readHeader, readLegacyHeaders } from './legacy.ts'
import type { MountParts } from './parts.ts'
import { createPostHandler } from './post.ts'
import { sendRefusal } from './reply.ts'
import { withSession } from './session-loader.ts'

type Handler = EndpointMethod['handler']

/** Builds the plugin that serves the endpoint of one mount. */
export function createRoutes (parts: MountParts): (scope: FastifyInstance) => Promise<void> {
  const { auth, cluster, options } = parts
  const hasSessions = options.legacy && !options.stateless
  const listens = hasSessions && !options.jsonResponse
  const inSession = (handler: Handler): Handler => cluster === undefined ? handler : withSession(cluster, handler)

  const methods: EndpointMethod[] = [{ method: 'POST', handler: createPostHandler(parts) }]
  if (listens) methods.push({ method: 'GET', onRequest: refuseModern, handler: inSession(createGetHandler(parts)) })
  if (hasSessions) methods.push({ method: 'DELETE', onRequest: refuseModern, handler: inSession(createDeleteHandler(parts)) })
  return createEndpoint({ path: options.path, auth, methods }, options)
}

// MCP 2025-11-25 transports, Session Management 5.
function createDeleteHandler ({ sessions }: MountParts) {
  return async function handleDelete (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const session = findSession(sessions, readLegacyHeaders(request), null)
    if ('kind' in session) {
      sendRefusal(reply, session)
    } else {
      await sessions.end(session.sessionId, 'deleted')
      reply.code(200).send()
    }
    return reply
  }
}

// MCP 2026-07-28 transports, Earlier Streamable HTTP Revisions: this one has neither GET nor DELETE.
function refuseModern (request: FastifyRequest, reply: FastifyReply, done: () => void): void {
  if (isModernHeader(readHeader(request, 'mcp-protocol-version'))) refuseAllBut('POST', reply)
  else done()
}
