// Limits how many requests to an authorization server run at once.
import { VerifierUnavailableError } from './token-error.ts'

/**
 * Creates a function that runs at most `max` tasks at once. As many more wait for their turn. Beyond that, it rejects
 * with a VerifierUnavailableError, so that a flood of tokens cannot make the queue grow without bound.
 */
export function createRequestLimit (max: number): <T>(task: () => Promise<T>) => Promise<T> {
  const waiting: Array<() => void> = []
  let running = 0

  return async function limit (task) {
    if (running >= max) {
      if (waiting.length >= max) {
        throw new VerifierUnavailableError(
          `${max} requests to the authorization server are running, and as many are waiting`
        )
      }
      await new Promise<void>((resolve) => { waiting.push(resolve) })
    } else {
      running++
    }
    try {
      return await task()
    } finally {
      // A task that waits takes over the place of this one.
      const next = waiting.shift()
      if (next === undefined) running--
      else next()
    }
  }
}
