// Sessions that have ended, but whose servers are still closing.
import type { ServerDefinition } from './definition.ts'

/** Has a definition dispose of what it keeps for sessions that have ended. */
export class SessionDisposal {
  readonly #server: ServerDefinition
  readonly #onFailure: (err: unknown) => void
  readonly #running = new Set<Promise<void>>()

  /** @param onFailure Called with what a definition threw. */
  constructor (server: ServerDefinition, onFailure: (err: unknown) => void) {
    this.#server = server
    this.#onFailure = onFailure
  }

  /** Begins to dispose of a session. */
  begin (session: object): void {
    const disposed = this.#dispose(session)
    this.#running.add(disposed)
    disposed.finally(() => this.#running.delete(disposed))
  }

  /** Resolves when all disposals that were begun are done. */
  async done (): Promise<void> {
    await Promise.all(this.#running)
  }

  // Async, so that throwing and rejecting fail in the same way.
  async #dispose (session: object): Promise<void> {
    try {
      await this.#server.ended?.(session)
    } catch (err) {
      this.#onFailure(err)
    }
  }
}
