// The options that keep one caller from taking the places of all others.
import { whole } from '../options/checks.ts'
import type { OptionProblem, TableOf } from '../options/table.ts'

/**
 * How much one caller may take of what all callers share; beyond it the caller gets 429. With `auth` a caller is the
 * `issuer` and `subject` of its token, whichever client it uses; or the `clientId`, where the token has no subject.
 * Without `auth` the only thing known of a caller is its address, so that shares are off until the options for
 * addresses are set.
 */
export interface ShareOptions {
  /**
   * Sessions that one principal may have open, over all nodes of a `cluster`; needs `auth`.
   * @default a tenth of maxSessions; where that is less than 10, up to 10, but no more than half of maxSessions
   */
  readonly maxSessionsPerPrincipal?: number
  /**
   * Streams of `subscriptions/listen` that one principal may have open, over all nodes of a `cluster`; needs `auth`.
   * @default a tenth of maxStreams; where that is less than 10, up to 10, but no more than half of maxStreams
   */
  readonly maxStreamsPerPrincipal?: number
  /**
   * Sessions that one address may have open, over all nodes of a `cluster`; for a mount without `auth`. The address is
   * `request.ip`, of which Fastify's `trustProxy` decides; of an IPv6 address the first 64 bits count.
   * @default none: many clients may be behind one address
   */
  readonly maxSessionsPerAddress?: number
  /** Streams of `subscriptions/listen` that one address may have open, as `maxSessionsPerAddress`. @default none */
  readonly maxStreamsPerAddress?: number
  /**
   * Bytes of the URIs that one principal may watch by all of its sessions and streams together, in this process;
   * needs `auth`.
   * @default a tenth of maxWatchedTotal; if that is less than maxWatched, up to maxWatched, but at most half of
   * maxWatchedTotal
   */
  readonly maxWatchedPerPrincipal?: number
  /**
   * Calls of one principal that are served at once, in this process; needs `auth`.
   * @see McpMountOptions.maxCallsInFlight
   * @default a tenth of maxCallsInFlight; if that is less than 10, up to 10, but at most half of maxCallsInFlight
   */
  readonly maxCallsInFlightPerPrincipal?: number
  /** Calls of one address that are served at once, in this process; as `maxSessionsPerAddress`. @default none */
  readonly maxCallsInFlightPerAddress?: number
  /** Bytes of the URIs that one address may watch, in this process; as `maxSessionsPerAddress`. @default none */
  readonly maxWatchedPerAddress?: number
}

/** The shares of a mount, completed; Infinity where there is no limit. */
export interface ResolvedShares {
  /** What callers are told apart by; undefined where they are not. */
  readonly by: 'principal' | 'address' | undefined
  readonly sessions: number
  readonly streams: number
  readonly calls: number
  /** Bytes. */
  readonly watched: number
  /** Whether a session that was never used makes room for a new one when the mount has no place left. */
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

/** Finds a share that would be without effect, because callers are told apart by something else. */
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
      ? `has no effect beside 'auth', which tells callers apart better than their addresses do; use '${instead}'`
      : `needs 'auth', which says who the callers are; set it, or use '${instead}' for a mount that everybody may use`
  }
}

/** What the shares of a mount are parts of, and what they depend on. */
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

// A tenth leaves room for others; of a few places a tenth would be too little for one person with several clients.
function shareOf (max: number, enough = 10): number {
  return Math.max(Math.ceil(max / 10), Math.min(enough, Math.ceil(max / 2)))
}
