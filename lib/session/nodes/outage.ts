// While what nodes share is away: who waits until it is back.
import { ClusterUnreachableError, type ClusterNode } from '../../store/cluster.ts'

// Milliseconds until an operation is tried again that failed although nothing is away, or no longer.
const RETRY_DELAY = 100

/** Those that wait for what nodes share. */
export class Outage {
  readonly #node: Pick<ClusterNode, 'isUnreachable'>
  readonly #waiting = new Set<(isBack: boolean) => void>()
  #isOver = false

  constructor (node: Pick<ClusterNode, 'isUnreachable'>) {
    this.#node = node
  }

  /** Waits until what failed may be tried again; comes to false when it never may, undefined when nothing was away. */
  readonly untilBack = (error: unknown): Promise<boolean> | undefined => {
    if (!(error instanceof ClusterUnreachableError)) return undefined
    if (this.#isOver) return Promise.resolve(false)
    return new Promise((resolve) => {
      this.#waiting.add(resolve)
      if (!this.#node.isUnreachable) setTimeout(() => this.#wake(resolve, true), RETRY_DELAY).unref()
    })
  }

  /**
   * Does what must not be left undone as soon as it can be done.
   * @throws the error of the action where waiting is of no use.
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

  /** What was away is back. */
  end (): void {
    for (const resolve of this.#waiting) this.#wake(resolve, true)
  }

  /** Nobody is to wait any more. */
  giveUp (): void {
    this.#isOver = true
    for (const resolve of this.#waiting) this.#wake(resolve, false)
  }

  #wake (resolve: (isBack: boolean) => void, isBack: boolean): void {
    this.#waiting.delete(resolve)
    resolve(isBack)
  }
}
