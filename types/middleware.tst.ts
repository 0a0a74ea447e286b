import { Redis } from 'ioredis'
import { RateLimiterMemory, RateLimiterPostgres, RateLimiterRedis } from 'rate-limiter-flexible'
import { expect, test } from 'tstyche'
import { McpServer, type Hooks } from '../lib/index.ts'
import {
  cacheResults, dereference, limitCalls, limitConcurrency, limitResults, redisCache, timeouts,
  type CacheStore, type LimiterOptions, type Span
} from '../lib/middleware/index.ts'

interface Pool { readonly tenant: string }

const info = { name: 'Notes', version: '1.0.0' }

test('every middleware fits every server, and use() can be chained', () => {
  const server = new McpServer(info, { lifespan: (): { value: Pool } => ({ value: { tenant: 'a' } }) })

  expect(server
    .use(limitCalls({ max: 1, window: '1 minute' }))
    .use(limitConcurrency({ max: 1 }))
    .use(cacheResults({ tools: ['a'], ttl: 1000 }))
    .use(limitResults({ maxBytes: 1 }))
    .use(timeouts({ default: 1 }))
    .use(dereference())).type.toBe<McpServer<Pool>>()
  expect(dereference()).type.toBe<Hooks>()
})

test('a function that names callers knows the lifespan', () => {
  const server = new McpServer(info, { lifespan: (): { value: Pool } => ({ value: { tenant: 'a' } }) })
  const byTenant = limitCalls<Pool>({ max: 1, window: 1000, by: ({ lifespan }) => lifespan.tenant })

  server.use(byTenant)
  expect(new McpServer(info).use).type.not.toBeCallableWith(byTenant)
})

test('a span is a number of milliseconds, or a number and a unit', () => {
  expect<'1 minute' | '30 seconds' | '2 hours' | '1 day' | 500>().type.toBeAssignableTo<Span>()
  expect<Span>().type.not.toBeAssignableFrom('1 fortnight')
  expect<Span>().type.not.toBeAssignableFrom('minute')
})

test('limiters of rate-limiter-flexible are stores of limitCalls', () => {
  const storeClient = new Redis({ lazyConnect: true })
  for (const store of [
    (limit: LimiterOptions) => new RateLimiterRedis({ storeClient, ...limit }),
    (limit: LimiterOptions) => new RateLimiterMemory(limit),
    (limit: LimiterOptions) => new RateLimiterPostgres({ storeClient, ...limit })
  ]) limitCalls({ max: 1, window: 1000, store })
  expect(limitCalls).type.not.toBeCallableWith({ max: 1, window: 1000, store: () => ({}) })
})

test('a client of ioredis is one of redisCache', () => {
  expect(redisCache({ client: new Redis({ lazyConnect: true }) })).type.toBe<CacheStore>()
})
