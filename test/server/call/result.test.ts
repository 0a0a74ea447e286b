import t from 'tap'
import { encodeJson } from '../../../lib/protocol/encode.ts'
import type { Outcome } from '../../../lib/server/call/incoming.ts'
import type { Era } from '../../../lib/protocol/revisions.ts'
import {
  encodeReply, PreparedResult, resultOf, ResultFinisher, TextResult, valueOf
} from '../../../lib/server/call/result.ts'
import { Client, createMessage, untyped } from '../../support/definition-client.ts'

const finisher = new ResultFinisher({ name: 'Notes', version: '1.0.0' })
const IDENTITY = { 'io.modelcontextprotocol/serverInfo': { name: 'Notes', version: '1.0.0' } }

function resolve (result: object, era: Era, takesJson = true): unknown {
  const { caller, channel } = new Client({ era, channel: { takesJson } })
  return finisher.resolve(result, { message: createMessage('tools/call'), caller, channel })
}

t.test('a modern result has its resultType and the identity of the server', async (t) => {
  const result: object = Object.freeze({ tools: [] })

  t.strictSame(finisher.finish(result, 'modern'), { resultType: 'complete', tools: [], _meta: IDENTITY })
  t.strictSame(finisher.finish(untyped({ a: 1, _meta: { b: 2 } }), 'modern'), {
    resultType: 'complete', a: 1, _meta: { ...IDENTITY, b: 2 }
  })
})

t.test('a legacy result is sent unchanged', async (t) => {
  const result = Object.freeze({ tools: [], _meta: { a: 1 } })

  t.equal(finisher.finish(result, 'legacy'), result)
})

t.test('a result is encoded for its era, and a prepared result with its prepared JSON', async (t) => {
  t.equal(resolve({ a: 1 }, 'legacy'), '{"a":1}')
  t.equal(resolve({ a: 1 }, 'modern'),
    '{"resultType":"complete","a":1,"_meta":{"io.modelcontextprotocol/serverInfo":{"name":"Notes","version":"1.0.0"}}}')
  const prepared = new PreparedResult({ a: 1 })
  t.equal(resolve(prepared, 'modern'), prepared)
  t.throws(() => resolve({ a: 1n }, 'modern'), TypeError)
})

t.test('a channel that takes no JSON gets the result object', async (t) => {
  const result = { a: 1n }

  t.equal(resolve(result, 'modern', false), result)
  t.strictSame(resolve(new TextResult('a'), 'modern', false), { content: [{ type: 'text', text: 'a' }] })
  t.strictSame(resolve(new PreparedResult({ a: 1 }), 'modern', false), { a: 1 })
})

t.test('a result whose JSON is not an object is refused', async (t) => {
  for (const json of [[], 'a', 1, null]) {
    t.throws(() => resolve({ toJSON: () => json }, 'legacy'), /^the JSON of a result must be an object/)
  }
  t.equal(resolve({ toJSON: () => ({ a: 1 }) }, 'legacy'), '{"a":1}')
})

t.test('a TextResult has the same JSON as the equal plain result', async (t) => {
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

t.test('the value of a prepared result can be read and is frozen', async (t) => {
  const original = { tools: [{ name: 'add' }] }
  const prepared = new PreparedResult(original)

  t.strictSame(prepared.value, original)
  t.equal(valueOf(prepared), prepared.value)
  t.throws(() => { Object.assign(prepared.value, { tools: [] }) }, TypeError)
  t.ok(Object.isFrozen(Reflect.get(prepared.value, 'tools')[0]))
  t.notOk(Object.isFrozen(original))
})

t.test('the value of a plain result is the result itself', async (t) => {
  const result = {}

  t.equal(valueOf(result), result)
})

const VALUES = [{ sum: 3, 'a"b': ['\u2028', '\ud800', null] }, [1, 'a'], 'a', 0, false, null]

t.test('a TextResult has one text block', async (t) => {
  for (const text of ['a', '', 'two\nlines', '"quoted" \\ \u0000 \ud800 \u2028 €']) {
    const result = new TextResult(text)

    t.strictSame(result.toObject(), { content: [{ type: 'text', text }] })
    t.equal(`{${result.encodeFields()}}`, encodeJson(result.toObject()))
  }
})

t.test('a TextResult with a value has it as structured content', async (t) => {
  for (const content of VALUES) {
    const text = JSON.stringify(content)
    const result = new TextResult(text, { content })

    t.strictSame(result.toObject(), { content: [{ type: 'text', text }], structuredContent: content })
    t.equal(`{${result.encodeFields()}}`, JSON.stringify(result.toObject()))
  }
})

t.test('an object, its JSON and a prepared result make the same reply', (t) => {
  const result = { tools: [] }

  for (const outcome of [result, JSON.stringify(result), new PreparedResult(result)]) {
    t.equal(encodeReply(outcome, 'a'), '{"jsonrpc":"2.0","id":"a","result":{"tools":[]}}')
  }
  t.equal(resultOf(result), result)
  t.same(resultOf('{"tools":[]}'), result)
  t.end()
})

t.test('a prepared result is encoded by a copy of this package that does not know its class', (t) => {
  t.equal(JSON.stringify(new PreparedResult({ tools: [] })), '{"tools":[]}')
  t.end()
})

t.test('a definition that resolves to neither an object nor JSON is refused', (t) => {
  t.throws(() => encodeReply('', 1), {
    name: 'TypeError',
    message: "a server definition's serve() must resolve to an object, or to the JSON of one, not to an empty text"
  })
  for (const outcome of [undefined, null, [], 7, { big: 1n }]) {
    t.throws(() => encodeReply(outcome as Outcome, 1), TypeError)
  }
  t.end()
})
