// The messages that get no reply: notifications, including cancellations, and answers to questions.
import { shorten } from '../protocol/bounds.ts'
import { AMBIGUOUS, readCancellation } from '../protocol/cancellation.ts'
import type { Classified } from '../protocol/classify.ts'
import { isHandshake } from '../protocol/initialize.ts'
import type { Message, NotificationMessage, RequestId } from '../protocol/message.ts'
import { Method } from '../protocol/methods.ts'
import type { Refusal } from '../protocol/refusals.ts'
import type { Caller, Channel } from '../server/call/incoming.ts'
import type { ServerDefinition } from '../server/definition.ts'
import type { Session } from '../session/session.ts'

/** A message that gets no reply. */
export type Notice = Extract<Message, { readonly kind: 'notification' | 'response' }>

/** The parts that take the notices of one caller. */
export interface NoticeTaker {
  readonly definition: ServerDefinition
  /** Undefined for a client that has not sent `initialize`; its notifications are dropped. */
  readonly caller: Caller | undefined
  /** The caller's session, whose questions the responses answer; undefined if the caller has none. */
  readonly session: Session | undefined
  /** Creates the channel of a notification. */
  createChannel (): Channel
  /** Cancels a request. Returns true if it cancelled nothing because several running requests have the id. */
  cancel (requestId: RequestId, reason: string): boolean
}

/** Takes one notice. Never throws. */
export function takeNotice (notice: Notice, taker: NoticeTaker): void {
  if (notice.kind === 'response') taker.session?.answer(notice.id, notice)
  else if (notice.method === Method.Cancelled) cancelRequest(taker, notice)
  else notifyDefinition(taker, notice)
}

/** Whether a message gets no reply. */
export function isNotice<M extends { readonly kind: string }> (
  message: M
): message is Extract<M, { readonly kind: Notice['kind'] }> {
  return message.kind === 'notification' || message.kind === 'response'
}

/** Whether a notice shows that the client uses its session: anything but the handshake does. */
export function isUse (message: Classified | Refusal): boolean {
  return message.kind === 'response' || (message.kind === 'notification' && !isHandshake(message.method))
}

function notifyDefinition (
  { definition, caller, createChannel }: NoticeTaker, { method, params }: NotificationMessage
): void {
  if (definition.notified === undefined || caller === undefined) return
  const channel = createChannel()
  try {
    definition.notified({ message: { method, params }, caller, channel })
  } catch (err) {
    channel.log.error({ err }, `${shorten(method)} could not be handed over to the server`)
  }
}

function cancelRequest ({ cancel, createChannel }: NoticeTaker, { params }: NotificationMessage): void {
  const cancellation = readCancellation(params)
  if (cancellation === undefined) return
  const { requestId, reason } = cancellation
  if (cancel(requestId, reason)) createChannel().log.info({ requestId: shorten(String(requestId)) }, AMBIGUOUS)
}
