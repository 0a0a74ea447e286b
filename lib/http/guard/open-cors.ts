// CORS of documents that are for everyone, such as those below /.well-known/.
import type { FastifyReply, FastifyRequest } from 'fastify'

/**
 * The route options of GET and OPTIONS that let pages of any origin read the replies. An `@fastify/cors` of the app
 * does not apply to such a route.
 */
export const OPEN_TO_ANY_PAGE: OpenRoute = Object.freeze({
  config: Object.freeze({ cors: false }), onRequest: allowAnyOrigin
})

interface OpenRoute { readonly config: object, readonly onRequest: typeof allowAnyOrigin }

// Clients send MCP-Protocol-Version along, so that their browsers ask first.
function allowAnyOrigin (request: FastifyRequest, reply: FastifyReply, done: () => void): void {
  reply.header('access-control-allow-origin', '*')
  if (request.method !== 'OPTIONS') return done()
  reply.headers({ 'access-control-allow-methods': 'GET', 'access-control-allow-headers': '*' }).code(204).send()
}
