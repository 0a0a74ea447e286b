import fc from 'fast-check'
import t from 'tap'
import { parseBody, RefusalError } from '../../lib/protocol/body.ts'

const PARSE_ERROR = {
  kind: 'refusal',
  reason: 'parse_error',
  status: 400,
  code: -32700,
  message: 'Parse error: the body is not valid JSON',
  id: null
}
const FORBIDDEN_KEYS = {
  kind: 'refusal',
  reason: 'invalid_request',
  status: 400,
  code: -32600,
  message: "Invalid Request: the keys '__proto__' and 'constructor.prototype' are not allowed"
}

function refusalOf (text: string, maxDepth = 1000, maxValues = 1_000_000): unknown {
  try {
    return parseBody(text, { maxDepth, maxValues })
  } catch (error) {
    return error instanceof RefusalError ? error.refusal : error
  }
}

function nest (depth: number, opening = '[', closing = ']'): string {
  return opening.repeat(depth) + closing.repeat(depth)
}

t.test('any JSON is parsed as by JSON.parse', async () => {
  fc.assert(fc.property(fc.json(), (text) => {
    const expected = JSON.parse(text)
    const parsed = refusalOf(text)
    // Property names that fast-check likes to try are refused.
    return /__proto__|constructor/.test(text) || JSON.stringify(parsed) === JSON.stringify(expected)
  }))
})

t.test('text that is not JSON is a parse error', async (t) => {
  for (const text of ['{', 'nope', '{"a":1}{', "{'a':1}", '[1,]', '\0', '"\\u12"', '{"__proto__":']) {
    t.same(refusalOf(text), PARSE_ERROR, text)
  }
})

t.test('a text longer than its limits whose last string never ends is a parse error', async (t) => {
  for (const text of ['{"a":"bcdefgh', '{"a":"bcdefgh\\\\\\"', '["a","', '"[[[[[[[[']) {
    t.same(refusalOf(text, 1, 5), PARSE_ERROR, text)
  }
})

t.test('an empty body is a parse error that says so', async (t) => {
  t.same(refusalOf(''), { ...PARSE_ERROR, message: 'Parse error: the body is empty' })
})

t.test('a key that reaches a prototype is refused, however it is spelt', async (t) => {
  t.same(refusalOf('{"id":4,"__proto__":{}}'), { ...FORBIDDEN_KEYS, id: 4 })
  t.same(refusalOf('{"id":"a","params":{"\\u005f_proto__":1}}'), { ...FORBIDDEN_KEYS, id: 'a' })
  t.same(refusalOf('{"id":1.5,"params":{"constructor":{"prototype":{}}}}'), { ...FORBIDDEN_KEYS, id: null })
  t.same(refusalOf('[{"__proto__":{}}]'), { ...FORBIDDEN_KEYS, id: null })
})

t.test("'__proto__' and 'constructor' as values, and a constructor without a prototype, are allowed", async (t) => {
  t.same(parseBody('{"a":"__proto__","constructor":1}', { maxDepth: 10, maxValues: 100 }), {
    a: '__proto__',
    constructor: 1
  })
})

t.test('maxDepth levels are parsed, and one more is refused with the id of the request', async (t) => {
  t.same(parseBody(nest(3), { maxDepth: 3, maxValues: 100 }), [[[]]])
  t.same(refusalOf(nest(4), 3), {
    kind: 'refusal',
    reason: 'invalid_request',
    status: 400,
    code: -32600,
    message: 'Invalid Request: nested deeper than 3 levels',
    id: null
  })
  t.same(refusalOf('{"id":9,"params":{"a":{"b":{}}}}', 3), {
    kind: 'refusal',
    reason: 'invalid_request',
    status: 400,
    code: -32600,
    message: 'Invalid Request: nested deeper than 3 levels',
    id: 9
  })
})

t.test('100,000 levels are refused and the stack survives', async (t) => {
  for (const text of [nest(100_000), nest(100_000, '{"a":', '}').replace('}', '1}')]) {
    t.same(refusalOf(text), {
      kind: 'refusal',
      reason: 'invalid_request',
      status: 400,
      code: -32600,
      message: 'Invalid Request: nested deeper than 1000 levels',
      id: null
    })
  }
})

t.test('brackets side by side or inside strings do not count as nesting', async (t) => {
  t.same(parseBody('[[],[],[],[],[]]', { maxDepth: 2, maxValues: 100 }), [[], [], [], [], []])
  t.same(parseBody('["[[[[[[","{{\\"{{{\\\\","]]"]', { maxDepth: 1, maxValues: 100 }), ['[[[[[[', '{{"{{{\\', ']]'])
  t.same(parseBody('{"[[[":"\\\\","{{{":[]}', { maxDepth: 2, maxValues: 100 }), { '[[[': '\\', '{{{': [] })
})

t.test('maxValues keys and values are parsed, and more are refused', async (t) => {
  const refusal = {
    kind: 'refusal',
    reason: 'invalid_request',
    status: 400,
    code: -32600,
    message: "Invalid Request: the body holds more than 7 keys and values, which is 'maxValues'"
  }

  t.same(parseBody('{"id":1,"a":[2,3]}', { maxDepth: 2, maxValues: 7 }), { id: 1, a: [2, 3] })
  t.same(refusalOf('{"id":1,"a":[2,3,4]}', 2, 7), { ...refusal, id: 1 })
  t.same(refusalOf('{"a":[{},{},{}],"id":1}', 3, 7), { ...refusal, id: 1 })
  t.same(refusalOf(`[1,2,3,4,5,6,7,8${' '.repeat(300_000)}]`, 2, 7), { ...refusal, id: null })
})

t.test('values inside strings do not count, however their quotes are escaped', async (t) => {
  const text = JSON.stringify([',:[{"\\', '\\"', '\\\\', '",'.repeat(1000)])

  t.same(parseBody(text, { maxDepth: 1, maxValues: 5 }), JSON.parse(text))
})

t.test('a string that never ends is a parse error', async (t) => {
  for (const text of ['["abc', `["${'\\"'.repeat(3000)}`, `["${'a'.repeat(3000)}\\`]) {
    t.same(refusalOf(text, 1, 1), PARSE_ERROR)
  }
})

t.test('null is parsed, and so is a text with a byte order mark', async (t) => {
  t.equal(refusalOf(' null '), null)
  t.same(refusalOf('\ufeff{"a":1}'), { a: 1 })
})

t.test('refusing a text for its structure takes a fraction of the time of parsing it', async (t) => {
  const cpu = (run: () => void): number => {
    const started = process.cpuUsage()
    run()
    return process.cpuUsage(started).user
  }
  const texts = [
    '['.repeat(4_194_304),
    '{"a":'.repeat(800_000),
    `[${'{},'.repeat(1_300_000)}{}]`,
    `["${'\\"'.repeat(2_000_000)}"`
  ]

  for (const text of texts) {
    const parsing = cpu(() => { try { JSON.parse(text) } catch {} })
    const refusing = cpu(() => { refusalOf(text, 1000, 100_000) })
    t.ok(refusing < 100_000, `${refusing} microseconds, where JSON.parse took ${parsing}`)
  }
})
