import fc from 'fast-check'
import t from 'tap'
import { decodeHeaderValue, encodeHeaderValue } from '../../lib/protocol/headers.ts'

const wellFormed = fc.string({ unit: 'binary' })
const bytes = fc.uint8Array({ maxLength: 40 })

t.test('values are encoded as in the examples of the specification', async (t) => {
  const examples = [
    ['us-west1', 'us-west1'],
    ['Hello, 世界', '=?base64?SGVsbG8sIOS4lueVjA==?='],
    [' padded ', '=?base64?IHBhZGRlZCA=?='],
    ['line1\nline2', '=?base64?bGluZTEKbGluZTI=?='],
    ['=?base64?literal?=', '=?base64?PT9iYXNlNjQ/bGl0ZXJhbD89?=']
  ] as const

  for (const [value, encoded] of examples) {
    t.equal(encodeHeaderValue(value), encoded)
    t.equal(decodeHeaderValue(encoded), value)
  }
})

t.test('visible ASCII with spaces and tabs inside is not encoded', async (t) => {
  for (const value of ['', 'a b\tc', '~!@#$%^&*()', '=?base64?half', 'half?=', '=?BASE64?QQ==?=']) {
    t.equal(encodeHeaderValue(value), value)
    t.equal(decodeHeaderValue(value), value)
  }
})

t.test('a tab at either end is encoded', async (t) => {
  t.equal(encodeHeaderValue('\ta'), '=?base64?CWE=?=')
  t.equal(encodeHeaderValue('a\t'), '=?base64?YQk=?=')
})

t.test('whitespace around a value is ignored', async (t) => {
  t.equal(decodeHeaderValue(' \t us-west1\t '), 'us-west1')
  t.equal(decodeHeaderValue(' =?base64?QQ==?= '), 'A')
  t.equal(decodeHeaderValue(' \t '), '')
})

t.test('a value in which the markers overlap is literal when read, and encoded when sent', async (t) => {
  t.equal(decodeHeaderValue('=?base64?='), '=?base64?=')
  t.equal(encodeHeaderValue('=?base64?='), '=?base64?PT9iYXNlNjQ/PQ==?=')
  t.equal(decodeHeaderValue('=?base64??='), '')
})

t.test('Base64 that is not canonical is invalid', async (t) => {
  const payloads = ['QQ', 'QQ=', 'QR==', 'QQ==QQ==', 'Q Q=', 'QQ==\t', '-_8=', '====', 'Q', 'QUI', '世']

  for (const payload of payloads) t.equal(decodeHeaderValue(`=?base64?${payload}?=`), undefined, payload)
})

t.test('Base64 of bytes that are not UTF-8 is invalid', async (t) => {
  for (const hex of ['ff', 'c0ae', 'e4b8', 'eda080']) {
    t.equal(decodeHeaderValue(`=?base64?${Buffer.from(hex, 'hex').toString('base64')}?=`), undefined, hex)
  }
})

t.test('a byte order mark is part of the value', async (t) => {
  t.equal(decodeHeaderValue('=?base64?77u/QQ==?='), '\ufeffA')
})

t.test('a header with other characters than visible ASCII, space and tab is invalid', async (t) => {
  for (const raw of ['caf\u00e9', 'a\0b', 'a\nb', 'a\r', '\u007f', '世界']) t.equal(decodeHeaderValue(raw), undefined)
})

t.test('a lone surrogate becomes a replacement character', async (t) => {
  t.equal(decodeHeaderValue(encodeHeaderValue('a\ud800')), 'a\ufffd')
})

t.test('every string is read back from its encoded form, which is plain ASCII without outer whitespace', async () => {
  fc.assert(fc.property(fc.oneof(wellFormed, fc.string(), wellFormed.map((text) => `=?base64?${text}?=`)), (value) => {
    const encoded = encodeHeaderValue(value)

    return /^[\t\x20-\x7e]*$/.test(encoded) && encoded.trim() === encoded && decodeHeaderValue(encoded) === value
  }))
})

t.test('whatever bytes a value encodes, a decoded text encodes to the same value again', async () => {
  fc.assert(fc.property(bytes, (array) => {
    const base64 = Buffer.from(array).toString('base64')
    const value = decodeHeaderValue(`=?base64?${base64}?=`)

    return value === undefined || Buffer.from(value).toString('base64') === base64
  }))
})

t.test('a long run of whitespace is read in little time', async (t) => {
  const raw = `a${' '.repeat(1_000_000)}b`

  t.equal(decodeHeaderValue(raw), raw)
})
