// The open exchanges of a mount. One timer keeps them alive, and closing the app waits for them.

/** One open exchange or stream. */
export interface OpenExchange {
  /** How many bytes wait in this process for the client to read them. */
  readonly unreadBytes: number
  /** Called each time half of a keep-alive interval has passed. */
  beat (): void
  /** Ends the exchange without waiting for its handler. */
  cut (): void
  /** Closes the connection without waiting for the client to read. */
  abort (): void
}

// Milliseconds in which clients can still read the last messages.
const FLUSH_TIMEOUT = 1000

/** The open exchanges of a mount. */
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

  /** How many bytes wait in this process for clients to read them. */
  get unreadBytes (): number {
    let sum = 0
    for (const { unreadBytes } of this.#exchanges) sum += unreadBytes
    return sum
  }

  /** Adds an exchange. If the others have been cut already, it is cut at once. */
  add (exchange: OpenExchange): void {
    this.#exchanges.add(exchange)
    if (this.#isCut) exchange.cut()
  }

  delete (exchange: OpenExchange): void {
    this.#exchanges.delete(exchange)
    if (this.#exchanges.size === 0) this.#drained?.()
  }

  /** Starts the timer that keeps exchanges alive. */
  start (): void {
    if (this.#keepAliveInterval === 0) return
    this.#timer = setInterval(() => this.beat(), Math.ceil(this.#keepAliveInterval / 2))
    this.#timer.unref()
  }

  /** Called each time half of a keep-alive interval has passed. */
  beat (): void {
    for (const exchange of this.#exchanges) exchange.beat()
  }

  /**
   * Waits until all exchanges have ended. After the grace period, the remaining ones are cut; after the flush timeout,
   * those whose clients still have not read everything are aborted.
   *
   * @param gracePeriod Milliseconds.
   */
  async drain (gracePeriod: number): Promise<void> {
    if (gracePeriod > 0) await this.#waitForAll(gracePeriod)
    this.#isCut = true
    for (const exchange of this.#exchanges) exchange.cut()
    await this.#waitForAll(FLUSH_TIMEOUT)
    for (const exchange of this.#exchanges) exchange.abort()
  }

  /** Stops the timer. */
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
