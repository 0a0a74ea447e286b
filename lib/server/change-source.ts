// What a server definition tells the mounts that serve it.
import type { ChangeEvent } from '../protocol/change.ts'

/** Tells the mounts of a definition what changes in it, or anything else. Without mounts it costs nothing. */
export class ChangeSource<Event = ChangeEvent> {
  readonly #listeners = new Set<(event: Event) => void>()

  /** Tells all listeners. */
  emit (event: Event): void {
    for (const listener of this.#listeners) listener(event)
  }

  /** Begins to listen; the function returned ends it. */
  listen (listener: (event: Event) => void): () => void {
    // One listener may stand for two mounts.
    const own = (event: Event): void => listener(event)
    this.#listeners.add(own)
    return () => { this.#listeners.delete(own) }
  }
}
