// Delivers client notifications to SDK servers, and waits for their handlers.
import type { Params } from '../protocol/message.ts'
import { findSdkServer, type SdkServer } from './shape.ts'

/** The notification that a client sends when it is ready. */
export const INITIALIZED = 'notifications/initialized'

// Milliseconds. A handler that never ends, such as a loop over events, must not hold up the requests of its client.
const TIMEOUT = 1000

/** The members of a low-level server, v1 or v2, that are used here. v2 also passes its handlers the era's codec. */
interface NotifiedServer {
  readonly _notificationHandlers?: ReadonlyMap<string, NotificationHandler>
  readonly fallbackNotificationHandler?: NotificationHandler
  _negotiatedWireCodec? (): unknown
  onerror?: (error: Error) => void
}

type NotificationHandler = (notification: object, codec?: unknown) => unknown

/**
 * Runs the handler of a notification, and waits for it, but no longer than a second. If it fails, the server's
 * `onerror` is called, as in the SDK.
 */
export async function notifyServer (server: SdkServer, method: string, params: Params): Promise<void> {
  // The cast holds, because SDK servers of all versions have these members.
  const notified: NotifiedServer = findSdkServer(server) as object
  const handler = notified._notificationHandlers?.get(method) ?? notified.fallbackNotificationHandler
  if (handler === undefined) return
  const work = (async () => { await handler({ jsonrpc: '2.0', method, params }, notified._negotiatedWireCodec?.()) })()
    .catch((error: unknown) => {
      notified.onerror?.(new Error(`Uncaught error in notification handler: ${String(error)}`))
    })
  let timer: NodeJS.Timeout | undefined
  await Promise.race([work, new Promise<void>((resolve) => { timer = setTimeout(resolve, TIMEOUT) })])
  clearTimeout(timer)
}
