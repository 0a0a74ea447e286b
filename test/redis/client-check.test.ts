import { Redis, type RedisOptions } from 'ioredis'
import t from 'tap'
import { findClientProblem } from '../../lib/redis/client-check.ts'

// What tests of types are is no part of this one.
const create = (options: RedisOptions = {}): Redis => new Redis({ ...options, lazyConnect: true } as object)

t.test('a client that can serve a cluster is accepted, whatever its other settings', (t) => {
  const right: readonly RedisOptions[] = [
    {},
    { db: 3 },
    { keyPrefix: 'app:' },
    { enableOfflineQueue: false },
    { maxRetriesPerRequest: null },
    { maxRetriesPerRequest: 0 },
    { enableAutoPipelining: true },
    { retryStrategy: () => 50 },
    { autoResubscribe: false },
    { enableReadyCheck: false },
    { role: 'master' },
    { protocol: 2 }
  ]

  for (const options of right) t.equal(findClientProblem(create(options)), undefined, JSON.stringify(options))
  t.end()
})

t.test('settings that would make a client fail later are refused, and the message says what to leave out', (t) => {
  const wrong: ReadonlyArray<readonly [problem: RegExp, options: RedisOptions]> = [
    [/'retryStrategy'/, { retryStrategy: () => null }],
    [/'retryStrategy'/, Object({ retryStrategy: null })],
    [/role: 'slave'/, { role: 'slave' }],
    [/'readOnly'/, { readOnly: true }],
    [/'stringNumbers'/, { stringNumbers: true }],
    [/'replyMapping'/, { replyMapping: 'resp3' }],
    [/'commandQueue: false'/, Object({ commandQueue: false })], [/monitors/, { monitor: true }]
  ]

  for (const [problem, options] of wrong) t.match(findClientProblem(create(options)), problem, String(problem))
  t.end()
})

t.test('a closed client, and a value that is not a client of one connection, are refused', async (t) => {
  const closed = create()
  closed.disconnect()

  t.match(findClientProblem(closed), /has been disconnected/)
  t.match(findClientProblem(new Redis.Cluster([], { lazyConnect: true })), /must be one connection/)
  for (const value of [null, undefined, {}, 'redis://localhost', { isCluster: false }]) {
    t.match(findClientProblem(value), /must be a client of ioredis/)
  }
})
