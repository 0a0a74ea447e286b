// GET: a legacy client listens, or resumes a stream whose connection broke.
import type { FastifyReply, FastifyRequest } from 'fastify'
import { doNothing } from '../do-nothing.ts'
import { refuseHeader } from '../protocol/classify.ts'
import type { Refusal } from '../protocol/refusals.ts'
import { getStreamIdOf, parseEventId } from '../session/stream/event-id.ts'
import type { ResumableStream } from '../session/stream/session-stream.ts'
import type { Session } from '../session/session.ts'
import { takesStream } from './accept.ts'
import { LastingStream } from './reply/lasting-stream.ts'
import { findSession, readHeader, readLegacyHeaders, refuseSession } from './legacy.ts'
import type { MountParts } from './parts.ts'
import { isClosed, refuseUnread, sendRefusal } from './reply/reply.ts'
import { sendUnserved } from './reply/unserved.ts'

const NOT_ACCEPTABLE = 'Not Acceptable: accept text/event-stream'
const NOT_RESUMABLE = 'Invalid Last-Event-ID: it is not an event of this session, or later events have been dropped; ' +
  'send the request again'

/** Builds the handler of GET for a mount that has sessions. */
export function createGetHandler (
  parts: MountParts
): (request: FastifyRequest, reply: FastifyReply) => Promise<FastifyReply> {
  const { sessions, streams, exchanges, expiry, options: { maxBuffered } } = parts

  return async function handleGet (request, reply) {
    try {
      const refusal = await open(request, reply)
      if (refusal !== undefined) sendRefusal(reply, refusal)
    } catch (error) {
      sendUnserved(reply, null, error)
    }
    return reply
  }

  async function open (request: FastifyRequest, reply: FastifyReply): Promise<Refusal | undefined> {
    if (!takesStream(request.headers.accept)) return refuseUnread(request, 406, NOT_ACCEPTABLE)
    const headers = readLegacyHeaders(request, parts)
    const refusal = refuseHeader(null, headers.version)
    if (refusal !== undefined) return refusal
    const session = await findSession(sessions, { ...headers, isUse: true })
    if (session === undefined) return refuseSession(headers, null)
    session.use()

    const lastEventId = readHeader(request, 'last-event-id')
    return session.isResumable && lastEventId !== undefined
      ? await resume(session, reply, lastEventId)
      : await listen(session, reply)
  }

  // A newer GET replaces the older one: a returning client may not know that its former connection is broken.
  async function listen (session: Session, reply: FastifyReply): Promise<undefined> {
    const events = session.streams.listen()
    const onClose = (): void => leave(session, events, stream)
    const stream: LastingStream = new LastingStream(streams, maxBuffered, { request: reply.request, onClose })
    await connect(stream, events.attach(stream))
    session.streams.opened()
    start(stream, reply, () => events.detach(stream))
  }

  async function resume (session: Session, reply: FastifyReply, lastEventId: string): Promise<Refusal | undefined> {
    const event = parseEventId(lastEventId, session.sessionId)
    if (event === undefined) return refuseUnread(reply.request, 400, NOT_RESUMABLE)
    const events = session.streams.find(event.streamId)
    // A closing app waits for replies, but not for the GET stream, on which nothing may ever be sent.
    const isGetStream = events.id === getStreamIdOf(session.sessionId)
    const open = isGetStream ? streams : exchanges
    const onClose = (): void => leave(session, events, stream)
    const stream: LastingStream = new LastingStream(open, maxBuffered, { request: reply.request, onClose })
    if (!await connect(stream, events.resume(stream, event.seq))) return refuseUnread(reply.request, 400, NOT_RESUMABLE)
    start(stream, reply, isGetStream ? () => events.detach(stream) : doNothing)
  }

  function start (stream: LastingStream, reply: FastifyReply, mute: () => void): void {
    // The client may have left in the meantime.
    if (isClosed(reply)) {
      stream.destroy()
      return
    }
    stream.start(reply)
    // If the stream ended, clients would come back at once, and begin a second sign-in that makes the first one fail.
    expiry?.watch(reply, (why) => { if (why === 'signed-out') mute(); else stream.cut() })
  }

  // From now on the session may become idle.
  function leave (session: Session, events: ResumableStream, stream: LastingStream): void {
    events.detach(stream)
    session.begin()
    sessions.settle(session)
  }
}

// Nothing is kept of a client that is refused.
async function connect<T> (stream: LastingStream, connected: T | Promise<T>): Promise<T> {
  try {
    return await connected
  } catch (error) {
    stream.destroy()
    throw error
  }
}
