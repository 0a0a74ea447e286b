// What clients are told for whom there is no place: whose limit it was, and when to try again.
import type { RequestId } from '../protocol/message.ts'
import { refuse, type Refusal } from '../protocol/refusals.ts'
import type { NoPlace } from '../shares/shares.ts'

/** Tells a refused place from what was given in its stead. */
export function isNoPlace (found: object): found is NoPlace {
  return 'refused' in found
}

/** Makes the refusal of a client for whom there is no place. @param what What it asked for, as in 'open sessions'. */
export function refusePlace ({ refused, max }: NoPlace, what: string, id: RequestId | null): Refusal {
  if (refused === 'mount') return refuse('unavailable', id, `Too many ${what}: ${max}; try again later`)
  const whose = refused === 'address' ? 'address' : 'caller'
  return refuse('tooMany', id, `Too many ${what} of one ${whose}: ${max}; end one of them, or try again later`)
}
