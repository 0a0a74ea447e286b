// A cluster within one process.
import { randomBytes } from 'node:crypto'
import { resolve, type TableOf } from '../options/table.ts'
import { createMemoryBus, type NotificationBus } from './notification-bus.ts'
import type { SharedEventStore } from './event-store.ts'
import { createMemoryEventStore, eventsOption, type MemoryEventStoreOptions } from './memory-event-store.ts'
import { createMemorySessionStore } from './memory-session-store.ts'
import type { SessionStore } from './session-store.ts'
import type { Cluster } from './cluster.ts'

/** Settings of a cluster in memory. */
export interface MemoryClusterOptions {
  /** The limits of the events of one mount, over all nodes. */
  readonly events?: MemoryEventStoreOptions
}

const MEMORY_CLUSTER = { events: eventsOption } satisfies TableOf<MemoryClusterOptions>

interface Shared {
  readonly sessions: SessionStore
  readonly events: SharedEventStore
  readonly bus: NotificationBus
  /** The ids of the nodes that take part. */
  readonly alive: Set<string>
  /** The number of places of each holder, by node. */
  readonly held: Map<string, Map<string, number>>
}

/**
 * Creates a cluster within one process, for several apps of that process and for tests. It has no outages.
 *
 * @param options The limits of what is stored.
 * @param now The clock, in milliseconds.
 * @throws MCP_ERR_INVALID_OPTION
 * @example
 * const cluster = createMemoryCluster()
 * for (const app of [Fastify(), Fastify()]) app.register(mcpPlugin, { server, cluster })
 */
export function createMemoryCluster (options: MemoryClusterOptions = {}, now: () => number = Date.now): Cluster {
  const { events } = resolve(MEMORY_CLUSTER, options)
  const mounts = new Map<string, Shared>()

  function share (mount: string): Shared {
    const shared = mounts.get(mount) ?? {
      sessions: createMemorySessionStore(now),
      events: createMemoryEventStore(events, now),
      bus: createMemoryBus(),
      alive: new Set(),
      held: new Map()
    }
    mounts.set(mount, shared)
    return shared
  }

  return {
    join (mount) {
      const id = randomBytes(8).toString('hex')
      const { alive, held, ...shared } = share(mount)
      return {
        id,
        ...shared,
        isUnreachable: false,
        isAlive: async (nodeId) => alive.has(nodeId),
        others: async () => [...alive].filter((nodeId) => nodeId !== id),
        hold: async (holder, count, max) => hold(held, id, { holder, count, max }),
        start: async () => { alive.add(id) },
        close: async () => {
          alive.delete(id)
          held.delete(id)
        }
      }
    }
  }
}

/** The number of places that a holder is to have on one node. */
interface Hold {
  readonly holder: string
  readonly count: number
  readonly max: number
}

function hold (held: Shared['held'], id: string, { holder, count, max }: Hold): boolean {
  const mine = held.get(id) ?? new Map<string, number>()
  const before = mine.get(holder) ?? 0
  const all = [...held.values()].reduce((sum, node) => sum + (node.get(holder) ?? 0), count - before)
  if (count > before && all > max) return false
  if (count === 0) mine.delete(holder)
  else mine.set(holder, count)
  if (mine.size === 0) held.delete(id)
  else held.set(id, mine)
  return true
}
