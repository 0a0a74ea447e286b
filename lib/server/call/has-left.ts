// Whether anybody still waits for the answer to a request.
import type { Channel } from './incoming.ts'

/** Whether the client no longer waits for the answer to a request. */
export function hasLeft (channel: Pick<Channel, 'onDisconnect'>): boolean {
  let left = false
  // A listener that comes too late is called at once.
  channel.onDisconnect(() => { left = true })
  return left
}
