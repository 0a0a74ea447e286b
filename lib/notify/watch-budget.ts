// How many bytes of URIs the clients of one mount may watch.
import { ErrorCode } from '../protocol/error-code.ts'
import { RefusedError, UnavailableError } from '../errors.ts'
import type { ResolvedShares } from '../shares/share-options.ts'
import { Shares } from '../shares/shares.ts'

/** The limits of what clients watch, in bytes of the URIs. */
export interface WatchLimits {
  /** By one session, or by one stream of `subscriptions/listen`. */
  readonly maxWatched?: number
  /** By all clients of the mount, as this process knows them. */
  readonly maxWatchedTotal?: number
  /** By one caller, with all of its sessions and streams; absent where that is all there is. */
  readonly shares?: Pick<ResolvedShares, 'by' | 'watched'>
}

export const DEFAULT_MAX_WATCHED = 256 * 1024
export const DEFAULT_MAX_WATCHED_TOTAL = 64 * 1024 * 1024

/** The bytes of the URIs that the clients of one mount watch. */
export class WatchBudget {
  readonly #max: number
  readonly #maxTotal: number
  readonly #by: ResolvedShares['by']
  readonly #shares: Shares
  #total = 0

  constructor ({ maxWatched = DEFAULT_MAX_WATCHED, maxWatchedTotal = DEFAULT_MAX_WATCHED_TOTAL, shares }: WatchLimits = {}) {
    this.#max = maxWatched
    this.#maxTotal = maxWatchedTotal
    this.#by = shares?.by
    this.#shares = new Shares(shares?.watched ?? Infinity)
  }

  /** How many bytes are watched. */
  get total (): number { return this.#total }

  /**
   * Takes what one client wants to watch besides.
   * @param holder Whom it counts for.
   * @param held The bytes that the client watches already.
   * @throws RpcError -32602 when the client watches too much.
   * @throws UnavailableError when its caller does, or all clients together do.
   */
  take (bytes: number, holder: string | undefined, held = 0): void {
    if (held + bytes > this.#max) {
      throw new RefusedError(ErrorCode.InvalidParams, `Invalid params: the URIs that one client watches may have ${this.#max} bytes in all ('maxWatched'); watch fewer resources`)
    }
    if (!this.#shares.take(holder, bytes)) throw this.#refuseShare()
    if (this.#total + bytes > this.#maxTotal) {
      this.#shares.release(holder, bytes)
      throw new UnavailableError('Too many resources are being watched by all clients together; try again later')
    }
    this.#total += bytes
  }

  /** Counts what is watched whether there is room for it or not. */
  count (bytes: number, holder: string | undefined): void {
    this.#shares.count(holder, bytes)
    this.#total += bytes
  }

  /** Gives back what is no longer watched. */
  release (bytes: number, holder: string | undefined): void {
    this.#shares.release(holder, bytes)
    this.#total -= bytes
  }

  #refuseShare (): UnavailableError {
    const whose = this.#by === 'address' ? 'address' : 'caller'
    return new UnavailableError(`Too many resources are being watched by one ${whose}: their URIs may have ${this.#shares.max} bytes in all; watch fewer of them, or try again later`, 429)
  }
}
