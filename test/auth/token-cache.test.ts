import t from 'tap'
import { InvalidTokenError } from '../../lib/auth/token-error.ts'
import { TOKEN_CACHE, TokenCache, type TokenCacheOptions } from '../../lib/auth/token-cache.ts'
import { complete } from '../../lib/options/table.ts'

const INFO = { token: 'a', clientId: 'app', scopes: [] }

function createCache (options: TokenCacheOptions = {}) {
  const clock = { now: 0 }
  return { clock, cache: new TokenCache(complete(TOKEN_CACHE, options), () => clock.now) }
}

t.test('a token is cached for its ttl', async (t) => {
  const { clock, cache } = createCache({ ttl: 1000 })
  cache.set('a', INFO)

  clock.now = 999
  t.equal(cache.get('a'), INFO)
  clock.now = 1000
  t.equal(cache.get('a'), undefined)
  t.equal(cache.size, 0)
})

t.test('a token is never cached beyond its expiry', async (t) => {
  const { clock, cache } = createCache()
  cache.set('a', { ...INFO, expiresAt: 2 })

  clock.now = 1999
  t.ok(cache.get('a'))
  clock.now = 2000
  t.equal(cache.get('a'), undefined)
})

t.test('beyond the limit, the least recently used token is dropped', async (t) => {
  const { cache } = createCache({ maxEntries: 2 })
  cache.set('a', INFO)
  cache.set('b', INFO)
  cache.get('a')
  cache.set('c', INFO)

  t.equal(cache.get('b'), undefined)
  t.ok(cache.get('a'))
  t.ok(cache.get('c'))
  t.equal(cache.size, 2)
})

t.test('keys differ by token and by resource, and contain neither', async (t) => {
  const { cache } = createCache()
  const keys = [cache.keyOf('a', 'b'), cache.keyOf('b', 'a'), cache.keyOf('a', 'c')]

  t.equal(new Set(keys).size, 3)
  t.same(keys.map((key) => key.length), [43, 43, 43])
})

t.test('refusals have a ttl and entries of their own, and evict no accepted token', async (t) => {
  const { clock, cache } = createCache({ maxEntries: 2, refusalTtl: 10 })
  const refusal = new InvalidTokenError('no')
  cache.set('good', INFO)
  for (const key of ['a', 'b', 'c']) cache.set(key, refusal)

  t.equal(cache.get('good'), INFO)
  t.same([cache.get('a'), cache.get('b'), cache.get('c')], [undefined, refusal, refusal])
  t.equal(cache.size, 3)
  clock.now = 10
  t.equal(cache.get('c'), undefined)
  cache.set('b', INFO)
  t.equal(cache.get('b'), INFO)
})
