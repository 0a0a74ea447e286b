// The requests that are being served, by id. Ids may repeat, because some clients give all their requests the same id.
import type { RequestId } from '../protocol/message.ts'

/** A request being served, as its session sees it. */
export interface Running {
  /** Whether the client no longer waits for an answer. The handler may still run. */
  readonly isOver: boolean
  /** Ends it without an answer. */
  cancel (reason: string): void
}

/** Requests that are being served at the same time. */
export class RunningRequests<T extends Pick<Running, 'isOver'> = Running> {
  readonly #byId = new Map<RequestId, T[]>()

  /** Whether no request is being served. */
  get isEmpty (): boolean { return this.#byId.size === 0 }

  add (id: RequestId, running: T): void {
    const others = this.#byId.get(id)
    if (others === undefined) this.#byId.set(id, [running])
    else others.push(running)
  }

  delete (id: RequestId, running: T): void {
    const all = this.#byId.get(id) ?? []
    const index = all.indexOf(running)
    if (index !== -1) all.splice(index, 1)
    if (all.length === 0) this.#byId.delete(id)
  }

  /** Returns the requests with an id that still wait for an answer. */
  awaiting (id: RequestId): readonly T[] {
    return (this.#byId.get(id) ?? []).filter(({ isOver }) => !isOver)
  }

  /** Iterates over a copy, so that requests may be deleted meanwhile. */
  * [Symbol.iterator] (): Iterator<T> {
    for (const running of [...this.#byId.values()]) yield * [...running]
  }
}
