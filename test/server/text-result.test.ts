import t from 'tap'
import { encodeJson } from '../../lib/protocol/json.ts'
import { TextResult } from '../../lib/server/text-result.ts'

const VALUES = [{ sum: 3, 'a"b': ['\u2028', '\ud800', null] }, [1, 'a'], 'a', 0, false, null]

t.test('a text is a result with one block', async (t) => {
  for (const text of ['a', '', 'two\nlines', '"quoted" \\ \u0000 \ud800 \u2028 €']) {
    const result = new TextResult(text)

    t.strictSame(result.toObject(), { content: [{ type: 'text', text }] })
    t.equal(`{${result.encodeFields()}}`, encodeJson(result.toObject()))
  }
})

t.test('a value is structured content, and its JSON the text', async (t) => {
  for (const content of VALUES) {
    const text = JSON.stringify(content)
    const result = new TextResult(text, { content })

    t.strictSame(result.toObject(), { content: [{ type: 'text', text }], structuredContent: content })
    t.equal(`{${result.encodeFields()}}`, JSON.stringify(result.toObject()))
  }
})
