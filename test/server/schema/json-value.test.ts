import t from 'tap'
import { toJsonValue } from '../../../lib/server/schema/json-value.ts'

t.test('a value that JSON carries unchanged is returned as the same object', async (t) => {
  for (const value of [
    undefined, null, 'a', 0, -0, true, [], [1, ['a', null]], {}, { a: { b: [false] } }, Object.create(null)
  ]) {
    const result = toJsonValue(value)

    t.ok(result.valid && Object.is(result.value, value))
  }
})

t.test('any other value becomes the value of its JSON', async (t) => {
  class Money {
    #cents = 5
    get cents () { return this.#cents }
    toJSON () { return { cents: this.#cents } }
  }
  const at = new Date(0)
  const cases: ReadonlyArray<readonly [value: unknown, sent: unknown]> = [
    [at, '1970-01-01T00:00:00.000Z'], [{ at: [at] }, { at: ['1970-01-01T00:00:00.000Z'] }], [new Money(), { cents: 5 }],
    [{ a: undefined, b: 1 }, { b: 1 }], [[undefined, () => 1], [null, null]], [new Map([['a', 1]]), {}],
    [Object('a'), 'a'],
    [Buffer.from('a'), { type: 'Buffer', data: [97] }], [{ toJSON: () => [1] }, [1]], [Symbol('a'), undefined],
    [() => 'a', undefined]
  ]

  for (const [value, sent] of cases) t.strictSame(toJsonValue(value), { valid: true, value: sent })
})

t.test('NaN and Infinity are invalid', async (t) => {
  t.same(toJsonValue(NaN), { valid: false, problem: 'has NaN, which JSON cannot carry' })
  t.same(toJsonValue({ a: { mean: NaN }, b: -Infinity }), {
    valid: false, problem: "has NaN at 'mean', which JSON cannot carry"
  })
  t.same(toJsonValue([1, Object(Infinity)]), { valid: false, problem: "has Infinity at '1', which JSON cannot carry" })
})

t.test('a value that JSON cannot represent throws', async (t) => {
  const circular: { self?: unknown } = {}
  circular.self = circular

  t.throws(() => toJsonValue(circular), { name: 'TypeError', message: /circular/ })
  t.throws(() => toJsonValue({ a: 1n }), TypeError)
  t.throws(() => toJsonValue({ get a () { throw new Error('closed') } }), new Error('closed'))
})
