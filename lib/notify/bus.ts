// Change notifications from whoever publishes them to whoever listens.
import type { ChangeEvent } from '../protocol/change.ts'

/** Told of changes that were published together. */
export type ChangeListener = (events: readonly ChangeEvent[]) => void

/** Carries changes from the mount that publishes them to all that serve the same clients. */
export interface NotificationBus {
  /** Tells all listeners, those of the publisher included. */
  publish (events: readonly ChangeEvent[]): void | Promise<void>
  /** Begins to listen; the function returned ends it. */
  subscribe (listener: ChangeListener): () => void
}

/** A bus within one process. */
export function createMemoryBus (): NotificationBus {
  const listeners = new Set<ChangeListener>()

  return {
    publish (events) {
      for (const listener of listeners) listener(events)
    },
    subscribe (listener) {
      listeners.add(listener)
      return () => { listeners.delete(listener) }
    }
  }
}
