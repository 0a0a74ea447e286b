// The exchanges that a mount is busy with: kept alive by one timer, and waited for at the end.

/** What is kept alive and waited for. */
export interface OpenExchange {
  /** Half of a keep-alive interval has passed. */
  beat (): void
  /** Ends without waiting for its handler any longer. */
  cut (): void
  /** Ends without waiting for its client any longer. */
  abort (): void
}

// Milliseconds in which a client that reads gets what it is told at the end.
const LAST_WORDS = 1000

/** The exchanges that a mount is busy with. */
export class OpenExchanges {
  readonly #exchanges = new Set<OpenExchange>()
  readonly #keepAliveInterval: number
  #timer: NodeJS.Timeout | undefined
  #drained: (() => void) | undefined
  #isCut = false

  /** @param keepAliveInterval Milliseconds; 0 for no keep-alive. */
  constructor (keepAliveInterval: number) {
    this.#keepAliveInterval = keepAliveInterval
  }

  get size (): number { return this.#exchanges.size }

  /** Adds an exchange; one that comes when the others have been cut is cut at once. */
  add (exchange: OpenExchange): void {
    this.#exchanges.add(exchange)
    if (this.#isCut) exchange.cut()
  }

  delete (exchange: OpenExchange): void {
    this.#exchanges.delete(exchange)
    if (this.#exchanges.size === 0) this.#drained?.()
  }

  /** Begins to keep exchanges alive. */
  start (): void {
    if (this.#keepAliveInterval === 0) return
    this.#timer = setInterval(() => this.beat(), Math.ceil(this.#keepAliveInterval / 2))
    this.#timer.unref()
  }

  /** Half of a keep-alive interval has passed. */
  beat (): void {
    for (const exchange of this.#exchanges) exchange.beat()
  }

  /**
   * Waits until all exchanges have ended; those that have not within the grace period are cut, and those whose clients
   * do not read even then are aborted.
   *
   * @param gracePeriod Milliseconds.
   */
  async drain (gracePeriod: number): Promise<void> {
    if (gracePeriod > 0) await this.#waitForAll(gracePeriod)
    this.#isCut = true
    for (const exchange of this.#exchanges) exchange.cut()
    await this.#waitForAll(LAST_WORDS)
    for (const exchange of this.#exchanges) exchange.abort()
  }

  /** Ends the keeping alive. */
  stop (): void {
    clearInterval(this.#timer)
  }

  async #waitForAll (time: number): Promise<void> {
    if (this.#exchanges.size === 0) return
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, time)
      this.#drained = () => { clearTimeout(timer); resolve() }
    })
  }
}
