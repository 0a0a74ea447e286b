// The bus that carries messages between nodes, and its form in memory.

/** Carries messages between the nodes that serve the same clients. */
export interface NotificationBus {
  /** Sends a message to all listeners of a topic, on all nodes, including the publisher's own. */
  publish (topic: string, message: string): void | Promise<void>
  /**
   * Adds a listener to a topic. It may miss messages until the subscription has taken effect. Messages of one publisher
   * arrive in the order in which they were published.
   * @returns A function that removes the listener. It is not called again afterwards.
   */
  subscribe (topic: string, listener: (message: string) => void): () => void
}

/** Creates a bus within one process. */
export function createMemoryBus (): NotificationBus {
  const topics = new Map<string, Set<(message: string) => void>>()

  return {
    publish (topic, message) {
      for (const deliver of topics.get(topic) ?? []) deliver(message)
    },
    subscribe (topic, listener) {
      const listeners = topics.get(topic) ?? new Set()
      // A wrapper, so that the same function can be added twice.
      const deliver = (message: string): void => listener(message)
      topics.set(topic, listeners.add(deliver))
      return () => {
        listeners.delete(deliver)
        if (listeners.size === 0 && topics.get(topic) === listeners) topics.delete(topic)
      }
    }
  }
}
