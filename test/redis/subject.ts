// Nodes on one Redis, for contracts.
import type { Test } from 'tap'
import type { ClusterNode } from '../../lib/store/cluster.ts'
import { redisCluster, type RedisClusterOptions } from '../../lib/redis/index.ts'
import type { RedisServer } from '../support/redis-server.ts'
import { createPrefix } from '../support/redis-server.ts'
import { passTime } from './time.ts'

const QUIET = { onOutage () {}, onRecovery () {} }

/** Two nodes of a cluster. To Redis they look like nodes of two processes. */
export interface Nodes {
  readonly nodes: readonly [ClusterNode, ClusterNode]
  readonly keyPrefix: string
  pass (milliseconds: number): Promise<void>
  stop (): Promise<void>
}

/** Starts two nodes with nothing stored. */
export async function startNodes (
  { url, client }: RedisServer, options: Omit<RedisClusterOptions, 'url' | 'client'> = {}
): Promise<Nodes> {
  const keyPrefix = createPrefix()
  const join = (): ClusterNode => redisCluster({ url, keyPrefix, ...options }).join('notes', QUIET)
  const nodes = [join(), join()] as const
  await Promise.all(nodes.map((node) => node.start()))
  return {
    nodes,
    keyPrefix,
    pass: (milliseconds) => passTime(client, keyPrefix, milliseconds),
    async stop () {
      await Promise.all(nodes.map((node) => node.close()))
      await removeKeys(client, keyPrefix)
    }
  }
}

/** Removes the keys that a test has left. */
export async function removeKeys (client: RedisServer['client'], keyPrefix: string): Promise<void> {
  const keys = await client.keys(`${keyPrefix}*`)
  if (keys.length > 0) await client.del(keys)
}

/** Starts two nodes, which end with the test. */
export async function useNodes (
  t: Test, server: RedisServer, options?: Omit<RedisClusterOptions, 'url' | 'client'>
): Promise<Nodes> {
  const nodes = await startNodes(server, options)
  t.teardown(() => nodes.stop())
  return nodes
}
