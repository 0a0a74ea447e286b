// Lists the sessions of a cluster, and counts how much all nodes together use them.
import type { ClusterNode } from '../../store/cluster.ts'
import type { ListedSession, SessionTable } from '../home.ts'
import { UNUSED, type SessionUse } from '../session-summary.ts'
import type { NodeLink } from './node-link.ts'

/** What the list is made of. */
export interface ListingParts {
  readonly node: Pick<ClusterNode, 'sessions' | 'others'>
  readonly link: Pick<NodeLink, 'askMany'>
  readonly table: SessionTable
  /** Milliseconds that a session lives from its last use. */
  readonly ttl: number
}

/** Iterates over pages of the sessions in the store. */
export async function * listSessions ({ node, ttl }: ListingParts): AsyncGenerator<readonly ListedSession[]> {
  let from: string | undefined
  do {
    const { sessions, next } = await node.sessions.list(from)
    yield sessions.map(({ sessionId, record, expiresAt, listener }) =>
      ({ ...record, sessionId, usedAt: expiresAt - ttl, node: listener }))
    from = next
  } while (from !== undefined)
}

/** Resolves to how much all nodes together use sessions. A node that does not answer is left out. */
export async function countUses (
  sessionIds: readonly string[], { node, link, table }: ListingParts
): Promise<readonly SessionUse[]> {
  const others = await node.others()
  const answers = await Promise.all(others.map((nodeId) => link.askMany(nodeId, { kind: 'usage', sessionIds })))
  return sessionIds.map((sessionId, index) => {
    const here = table.get(sessionId)?.usage ?? UNUSED
    return answers.reduce<SessionUse>(({ calls, streams }, counts) => ({
      calls: calls + (counts[2 * index] ?? 0),
      streams: streams + (counts[2 * index + 1] ?? 0)
    }), here)
  })
}
