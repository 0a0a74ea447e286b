// Ends streams when their access tokens expire, or access is withdrawn.
import type { FastifyReply } from 'fastify'
import { authOf } from '../guard/auth-hook.ts'
import type { Withdrawal } from './withdrawal.ts'

/** Ends a stream. @param why Its token has expired, access was withdrawn, or its caller must sign in again. */
export type EndStream = (why: 'expired' | 'withdrawn' | 'signed-out') => void

// The longest delay that a timer of Node can take.
const LONGEST_DELAY = 2 ** 31 - 1

/** Ends the streams of one mount when their tokens are no longer good. All of them share one timer. */
export class Expiry {
  readonly #now: () => number
  // The callbacks by the moment at which they are due, in milliseconds. Tokens expire at whole seconds, so there are
  // few moments.
  readonly #due = new Map<number, Set<() => void>>()
  #timer: NodeJS.Timeout | undefined
  #wakesAt = Infinity
  readonly #withdrawal: Withdrawal | undefined

  /** @param withdrawal Undefined if access cannot be withdrawn. @param now The clock, in milliseconds. */
  constructor (withdrawal?: Withdrawal, now: () => number = Date.now) {
    this.#withdrawal = withdrawal
    this.#now = now
  }

  /** How many streams are being watched. */
  get size (): number {
    return [...this.#due.values()].reduce((sum, { size }) => sum + size, 0)
  }

  /** Calls `end` when the token of a request is no longer good, unless the reply has closed before. */
  watch (reply: FastifyReply, endStream: EndStream): void {
    this.#withdrawal?.watch(reply, (extent) => endStream(extent === 'all' ? 'withdrawn' : 'signed-out'))
    const expiresAt = authOf(reply.request)?.info.expiresAt
    if (expiresAt === undefined) return
    const moment = expiresAt * 1000
    const end = (): void => endStream('expired')
    const ends = this.#due.get(moment) ?? new Set()
    this.#due.set(moment, ends.add(end))
    reply.raw.once('close', () => this.#forget(moment, end))
    if (moment < this.#wakesAt) this.#wakeAt(moment)
  }

  /** Ends the streams whose tokens have expired. @param now The current time, in milliseconds. */
  sweep (now: number = this.#now()): void {
    let next = Infinity
    for (const [moment, ends] of this.#due) {
      if (moment > now) {
        next = Math.min(next, moment)
        continue
      }
      this.#due.delete(moment)
      for (const end of ends) end()
    }
    this.#wakesAt = Infinity
    if (next !== Infinity) this.#wakeAt(next)
  }

  /** Stops the timer and forgets all streams. */
  stop (): void {
    clearTimeout(this.#timer)
    this.#due.clear()
  }

  #forget (moment: number, end: () => void): void {
    const ends = this.#due.get(moment)
    ends?.delete(end)
    if (ends?.size === 0) this.#due.delete(moment)
  }

  #wakeAt (moment: number): void {
    clearTimeout(this.#timer)
    this.#wakesAt = moment
    const delay = Math.min(Math.max(moment - this.#now(), 0), LONGEST_DELAY)
    this.#timer = setTimeout(() => this.sweep(), delay).unref()
  }
}
