// Limits how many bytes of URIs the clients of one mount may watch.
import { invalidParams, UnavailableError } from '../errors.ts'
import type { ResolvedShares } from '../shares/share-options.ts'
import { Shares } from '../shares/shares.ts'

/** How much may be watched, in bytes of the URIs. */
export interface WatchLimits {
  /** The limit of one session, or one stream of `subscriptions/listen`. */
  readonly maxWatched?: number
  /** The limit of all clients that this node knows. */
  readonly maxWatchedTotal?: number
  /** The limit of one holder, with all of its sessions and streams; undefined for none. */
  readonly shares?: Pick<ResolvedShares, 'by' | 'watched'>
}

export const DEFAULT_MAX_WATCHED = 256 * 1024
export const DEFAULT_MAX_WATCHED_TOTAL = 64 * 1024 * 1024

/** Counts the bytes of the URIs that the clients of one mount watch. */
export class WatchBudget {
  readonly #max: number
  readonly #maxTotal: number
  readonly #by: ResolvedShares['by']
  readonly #shares: Shares
  #total = 0

  constructor (limits: WatchLimits = {}) {
    const { maxWatched = DEFAULT_MAX_WATCHED, maxWatchedTotal = DEFAULT_MAX_WATCHED_TOTAL, shares } = limits
    this.#max = maxWatched
    this.#maxTotal = maxWatchedTotal
    this.#by = shares?.by
    this.#shares = new Shares(shares?.watched ?? Infinity)
  }

  /** How many bytes are watched. */
  get total (): number { return this.#total }

  /**
   * Adds bytes that one client wants to watch.
   * @param holder Whom the bytes count for.
   * @param held The bytes that the client watches already.
   * @throws RpcError -32602 if the client would watch too much.
   * @throws UnavailableError if its holder, or all clients together, would watch too much.
   */
  take (bytes: number, holder: string | undefined, held = 0): void {
    if (held + bytes > this.#max) {
      const problem = `the URIs that one client watches may have ${this.#max} bytes in all ('maxWatched')`
      throw invalidParams(`${problem}; watch fewer resources`)
    }
    if (!this.#shares.take(holder, bytes)) throw this.#refuseShare()
    if (this.#total + bytes > this.#maxTotal) {
      this.#shares.release(holder, bytes)
      throw new UnavailableError('Too many resources are being watched by all clients together; try again later')
    }
    this.#total += bytes
  }

  /** Adds bytes without checking the limits. */
  count (bytes: number, holder: string | undefined): void {
    this.#shares.count(holder, bytes)
    this.#total += bytes
  }

  /** Removes bytes that are no longer watched. */
  release (bytes: number, holder: string | undefined): void {
    this.#shares.release(holder, bytes)
    this.#total -= bytes
  }

  #refuseShare (): UnavailableError {
    const whose = this.#by === 'address' ? 'address' : 'caller'
    const problem = `Too many resources are being watched by one ${whose}`
    const remedy = 'watch fewer of them, or try again later'
    return new UnavailableError(`${problem}: their URIs may have ${this.#shares.max} bytes in all; ${remedy}`, 429)
  }
}
