// Events that a server definition sends to its mounts.
import type { ChangeEvent } from '../protocol/change.ts'

/** Sends events, such as changes, to all mounts of a definition. Without mounts it costs nothing. */
export class ChangeSource<Event = ChangeEvent> {
  readonly #listeners = new Set<(event: Event) => void>()

  /** Calls all listeners. */
  emit (event: Event): void {
    for (const listener of this.#listeners) listener(event)
  }

  /** Adds a listener. @returns A function that removes it. */
  listen (listener: (event: Event) => void): () => void {
    // Two mounts may share one listener, and one of them may leave.
    const own = (event: Event): void => listener(event)
    this.#listeners.add(own)
    return () => { this.#listeners.delete(own) }
  }
}
