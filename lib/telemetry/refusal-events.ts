// Publishes refusals, with all that is known of the request and its sender.
import { shorten } from '../protocol/bounds.ts'
import { isWireObject } from '../protocol/message.ts'
import type { Refusal } from '../protocol/refusals.ts'
import { refusals } from './channels.ts'
import type { MountIdentity, RefusalEvent } from './events.ts'
import { describeSender, type Sender } from './sender.ts'

/** The sender of a refused message, and the message as far as it was read. */
export interface RefusedSender extends Sender {
  readonly message: unknown
}

/** Publishes a refusal. */
export function publishRefusal (
  identity: MountIdentity, refusal: Refusal, { message, ...sender }: RefusedSender
): void {
  const { reason, status, code, message: text, id, advice } = refusal
  const event: RefusalEvent = {
    ...describeSender(identity, sender),
    reason,
    status,
    code,
    message: text,
    requestId: id,
    ...(advice !== undefined && { advice }),
    ...readAsked(message)
  }
  refusals.publish(event)
}

// The message may be anything, because it may have been refused for that.
function readAsked (message: unknown): Pick<RefusalEvent, 'method' | 'target'> {
  if (!isWireObject(message)) return {}
  const { method, params } = message
  const target = isWireObject(params) ? params.name ?? params.uri : undefined
  return {
    ...(typeof method === 'string' && { method: shorten(method) }),
    ...(typeof target === 'string' && { target: shorten(target) })
  }
}
