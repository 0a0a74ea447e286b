import t from 'tap'
import { WindowCounts } from '../../lib/middleware/window-counts.ts'

t.test('a million callers are no more than maxCallers in memory, and those whose windows have ended are forgotten', async (t) => {
  let now = 0
  const counts = new WindowCounts(1, 1000, { maxCallers: 500, now: () => now })
  let most = 0

  for (let n = 0; n < 1_000_000; n++) {
    counts.count(`caller ${n}`)
    most = Math.max(most, counts.size)
  }
  t.equal(most, 500)
  now = 1000
  counts.count('another')
  t.equal(counts.size, 1)
})

t.test('the window of a caller begins with its first call', async (t) => {
  let now = 0
  const counts = new WindowCounts(2, 1000, { maxCallers: 10, now: () => now })

  t.strictSame([counts.count('a'), counts.count('a'), counts.count('a')], [0, 0, 1000])
  now = 400
  t.strictSame([counts.count('a'), counts.count('b')], [600, 0])
  now = 1000
  t.strictSame([counts.count('a'), counts.count('b'), counts.count('b')], [0, 0, 400])
})
