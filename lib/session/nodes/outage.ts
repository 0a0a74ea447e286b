// The operations that wait for the end of an outage.
import { ClusterUnreachableError } from '../../errors.ts'
import type { ClusterNode } from '../../store/cluster.ts'

// Milliseconds until the retry of an operation that was refused although there is no outage, or no longer one.
const RETRY_DELAY = 100

/** The operations of one node that wait for the end of an outage. */
export class Outage {
  readonly #node: Pick<ClusterNode, 'isUnreachable'>
  readonly #waiting = new Set<(isBack: boolean) => void>()
  #isOver = false

  constructor (node: Pick<ClusterNode, 'isUnreachable'>) {
    this.#node = node
  }

  /**
   * For an error of an outage, returns a promise that resolves to true when the operation may be retried, and to false
   * if it never may. Returns undefined for any other error.
   */
  readonly untilBack = (error: unknown): Promise<boolean> | undefined => {
    if (!(error instanceof ClusterUnreachableError)) return undefined
    if (this.#isOver) return Promise.resolve(false)
    return new Promise((resolve) => {
      this.#waiting.add(resolve)
      if (!this.#node.isUnreachable) setTimeout(() => this.#wake(resolve, true), RETRY_DELAY).unref()
    })
  }

  /**
   * Runs an action, and retries it after an outage until it has succeeded.
   * @throws the error of the action if it is not one of an outage, or if the node stops.
   */
  async insist<T> (action: () => Promise<T>): Promise<T> {
    for (;;) {
      try {
        return await action()
      } catch (error) {
        if (await this.untilBack(error) !== true) throw error
      }
    }
  }

  /** Lets all waiting operations retry, because the outage is over. */
  end (): void {
    for (const resolve of this.#waiting) this.#wake(resolve, true)
  }

  /** Ends the waiting of all operations, now and later, because the node stops. */
  giveUp (): void {
    this.#isOver = true
    for (const resolve of this.#waiting) this.#wake(resolve, false)
  }

  #wake (resolve: (isBack: boolean) => void, isBack: boolean): void {
    this.#waiting.delete(resolve)
    resolve(isBack)
  }
}
