import t from 'tap'
import { Places, Shares, type PlaceTaker } from '../../lib/shares/shares.ts'

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

const of = (holder: string | undefined, sessionId?: string): PlaceTaker => ({ holder, sessionId })

t.test('a refusal names the limit that was reached, and takes no place', async (t) => {
  const places = new Places({ max: 2, by: 'address', share: 1 })

  t.equal(places.take(of('a')), undefined)
  t.same(places.take(of('a')), { refused: 'address', max: 1 })
  t.equal(places.take(of(undefined)), undefined)
  t.same(places.take(of('b')), { refused: 'mount', max: 2 })
  places.release(of('a'))
  t.equal(places.taken, 1)
  t.equal(places.take(of('b')), undefined)
})

t.test('if callers are not told apart, any of them may take any place', async (t) => {
  const places = new Places({ max: 1 })

  t.equal(places.take(of(undefined)), undefined)
  t.same(places.take(of(undefined)), { refused: 'mount', max: 1 })
})

t.test('a session has a share of its own, and a place that its caller does not get counts for neither', async (t) => {
  const places = new Places({ max: 10, share: 3, perSession: 2 })

  t.equal(places.take(of('ann', 's1')), undefined)
  t.equal(places.take(of('ann', 's1')), undefined)
  t.same(places.take(of('ann', 's1')), { refused: 'session', max: 2 })
  t.equal(places.take(of('ann', 's2')), undefined)
  t.same(places.take(of('ann', 's2')), { refused: 'principal', max: 3 })
  places.release(of('ann', 's1'))
  t.equal(places.take(of('ann', 's2')), undefined)
  t.same(places.take(of('bob', 's2')), { refused: 'session', max: 2 })
  t.equal(places.take(of('bob')), undefined)
  t.equal(places.taken, 4)
})
