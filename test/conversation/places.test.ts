import t from 'tap'
import { isNoPlace, refusePlace } from '../../lib/conversation/places.ts'

t.test('a client is told whose limit it was: 503 for that of the mount, 429 for its own', async (t) => {
  const told = (['mount', 'principal', 'address'] as const).map((refused) =>
    refusePlace({ refused, max: 7 }, 'open sessions', 'x')
  )

  t.same(told.map(({ status, message }) => [status, message]), [
    [503, 'Too many open sessions: 7; try again later'],
    [429, 'Too many open sessions of one caller: 7; end one of them, or try again later'],
    [429, 'Too many open sessions of one address: 7; end one of them, or try again later']
  ])
  t.match(told[1], { kind: 'refusal', code: -32603, id: 'x' })
})

t.test('a refusal is told from what was given', async (t) => {
  t.same([isNoPlace({ refused: 'mount', max: 1 }), isNoPlace({ sessionId: 's' })], [true, false])
})
