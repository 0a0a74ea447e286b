// How many requests to an authorization server run at once.
import { VerifierUnavailableError } from './token-error.ts'

/**
 * Builds what runs at most `max` tasks at once. As many wait for their turn; beyond that, and so without a bound that a storm of
 * tokens could reach, a task is refused.
 *
 * @throws VerifierUnavailableError by what it returns.
 */
export function createRequestLimit (max: number): <T>(task: () => Promise<T>) => Promise<T> {
  const waiting: Array<() => void> = []
  let running = 0

  return async function limit (task) {
    if (running >= max) {
      if (waiting.length >= max) throw new VerifierUnavailableError(`${max} requests to the authorization server are running, and as many wait`)
      await new Promise<void>((resolve) => { waiting.push(resolve) })
    } else {
      running++
    }
    try {
      return await task()
    } finally {
      // The place goes to the next one that waits.
      const next = waiting.shift()
      if (next === undefined) running--
      else next()
    }
  }
}
