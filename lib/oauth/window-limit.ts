// Limits how much the requests of strangers may begin: registrations of clients, and sign-ins.
import { OrderedMap } from '../ordered-map.ts'
import { networkOf } from '../shares/network.ts'
import type { OAuthStore } from './store.ts'

/** How many registrations are accepted in a window of time. */
export interface RegistrationLimit {
  /** From one address; of IPv6, from one /64 network, all of whose addresses one customer has. */
  readonly perAddress: number
  /** From all addresses together. */
  readonly total: number
  /** The length of the window in milliseconds. */
  readonly window: number
}

/** How many sign-ins may begin in half an hour, which is how long an unfinished one is kept. */
export interface SignInLimit extends Pick<RegistrationLimit, 'perAddress' | 'total'> {}

/** The count of one thing that an address began. */
export interface Counted {
  /** Takes the count back, for what came to nothing. */
  giveBack (): Promise<void>
}

/** Counts what an address begins. Resolves to undefined if the address may not begin it now. */
export type WindowLimit = (address: string) => Promise<Counted | undefined>

/** Changes a number, and resolves to the sum. */
export type Count = NonNullable<OAuthStore['count']>

/**
 * Creates a limit per window of time.
 * @param what The name of what is limited.
 * @param count Where it is counted.
 * @param now The clock, in milliseconds.
 */
export function createWindowLimit (
  what: string, { perAddress, total, window }: RegistrationLimit, count: Count, now: () => number = Date.now
): WindowLimit {
  return async function take (address) {
    // All nodes have the same windows.
    const key = `count:${what}:${Math.floor(now() / window)}`
    const change = async (by: number): Promise<readonly number[]> =>
      await Promise.all([key, `${key}:${networkOf(address)}`].map((one) => count(one, by, window)))
    const giveBack = async (): Promise<void> => { await change(-1) }

    const [sum = 0, ofAddress = 0] = await change(1)
    if (sum <= total && ofAddress <= perAddress) return { giveBack }
    await giveBack()
  }
}

/** Creates the counts of this process, for a store that has none. @param now The clock, in milliseconds. */
export function createCounts (now: () => number = Date.now): Count {
  // The first one expires first, because all are kept for the same time. A number that is 0 again is not kept.
  const counts = new OrderedMap<string, { sum: number, readonly expiresAt: number }>()

  return async function count (key, change, ttl) {
    while (counts.first !== undefined && counts.first.expiresAt <= now()) counts.deleteFirst()
    const known = counts.get(key)
    if (known === undefined) {
      counts.set(key, { sum: change, expiresAt: now() + ttl })
      return change
    }
    known.sum += change
    if (known.sum === 0) counts.delete(key)
    return known.sum
  }
}
