// Counts calls in this process.

/** The count of one caller in its window of time. */
interface Count {
  readonly caller: string
  readonly endsAt: number
  calls: number
  /** The count whose window began next. */
  next?: Count
}

/** Counts the calls of each caller in windows of time. The window of a caller begins with its first call. */
export class WindowCounts {
  readonly #max: number
  readonly #window: number
  readonly #maxCallers: number
  readonly #now: () => number
  readonly #counts = new Map<string, Count>()
  // A list, because the first entry of a map is slow to find where many have been deleted. All windows have the same
  // length, so the first one ends first.
  #first: Count | undefined
  #last: Count | undefined

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
      if (this.#counts.size >= this.#maxCallers) this.#forgetFirst()
      this.#add({ caller, calls: 1, endsAt: now + this.#window })
      return 0
    }
    if (known.calls >= this.#max) return known.endsAt - now
    known.calls++
    return 0
  }

  #add (count: Count): void {
    this.#counts.set(count.caller, count)
    if (this.#last === undefined) this.#first = count
    else this.#last.next = count
    this.#last = count
  }

  // Each call adds one caller at most, so forgetting as many as have expired keeps up.
  #forget (now: number): void {
    while (this.#first !== undefined && this.#first.endsAt <= now) this.#forgetFirst()
  }

  #forgetFirst (): void {
    const first = this.#first
    if (first === undefined) return
    this.#counts.delete(first.caller)
    this.#first = first.next
    if (this.#first === undefined) this.#last = undefined
  }
}

/** How much is counted, and by which clock. */
export interface CountSettings {
  readonly maxCallers: number
  readonly now?: () => number
}
