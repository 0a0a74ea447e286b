// Counts places: how many there are, and how many each holder has, so that none has more than its share.

/** Why a caller gets no place: the mount has none left, or the caller or its session already holds its share. */
export interface NoPlace {
  readonly refused: 'mount' | 'principal' | 'address' | 'session'
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

/** How the places of all callers are shared. */
export interface PlaceLimits {
  /** The most places of all callers together. */
  readonly max: number
  /** What tells callers apart. @default 'principal' */
  readonly by?: 'principal' | 'address' | undefined
  /** The most places of one holder. @default no limit */
  readonly share?: number
  /** The most places of one session. @default no limit */
  readonly perSession?: number | undefined
}

/** Whom a place counts for. */
export interface PlaceTaker {
  /** Undefined if the place counts towards no share of a caller. */
  readonly holder: string | undefined
  /** The id of the session; undefined outside of sessions. */
  readonly sessionId?: string | undefined
}

/** A fixed number of places for all callers. Each holder, and each session, may have up to its share of them. */
export class Places {
  readonly #max: number
  readonly #by: 'principal' | 'address'
  readonly #shares: Shares
  readonly #sessions: Shares
  #taken = 0

  constructor ({ max, by = 'principal', share = Infinity, perSession = Infinity }: PlaceLimits) {
    this.#max = max
    this.#by = by
    this.#shares = new Shares(share)
    this.#sessions = new Shares(perSession)
  }

  /** The number of places that are taken. */
  get taken (): number { return this.#taken }

  /** Takes a place. Returns undefined, or why there is no place. */
  take ({ holder, sessionId }: PlaceTaker): NoPlace | undefined {
    if (!this.#sessions.take(sessionId)) return { refused: 'session', max: this.#sessions.max }
    const noPlace = this.#takeOf(holder)
    if (noPlace === undefined) this.#taken++
    else this.#sessions.release(sessionId)
    return noPlace
  }

  #takeOf (holder: string | undefined): NoPlace | undefined {
    if (!this.#shares.take(holder)) return { refused: this.#by, max: this.#shares.max }
    if (this.#taken < this.#max) return undefined
    this.#shares.release(holder)
    return { refused: 'mount', max: this.#max }
  }

  /** Gives a place back. */
  release ({ holder, sessionId }: PlaceTaker): void {
    this.#taken--
    this.#shares.release(holder)
    this.#sessions.release(sessionId)
  }
}
