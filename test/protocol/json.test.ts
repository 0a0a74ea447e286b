import t from 'tap'
import { parseJson } from '../../lib/protocol/json.ts'

t.test('a text is parsed as JSON, and any other text becomes undefined', async (t) => {
  t.strictSame(['{"a":[1]}', '0', 'null', '', '{', 'undefined'].map(parseJson), [
    { a: [1] }, 0, null, undefined, undefined, undefined
  ])
})
