import t from 'tap'
import type { CallToolResult, ContentBlock } from '@modelcontextprotocol/sdk/types.js'
import { limitResults, type ResultLimitOptions } from '../../lib/middleware/index.ts'
import { Type } from '../../lib/index.ts'
import { Client, complete, createNotes, failed, said, untyped } from '../support/definition-client.ts'

function createGiving (result: unknown, options: Partial<ResultLimitOptions> = {}, outputSchema?: object) {
  const server = createNotes().use(limitResults({ maxBytes: 10, ...options }))
  server.registerTool('give', untyped<object>({ outputSchema }), () => untyped(result))
  return server
}

const text = (words: string): ContentBlock => ({ type: 'text', text: words })
const note = (bytes: number): ContentBlock =>
  text(`[The result was cut to 10 of its ${bytes} bytes. Ask for less to see the rest.]`)

t.test('a result within the limit is unchanged', async (t) => {
  t.strictSame(await new Client().callTool(createGiving('0123456789'), 'give'), said('0123456789'))
})

for (const [what, given, kept, bytes] of [
  ['a text', ['0123456789a'], ['0123456789'], 11],
  ['a character of two bytes at the limit', ['012345678é'], ['012345678'], 11],
  ['a character of four bytes at the limit', ['01234567😀'], ['01234567'], 12],
  ['a text of characters that are all too long', ['é'.repeat(9)], ['é'.repeat(5)], 18],
  ['the text that crosses the limit, and those after it', ['01234', '567890', 'last'], ['01234', '56789'], 15]
] as const) {
  t.test(`${what} is cut, and the model is told so`, async (t) => {
    t.strictSame(await new Client().callTool(createGiving(given), 'give'), complete({
      content: [...kept.map(text), note(bytes)]
    }))
  })
}

t.test('an image, a blob or another block stays whole, and a result in which it does not fit is refused', async (t) => {
  const refused = (bytes: number) => failed(
    `The result has ${bytes} bytes, and the limit is 10. Ask for less, such as fewer or smaller parts.`)
  const image: ContentBlock = { type: 'image', data: 'AAAA', mimeType: 'image/png' }
  for (const block of [
    image, { type: 'audio', data: 'AAAA', mimeType: 'audio/wav' },
    { type: 'resource', resource: { uri: 'x://a', blob: 'AAAA' } },
    { type: 'resource', resource: { uri: 'x://a', text: 'abcd' } }
  ]) {
    t.strictSame(await new Client().callTool(createGiving([block, '0123456789']), 'give'), complete({
      content: [block, text('012345'), note(14)]
    }))
  }
  t.strictSame(await new Client().callTool(createGiving([image, image, image, 'text']), 'give'), refused(16))
  const link = { type: 'resource_link', uri: 'x://a', name: 'a' }
  t.strictSame(await new Client().callTool(createGiving([link]), 'give'), refused(JSON.stringify(link).length))
})

t.test("with how: 'refuse' larger results are refused", async (t) => {
  t.strictSame(await new Client().callTool(createGiving('0123456789a', { how: 'refuse' }), 'give'), failed(
    'The result has 11 bytes, and the limit is 10. Ask for less, such as fewer or smaller parts.'))
})

t.test('structured content that was promised is kept whole, or the result is refused', async (t) => {
  const schema = Type.Object({ a: Type.String() })
  const long = { content: [text('0123456789a')], structuredContent: { a: '1' } }

  t.strictSame(await new Client().callTool(createGiving(long, {}, schema), 'give'), complete({
    content: [text('0123456789'), note(11)], structuredContent: { a: '1' }
  }))
  t.match(await new Client().callTool(createGiving({ a: '0123456789' }, {}, schema), 'give'), {
    result: { isError: true, structuredContent: undefined, content: [{ text: /^The result has 18 bytes/ }] }
  })
})

t.test('structured content that was not promised, or of an error, is left out', async (t) => {
  const result: CallToolResult = { content: [text('short')], structuredContent: { a: '0123456789' } }
  const left = 'The structured content of 18 bytes was left out; the limit is 10.'
  const schema = Type.Object({ a: Type.String() })

  t.strictSame(await new Client().callTool(createGiving(result), 'give'), complete({
    content: [text('short'), text(`[${left}]`)]
  }))
  t.match(await new Client().callTool(createGiving({ ...result, isError: true }, {}, schema), 'give'), {
    result: { isError: true, content: [text('short'), text(`[${left}]`)] }
  })
  const both = createGiving({ ...result, content: [text('0123456789a')] })
  t.strictSame(await new Client().callTool(both, 'give'), complete({
    content: [
      text('0123456789'), text(`[${left} The result was cut to 10 of its 11 bytes. Ask for less to see the rest.]`)
    ]
  }))
})

t.test('other tools, and questions to the client, are not limited', async (t) => {
  const other = createGiving('0123456789a', { tools: ['other'] })
  t.strictSame(await new Client().callTool(other, 'give'), said('0123456789a'))
  const server = createNotes().use(limitResults({ maxBytes: 10 }))
  server.registerTool('ask', {}, async (_args, ctx) => {
    await ctx.elicit('A question that is longer than the limit', Type.Object({ a: Type.String() }))
    return ''
  })
  const client = new Client({ capabilities: { elicitation: { form: {} } } })
  t.match(await client.callTool(server, 'ask'), { result: { resultType: 'input_required' } })
})

t.test('wrong options are refused', async (t) => {
  t.throws(() => limitResults(untyped({})), {
    message: "option 'limitResults.maxBytes' must be a whole number above 0"
  })
  t.throws(() => limitResults(untyped({ maxBytes: 1, how: 'drop' })), { message: /'truncate' or 'refuse'/ })
})
