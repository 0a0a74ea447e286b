import { fullFormats } from 'ajv-formats/dist/formats.js'
import fc from 'fast-check'
import t from 'tap'
import { createFormats, isUrl } from '../../../lib/server/schema/formats.ts'
import { WorkBudget } from '../../../lib/server/schema/work-budget.ts'

const URLS = [
  'http://a.example', 'https://user:pass@a.example:8080/b?c#d', 'ftp://a@b@c.example/', 'http://1.2.3.4/', 'http://10.0.0.1', 'http://@a.example', 'http://a@', 'http://a b.example',
  'http://é.example', 'a.example', 'http://a.example:1', 'HTTP://A.EXAMPLE', 'http://::', 'http://a.b', 'http://a-b.example', 'http://-a.example', 'http://a.example/@', ''
]

t.test('the format url accepts the same texts as ajv-formats', async (t) => {
  for (const text of URLS) t.equal(isUrl(text), fullFormats.url instanceof RegExp && fullFormats.url.test(text), text)
  fc.assert(fc.property(fc.array(fc.constantFrom('a', 'b.', '@', ':', '/', '-', '.com', '1.', '80', ' ', 'é'), {
    maxLength: 9
  }), (parts) => {
    const text = `http://${parts.join('')}`
    return isUrl(text) === (fullFormats.url instanceof RegExp && fullFormats.url.test(text))
  }), { numRuns: 2_000, seed: 42 })
})

t.test('a text that is too long for its format is refused', async (t) => {
  const formats = createFormats(new WorkBudget())
  const test = (name: string, text: string): unknown => {
    const format = formats[name]
    return typeof format === 'function' ? format(text) : format
  }

  t.equal(test('date-time', '2020-01-01T00:00:00Z'), true)
  t.equal(test('date-time', `2020-01-01T00:00:00.${'0'.repeat(300)}Z`), false)
  t.equal(test('uri', `http://a/${'b'.repeat(8_000)}`), true)
  t.equal(test('uri', `http://a/${'b'.repeat(9_000)}`), false)
  t.equal(test('byte', 'A'.repeat(100_000)), true)
  t.equal(test('password', 'a'), true)
  t.match(test('int32', '1'), { type: 'number' })
})

t.test('colons do not make a url slow', async (t) => {
  t.equal(isUrl(`http://${'::'.repeat(500_000)}`), false)
  t.equal(isUrl(`http://${'a@'.repeat(500_000)}`), false)
})
