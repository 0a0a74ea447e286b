import t from 'tap'
import { MemoryCache } from '../../lib/middleware/cache-store.ts'

const entry = (text: string, groups: readonly string[] = ['tools'], ttl = 1000) => ({ text, groups, ttl })

t.test('results of a million callers take no more than maxBytes', async (t) => {
  const cache = new MemoryCache(100_000)
  let [most, count] = [0, 0]
  for (let n = 0; n < 1_000_000; n++) {
    cache.set(`key ${n}`, entry('x'.repeat(50), ['tools', `resource ${n}`]))
    most = Math.max(most, cache.bytes)
    count = Math.max(count, cache.size)
  }
  t.ok(most <= 100_000 && count < 250, `${most} bytes, ${count} results`)
  t.equal(cache.get('key 999999'), 'x'.repeat(50))
  cache.drop('tools')
  t.strictSame([cache.size, cache.bytes], [0, 0])
})

t.test('the result that has not been used for longest is forgotten first', async (t) => {
  const cache = new MemoryCache(1500)
  for (const key of ['a', 'b', 'c']) cache.set(key, entry(key))
  cache.get('a')
  cache.set('d', entry('d'))
  t.strictSame(['a', 'b', 'c', 'd'].map((key) => cache.get(key)), ['a', undefined, 'c', 'd'])
})

t.test('a result that is too old, or too large for the cache, is not there', async (t) => {
  let now = 0
  const cache = new MemoryCache(2000, () => now)
  cache.set('a', entry('a'))
  cache.set('big', entry('x'.repeat(2000)))
  cache.set('a', entry('b'))
  t.strictSame([cache.get('a'), cache.get('big'), cache.size], ['b', undefined, 1])
  now = 1000
  t.strictSame([cache.get('a'), cache.size, cache.bytes], [undefined, 0, 0])
})

t.test('dropping a group leaves the others', async (t) => {
  const cache = new MemoryCache(10_000)
  cache.set('a', entry('a', ['resources', 'resource a']))
  cache.set('b', entry('b', ['resources', 'resource b']))
  cache.drop('resource a')
  cache.drop('unknown')
  t.strictSame([cache.get('a'), cache.get('b')], [undefined, 'b'])
})
