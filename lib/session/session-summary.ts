// What the app sees of an open session.
import type { Implementation } from '@modelcontextprotocol/sdk/types.js'
import { parsePrincipal, type CallerIdentity } from '../auth/caller-filter.ts'
import type { ClientIdentity } from '../protocol/client-identity.ts'
import { hashSessionId } from '../telemetry/session-hash.ts'

/** An open session, as the app sees it. It leaves out the id, because the id is all it takes to use the session. */
export interface SessionSummary {
  /** The first 16 hexadecimal digits of the SHA-256 of its id. `sessions.end` takes it. */
  readonly idHash: string
  /** Who opened it; undefined if the mount has no `auth`. */
  readonly principal: CallerIdentity | undefined
  /** The client, as it names itself; undefined if it has not. */
  readonly client: Readonly<Pick<Implementation, 'name' | 'version'>> | undefined
  /** When it was opened; undefined if another version of this package opened it. */
  readonly since: Date | undefined
  /** When it was last used. In a cluster, an open stream counts as use, within a quarter of `sessionIdleTimeout`. */
  readonly lastCall: Date
  /** How many requests it has sent, `initialize` included, to the processes that serve it now. */
  readonly calls: number
  /** How many streams its client is connected to: the GET stream, and replies that it could resume. */
  readonly streams: number
  /** The process that has its GET stream, by its id in the cluster; absent if there is none, or no cluster. */
  readonly node?: string | undefined
}

/** The members of a session that a summary is made from. */
export interface KnownSession {
  readonly sessionId: string
  readonly principal?: string | undefined
  readonly client: ClientIdentity
  /** Milliseconds since the epoch. */
  readonly openedAt?: number | undefined
  /** Milliseconds since the epoch. */
  readonly usedAt: number
  readonly node?: string | undefined
}

/** How much a session is used on one node. */
export interface SessionUse {
  readonly calls: number
  readonly streams: number
}

/** The use of a session that a node does not serve. */
export const UNUSED: SessionUse = Object.freeze({ calls: 0, streams: 0 })

/** Describes a session to the app. */
export function summarize (session: KnownSession, { calls, streams }: SessionUse): SessionSummary {
  const { sessionId, principal, client: { info }, openedAt, usedAt, node } = session
  return {
    idHash: hashSessionId(sessionId),
    principal: principal === undefined ? undefined : parsePrincipal(principal),
    client: info && { name: info.name, version: info.version },
    since: openedAt === undefined ? undefined : new Date(openedAt),
    lastCall: new Date(usedAt),
    calls,
    streams,
    ...(node !== undefined && { node })
  }
}
