import t from 'tap'
import { Places, Shares } from '../../lib/shares/shares.ts'

t.test('a holder has no more places than its share, and may take a place again that it released', async (t) => {
  const shares = new Shares(3)

  t.same([shares.take('ann', 2), shares.take('ann', 2), shares.take('ann')], [true, false, true])
  t.equal(shares.held('ann'), 3)
  t.equal(shares.take('bob', 3), true)
  shares.release('ann', 2)
  t.same([shares.take('ann'), shares.take('ann'), shares.take('ann')], [true, true, false])
})

t.test('a holder without places is not kept', async (t) => {
  const shares = new Shares(2)
  shares.take('ann')
  shares.take('bob')
  shares.release('ann')

  t.equal(shares.size, 1)
  t.same([shares.held('ann'), shares.held('bob')], [0, 1])
})

t.test('places without a holder are not counted, nor is any place without a limit', async (t) => {
  const limited = new Shares(1)
  const unlimited = new Shares(Infinity)

  for (let i = 0; i < 3; i++) t.same([limited.take(undefined), unlimited.take('ann')], [true, true])
  limited.release(undefined)
  unlimited.release('ann')

  t.same([limited.size, unlimited.size], [0, 0])
})

t.test('a refusal names the limit that was reached, and takes no place', async (t) => {
  const places = new Places(2, 'address', 1)

  t.equal(places.take('a'), undefined)
  t.same(places.take('a'), { refused: 'address', max: 1 })
  t.equal(places.take(undefined), undefined)
  t.same(places.take('b'), { refused: 'mount', max: 2 })
  places.release('a')
  t.equal(places.taken, 1)
  t.equal(places.take('b'), undefined)
})

t.test('if callers are not told apart, any of them may take any place', async (t) => {
  const places = new Places(1)

  t.equal(places.take(undefined), undefined)
  t.same(places.take(undefined), { refused: 'mount', max: 1 })
})
