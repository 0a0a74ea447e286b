// What a session remembers of a request that an SDK server has served.
import { isLogLevel } from '../protocol/log-level.ts'
import type { RequestMessage } from '../protocol/message.ts'
import { isWatchable } from '../protocol/subscription.ts'
import type { Caller } from '../server/context.ts'

/** Lets a session follow what its server has agreed to; comes to the result as the client gets it. */
export function follow ({ method, params }: RequestMessage, caller: Caller, result: object): object {
  switch (method) {
    // The revision was negotiated by the mount.
    case 'initialize': return { ...result, protocolVersion: caller.protocolVersion }
    case 'logging/setLevel':
      if (isLogLevel(params.level)) caller.setLogLevel?.(params.level)
      break
    case 'resources/subscribe':
      if (isWatchable(params.uri)) caller.subscriptions?.add(params.uri)
      break
    case 'resources/unsubscribe':
      if (isWatchable(params.uri)) caller.subscriptions?.delete(params.uri)
  }
  return result
}
