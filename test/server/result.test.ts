import t from 'tap'
import type { Era } from '../../lib/protocol/revisions.ts'
import { cacheFields, findCacheProblem, keepPrivate, PreparedResult, ResultFinisher, valueOf, type CacheHint } from '../../lib/server/result.ts'
import { TextResult } from '../../lib/server/text-result.ts'
import { Client, createMessage, untyped } from '../support/definition-client.ts'

const finisher = new ResultFinisher({ name: 'Notes', version: '1.0.0' })
const IDENTITY = { 'io.modelcontextprotocol/serverInfo': { name: 'Notes', version: '1.0.0' } }

function resolve (result: object, era: Era, takesJson = true): unknown {
  const { caller, channel } = new Client({ era, channel: { takesJson } })
  return finisher.resolve(result, { message: createMessage('tools/call'), caller, channel })
}

t.test('a modern result says that it is complete and whose it is', async (t) => {
  const result: object = Object.freeze({ tools: [] })

  t.strictSame(finisher.finish(result, 'modern'), { resultType: 'complete', tools: [], _meta: IDENTITY })
  t.strictSame(finisher.finish(untyped({ a: 1, _meta: { b: 2 } }), 'modern'), { resultType: 'complete', a: 1, _meta: { ...IDENTITY, b: 2 } })
})

t.test('a legacy result is as it was', async (t) => {
  const result = Object.freeze({ tools: [], _meta: { a: 1 } })

  t.equal(finisher.finish(result, 'legacy'), result)
})

t.test('a result is encoded for its era, a prepared one as it was prepared', async (t) => {
  t.equal(resolve({ a: 1 }, 'legacy'), '{"a":1}')
  t.equal(resolve({ a: 1 }, 'modern'),
    '{"resultType":"complete","a":1,"_meta":{"io.modelcontextprotocol/serverInfo":{"name":"Notes","version":"1.0.0"}}}')
  const prepared = new PreparedResult({ a: 1 })
  t.equal(resolve(prepared, 'modern'), prepared)
  t.throws(() => resolve({ a: 1n }, 'modern'), TypeError)
})

t.test('a result is as it was made for a channel that takes no JSON', async (t) => {
  const result = { a: 1n }

  t.equal(resolve(result, 'modern', false), result)
  t.strictSame(resolve(new TextResult('a'), 'modern', false), { content: [{ type: 'text', text: 'a' }] })
  t.strictSame(resolve(new PreparedResult({ a: 1 }), 'modern', false), { a: 1 })
})

t.test('a result whose JSON is no object is refused', async (t) => {
  for (const json of [[], 'a', 1, null]) t.throws(() => resolve({ toJSON: () => json }, 'legacy'), /^the JSON of a result must be an object/)
  t.equal(resolve({ toJSON: () => ({ a: 1 }) }, 'legacy'), '{"a":1}')
})

t.test('a text is encoded as any other result would be', async (t) => {
  for (const result of [new TextResult('a "b"'), new TextResult('{"n":1}', { content: { n: 1 } })]) {
    for (const era of ['modern', 'legacy'] as const) t.equal(resolve(result, era), resolve(result.toObject(), era))
    t.strictSame(valueOf(result), result.toObject())
  }
})

t.test('a reply has the id of its request, however often the same result is sent', async (t) => {
  const prepared = new PreparedResult({ a: 1 })

  for (const id of [1, '1', 2, 1, 3, 'b', 4, 5, 1]) {
    t.equal(prepared.replyTo(id), `{"jsonrpc":"2.0","id":${JSON.stringify(id)},"result":{"a":1}}`)
  }
})

t.test('a prepared result can be looked at and not changed', async (t) => {
  const original = { tools: [{ name: 'add' }] }
  const prepared = new PreparedResult(original)

  t.strictSame(prepared.value, original)
  t.equal(valueOf(prepared), prepared.value)
  t.throws(() => { Object.assign(prepared.value, { tools: [] }) }, TypeError)
  t.ok(Object.isFrozen(Reflect.get(prepared.value, 'tools')[0]))
  t.notOk(Object.isFrozen(original))
})

t.test('the value of any other result is the result', async (t) => {
  const result = {}

  t.equal(valueOf(result), result)
})

t.test('a modern result may be cached as its hint says, a legacy one knows no caching', async (t) => {
  t.strictSame(cacheFields('modern', 'public', undefined), { ttlMs: 0, cacheScope: 'public' })
  t.strictSame(cacheFields('modern', 'private', { ttlMs: 5 }), { ttlMs: 5, cacheScope: 'private' })
  t.strictSame(cacheFields('modern', 'private', { scope: 'public' }), { ttlMs: 0, cacheScope: 'public' })
  t.equal(cacheFields('legacy', 'public', { ttlMs: 5 }), undefined)
})

t.test('what differs from caller to caller stays private, for as long as its hint says', async (t) => {
  t.strictSame(keepPrivate(undefined), { scope: 'private' })
  t.strictSame(keepPrivate({ ttlMs: 5, scope: 'public' }), { ttlMs: 5, scope: 'private' })
})

t.test('a cache hint has a time that clients can count and a scope that they know', async (t) => {
  const ttlProblem = "must have as 'ttlMs' a whole number of milliseconds from 0"

  for (const hint of [{}, { ttlMs: 0 }, { ttlMs: 60_000, scope: 'private' as const }]) t.equal(findCacheProblem(hint), undefined)
  for (const ttlMs of [-1, 0.5, NaN, Infinity]) t.equal(findCacheProblem({ ttlMs }), ttlProblem)
  t.equal(findCacheProblem(untyped<CacheHint>({ ttlMs: '5' })), ttlProblem)
  t.equal(findCacheProblem(untyped<CacheHint>({ scope: 'shared' })), "must have as 'scope' either 'public' or 'private'")
})
