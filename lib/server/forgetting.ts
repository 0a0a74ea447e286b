// Sessions that have ended, and whose servers have not yet.
import type { ServerDefinition } from './definition.ts'

/** Lets a definition go of what it keeps for sessions. */
export class Forgetting {
  readonly #server: ServerDefinition
  readonly #onFailure: (err: unknown) => void
  readonly #running = new Set<Promise<void>>()

  /** @param onFailure Told what a definition threw, of which nobody else hears. */
  constructor (server: ServerDefinition, onFailure: (err: unknown) => void) {
    this.#server = server
    this.#onFailure = onFailure
  }

  /** Begins to let go of a session. */
  begin (session: object): void {
    const forgotten = this.#forget(session)
    this.#running.add(forgotten)
    forgotten.finally(() => this.#running.delete(forgotten))
  }

  /** Waits until all has been let go of that was begun. */
  async done (): Promise<void> {
    await Promise.all(this.#running)
  }

  // In a function of its own, so that a definition that throws fails as one that rejects.
  async #forget (session: object): Promise<void> {
    try {
      await this.#server.ended?.(session)
    } catch (err) {
      this.#onFailure(err)
    }
  }
}
