// The end of a client's wait for an answer: why it came, and who is told.

/** Tells its listeners, once, that nobody waits for the answer to a request any longer. */
export class Departure {
  #reason: Error | undefined
  #listeners: Array<(reason: Error) => void> | undefined

  /** Adds a listener. One that is added after the client has left is called at once. */
  add (listener: (reason: Error) => void): void {
    if (this.#reason !== undefined) return listener(this.#reason)
    this.#listeners ??= []
    this.#listeners.push(listener)
  }

  /** Calls the listeners with the reason, and releases them. */
  leave (reason: Error): void {
    const listeners = this.#listeners ?? []
    this.#reason = reason
    this.#listeners = undefined
    for (const listener of listeners) listener(reason)
  }

  /** Releases the listeners without calling them: the request has been answered. They hold what was asked. */
  dispose (): void {
    this.#listeners = undefined
  }
}
