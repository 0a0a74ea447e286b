// Counts places: how many there are, and how many each holder has, so that none has more than its share.

/** Why a caller gets no place: the mount has none left, or the caller already holds its share. */
export interface NoPlace {
  readonly refused: 'mount' | 'principal' | 'address'
  /** The limit that was reached. */
  readonly max: number
}

/** Counts the places of each holder on this node. Places without a holder are not counted. */
export class Shares {
  /** How many places one holder may have; Infinity for any number. */
  readonly max: number
  readonly #held = new Map<string, number>()

  constructor (max: number) {
    this.max = max
  }

  /** The number of holders that have a place. */
  get size (): number { return this.#held.size }

  /** Returns the number of places that a holder has. */
  held (holder: string): number {
    return this.#held.get(holder) ?? 0
  }

  /** Takes places. Returns false, and takes none, when the holder would have more than its share. */
  take (holder: string | undefined, count = 1): boolean {
    if (holder === undefined || this.max === Infinity) return true
    if (this.held(holder) + count > this.max) return false
    this.count(holder, count)
    return true
  }

  /** Counts places of a holder, even beyond its share. */
  count (holder: string | undefined, count: number): void {
    if (holder === undefined || this.max === Infinity) return
    this.#held.set(holder, this.held(holder) + count)
  }

  /** Gives places back. */
  release (holder: string | undefined, count = 1): void {
    if (holder === undefined || this.max === Infinity) return
    const held = this.held(holder) - count
    if (held > 0) this.#held.set(holder, held)
    else this.#held.delete(holder)
  }
}

/** A fixed number of places for all callers. Each holder may have up to its share of them. */
export class Places {
  readonly #max: number
  readonly #by: 'principal' | 'address'
  readonly #shares: Shares
  #taken = 0

  /** @param by What tells callers apart. @param share The most places of one holder; Infinity for no limit. */
  constructor (max: number, by: 'principal' | 'address' = 'principal', share = Infinity) {
    this.#max = max
    this.#by = by
    this.#shares = new Shares(share)
  }

  /** The number of places that are taken. */
  get taken (): number { return this.#taken }

  /**
   * Takes a place. Returns undefined, or why there is no place.
   * @param holder Whom the place counts for; undefined if it counts towards no share.
   */
  take (holder: string | undefined): NoPlace | undefined {
    if (!this.#shares.take(holder)) return { refused: this.#by, max: this.#shares.max }
    if (this.#taken >= this.#max) {
      this.#shares.release(holder)
      return { refused: 'mount', max: this.#max }
    }
    this.#taken++
    return undefined
  }

  /** Gives a place back. */
  release (holder: string | undefined): void {
    this.#taken--
    this.#shares.release(holder)
  }
}
