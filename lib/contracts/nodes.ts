// The nodes of a check of clusters.
import { ClusterAwayError, type Cluster, type ClusterNode } from '../store/cluster.ts'
import type { SessionRecord } from '../store/session-store.ts'
import { createContracts, type Contract, type Subject } from './contract.ts'

/** A cluster under test, with nothing stored in it. */
export interface ClusterSubject extends Subject {
  /** The same cluster as two processes see it. */
  readonly clusters: readonly [Cluster, Cluster]
}

/** @internal A session that is opened. */
export const RECORD: SessionRecord = Object.freeze({
  protocolVersion: '2025-11-25',
  client: { capabilities: {} },
  logLevel: 'info'
})

/** @internal How it is opened. */
export const LIMITS = { max: 10, ttl: 60_000 }

/** @internal A node, and what it was told. */
export interface Member { readonly node: ClusterNode, readonly told: string[] }

/** @internal Joins a cluster without starting. */
export function join (cluster: Cluster, mount = 'notes'): Member {
  const told: string[] = []
  const node = cluster.join(mount, {
    onAway: (error) => { told.push(error instanceof ClusterAwayError ? 'away' : String(error)) },
    onBack: () => { told.push('back') }
  })
  return { node, told }
}

/** @internal The nodes of one check. */
export interface Nodes {
  /** Joins a cluster, and starts. Ends with the check at the latest. */
  readonly start: (cluster: Cluster, mount?: string) => Promise<Member>
  readonly close: (member: Member) => Promise<void>
}

/** @internal Each check gets a subject of its own, and its nodes end with it. */
export function createClusterContracts<S extends ClusterSubject> (
  create: () => Promise<S> | S, checks: Readonly<Record<string, (subject: S, nodes: Nodes) => Promise<void>>>
): readonly Contract[] {
  const withNodes = (check: typeof checks[string]) => async (subject: S): Promise<void> => {
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
