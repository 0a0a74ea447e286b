// What changes in a server definition, for the mounts that serve it.
import type { ChangeEvent } from '../protocol/change.ts'

/** Tells the mounts of a definition what changes in it. Without mounts it costs nothing. */
export class ChangeSource {
  readonly #listeners = new Set<(event: ChangeEvent) => void>()

  /** Tells all listeners. */
  emit (event: ChangeEvent): void {
    for (const listener of this.#listeners) listener(event)
  }

  /** Begins to listen; the function returned ends it. */
  listen (listener: (event: ChangeEvent) => void): () => void {
    // One listener may stand for two mounts.
    const own = (event: ChangeEvent): void => listener(event)
    this.#listeners.add(own)
    return () => { this.#listeners.delete(own) }
  }
}
