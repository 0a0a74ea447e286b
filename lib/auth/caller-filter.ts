// Chooses callers by who they are: whose sessions end, and whose access is withdrawn.
import type { AuthInfo } from './auth-info.ts'

/** Who a caller is. Its sessions belong to this identity. */
export type CallerIdentity = Readonly<Pick<AuthInfo, 'issuer' | 'subject' | 'clientId'>>

/**
 * Chooses callers: those that have each member that is given. It needs one member at least.
 * @example { subject: 'ann' } // the user ann, with whatever client
 */
export interface CallerFilter {
  /** The issuer of the callers' tokens. */
  readonly issuer?: string
  /** The user that the callers act for. */
  readonly subject?: string
  /** The client that the callers use. */
  readonly clientId?: string
  /** The grant that the callers' tokens belong to; see `AuthInfo.grantId`. */
  readonly grantId?: string
}

/** The members of a caller that a filter reads. */
export type KnownCaller = { readonly [name in keyof CallerFilter]?: string | undefined }

const MEMBERS = ['issuer', 'subject', 'clientId', 'grantId'] as const

/** Returns the members of a filter that are given. @throws TypeError if there is none, or one is not a string. */
export function readFilter (filter: CallerFilter): CallerFilter {
  const given = MEMBERS.flatMap((name) => filter[name] === undefined ? [] : [[name, filter[name]] as const])
  if (given.length === 0 || given.some(([, value]) => typeof value !== 'string')) {
    throw new TypeError(`callers are chosen by one of '${MEMBERS.join("', '")}' or more, such as { subject: 'ann' }`)
  }
  return Object.fromEntries(given)
}

/** Returns whether a filter chooses a caller. */
export function chooses (filter: CallerFilter, caller: KnownCaller): boolean {
  return MEMBERS.every((name) => filter[name] === undefined || filter[name] === caller[name])
}

/** Returns the identity that a principal stands for. */
export function parsePrincipal (principal: string): CallerIdentity {
  // `principalOf` has written it, with null for a part that is absent.
  const [issuer, subject, clientId] = JSON.parse(principal) as readonly [string | null, string | null, string]
  return { ...(issuer !== null && { issuer }), ...(subject !== null && { subject }), clientId }
}
