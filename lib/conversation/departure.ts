// The moment at which a client stops waiting for an answer, and the listeners that are called then.

/** Calls its listeners once when the client no longer waits for the answer to a request. */
export class Departure {
  #reason: Error | undefined
  #listeners: Array<(reason: Error) => void> | undefined

  /** Adds a listener. If the client has left already, the listener is called at once. */
  add (listener: (reason: Error) => void): void {
    if (this.#reason !== undefined) return listener(this.#reason)
    this.#listeners ??= []
    this.#listeners.push(listener)
  }

  /** Calls all listeners with the reason, and releases them. */
  leave (reason: Error): void {
    const listeners = this.#listeners ?? []
    this.#reason = reason
    this.#listeners = undefined
    for (const listener of listeners) listener(reason)
  }

  /** Releases the listeners, which hold the request in memory, without calling them: it has been answered. */
  dispose (): void {
    this.#listeners = undefined
  }
}
