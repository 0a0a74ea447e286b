// How many bytes of URIs the clients of one mount may watch.
import { ErrorCode } from '../protocol/error-code.ts'
import { RefusedError, UnavailableError } from '../errors.ts'

/** The limits of what clients watch, in bytes of the URIs. */
export interface WatchLimits {
  /** By one session, or by one stream of `subscriptions/listen`. */
  readonly maxWatched?: number
  /** By all clients of the mount, as this process knows them. */
  readonly maxWatchedTotal?: number
}

export const DEFAULT_MAX_WATCHED = 256 * 1024
export const DEFAULT_MAX_WATCHED_TOTAL = 64 * 1024 * 1024

/** The bytes of the URIs that the clients of one mount watch. */
export class WatchBudget {
  readonly #max: number
  readonly #maxTotal: number
  #total = 0

  constructor ({ maxWatched = DEFAULT_MAX_WATCHED, maxWatchedTotal = DEFAULT_MAX_WATCHED_TOTAL }: WatchLimits = {}) {
    this.#max = maxWatched
    this.#maxTotal = maxWatchedTotal
  }

  /** How many bytes are watched. */
  get total (): number { return this.#total }

  /**
   * Takes what one client wants to watch besides.
   * @param held The bytes that it watches already.
   * @throws RpcError -32602 when the client watches too much.
   * @throws UnavailableError when all of them do.
   */
  take (bytes: number, held = 0): void {
    if (held + bytes > this.#max) {
      throw new RefusedError(ErrorCode.InvalidParams, `Invalid params: the URIs that one client watches may have ${this.#max} bytes in all ('maxWatched'); watch fewer resources`)
    }
    if (this.#total + bytes > this.#maxTotal) throw new UnavailableError('Too many resources are being watched by all clients together; try again later')
    this.#total += bytes
  }

  /** Counts what is watched whether there is room for it or not. */
  count (bytes: number): void {
    this.#total += bytes
  }

  /** Gives back what is no longer watched. */
  release (bytes: number): void {
    this.#total -= bytes
  }
}
