// Counts calls in this process.

/** The count of one caller in its window of time. */
interface Count {
  calls: number
  readonly endsAt: number
}

/** Counts the calls of each caller in windows of time. The window of a caller begins with its first call. */
export class WindowCounts {
  readonly #max: number
  readonly #window: number
  readonly #maxCallers: number
  readonly #now: () => number
  // All windows have the same length, so the first entry ends first.
  readonly #counts = new Map<string, Count>()

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
      this.#makeRoom()
      this.#counts.set(caller, { calls: 1, endsAt: now + this.#window })
      return 0
    }
    if (known.calls >= this.#max) return known.endsAt - now
    known.calls++
    return 0
  }

  // Each call adds one caller at most, so forgetting as many as have expired keeps up.
  #forget (now: number): void {
    for (const [caller, { endsAt }] of this.#counts) {
      if (endsAt > now) return
      this.#counts.delete(caller)
    }
  }

  // The caller whose window ends first has the least to gain from being forgotten.
  #makeRoom (): void {
    if (this.#counts.size < this.#maxCallers) return
    const [first] = this.#counts.keys()
    this.#counts.delete(first as string)
  }
}

/** How much is counted, and by which clock. */
export interface CountSettings {
  readonly maxCallers: number
  readonly now?: () => number
}
