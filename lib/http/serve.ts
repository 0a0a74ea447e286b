// From a checked request to its answer.
import type { Refusal, RequestId } from '../protocol/message.ts'
import { InsufficientScopeError, UnavailableError } from '../errors.ts'
import type { Channel } from '../server/context.ts'
import type { Incoming, ServerDefinition } from '../server/definition.ts'
import { encodeReply, toRpcError } from '../server/reply.ts'
import { encodeError } from '../protocol/envelope.ts'
import type { Places } from '../shares/shares.ts'
import { refusePlace } from './no-place.ts'
import { statusOf } from './status.ts'

/** How one request is answered, by whichever transport it came. */
export interface Answering extends Channel {
  /** Answers the request. @param status The HTTP status, where the reply has not begun. @param json The message. */
  answer (status: number, json: string): void
  /** Answers that the request can be served only later. @param status The HTTP status, where the reply has not begun. */
  refuse (status: number, json: string): void
  /** Names the scopes that the request lacks, where the reply has not begun. */
  challenge (scopes: readonly string[]): void
}

/** A call that may be served. */
export interface ArrivedCall {
  readonly id: RequestId
  /** Whom it counts for; undefined where it counts for nobody. */
  readonly holder: string | undefined
}

/**
 * Serves a call if there is a place for it; returns the refusal of its client if there is none. The call holds its place until
 * what serves it has ended, even when its client leaves before: whoever sends and leaves would otherwise have any number run.
 *
 * @param run Serves the call. Never rejects.
 */
export function serveInPlace (calls: Places, { id, holder }: ArrivedCall, run: () => Promise<unknown>): Refusal | undefined {
  const noPlace = calls.take(holder)
  if (noPlace !== undefined) return refusePlace(noPlace, 'calls in flight', id)
  run().then(() => calls.release(holder))
  return undefined
}

/** A request whose channel takes the answer. */
export interface Answerable extends Incoming { readonly channel: Answering }

/** Serves one request, and resolves to whether it succeeded. Never throws. */
export async function serve (server: ServerDefinition, incoming: Answerable): Promise<boolean> {
  const { message, channel: answering } = incoming
  try {
    answering.answer(200, encodeReply(await server.serve(incoming), message.id))
    return true
  } catch (error) {
    const rpcError = toRpcError(error, answering.log)
    if (rpcError instanceof InsufficientScopeError) answering.challenge(rpcError.requiredScopes)
    if (rpcError instanceof UnavailableError) answering.refuse(rpcError.status, encodeError(message.id, rpcError))
    else answering.answer(statusOf(rpcError, incoming.caller.era), encodeError(message.id, rpcError))
    return false
  }
}
