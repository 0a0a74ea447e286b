import t from 'tap'
import { fitsBytes, shorten, takeFitting, weigh } from '../../lib/protocol/bounds.ts'

t.test('a short text is not changed', async (t) => {
  t.equal(shorten(''), '')
  t.equal(shorten('a'.repeat(128)), 'a'.repeat(128))
  t.equal(shorten('abc', 3), 'abc')
})

t.test('a long text is cut, and half a surrogate pair at its end is replaced', async (t) => {
  t.equal(shorten('a'.repeat(129)), `${'a'.repeat(128)}…`)
  t.equal(shorten('abcd', 3), 'abc…')
  t.equal(shorten('ab🙂', 3), 'ab\ufffd…')
})

t.test('the length of a text is counted in bytes', async (t) => {
  t.equal(fitsBytes('', 0), true)
  t.equal(fitsBytes('a'.repeat(9), 9), true)
  t.equal(fitsBytes('a'.repeat(10), 9), false)
  t.equal(fitsBytes('€€€', 9), true)
  t.equal(fitsBytes('€€€€', 9), false)
})

t.test('the weight of a value includes all its members and items', async (t) => {
  const values = [1, 'abc', {}, { a: 1 }, { a: 1, b: [1, 2] }, { a: 1, b: [1, 2, {}] }]
  const weights = values.map((value) => weigh(value, Infinity))

  t.strictSame(weights, [...weights].sort((a, b) => a - b))
  t.equal(new Set(weights).size, values.length)
  t.equal(weigh(null, 100), weigh(1, 100))
})

t.test('a value of many small objects weighs many times the length of its text', async (t) => {
  const value = Array.from({ length: 1000 }, () => ({}))

  t.ok(weigh(value, Infinity) > 20 * JSON.stringify(value).length)
})

t.test('counting stops as soon as the limit is exceeded', async (t) => {
  const read: number[] = []
  const counted = (index: number): object => ({ get a () { read.push(index); return 'a'.repeat(100) } })
  const value = Array.from({ length: 100 }, (_, index) => counted(index))

  t.ok(weigh(value, 1000) > 1000)
  t.ok(read.length < 10)
})

t.test('entries are kept up to the limit, and those that would exceed it are left out', async (t) => {
  const entries: ReadonlyArray<readonly [string, unknown]> = [
    ['a', 'aa'],
    ['none', undefined],
    ['long', 'b'.repeat(1000)],
    ['c', 'cc'],
    ['d', 'dd']
  ]
  const [first] = entries
  const limit = 2 * weigh(first, Infinity)

  t.strictSame(takeFitting(entries, limit), { kept: [['a', 'aa'], ['c', 'cc']], bytes: limit })
  t.strictSame(takeFitting(entries, 0), { kept: [], bytes: 0 })
})
