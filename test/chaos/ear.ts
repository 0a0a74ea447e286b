// What a client hears of resources that change.
import { BOUND } from './call.ts'
import type { Ledger } from './ledger.ts'

// A resource is touched again only when others were: what comes late is not taken for what comes next.
const RESOURCES = 5

/** What one client hears. */
export class Ear {
  /** The resources of this client. */
  readonly uris: readonly string[]
  readonly #ledger: Ledger
  readonly #heard = new Map<string, number>()
  readonly #waiting = new Set<() => void>()
  #openedAt = Infinity
  #turn = 0

  constructor (client: string, ledger: Ledger) {
    this.uris = Array.from({ length: RESOURCES }, (_, index) => `chaos://${client}/${index}`)
    this.#ledger = ledger
  }

  /** A resource has changed. */
  hear (uri: string): void {
    if (!this.uris.includes(uri)) this.#ledger.breach('answers', `${this.uris[0]} heard of ${uri}`)
    this.#heard.set(uri, (this.#heard.get(uri) ?? 0) + 1)
    this.#wake()
  }

  /** Listening begins anew, and what has changed before has to be read again. */
  reopened (): void {
    this.#openedAt = performance.now()
    this.#wake()
  }

  /** Has a resource touched, and waits until that is heard of. @param touch Comes to the request that was answered. */
  async touch (touch: (uri: string) => Promise<string | undefined>): Promise<void> {
    const uri = this.uris[this.#turn++ % RESOURCES] ?? ''
    const before = this.#heard.get(uri) ?? 0
    this.#openedAt = -Infinity
    const attempt = await touch(uri)
    if (attempt === undefined) return
    this.#ledger.count('events sent')
    const heard = (): number => (this.#heard.get(uri) ?? 0) - before
    const isTold = await this.#until(() => heard() > 0 || this.#openedAt > this.#ledger.executedAt(attempt))
    this.#ledger.count('events received', isTold ? 1 : 0)
    this.#ledger.count('events duplicated', Math.max(heard() - 1, 0))
    if (!isTold) this.#ledger.breach('notifications', `${uri}, touched by ${attempt}`)
  }

  #wake (): void {
    for (const wake of this.#waiting) wake()
  }

  async #until (isSo: () => boolean): Promise<boolean> {
    const end = performance.now() + BOUND
    while (!isSo() && performance.now() < end) {
      await new Promise<void>((resolve) => {
        const wake = (): void => { clearTimeout(timer); this.#waiting.delete(wake); resolve() }
        const timer = setTimeout(wake, end - performance.now())
        this.#waiting.add(wake)
      })
    }
    return isSo()
  }
}
