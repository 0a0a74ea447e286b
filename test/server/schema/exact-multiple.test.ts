import fc from 'fast-check'
import t from 'tap'
import { createMultipleTest } from '../../../lib/server/schema/exact-multiple.ts'

t.test('decimal fractions are multiples by their decimal value', async (t) => {
  const cases: ReadonlyArray<readonly [divisor: number, multiples: readonly number[], others: readonly number[]]> = [
    [
      0.01,
      [19.99, 143.48, 1.15, 2.22, 0, -19.99, 1e15, 4_503_599_627_370.49, 1e300],
      [19.995, 0.001, -0.005, 0.010000000000000002]
    ],
    [0.1, [0.3, 0.7, 1e21], [0.30000000000000004, 0.05]],
    [0.05, [0.15, 1.15, 1234567890.05], [0.01, 1234567890.06]],
    [1.5, [3, 4.5, 1e20 * 1.5], [1, 4]],
    [3, [9, -9, 9_007_199_254_740_990], [1, 9_007_199_254_740_991, 0.3]],
    [1e-7, [3e-7, 1.2345678, 1], [1e-8]],
    [1e-30, [1e-30, 1], [1.5e-30]],
    [1e21, [3e21], [1e20]],
    // JSON.parse() reads `1e400` as Infinity.
    [Infinity, [0], [1, 1e308]]
  ]

  for (const [divisor, multiples, others] of cases) {
    const isMultiple = createMultipleTest(divisor)
    for (const value of multiples) t.equal(isMultiple(value), true, `${value} is a multiple of ${divisor}`)
    for (const value of others) t.equal(isMultiple(value), false, `${value} is no multiple of ${divisor}`)
  }
})

t.test('a number with as many decimals as the divisor is always a multiple', async () => {
  fc.assert(fc.property(fc.integer({ min: 1, max: 9 }), fc.maxSafeInteger(), (decimals, whole) => {
    const value = Number(`${whole}e-${decimals}`)
    return createMultipleTest(Number(`1e-${decimals}`))(value)
  }), { seed: 42 })
})
