// Starts several nodes in one process. Tests can interrupt their cluster, and kill nodes.
import { setImmediate as nextTurn } from 'node:timers/promises'
import Fastify, { type FastifyInstance } from 'fastify'
import type { Test } from 'tap'
import mcpPlugin, {
  ClusterUnreachableError, createMemoryCluster, type Cluster, type ClusterListeners, type ClusterNode,
  type McpMountOptions, type MemoryClusterOptions, type Mount
} from '../../lib/index.ts'
import type { SharedHome } from '../../lib/session/nodes/shared-home.ts'
import type { Sessions } from '../../lib/session/sessions.ts'
import type { LogLine } from './app.ts'
import { partsOf } from './parts.ts'

/** Whether a node takes part. */
interface Fate {
  isUnreachable: boolean
  isDead: boolean
}

interface Joined {
  readonly fate: Fate
  readonly listeners: ClusterListeners
  readonly node: ClusterNode
  readonly leave: () => void
}

/** A cluster that tests can interrupt. */
export interface FaultyCluster extends Cluster {
  /** Begins an outage. @param nodeId The only node that it concerns. @default all nodes */
  beginOutage (nodeId?: string): void
  endOutage (nodeId?: string): void
  /** Stops a node at once; the others find it dead. */
  kill (nodeId: string): void
  /** The nodes, in the order in which they joined. */
  readonly nodes: readonly ClusterNode[]
}

/**
 * Creates a cluster in memory, each operation of which takes a turn of the event loop, as one of another process would.
 */
export function createFaultyCluster (options?: MemoryClusterOptions, now?: () => number): FaultyCluster {
  const cluster = createMemoryCluster(options, now)
  const joined = new Map<string, Joined>()

  function setUnreachable (isUnreachable: boolean, nodeId?: string): void {
    for (const { fate, listeners, node } of joined.values()) {
      if (fate.isDead || fate.isUnreachable === isUnreachable || (nodeId ?? node.id) !== node.id) continue
      fate.isUnreachable = isUnreachable
      if (isUnreachable) listeners.onOutage(new ClusterUnreachableError('the test has begun an outage'))
      else listeners.onRecovery()
    }
  }

  return {
    get nodes () { return [...joined.values()].map(({ node }) => node) },
    join (mount, listeners) {
      const fate: Fate = { isUnreachable: false, isDead: false }
      const inner = cluster.join(mount, listeners)
      const node: ClusterNode = {
        id: inner.id,
        sessions: slow(inner.sessions, fate),
        events: {
          ...slow(inner.events, fate),
          follow: async (streamId, listener) => {
            await reach(fate)
            return inner.events.follow(streamId, (event) => { if (!isLost(fate)) listener(event) })
          }
        },
        bus: {
          publish: slow(inner.bus, fate).publish,
          subscribe: (topic, listener) => inner.bus.subscribe(topic, (message) => {
            if (!isLost(fate)) listener(message)
          })
        },
        get isUnreachable () { return fate.isUnreachable },
        isAlive: async (nodeId) => {
          await reach(fate)
          return joined.get(nodeId)?.fate.isDead !== true && inner.isAlive(nodeId)
        },
        others: async () => {
          await reach(fate)
          return inner.others()
        },
        hold: async (...args) => {
          await reach(fate)
          return inner.hold(...args)
        },
        start: () => inner.start(),
        close: () => inner.close()
      }
      joined.set(node.id, { fate, listeners, node, leave: () => { inner.close() } })
      return node
    },
    beginOutage: (nodeId) => setUnreachable(true, nodeId),
    endOutage: (nodeId) => setUnreachable(false, nodeId),
    kill (nodeId) {
      const found = joined.get(nodeId)
      if (found === undefined) return
      found.fate.isDead = true
      found.leave()
    }
  }
}

function isLost ({ isUnreachable, isDead }: Fate): boolean {
  return isUnreachable || isDead
}

async function reach (fate: Fate): Promise<void> {
  if (isLost(fate)) throw new ClusterUnreachableError('the test has begun an outage')
  await nextTurn()
  if (isLost(fate)) throw new ClusterUnreachableError('the test has begun an outage')
}

// Returns an object whose methods run a turn of the event loop later.
function slow<T extends object> (target: T, fate: Fate): T {
  return new Proxy(target, {
    ownKeys: (object) => Reflect.ownKeys(object),
    get (object, name) {
      const method: unknown = Reflect.get(object, name)
      if (typeof method !== 'function') return method
      return async (...args: unknown[]): Promise<unknown> => {
        await reach(fate)
        return await Reflect.apply(method, object, args)
      }
    }
  })
}

/** One app of a cluster, which listens. */
export interface TestNode {
  readonly app: FastifyInstance
  readonly mount: Mount
  /** Its origin. */
  readonly address: string
  readonly id: string
  readonly logLines: readonly LogLine[]
  readonly sessions: Sessions<SharedHome>
  /** Ends the node without closing anything. */
  kill (): void
}

/** Some nodes that serve the same. */
export interface TestNodes {
  readonly cluster: FaultyCluster
  readonly nodes: readonly [TestNode, TestNode, TestNode]
}

/** Starts an app that is a node. */
export async function startNode (t: Test, cluster: FaultyCluster, options: McpMountOptions): Promise<TestNode> {
  const logLines: LogLine[] = []
  const stream = { write (line: string) { logLines.push(JSON.parse(line)) } }
  // After an aborted request, fetch opens a connection ahead of need. The server does not count it as idle.
  const app = Fastify({ logger: { level: 'info', stream }, forceCloseConnections: true })
  // Closing does not wait for handlers that never end.
  app.register(mcpPlugin, { closeGracePeriod: 0, ...options, cluster })
  t.teardown(() => app.close())
  const address = await app.listen({ port: 0, host: '127.0.0.1' })
  const [mount] = app.mcp
  const id = cluster.nodes.at(-1)?.id
  const sessions = mount && partsOf(mount).cluster?.sessions
  if (mount === undefined || sessions === undefined || id === undefined) throw new Error('there is no node')
  return {
    app,
    mount,
    address,
    id,
    logLines,
    sessions,
    kill () {
      cluster.kill(id)
      app.server.closeAllConnections()
      app.server.close()
    }
  }
}

/** Starts three nodes that serve the same. */
export async function startNodes (
  t: Test, options: McpMountOptions, cluster = createFaultyCluster()
): Promise<TestNodes> {
  const start = (): Promise<TestNode> => startNode(t, cluster, options)
  return { cluster, nodes: [await start(), await start(), await start()] }
}
