// POST of HTTP+SSE: accepts a client's message, and answers it on the stream of its session.
import type { FastifyReply, FastifyRequest } from 'fastify'
import { classify } from '../../protocol/classify.ts'
import { encodeResponse } from '../../protocol/encode.ts'
import { parseInitialize, reduceInitialize } from '../../protocol/initialize.ts'
import type { RequestId, RequestMessage } from '../../protocol/message.ts'
import { refuse, type Refusal } from '../../protocol/refusals.ts'
import { LEGACY_REVISIONS, MODERN_REVISION, negotiateRevision } from '../../protocol/revisions.ts'
import type { Session } from '../../session/session.ts'
import { authOf } from '../guard/auth-hook.ts'
import { deliver } from '../deliver.ts'
import { readHeader } from '../legacy.ts'
import type { LegacySse } from './parts.ts'
import { SseCall } from './call.ts'
import type { SseConnection } from './connection.ts'
import type { MountParts } from '../parts.ts'
import { refuseUnread, sendBusy, sendRefusal, sendText } from '../reply/reply.ts'
import { sessionNotFound } from '../reply/unserved.ts'
import { ANONYMOUS_CLIENT } from '../../conversation/callers.ts'
import { serveInPlace, serveInSession } from '../../conversation/serve.ts'

/** The revision of clients that name none. */
export const FIRST_REVISION = '2024-11-05'

const NO_SESSION = "The query needs a 'sessionId'; post to the URL of the stream's 'endpoint' event"
const INITIALIZED =
  "the session has already been initialized, or began without 'initialize'; open a new stream to send it"
const NOT_FOUND = sessionNotFound(null, 'its stream has ended or never existed; open a new one')

/** Creates the handler of POST. */
export function createSsePostHandler (
  parts: MountParts, { connections, maxRequests }: LegacySse
): (request: FastifyRequest, reply: FastifyReply) => void {
  return function handleSsePost (request, reply) {
    const connection = find(request)
    if ('kind' in connection) return sendRefusal(reply, connection)
    const version = readHeader(request, 'mcp-protocol-version')
    const message = classify(request.body, version, { legacy: true })
    if (message.kind === 'refusal') return sendRefusal(reply, message)
    if (message.era === 'modern') {
      return sendRefusal(reply, refuseModern(message.kind === 'request' ? message.request.id : null))
    }
    if (message.kind === 'request') return serveRequest(message.request, connection, version, reply)

    const { session } = connection
    deliver(parts, [message], { kind: 'caller', caller: session, session }, request)
    accept(reply)
  }

  // The session of another principal counts as not found.
  function find (request: FastifyRequest): SseConnection | Refusal {
    // The app may have replaced the query parser, so the query may be any value.
    const { sessionId } = Object(request.query) as { readonly sessionId?: unknown }
    if (typeof sessionId !== 'string') return { ...refuseUnread(request, 400, NO_SESSION), reason: 'session' }
    const connection = connections.get(sessionId)
    if (connection === undefined || connection.session.principal !== authOf(request)?.principal) return NOT_FOUND
    return connection
  }

  function serveRequest (
    message: RequestMessage, connection: SseConnection, version: string | undefined, reply: FastifyReply
  ): void {
    const { session, running } = connection
    if (running >= maxRequests) return sendBusy(reply, tooManyRequests(maxRequests, message.id))
    // MCP 2024-11-05 lifecycle, Initialization: a client may ping before `initialize`.
    if (!session.isIntroduced && message.method === 'ping') {
      accept(reply)
      return connection.send(encodeResponse(message.id, '{}'))
    }
    const holder = parts.callHolderOf?.(reply.request)
    const call = { id: message.id, holder, sessionId: session.sessionId }
    const noPlace = serveInPlace(parts.calls, call, async () => {
      const refusal = introduce(session, message, version)
      if (refusal !== undefined) return sendRefusal(reply, refusal)
      accept(reply)
      const reduced = message.method === 'initialize' ? reduceInitialize(message, session.client) : message
      const channel = new SseCall(parts, connection, reply.request, message.id)
      await serveInSession(parts, { session, message: reduced, channel })
    })
    if (noPlace !== undefined) sendBusy(reply, noPlace)
  }
}

// An EventSource that lost its stream reconnects automatically, and its client does not send `initialize` again.
function introduce (
  session: Session, { id, method, params }: RequestMessage, version: string | undefined
): Refusal | undefined {
  if (method !== 'initialize') {
    if (!session.isIntroduced) session.introduce(version ?? FIRST_REVISION, ANONYMOUS_CLIENT)
    return undefined
  }
  if (session.isIntroduced) return refuse('invalidRequest', id, INITIALIZED)
  const opening = parseInitialize(params)
  if ('problem' in opening) return refuse('invalidParams', id, opening.problem)
  session.introduce(negotiateRevision(opening.requested), opening.client)
}

function refuseModern (id: RequestId | null): Refusal {
  const problem = `HTTP+SSE serves only revisions before ${MODERN_REVISION}; use Streamable HTTP`
  const data = { supported: LEGACY_REVISIONS, requested: MODERN_REVISION }
  return { ...refuse('unsupportedRevision', id, problem), data }
}

function tooManyRequests (max: number, id: RequestId): Refusal {
  return refuse('full', id, `Too many requests at once: ${max}; try again later`)
}

// The official SDK answers in the same way.
function accept (reply: FastifyReply): void {
  sendText(reply.code(202), 'text/plain; charset=utf-8', 'Accepted')
}
