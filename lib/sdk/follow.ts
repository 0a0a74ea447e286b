// What a session remembers of a request that an SDK server has served.
import { isLogLevel } from '../protocol/log-level.ts'
import type { RequestMessage } from '../protocol/message.ts'
import { isWatchable } from '../protocol/subscription.ts'
import type { Caller } from '../server/context.ts'

/** Lets a session follow what its server has agreed to; comes to the result as the client gets it. */
export function follow (message: RequestMessage, caller: Caller, result: object): object | Promise<object> {
  switch (message.method) {
    // The revision was negotiated by the mount.
    case 'initialize': return { ...result, protocolVersion: caller.protocolVersion }
    case 'logging/setLevel':
    case 'resources/subscribe':
    case 'resources/unsubscribe': return remember(message, caller, result)
    default: return result
  }
}

async function remember ({ method, params: { level, uri } }: RequestMessage, caller: Caller, result: object): Promise<object> {
  if (method === 'logging/setLevel') {
    if (isLogLevel(level)) await caller.setLogLevel?.(level)
  } else if (isWatchable(uri)) {
    await (method === 'resources/subscribe' ? caller.subscriptions?.add(uri) : caller.subscriptions?.delete(uri))
  }
  return result
}
