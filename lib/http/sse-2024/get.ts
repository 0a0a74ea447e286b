// GET of HTTP+SSE: a client opens its stream, which opens its session.
import type { FastifyReply, FastifyRequest } from 'fastify'
import { isNoPlace } from '../../conversation/places.ts'
import { refuseHeader } from '../../protocol/classify.ts'
import { UNKNOWN_CLIENT } from '../../session/session.ts'
import { takesStream } from '../accept.ts'
import { readLegacyHeaders, tooManySessions } from '../legacy.ts'
import { authOf } from '../guard/auth-hook.ts'
import type { LegacySse } from './parts.ts'
import { SseConnection } from './connection.ts'
import { createMessagesUrl } from './url.ts'
import { FIRST_REVISION } from './post.ts'
import type { MountParts } from '../parts.ts'
import { isClosed, refuseUnread, sendBusy, sendRefusal } from '../reply/reply.ts'

const NOT_ACCEPTABLE = 'Not Acceptable: accept text/event-stream'

/** Creates the handler of GET. */
export function createSseGetHandler (
  parts: MountParts, sse: LegacySse
): (request: FastifyRequest, reply: FastifyReply) => void {
  const { home, connections } = sse
  const { sessions, options: { publicUrl } } = parts
  const messagesUrl = createMessagesUrl({ ...sse, publicPath: publicUrl?.pathname ?? '' })

  return function handleSseGet (request, reply) {
    if (!takesStream(request.headers.accept)) return sendRefusal(reply, refuseUnread(request, 406, NOT_ACCEPTABLE))
    const { version, principal } = readLegacyHeaders(request, parts)
    const refusal = refuseHeader(null, version)
    if (refusal !== undefined) return sendRefusal(reply, refusal)
    // The client may have left during a hook. Then no 'close' event will follow, so nothing would end the session.
    if (!isClosed(reply)) open(principal, request, reply)
  }

  function open (principal: string | undefined, request: FastifyRequest, reply: FastifyReply): void {
    const holder = parts.holderOf(request)
    const grantId = authOf(request)?.info.grantId
    const opening = { protocolVersion: FIRST_REVISION, client: UNKNOWN_CLIENT, principal, holder, grantId }
    const session = home.open(opening)
    if (isNoPlace(session)) return sendBusy(reply, tooManySessions(session, null))
    sessions.bind(session)
    const { sessionId } = session
    const connection = new SseConnection(parts, session, {
      request,
      onClose () {
        connections.delete(sessionId)
        sessions.finish(sessionId, 'disconnected')
      }
    })
    connections.set(sessionId, connection)
    connection.direct(messagesUrl(request.url, sessionId))
    session.streams.listen().attach(connection)
    connection.start(reply)
    parts.expiry?.watch(reply, (why) => { if (why !== 'signed-out') connection.expire() })
  }
}
