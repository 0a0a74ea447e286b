// `notifications/cancelled`: which request its sender wants no answer to any more.
import { MAX_TEXT_LENGTH, shorten } from './bounds.ts'
import { isRequestId, type Params, type RequestId } from './message.ts'

export const CANCELLED = 'notifications/cancelled'

/** Why a cancellation is passed over, in words for the log. */
export const AMBIGUOUS = 'several running requests have the id that a client has cancelled: none is cancelled, because nobody knows which one is meant'

const NO_REASON = 'the client gave no reason'

/** The request that is cancelled, and why. */
export interface Cancellation {
  readonly requestId: RequestId
  /** At most {@link MAX_TEXT_LENGTH} characters of what the client has said. */
  readonly reason: string
}

/** Reads which request is cancelled, and why; undefined when no request can have such an id. */
export function readCancellation ({ requestId, reason }: Params): Cancellation | undefined {
  if (!isRequestId(requestId)) return undefined
  return { requestId, reason: typeof reason === 'string' ? shorten(reason, MAX_TEXT_LENGTH) : NO_REASON }
}

/** The error that ends a request which was cancelled. */
export class CancelledError extends Error {
  /** The reason that was given; undefined where the client gave none. */
  readonly reason: string | undefined

  constructor (reason: string) {
    super(`The request was cancelled: ${reason}`)
    this.reason = reason === NO_REASON ? undefined : reason
  }
}
