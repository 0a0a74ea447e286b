// Lets pages of every origin read public documents, such as those below /.well-known/.
import type { FastifyReply, FastifyRequest } from 'fastify'

/**
 * The route options of GET and OPTIONS that let pages of every origin read the replies. The app's own `@fastify/cors`
 * does not apply to such a route.
 */
export const OPEN_TO_ANY_PAGE: OpenRoute = Object.freeze({
  config: Object.freeze({ cors: false }), onRequest: allowAnyOrigin
})

interface OpenRoute { readonly config: object, readonly onRequest: typeof allowAnyOrigin }

// Clients send MCP-Protocol-Version, which makes browsers send a preflight first.
function allowAnyOrigin (request: FastifyRequest, reply: FastifyReply, done: () => void): void {
  reply.header('access-control-allow-origin', '*')
  if (request.method !== 'OPTIONS') return done()
  reply.headers({ 'access-control-allow-methods': 'GET', 'access-control-allow-headers': '*' }).code(204).send()
}
