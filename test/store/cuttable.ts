// A cluster in memory that can be cut off.
import { ClusterUnreachableError } from '../../lib/errors.ts'
import type { Cluster, ClusterListeners, ClusterNode } from '../../lib/store/cluster.ts'
import { createMemoryCluster } from '../../lib/store/memory-cluster.ts'

/** A cluster whose outages a test controls. */
export interface CuttableCluster extends Cluster {
  cut (): void
  restore (): void
}

type AnyFunction = (...args: readonly never[]) => unknown

/** Creates a cluster within one process, with outages that begin and end for all nodes at once. */
export function createCuttableCluster (inner: Cluster = createMemoryCluster()): CuttableCluster {
  const started = new Set<ClusterListeners>()
  let isCut = false

  // During an outage each function refuses, except those that add a listener.
  function guard<T extends object> (part: T): T {
    const guarded = Object.entries(part).map(([name, value]) => {
      if (name === 'subscribe' || typeof value !== 'function') return [name, value]
      return [name, async (...args: readonly never[]) => {
        if (isCut) throw new ClusterUnreachableError('cut')
        // It takes the same arguments as the function that it replaces.
        return await (value as AnyFunction)(...args)
      }]
    })
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
        get isUnreachable () { return isCut },
        ...guard({ isAlive: node.isAlive, others: node.others, hold: node.hold }),
        async start () {
          started.add(listeners)
          await node.start()
          if (isCut) listeners.onOutage(new ClusterUnreachableError('cut'))
        },
        async close () {
          started.delete(listeners)
          await node.close()
        }
      }
    },
    cut () {
      isCut = true
      for (const { onOutage } of started) onOutage(new ClusterUnreachableError('cut'))
    },
    restore () {
      isCut = false
      for (const { onRecovery } of started) onRecovery()
    }
  }
}
