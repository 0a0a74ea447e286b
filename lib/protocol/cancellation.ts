// `notifications/cancelled`: a sender no longer wants the answer to one of its requests.
import { MAX_TEXT_LENGTH, shorten } from './bounds.ts'
import { isRequestId, type Params, type RequestId } from './message.ts'

/** The line that the log gets when a cancellation is ignored. */
export const AMBIGUOUS = 'a client cancelled an id that several running requests have: ' +
  'none was cancelled, because it is unclear which one it meant'

const NO_REASON = 'the client gave no reason'

/** The request that is cancelled, and why. */
export interface Cancellation {
  readonly requestId: RequestId
  /** The client's reason, cut to {@link MAX_TEXT_LENGTH} characters. */
  readonly reason: string
}

/** Reads the parameters of a cancellation. Returns undefined if they hold no valid request id. */
export function readCancellation ({ requestId, reason }: Params): Cancellation | undefined {
  if (!isRequestId(requestId)) return undefined
  return { requestId, reason: typeof reason === 'string' ? shorten(reason, MAX_TEXT_LENGTH) : NO_REASON }
}

/** The error that ends a cancelled request. */
export class CancelledError extends Error {
  /** The client's reason, or undefined if it gave none. */
  readonly reason: string | undefined

  constructor (reason: string) {
    super(`The request was cancelled: ${reason}`)
    this.reason = reason === NO_REASON ? undefined : reason
  }
}
