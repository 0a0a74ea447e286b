// A cluster in memory that can be cut off.
import { ClusterAwayError, type Cluster, type ClusterListeners, type ClusterNode } from '../../lib/store/cluster.ts'
import { createMemoryCluster } from '../../lib/store/memory-cluster.ts'

/** A cluster that is away when told to. */
export interface CuttableCluster extends Cluster {
  cut (): void
  restore (): void
}

type AnyFunction = (...args: readonly never[]) => unknown

/** Makes a cluster within one process, which its nodes can lose all at once. */
export function createCuttableCluster (inner: Cluster = createMemoryCluster()): CuttableCluster {
  const started = new Set<ClusterListeners>()
  let isCut = false

  // Each of its functions refuses while it is away, but for those that begin to listen.
  function guard<T extends object> (part: T): T {
    const guarded = Object.entries(part).map(([name, value]) => [name, name === 'subscribe' || typeof value !== 'function'
      ? value
      : async (...args: readonly never[]) => {
        if (isCut) throw new ClusterAwayError('cut')
        // Of the same arguments as the function it stands for.
        return await (value as AnyFunction)(...args)
      }])
    return Object.fromEntries(guarded)
  }

  return {
    join (mount, listeners): ClusterNode {
      const node = inner.join(mount, listeners)
      return {
        ...node,
        sessions: guard(node.sessions),
        events: guard(node.events),
        bus: guard(node.bus),
        get isAway () { return isCut },
        ...guard({ isAlive: node.isAlive, others: node.others, hold: node.hold }),
        async start () {
          started.add(listeners)
          await node.start()
          if (isCut) listeners.onAway(new ClusterAwayError('cut'))
        },
        async close () {
          started.delete(listeners)
          await node.close()
        }
      }
    },
    cut () {
      isCut = true
      for (const { onAway } of started) onAway(new ClusterAwayError('cut'))
    },
    restore () {
      isCut = false
      for (const { onBack } of started) onBack()
    }
  }
}
