// Splits long work into pieces, so that the event loop can serve other requests between them.
import { setImmediate as nextTurn } from 'node:timers/promises'

const LONGEST_STRETCH_MS = 10

/** Keeps the work of one request from blocking the event loop, however many promises the work consists of. */
export class Pace {
  #since = performance.now()
  #last: Promise<void> = Promise.resolve()

  /**
   * Lets the event loop turn if the pieces of work so far have taken long. Await it between two pieces. If several wait
   * at once, they continue one after the other.
   */
  rest (): Promise<void> {
    this.#last = this.#last.then(() => performance.now() - this.#since > LONGEST_STRETCH_MS ? this.#turn() : undefined)
    return this.#last
  }

  async #turn (): Promise<void> {
    await nextTurn()
    this.#since = performance.now()
  }
}
