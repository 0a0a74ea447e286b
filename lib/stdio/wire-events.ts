// Publishes which messages the pipe carries. This only runs while there are subscribers.
import { messages } from '../telemetry/channels.ts'
import type { MountIdentity, WireEvent } from '../telemetry/events.ts'

/** Publishes a message or a batch. */
export function publishLine (identity: MountIdentity, direction: WireEvent['direction'], text: string): void {
  const event: WireEvent = { ...identity, direction, transport: 'stdio', text }
  messages.publish(event)
}
