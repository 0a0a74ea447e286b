// `notifications/cancelled`: which request its sender wants no answer to any more.
import type { Params } from './message.ts'

export const CANCELLED = 'notifications/cancelled'

/** Reads which request is cancelled, and why. What is no id is that of no request. */
export function readCancellation ({ requestId, reason }: Params): { readonly requestId: unknown, readonly reason: string } {
  return { requestId, reason: typeof reason === 'string' ? reason : 'the client gave no reason' }
}
