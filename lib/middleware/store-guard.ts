// Asks a store that may fail, hang or be slow, so that no call waits for an outage to end.
import type { FastifyBaseLogger } from 'fastify'
import { inTime } from './in-time.ts'

/** Where outages are logged; undefined before the first request. */
export type Log = FastifyBaseLogger | undefined

/** How a store is asked. */
export interface GuardSettings {
  /** What depends on the store, for the log: `limitCalls`. */
  readonly what: string
  /** What happens to calls during an outage, for the log. */
  readonly effect: string
  /** The longest wait for the store, in milliseconds. */
  readonly timeout: number
}

/** Asks a store. An outage is logged when it begins and when it ends. */
export class StoreGuard {
  readonly #settings: GuardSettings
  #isOut = false
  #isProbing = false

  constructor (settings: GuardSettings) {
    this.#settings = settings
  }

  /**
   * Resolves to what the store answers, or to undefined during an outage. The outage begins when the store fails or
   * takes too long. Then no call waits for it: one at a time asks it without waiting, until it answers again.
   */
  async ask<T> (run: () => T | Promise<T>, log: Log): Promise<{ readonly answer: T } | undefined> {
    if (this.#isOut) {
      if (!this.#isProbing) this.#probe(run, log)
      return undefined
    }
    try {
      return { answer: await this.#inTime(run) }
    } catch (err) {
      this.#begin(err, log)
      return undefined
    }
  }

  #begin (err: unknown, log: Log): void {
    if (this.#isOut) return
    this.#isOut = true
    const { what, effect } = this.#settings
    log?.error({ err, what }, `the store of ${what} cannot be reached: until it can, ${effect}`)
  }

  #probe (run: () => unknown, log: Log): void {
    this.#isProbing = true
    const ended = (isBack: boolean): void => {
      this.#isProbing = false
      if (!isBack) return
      this.#isOut = false
      const { what } = this.#settings
      log?.info({ what }, `the store of ${what} can be reached again`)
    }
    this.#inTime(run).then(() => ended(true), () => ended(false))
  }

  async #inTime<T> (run: () => T | Promise<T>): Promise<T> {
    const pending = run()
    const { what, timeout } = this.#settings
    return pending instanceof Promise ? await inTime(pending, timeout, `the store of ${what}`) : pending
  }
}
