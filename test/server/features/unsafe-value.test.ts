import fc from 'fast-check'
import t from 'tap'
import { posix, win32 } from 'node:path'
import { isUnsafeValue } from '../../../lib/server/features/unsafe-value.ts'

const CLIMBING = [
  '..', '../a', 'a/..', 'a/../b', '..\\a', 'a\\..', 'a\\../b', ' .. /a', 'a/.. ', '/a', '/', 'C:a', 'c:',
  'c:secret.txt', '\\a', '\\\\host\\share',
  'C:', 'c:/a', 'C:\\a', 'a\0b', '\0'
]

const HARMLESS = [
  '', 'a', '.', '...', 'a/b.txt', 'a\\b', 'a..b', '..a', 'a..', '.hidden', 'a/..b/c', '.../a', 'ab:/c', 'ab:c',
  'urn:a:b', 'a/C:/b',
  'https://example.com/a', '100%', '%zz', 'a%20b', '2..3', '世/界'
]

function encode (text: string): string {
  return [...text].map((character) => '%' + character.charCodeAt(0).toString(16).padStart(2, '0')).join('')
}

t.test('a path traversal is unsafe in every encoding', async (t) => {
  for (const value of CLIMBING) {
    t.ok(isUnsafeValue(value), value)
    t.ok(isUnsafeValue(encode(value)), encode(value))
    t.ok(isUnsafeValue(encode(encode(value))), encode(encode(value)))
    t.ok(isUnsafeValue(value.replaceAll('.', '%252E').replaceAll('/', '%25252f')))
  }
})

t.test('other values are safe', async (t) => {
  for (const value of HARMLESS) t.notOk(isUnsafeValue(value), value)
  t.notOk(isUnsafeValue(undefined))
})

t.test('a broken encoding elsewhere in the value does not hide a path traversal', async (t) => {
  for (const value of ['%2e%2e%2f%zz', '%ff/%2e%2e', '%2e%2e%5c%']) t.ok(isUnsafeValue(value), value)
})

t.test('a value that is percent-encoded more than three times is unsafe', async (t) => {
  t.notOk(isUnsafeValue('%2525' + '41'))
  t.ok(isUnsafeValue('%252525' + '41'))
})

t.test('each element of a list is checked, and all elements joined', async (t) => {
  t.notOk(isUnsafeValue(['a', 'b', '']))
  t.notOk(isUnsafeValue([]))
  t.ok(isUnsafeValue(['a', '..']))
  t.ok(isUnsafeValue(['a', '/b']))
  t.ok(isUnsafeValue(['a', '%2e%2e']))
  t.ok(isUnsafeValue(['', 'etc', 'passwd']))
})

t.test('a long value is checked in linear time', async (t) => {
  for (const value of ['/ '.repeat(30_000), `a/${' '.repeat(60_000)}`, 'a/..'.repeat(15_000) + 'b', '%25'.repeat(20_000)]) {
    const started = process.cpuUsage()
    isUnsafeValue(value)

    t.ok(process.cpuUsage(started).user < 1_000_000)
  }
})

t.test('no safe value leaves the directory to which it is joined, on any system', async () => {
  const text = fc.string({
    unit: fc.constantFrom('.', '..', '/', '\\', ' ', 'a', 'C:', '%2e', '%2F', '%5c', '%25', '\0'), maxLength: 12
  })

  fc.assert(fc.property(text, fc.integer({ min: 0, max: 3 }), (value, rounds) => {
    let decoded = value
    for (let round = 0; round < rounds; round++) {
      try {
        decoded = decodeURIComponent(decoded)
      } catch {
        break
      }
    }

    return isUnsafeValue(value) ||
      ((posix.join('/base', decoded) + '/').startsWith('/base/') &&
        (win32.join('D:\\base', decoded) + '\\').startsWith('D:\\base\\'))
  }), { numRuns: 1000 })
})
