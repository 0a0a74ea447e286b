/**
 * A cluster of processes that share a Redis.
 * @packageDocumentation
 */
export { redisCluster } from './redis-cluster.ts'
export type { RedisClusterOptions } from './redis-options.ts'
export type { RedisEventOptions } from './redis-event-store.ts'
