import t from 'tap'
import { cacheFields, findCacheProblem, keepPrivate, type CacheHint } from '../../../lib/server/call/cache-hint.ts'
import { untyped } from '../../support/definition-client.ts'

t.test('a modern result has the cache fields of its hint, and a legacy result has none', async (t) => {
  t.strictSame(cacheFields('modern', 'public', undefined), { ttlMs: 0, cacheScope: 'public' })
  t.strictSame(cacheFields('modern', 'private', { ttlMs: 5 }), { ttlMs: 5, cacheScope: 'private' })
  t.strictSame(cacheFields('modern', 'private', { scope: 'public' }), { ttlMs: 0, cacheScope: 'public' })
  t.equal(cacheFields('legacy', 'public', { ttlMs: 5 }), undefined)
})

t.test('keepPrivate makes the scope private and keeps the ttlMs', async (t) => {
  t.strictSame(keepPrivate(undefined), { scope: 'private' })
  t.strictSame(keepPrivate({ ttlMs: 5, scope: 'public' }), { ttlMs: 5, scope: 'private' })
})

t.test('a cache hint with an invalid ttlMs or scope is refused', async (t) => {
  const ttlProblem = "must have as 'ttlMs' a whole number of milliseconds from 0"

  for (const hint of [{}, { ttlMs: 0 }, { ttlMs: 60_000, scope: 'private' as const }]) {
    t.equal(findCacheProblem(hint), undefined)
  }
  for (const ttlMs of [-1, 0.5, NaN, Infinity]) t.equal(findCacheProblem({ ttlMs }), ttlProblem)
  t.equal(findCacheProblem(untyped<CacheHint>({ ttlMs: '5' })), ttlProblem)
  t.equal(
    findCacheProblem(untyped<CacheHint>({ scope: 'shared' })), "must have as 'scope' either 'public' or 'private'"
  )
})
