// The options that keep one caller from using up the places of all others.
import { whole } from '../options/checks.ts'
import type { OptionProblem, TableOf } from '../options/table.ts'

/**
 * How much of a mount's limits one caller may use. Beyond its share, a caller gets 429 with `Retry-After`. With `auth`,
 * a caller is the `issuer` and `subject` of its token, whichever client it uses, or the `clientId` if the token has no
 * subject. Without `auth`, only the address of a caller is known, and shares are off until the options for addresses
 * are set.
 */
export interface ShareOptions {
  /**
   * How many legacy sessions one principal may have open at once; with `cluster`, over all nodes. Needs `auth`.
   * @default a tenth of maxSessions; if that is less than 10, up to 10, but no more than half of maxSessions
   */
  readonly maxSessionsPerPrincipal?: number
  /**
   * How many streams of `subscriptions/listen` one principal may have open at once; with `cluster`, over all nodes.
   * Needs `auth`.
   * @default a tenth of maxStreams; if that is less than 10, up to 10, but no more than half of maxStreams
   */
  readonly maxStreamsPerPrincipal?: number
  /**
   * How many legacy sessions one address may have open at once; with `cluster`, over all nodes. For a mount without
   * `auth`. The address is `request.ip`, which depends on Fastify's `trustProxy`. Of an IPv6 address, the first 64 bits
   * count.
   * @default no limit, because many clients may be behind one address
   */
  readonly maxSessionsPerAddress?: number
  /**
   * How many streams of `subscriptions/listen` one address may have open at once; with `cluster`, over all nodes. See
   * `maxSessionsPerAddress` for addresses.
   * @default no limit
   */
  readonly maxStreamsPerAddress?: number
  /**
   * How many bytes of URIs one principal may watch in this process, in all of its sessions and streams together. Needs
   * `auth`.
   * @default a tenth of maxWatchedTotal; if that is less than maxWatched, up to maxWatched, but no more than half of
   * maxWatchedTotal
   */
  readonly maxWatchedPerPrincipal?: number
  /**
   * How many calls of one principal this process serves at once. Needs `auth`.
   * @default a tenth of maxCallsInFlight; if that is less than 10, up to 10, but no more than half of maxCallsInFlight
   * @see McpMountOptions.maxCallsInFlight
   */
  readonly maxCallsInFlightPerPrincipal?: number
  /**
   * How many calls of one address this process serves at once. See `maxSessionsPerAddress` for addresses.
   * @default no limit
   */
  readonly maxCallsInFlightPerAddress?: number
  /**
   * How many bytes of URIs one address may watch in this process. See `maxSessionsPerAddress` for addresses.
   * @default no limit
   */
  readonly maxWatchedPerAddress?: number
}

/** The completed shares of a mount. Infinity means no limit. */
export interface ResolvedShares {
  /** What tells callers apart; undefined if nothing does. */
  readonly by: 'principal' | 'address' | undefined
  readonly sessions: number
  readonly streams: number
  readonly calls: number
  /** Bytes. */
  readonly watched: number
  /** Whether a session that was never used is ended for a new one when the mount is full. */
  readonly displaces: boolean
}

export const SHARES = {
  maxSessionsPerPrincipal: whole(),
  maxStreamsPerPrincipal: whole(),
  maxSessionsPerAddress: whole(),
  maxStreamsPerAddress: whole(),
  maxCallsInFlightPerPrincipal: whole(),
  maxCallsInFlightPerAddress: whole(),
  maxWatchedPerPrincipal: whole(),
  maxWatchedPerAddress: whole()
} satisfies TableOf<ShareOptions>

/** Finds a share option that has no effect, because something else tells callers apart. */
export function findShareProblem (options: ShareOptions & { readonly auth?: unknown }): OptionProblem | undefined {
  const hasAuth = options.auth !== undefined
  const [useless, useful] = hasAuth ? ['PerAddress', 'PerPrincipal'] : ['PerPrincipal', 'PerAddress']
  const name = Object.keys(SHARES).find((share) => {
    return share.endsWith(useless) && options[share as keyof ShareOptions] !== undefined
  })
  if (name === undefined) return undefined
  const instead = name.replace(useless, useful)
  return {
    name,
    problem: hasAuth
      ? `has no effect with 'auth', which identifies callers better than their addresses do; use '${instead}'`
      : `needs 'auth', which identifies the callers; set it, or use '${instead}' for a mount without 'auth'`
  }
}

/** The options that the shares of a mount depend on: limits, and whether there is `auth`. */
export interface ShareContext extends ShareOptions {
  readonly auth?: unknown
  readonly maxSessions: number
  readonly maxStreams: number
  readonly maxCallsInFlight: number
  readonly maxWatched: number
  readonly maxWatchedTotal: number
}

/** Completes the shares of a mount. */
export function resolveShares (options: ShareContext): ResolvedShares {
  if (options.auth !== undefined) {
    return Object.freeze({
      by: 'principal',
      sessions: options.maxSessionsPerPrincipal ?? shareOf(options.maxSessions),
      streams: options.maxStreamsPerPrincipal ?? shareOf(options.maxStreams),
      calls: options.maxCallsInFlightPerPrincipal ?? shareOf(options.maxCallsInFlight),
      watched: options.maxWatchedPerPrincipal ?? shareOf(options.maxWatchedTotal, options.maxWatched),
      displaces: false
    })
  }
  const {
    maxSessionsPerAddress: sessions = Infinity, maxStreamsPerAddress: streams = Infinity,
    maxCallsInFlightPerAddress: calls = Infinity, maxWatchedPerAddress: watched = Infinity
  } = options
  const by = Math.min(sessions, streams, calls, watched) === Infinity ? undefined : 'address'
  return Object.freeze({ by, sessions, streams, calls, watched, displaces: true })
}

// A tenth leaves room for others. Of a few places, a tenth would be too little for one person with several clients.
function shareOf (max: number, enough = 10): number {
  return Math.max(Math.ceil(max / 10), Math.min(enough, Math.ceil(max / 2)))
}
