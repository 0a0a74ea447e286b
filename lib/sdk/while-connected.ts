// Stops waiting for an SDK server when its client leaves. SDK servers have no time limits, and may go on.
import { ErrorCode } from '../protocol/error-code.ts'
import { RpcError } from '../errors.ts'
import type { Channel } from '../server/call/incoming.ts'

/** Waits for an SDK server. @throws RpcError if the client leaves or cancels first. */
export function whileConnected<T> (channel: Channel, serving: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    serving.then(resolve, reject)
    channel.onDisconnect((reason) => reject(new RpcError(ErrorCode.InternalError, reason.message)))
  })
}
