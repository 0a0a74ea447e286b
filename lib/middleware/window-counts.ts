// Counts calls in this process.
import { OrderedMap } from '../ordered-map.ts'

/** The count of one caller in its window of time. */
interface Count {
  readonly endsAt: number
  calls: number
}

/** Counts the calls of each caller in windows of time. The window of a caller begins with its first call. */
export class WindowCounts {
  readonly #max: number
  readonly #window: number
  readonly #maxCallers: number
  readonly #now: () => number
  // All windows have the same length, so the first one ends first.
  readonly #counts = new OrderedMap<string, Count>()

  /** @param maxCallers How many callers are counted at once. @param now The clock, in milliseconds. */
  constructor (max: number, window: number, { maxCallers, now = Date.now }: CountSettings) {
    this.#max = max
    this.#window = window
    this.#maxCallers = maxCallers
    this.#now = now
  }

  /** The number of callers that are counted. */
  get size (): number { return this.#counts.size }

  /** Counts a call. Returns 0, or for how many milliseconds the caller has no calls left. */
  count (caller: string): number {
    const now = this.#now()
    this.#forget(now)
    const known = this.#counts.get(caller)
    if (known === undefined) {
      // The caller whose window ends first has the least to gain from being forgotten.
      if (this.#counts.size >= this.#maxCallers) this.#counts.deleteFirst()
      this.#counts.set(caller, { calls: 1, endsAt: now + this.#window })
      return 0
    }
    if (known.calls >= this.#max) return known.endsAt - now
    known.calls++
    return 0
  }

  // Each call adds one caller at most, so forgetting as many as have expired keeps up.
  #forget (now: number): void {
    for (let first = this.#counts.first; first !== undefined && first.endsAt <= now; first = this.#counts.first) {
      this.#counts.deleteFirst()
    }
  }
}

/** How much is counted, and by which clock. */
export interface CountSettings {
  readonly maxCallers: number
  readonly now?: () => number
}
