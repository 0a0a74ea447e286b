// The events of one call that counts: each once and in order, and each of them its own.
import type { Ledger } from './ledger.ts'

/** The progress that a client hears of one attempt of a call. */
export class Progress {
  readonly #ledger: Ledger
  readonly #token: string
  #last = 0

  constructor (ledger: Ledger, token: string) {
    this.#ledger = ledger
    this.#token = token
  }

  hear ({ progress, message }: { readonly progress?: unknown, readonly message?: unknown }): void {
    if (message !== this.#token) this.#ledger.breach('answers', `${this.#token} heard of ${String(message)}`)
    const n = Number(progress)
    if (n <= this.#last) return this.#ledger.count('events duplicated')
    if (n !== this.#last + 1) this.#ledger.breach('order', `${this.#token}: ${n} came behind ${this.#last}`)
    this.#last = n
    this.#ledger.count('events received')
  }

  /** The call is answered. @param sent How many events it has sent. */
  end (sent: number): void {
    this.#ledger.count('events sent', sent)
    if (this.#last !== sent) this.#ledger.breach('order', `${this.#token}: ${this.#last} of ${sent} came`)
  }
}
