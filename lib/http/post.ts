// POST: one message of either era, or a batch, and its reply.
import type { FastifyReply, FastifyRequest } from 'fastify'
import { classify } from '../protocol/classify.ts'
import { CANCELLED } from '../protocol/cancellation.ts'
import { findHeaderMismatch } from '../protocol/headers.ts'
import type { Params, RequestMessage } from '../protocol/message.ts'
import { refuse } from '../protocol/refusals.ts'
import { findModernMetaProblem, readLogLevel, readModernClient } from '../protocol/request-meta.ts'
import { MODERN_REVISION } from '../protocol/revisions.ts'
import { LISTEN_METHOD } from '../protocol/subscription.ts'
import type { Caller } from '../server/context.ts'
import { readAccept, type Accepted } from './accept.ts'
import { authOf } from './auth-hook.ts'
import { Exchange } from './exchange.ts'
import { createListenHandler } from './listen.ts'
import { readHeader } from './legacy.ts'
import { LegacyPost } from './legacy-post.ts'
import { createMuteChannel } from './mute-channel.ts'
import type { MountParts } from './parts.ts'
import { refuseUnread, sendBusy, sendRefusal } from './reply.ts'
import { serve, serveInPlace } from './serve.ts'

const NOT_ACCEPTABLE = 'Not Acceptable: accept application/json, text/event-stream or both'

/** Builds the handler of POST for one mount. */
export function createPostHandler (parts: MountParts): (request: FastifyRequest, reply: FastifyReply) => void {
  const { definition: server, options: { legacy, jsonResponse } } = parts
  const listen = createListenHandler(parts)
  const legacyPost = new LegacyPost(parts)

  return function handlePost (request, reply) {
    const accepted = narrow(readAccept(request.headers.accept), jsonResponse)
    if (!accepted.json && !accepted.stream) return sendRefusal(reply, refuseUnread(request, 406, NOT_ACCEPTABLE))
    if (legacy && Array.isArray(request.body)) return legacyPost.serveBatch(request.body, reply, accepted)

    const message = classify(request.body, readHeader(request, 'mcp-protocol-version'), legacy)
    if (message.kind === 'refusal') return sendRefusal(reply, message)
    if (message.kind === 'request') {
      return message.era === 'modern' ? serveModern(message.request, reply, accepted) : legacyPost.serveRequest(message.request, reply, accepted)
    }
    if (message.era === 'legacy' && legacy) return legacyPost.acknowledge([message], reply)
    if (message.kind === 'response') return sendRefusal(reply, refuse('invalidRequest', null, 'this revision knows no responses from clients'))
    // A request of this era is cancelled by the end of its connection.
    if (server.notified !== undefined && message.method !== CANCELLED) {
      const { method, params } = message
      const channel = createMuteChannel(request.log, parts.lifespan, request)
      server.notified({ message: { method, params }, caller: createNotifyingCaller(params, request), channel })
    }
    reply.code(202).send()
  }

  function serveModern (message: RequestMessage, reply: FastifyReply, accepted: Accepted): void {
    const { headers } = reply.request
    const mismatch = findHeaderMismatch(message, headers)
    if (mismatch !== undefined) return sendRefusal(reply, refuse('headerMismatch', message.id, mismatch))

    const caller = createModernCaller(message.params, reply.request)
    if (message.method === LISTEN_METHOD && !jsonResponse) return listen(message, caller, reply)
    const call = { id: message.id, holder: parts.callHolderOf?.(reply.request) }
    const refusal = serveInPlace(parts.calls, call, () => serve(server, { message, caller, channel: new Exchange(reply, parts, accepted, message) }))
    if (refusal !== undefined) sendBusy(reply, refusal)
  }
}

function createModernCaller (params: Params, request: FastifyRequest, client = readModernClient(params)): Caller {
  return { era: 'modern', protocolVersion: MODERN_REVISION, client, logLevel: readLogLevel(params), principal: authOf(request)?.principal }
}

// Nothing is answered to a notification, so what it says of its client is believed only if it is complete.
function createNotifyingCaller (params: Params, request: FastifyRequest): Caller {
  return createModernCaller(params, request, findModernMetaProblem(params) === undefined ? readModernClient(params) : { capabilities: {} })
}

function narrow (accepted: Accepted, jsonResponse: boolean): Accepted {
  return jsonResponse ? { json: accepted.json, stream: false } : accepted
}
