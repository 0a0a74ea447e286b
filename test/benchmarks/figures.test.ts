import t from 'tap'
import { judge, median, percentile } from '../../benchmarks/figures.ts'
import type { Ratio } from '../../benchmarks/scenario.ts'

function ratios (values: readonly number[], target?: Ratio['target']): readonly Ratio[] {
  return values.map((value, index) => ({
    to: 'bare',
    of: `figure ${index}`,
    value,
    ...(target !== undefined && { target })
  }))
}

t.test('a median is the figure in the middle', async (t) => {
  t.equal(median([3, 1, 2]), 2)
  t.equal(median([10, 2, 4, 1]), 3)
  t.ok(Number.isNaN(median([])))
})

t.test('a percentile is a figure that there is', async (t) => {
  const figures = Array.from({ length: 100 }, (_, index) => 100 - index)

  t.equal(percentile(figures, 0.99), 100)
  t.equal(percentile(figures, 0.5), 51)
  t.equal(percentile([7], 0.99), 7)
  t.ok(Number.isNaN(percentile([], 0.99)))
})

t.test('a target holds when one ratio meets it and the other comes close', async (t) => {
  const target = { atLeast: 0.85 }

  for (const [values, holds] of [
    [[0.85, 0.8], true],
    [[0.81, 0.9], true],
    [[0.85, 0.79], false],
    [[0.84, 0.84], false],
    [[0.85], true],
    [[NaN, 0.9], false]
  ] as const) {
    t.same(judge(ratios(values, target)), [{ to: 'bare', target, holds }], String(values))
  }
})

t.test('of a target that is a limit the smaller ratio is the better one', async (t) => {
  const target = { atMost: 1.3 }

  for (const [values, holds] of [[[1.3], true], [[1.31], false], [[1.2, 1.34], true], [[1.2, 1.36], false]] as const) {
    t.same(judge(ratios(values, target)), [{ to: 'bare', target, holds }], String(values))
  }
})

t.test('each target is judged by its own ratios, and what has none is not judged', async (t) => {
  const other = { to: 'other', of: 'requests/s', value: 11, target: { atLeast: 12 } }

  t.same(judge([...ratios([1, 1]), ...ratios([0.9, 0.9], { atLeast: 0.85 }), other]), [
    { to: 'bare', target: { atLeast: 0.85 }, holds: true },
    { to: 'other', target: { atLeast: 12 }, holds: false }
  ])
})
