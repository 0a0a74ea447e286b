import t from 'tap'
import { Places, Shares } from '../../lib/shares/shares.ts'

t.test('a holder has no more places than its share, and gets back what it gives back', async (t) => {
  const shares = new Shares(3)

  t.same([shares.take('ann', 2), shares.take('ann', 2), shares.take('ann')], [true, false, true])
  t.equal(shares.held('ann'), 3)
  t.equal(shares.take('bob', 3), true)
  shares.release('ann', 2)
  t.same([shares.take('ann'), shares.take('ann'), shares.take('ann')], [true, true, false])
})

t.test('who holds nothing is forgotten', async (t) => {
  const shares = new Shares(2)
  shares.take('ann')
  shares.take('bob')
  shares.release('ann')

  t.equal(shares.size, 1)
  t.same([shares.held('ann'), shares.held('bob')], [0, 1])
})

t.test('what has no holder is not counted, and nothing is where there is no limit', async (t) => {
  const limited = new Shares(1)
  const unlimited = new Shares(Infinity)

  for (let i = 0; i < 3; i++) t.same([limited.take(undefined), unlimited.take('ann')], [true, true])
  limited.release(undefined)
  unlimited.release('ann')

  t.same([limited.size, unlimited.size], [0, 0])
})

t.test('places are refused by whose limit it was, and one that was refused is not taken', async (t) => {
  const places = new Places(2, 'address', 1)

  t.equal(places.take('a'), undefined)
  t.same(places.take('a'), { refused: 'address', max: 1 })
  t.equal(places.take(undefined), undefined)
  t.same(places.take('b'), { refused: 'mount', max: 2 })
  places.release('a')
  t.equal(places.taken, 1)
  t.equal(places.take('b'), undefined)
})

t.test('where callers are not told apart all places are anybody\'s', async (t) => {
  const places = new Places(1)

  t.equal(places.take(undefined), undefined)
  t.same(places.take(undefined), { refused: 'mount', max: 1 })
})
