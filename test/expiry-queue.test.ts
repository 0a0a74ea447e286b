import t from 'tap'
import { ExpiryQueue, type Expiring } from '../lib/expiry-queue.ts'

t.test('the first item expires first, however items are added, deleted and moved', async (t) => {
  const queue = new ExpiryQueue<Expiring>()
  const items = new Set<Expiring>()
  // The same numbers in each run.
  let state = 1
  const choose = (count: number): number => {
    state = state * 48_271 % 2_147_483_647
    return state % count
  }
  const isRight = (): boolean => {
    const times = [...items].map(({ expiresAt }) => expiresAt)
    return queue.first?.expiresAt === (times.length === 0 ? undefined : Math.min(...times))
  }
  let wrong = 0

  for (let step = 0; step < 5000; step++) {
    const item = [...items][choose(items.size + 1)]
    if (item === undefined || choose(3) === 0) {
      const added = { expiresAt: choose(100), place: 0 }
      queue.add(added)
      items.add(added)
    } else if (choose(2) === 0) {
      queue.delete(item)
      items.delete(item)
    } else {
      queue.move(item, choose(100))
    }
    if (!isRight()) wrong++
  }
  const left = items.size
  const drained: number[] = []
  for (let { first } = queue; first !== undefined; { first } = queue) {
    drained.push(first.expiresAt)
    queue.delete(first)
  }

  t.equal(wrong, 0)
  t.ok(left > 10, `${left} items are left`)
  t.strictSame(drained, [...items].map(({ expiresAt }) => expiresAt).sort((a, b) => a - b))
})
