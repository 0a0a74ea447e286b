// Long work in pieces, between which the event loop serves others.
import { setImmediate as nextTurn } from 'node:timers/promises'

const LONGEST_STRETCH_MS = 10

/** Keeps the work of one request, however many promises it is spread over, from holding the event loop. */
export class Pace {
  #since = performance.now()
  #last: Promise<void> = Promise.resolve()

  /**
   * Await it between two pieces of work: it lets the event loop turn when the pieces so far have taken long. Those that
   * wait at once go on one after the other, each after the piece of the one before.
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
