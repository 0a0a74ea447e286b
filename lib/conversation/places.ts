// What clients are told for whom there is no place: whose limit it was, and when to try again.
import { ErrorCode } from '../protocol/error-code.ts'
import type { RequestId } from '../protocol/message.ts'
import type { Refusal } from '../protocol/refusals.ts'
import type { NoPlace } from '../shares/shares.ts'

/** Tells a refused place from what was given in its stead. */
export function isNoPlace (found: object): found is NoPlace {
  return 'refused' in found
}

/** Makes the refusal of a client for whom there is no place. @param what What it asked for, as in 'open sessions'. */
export function refusePlace ({ refused, max }: NoPlace, what: string, id: RequestId | null): Refusal {
  const message = refused === 'mount'
    ? `Too many ${what}: ${max}; try again later`
    : `Too many ${what} of one ${refused === 'address' ? 'address' : 'caller'}: ${max}; ` +
      'end one of them, or try again later'
  return { kind: 'refusal', status: refused === 'mount' ? 503 : 429, code: ErrorCode.InternalError, message, id }
}
