// Messages from whoever publishes them to whoever listens.

/** Carries messages between the nodes that serve the same clients. */
export interface NotificationBus {
  /** Tells all who have subscribed to a topic, on all nodes, those of the publisher included. */
  publish (topic: string, message: string): void | Promise<void>
  /**
   * Begins to listen, as soon as whatever carries the messages knows; those of one publisher come in the order in which
   * they were published. The function returned ends it: nothing is told afterwards.
   */
  subscribe (topic: string, listener: (message: string) => void): () => void
}

/** A bus within one process. */
export function createMemoryBus (): NotificationBus {
  const topics = new Map<string, Set<(message: string) => void>>()

  return {
    publish (topic, message) {
      for (const tell of topics.get(topic) ?? []) tell(message)
    },
    subscribe (topic, listener) {
      const listeners = topics.get(topic) ?? new Set()
      // Of its own, so that the same function may listen twice.
      const tell = (message: string): void => listener(message)
      topics.set(topic, listeners.add(tell))
      return () => {
        listeners.delete(tell)
        if (listeners.size === 0 && topics.get(topic) === listeners) topics.delete(topic)
      }
    }
  }
}
