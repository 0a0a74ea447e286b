// Limits how much the requests of strangers may begin: registrations of clients, and sign-ins.
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

/** How many sign-ins may begin in half an hour, which is how long an unfinished one is kept. */
export interface SignInLimit extends Pick<RegistrationLimit, 'perAddress' | 'total'> {}

/** A limit per window of time. Each process counts on its own. */
export interface WindowLimit {
  /** Returns whether an address may begin something now, and counts it. */
  take (address: string): boolean
  /** Takes back what came to nothing. */
  giveBack (address: string): void
}

/** Creates a limit per window. @param now The clock, in milliseconds. */
export function createWindowLimit (
  { perAddress, total, window }: RegistrationLimit, now: () => number = Date.now
): WindowLimit {
  let counts = new Map<string, number>()
  let sum = 0
  let endsAt = 0

  return {
    take (address) {
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
    },
    giveBack (address) {
      const network = networkOf(address)
      const count = counts.get(network)
      // The window of its count may be over.
      if (count === undefined) return
      if (count === 1) counts.delete(network)
      else counts.set(network, count - 1)
      sum--
    }
  }
}
