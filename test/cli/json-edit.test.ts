import * as fc from 'fast-check'
import t from 'tap'
import { parseJson, setEntry, type JsonDialect } from '../../lib/cli/json-edit.ts'

const STRICT: JsonDialect = { comments: false }
const WITH_COMMENTS: JsonDialect = { comments: true }
const PATH = ['servers', 'notes'] as const
const VALUE = { url: 'http://a/' }

t.test('an entry is added to an empty file', async (t) => {
  const whole = '{\n  "servers": {\n    "notes": {\n      "url": "http://a/"\n    }\n  }\n}\n'

  t.equal(setEntry('', PATH, VALUE, STRICT), whole)
  t.equal(setEntry('{}\n', PATH, VALUE, STRICT), whole)
  t.equal(setEntry('{"servers":{}}', PATH, {}, STRICT), '{"servers":{\n  "notes": {}\n}}')
})

t.test('everything else stays: order, indentation and other entries', async (t) => {
  const text = '{\n    "theme": "dark",\n    "servers": {\n        "other": { "a": [1,  2] }\n    },\n    "z": 1e3\n}\n'

  t.equal(
    setEntry(text, PATH, VALUE, STRICT),
    '{\n    "theme": "dark",\n    "servers": {\n        "other": { "a": [1,  2] },\n        "notes": {\n' +
      '            "url": "http://a/"\n        }\n    },\n    "z": 1e3\n}\n'
  )
})

t.test('an entry of the same name is replaced', async (t) => {
  const text = '{\n\t"servers": {\n\t\t"notes": { "url": "old", "x": "}\\"" },\n\t\t"b": {}\n\t}\n}'
  const changed = setEntry(text, PATH, VALUE, STRICT)

  t.equal(changed, '{\n\t"servers": {\n\t\t"notes": {\n\t\t\t"url": "http://a/"\n\t\t},\n\t\t"b": {}\n\t}\n}')
  t.equal(setEntry(changed, PATH, VALUE, STRICT), changed)
})

t.test('comments and trailing commas stay where they are allowed', async (t) => {
  const text = `// mine "
{
  /* { */ "servers": {
    "other": { "url": "http://b//c" }, // last, but not least
  },
  "inputs": [ 1, ], // }
}
`

  t.equal(setEntry(text, PATH, VALUE, WITH_COMMENTS), `// mine "
{
  /* { */ "servers": {
    "other": { "url": "http://b//c" }, // last, but not least
    "notes": {
      "url": "http://a/"
    }
  },
  "inputs": [ 1, ], // }
}
`)
  t.equal(
    setEntry('{\n  "a": 1 // one\n}', PATH, {}, WITH_COMMENTS),
    '{\n  "a": 1, // one\n  "servers": {\n    "notes": {}\n  }\n}'
  )
  t.equal(
    setEntry('{ // nothing\n}', PATH, {}, WITH_COMMENTS),
    '{ // nothing\n  "servers": {\n    "notes": {}\n  }\n}'
  )
})

t.test('what is not JSON is refused', async (t) => {
  const strict = ['{', '{"a":1,}', '// {}\n{}', '[]', '1', 'null', '{"servers":[]}', '{"servers":1}', '{"a":1} x']
  const loose = ['{', '{"a":1,,}', '/* {}', '{"a":"\n"}', '{a:1}', '{"a" 1}', '[]', ',', '{"a":1}}', '{,}']

  for (const text of strict) t.throws(() => setEntry(text, PATH, VALUE, STRICT), { name: 'SyntaxError' }, text)
  for (const text of loose) t.throws(() => setEntry(text, PATH, VALUE, WITH_COMMENTS), { name: 'SyntaxError' }, text)
})

t.test('whatever is in a file, only the entry changes', async (t) => {
  const documents = fc.tuple(
    fc.dictionary(fc.string(), fc.jsonValue()), fc.dictionary(fc.string(), fc.jsonValue()), fc.nat(4), fc.boolean()
  )
  fc.assert(fc.property(documents, ([root, servers, indent, comments]) => {
    const whole = JSON.parse(JSON.stringify({ ...root, servers }))
    const changed = setEntry(JSON.stringify(whole, null, indent), PATH, VALUE, { comments })

    const expected = { ...whole, servers: { ...whole.servers, notes: VALUE } }
    if (JSON.stringify(parseJson(changed, { comments })) !== JSON.stringify(expected)) throw new Error(changed)
  }), { numRuns: 300 })
})

t.test('numbers that JavaScript would write in another way stay as they are', async (t) => {
  const text = '{"a":-0,"b":1e999,"servers":{"notes":{}}}'

  t.equal(setEntry(text, PATH, {}, STRICT), text)
  t.equal(setEntry(text, PATH, {}, WITH_COMMENTS), text)
})
