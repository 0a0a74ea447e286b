// The calls that wait for the GET stream of a session.
import { ErrorCode } from '../protocol/error-code.ts'
import { RpcError } from '../errors.ts'

/** Lets calls wait for a condition that each of them checks again whenever it is woken. */
export class Waiters {
  readonly #session: { readonly isEnded: boolean }
  readonly #waiting: Array<() => void> = []

  constructor (session: { readonly isEnded: boolean }) {
    this.#session = session
  }

  /**
   * Resolves with the next {@link wake}, or when the signal is aborted.
   * @throws RpcError if the session has ended.
   */
  async wait (signal: AbortSignal): Promise<void> {
    if (this.#session.isEnded) throw new RpcError(ErrorCode.InternalError, 'The session has ended')
    await new Promise<void>((resolve) => {
      this.#waiting.push(resolve)
      signal.addEventListener('abort', () => resolve(), { once: true })
    })
  }

  /** Wakes all waiting calls. */
  wake (): void {
    for (const resolve of this.#waiting.splice(0)) resolve()
  }
}
