// Limits how often clients may register.
import { networkOf } from '../shares/network.ts'

/** How many registrations are accepted in a window of time. */
export interface RegistrationLimit {
  /** From one address; of IPv6, from one /64 network, all of whose addresses one customer has. */
  readonly perAddress: number
  /** From all addresses together. */
  readonly total: number
  /** The length of the window in milliseconds. */
  readonly window: number
}

/**
 * Creates a function that returns whether an address may register now, and counts it. Each process counts on its own.
 * @param now The clock, in milliseconds.
 */
export function createRegistrationLimit (
  { perAddress, total, window }: RegistrationLimit, now: () => number = Date.now
): (address: string) => boolean {
  let counts = new Map<string, number>()
  let sum = 0
  let endsAt = 0

  return function mayRegister (address) {
    if (now() >= endsAt) {
      counts = new Map()
      sum = 0
      endsAt = now() + window
    }
    const network = networkOf(address)
    const count = counts.get(network) ?? 0
    // A refusal adds nothing, so the map has at most `total` entries.
    if (count >= perAddress || sum >= total) return false
    counts.set(network, count + 1)
    sum++
    return true
  }
}
