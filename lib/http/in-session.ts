// What legacy clients send, once it is known who they are, by whichever transport it came.
import type { FastifyRequest } from 'fastify'
import { shorten } from '../protocol/bounds.ts'
import { AMBIGUOUS, CANCELLED, readCancellation } from '../protocol/cancellation.ts'
import type { Classified } from '../protocol/classify.ts'
import { encodeError } from '../protocol/envelope.ts'
import { ErrorCode } from '../protocol/error-code.ts'
import { isHandshake } from '../protocol/initialize.ts'
import type { NotificationMessage, Params, Refusal, RequestMessage } from '../protocol/message.ts'
import type { Caller } from '../server/context.ts'
import type { Running } from '../session/running.ts'
import type { Session } from '../session/session.ts'
import type { LegacyCaller } from './legacy.ts'
import { createMuteChannel } from './mute-channel.ts'
import type { MountParts } from './parts.ts'
import { serve, type Answering } from './serve.ts'

/** Serves one request of a session. */
export async function serveInSession (parts: MountParts, session: Session, message: RequestMessage, answering: Answering & Running): Promise<void> {
  const running = message.method === 'initialize' ? { get isOver () { return answering.isOver }, cancel: refuseInitialize } : answering
  const isUse = !isHandshake(message.method)
  session.begin(message.id, running)
  if (isUse) session.use()
  const served = await serve(parts.definition, { message, caller: session, channel: answering })
  parts.sessions.settle(session, message.id, running)
  // An `initialize` that fails leaves no session behind.
  if (message.method === 'initialize' && !served) parts.sessions.end(session.sessionId, 'refused')

  // No client cancels it (MCP 2025-11-25 cancellation), so its session has ended: with the app, or to make room for another.
  function refuseInitialize (reason: string): void {
    answering.refuse(503, encodeError(message.id, { code: ErrorCode.InternalError, message: `${reason}; try again later` }))
  }
}

/** Takes notifications and responses, which want no answer. */
export function deliver (parts: MountParts, messages: ReadonlyArray<Classified | Refusal>, { caller, session }: LegacyCaller, request: FastifyRequest): void {
  for (const message of messages) {
    if (message.kind === 'response') session?.answer(message.id, message)
    else if (message.kind === 'notification' && message.method === CANCELLED) cancel(parts, message.params, session, request)
    else if (message.kind === 'notification') notify(parts, message, caller, request)
  }
  if (session === undefined) return
  if (messages.some(isUse)) session.use()
  session.begin()
  parts.sessions.settle(session)
}

/** Whether a client that sends this does more than open a session. */
export function isUse (message: Classified | Refusal): boolean {
  return message.kind === 'response' || (message.kind === 'notification' && !isHandshake(message.method))
}

function notify ({ definition, lifespan }: MountParts, { method, params }: NotificationMessage, caller: Caller, request: FastifyRequest): void {
  definition.notified?.({ message: { method, params }, caller, channel: createMuteChannel(request.log, lifespan, request) })
}

// In a cluster all nodes have been asked by now, and what could be cancelled is.
function cancel ({ cluster, name }: MountParts, params: Params, session: Session | undefined, { log }: FastifyRequest): void {
  const cancellation = readCancellation(params)
  if (cancellation === undefined || session === undefined || cluster !== undefined) return
  const { requestId, reason } = cancellation
  if (session.cancel(requestId, reason)) log.info({ mcp: name, requestId: shorten(String(requestId)) }, AMBIGUOUS)
}
