// POST: one message of either era, or a batch, and its reply.
import type { FastifyReply, FastifyRequest } from 'fastify'
import { classify } from '../protocol/classify.ts'
import { readAccept, type Accepted } from './accept.ts'
import { LegacyPost } from './legacy-post.ts'
import { createModernHandler } from './modern.ts'
import type { MountParts } from './parts.ts'
import { refuseUnread, sendRefusal } from './reply/reply.ts'

const NOT_ACCEPTABLE = 'Not Acceptable: accept application/json, text/event-stream or both'

/** Builds the handler of POST for one mount. */
export function createPostHandler (parts: MountParts): (request: FastifyRequest, reply: FastifyReply) => void {
  const { legacy: servesLegacy, jsonResponse } = parts.options
  const readAccepted = jsonResponse ? (header?: string) => withoutStream(readAccept(header)) : readAccept
  const modern = createModernHandler(parts)
  const legacy = new LegacyPost(parts)

  return function handlePost (request, reply) {
    const { body, headers } = request
    const accepted = readAccepted(headers.accept)
    if (!accepted.json && !accepted.stream) return sendRefusal(reply, refuseUnread(request, 406, NOT_ACCEPTABLE))
    if (servesLegacy && Array.isArray(body)) return legacy.serveBatch(body, reply, accepted)

    const message = classify(body, headers['mcp-protocol-version']?.toString(), parts.options)
    if (message.kind === 'refusal') return sendRefusal(reply, message)
    if (message.kind !== 'request') {
      if (message.era === 'legacy' && servesLegacy) legacy.acknowledge([message], reply)
      else modern.take(message, reply)
      return
    }
    if (message.era === 'modern') modern.serve(message, reply, accepted)
    else legacy.serveRequest(message.request, reply, accepted)
  }
}

function withoutStream ({ json }: Accepted): Accepted {
  return { json, stream: false }
}
