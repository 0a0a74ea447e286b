// The nodes that the checks of clusters start, and end again.
import { ClusterUnreachableError } from '../errors.ts'
import type { Cluster, ClusterNode } from '../store/cluster.ts'
import type { SessionRecord } from '../store/session-store.ts'
import { createContracts, type Contract, type Subject } from './contract.ts'

/** An empty cluster under test. */
export interface ClusterSubject extends Subject {
  /** The same cluster as two processes see it. */
  readonly clusters: readonly [Cluster, Cluster]
}

/** @internal The record of the sessions that the checks open. */
export const RECORD: SessionRecord = Object.freeze({
  protocolVersion: '2025-11-25',
  client: { capabilities: {} },
  logLevel: 'info'
})

/** @internal The limits with which the checks open sessions. */
export const LIMITS = { max: 10, ttl: 60_000 }

/** @internal A node, and the outages and recoveries that it reported. */
export interface Member { readonly node: ClusterNode, readonly reported: string[] }

/** @internal Joins a cluster without starting the node. */
export function join (cluster: Cluster, mount = 'notes'): Member {
  const reported: string[] = []
  const node = cluster.join(mount, {
    onOutage: (error) => { reported.push(error instanceof ClusterUnreachableError ? 'outage' : String(error)) },
    onRecovery: () => { reported.push('recovery') }
  })
  return { node, reported }
}

/** @internal The nodes of one check. */
export interface Nodes {
  /** Joins a cluster and starts the node. The node is closed at the latest when the check ends. */
  readonly start: (cluster: Cluster, mount?: string) => Promise<Member>
  readonly close: (member: Member) => Promise<void>
}

/** @internal Checks of clusters, by the sentence that each of them proves. */
export type ClusterChecks<S extends ClusterSubject = ClusterSubject> =
  Readonly<Record<string, (subject: S, nodes: Nodes) => Promise<void>>>

/** @internal Each check gets a subject of its own; its nodes are closed when the check ends. */
export function createClusterContracts<S extends ClusterSubject> (
  create: () => Promise<S> | S, checks: ClusterChecks<S>
): readonly Contract[] {
  const withNodes = (check: ClusterChecks<S>[string]) => async (subject: S): Promise<void> => {
    const running = new Set<Member>()
    const close = async (member: Member): Promise<void> => {
      running.delete(member)
      await member.node.close()
    }
    try {
      await check(subject, {
        async start (cluster, mount) {
          const member = join(cluster, mount)
          running.add(member)
          await member.node.start()
          return member
        },
        close
      })
    } finally {
      for (const member of running) await close(member)
    }
  }
  return createContracts(
    create,
    Object.fromEntries(Object.entries(checks).map(([name, check]) => [name, withNodes(check)]))
  )
}
