// The refusal of clients that get no place: whose limit was reached, and when to try again.
import type { RequestId } from '../protocol/message.ts'
import { refuse, type Refusal } from '../protocol/refusals.ts'
import type { NoPlace } from '../shares/shares.ts'

/** Whether a result is a refused place, and not what the place was for: a session or a subscription. */
export function isNoPlace (found: object): found is NoPlace {
  return 'refused' in found
}

/** Makes the refusal of a client that gets no place. @param what What the places are for: 'open sessions'. */
export function refusePlace ({ refused, max }: NoPlace, what: string, id: RequestId | null): Refusal {
  if (refused === 'mount') return refuse('full', id, `Too many ${what}: ${max}; try again later`)
  const whose = refused === 'principal' ? 'caller' : refused
  return refuse('tooMany', id, `Too many ${what} of one ${whose}: ${max}; end one of them, or try again later`)
}
