import { Redis } from 'ioredis'
import t from 'tap'
import { redisCluster, type RedisClusterOptions } from '../../lib/redis/index.ts'
import { resolveRedisOptions } from '../../lib/redis/redis-options.ts'

const URL_OF_REDIS = 'redis://localhost:6379'

t.test('options are completed', async (t) => {
  const client = new Redis({ lazyConnect: true })
  const events = { maxLength: 5 }

  t.same(resolveRedisOptions({ url: URL_OF_REDIS }), {
    source: { url: URL_OF_REDIS },
    keyPrefix: 'mcp:',
    events: { maxLength: 1000, maxBytes: 8_388_608, maxAge: 300_000 },
    commandTimeout: 2000,
    nodeTimeout: 10_000
  })
  t.same(resolveRedisOptions({ client, keyPrefix: '', events, commandTimeout: 1, nodeTimeout: 2 }), {
    source: { client },
    keyPrefix: '',
    events: { maxLength: 5, maxBytes: 8_388_608, maxAge: 300_000 },
    commandTimeout: 1,
    nodeTimeout: 2
  })
  t.same(resolveRedisOptions({ url: 'rediss://:secret@redis.example/1', events: { maxBytes: 2, maxAge: 1 } }).events, {
    maxLength: 1000,
    maxBytes: 2,
    maxAge: 1
  })
})

t.test('an error of an option says what is wrong and what to write', async (t) => {
  // Wrong types are what the test is about.
  const problemOf = (options: object): unknown => {
    try {
      return redisCluster(options as RedisClusterOptions)
    } catch (error) {
      return error
    }
  }
  const wrong: ReadonlyArray<readonly [problem: RegExp, options: object]> = [
    [/^option 'url' is missing: pass \{ url: 'redis:\/\/localhost:6379' \}, or \{ client \}/, {}],
    [/^option 'url' contradicts 'client'/, { url: URL_OF_REDIS, client: new Redis({ lazyConnect: true }) }],
    [/^option 'url' must be a URL, such as/, { url: 'localhost:6379' }],
    [/^option 'url' must be a URL, such as/, { url: 'https://localhost:6379' }],
    [/^option 'url' must be a URL, such as/, { url: new URL(URL_OF_REDIS) }],
    [/^option 'client' must be a client of ioredis/, { client: {} }],
    [/^option 'client' must be a client of ioredis/, { client: null }],
    [/^option 'url' must name a database by its number/, { url: `${URL_OF_REDIS}/first` }],
    [/^option 'client' must be one connection/, { client: new Redis.Cluster([], { lazyConnect: true }) }],
    [/^option 'keyPrefix' must be a string/, { url: URL_OF_REDIS, keyPrefix: 1 }],
    [/^option 'events' must be an object/, { url: URL_OF_REDIS, events: false }],
    [/^option 'events' must be an object/, { url: URL_OF_REDIS, events: null }],
    [
      /^option 'events' has a 'maxLength' that must be a whole number above 0/,
      { url: URL_OF_REDIS, events: { maxLength: 0 } }
    ],
    [
      /^option 'events' has a 'maxBytes' that must be a whole number above 0/,
      { url: URL_OF_REDIS, events: { maxBytes: 0 } }
    ],
    [/^option 'events' has a 'maxEvents' that does not exist/, { url: URL_OF_REDIS, events: { maxEvents: 1 } }],
    [/^option 'commandTimeout' must be a whole number above 0/, { url: URL_OF_REDIS, commandTimeout: '1s' }],
    [/^option 'nodeTimeout' must be a whole number above 0/, { url: URL_OF_REDIS, nodeTimeout: 0 }],
    [/^option 'host' does not exist; the options are client, url/, { host: 'localhost' }]
  ]

  for (const [problem, options] of wrong) {
    t.match(problemOf(options), { code: 'MCP_ERR_INVALID_OPTION', message: problem }, String(problem))
  }
})
