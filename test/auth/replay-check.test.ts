import t from 'tap'
import { createReplayCheck } from '../../lib/auth/replay-check.ts'

t.test('a text is new once, until its time has passed', async (t) => {
  let time = 0
  const isNew = createReplayCheck({ max: 10, ttl: 100 }, () => time)

  t.ok(isNew('a'))
  time = 50
  t.ok(isNew('b'))
  time = 99
  t.notOk(isNew('a'))
  time = 100
  t.ok(isNew('a'))
  t.notOk(isNew('b'))
})

t.test('beyond the limit, the oldest text is forgotten', async (t) => {
  const isNew = createReplayCheck({ max: 2, ttl: 100 }, () => 0)
  for (const text of ['a', 'b', 'c']) t.ok(isNew(text))

  t.notOk(isNew('b'))
  t.notOk(isNew('c'))
  t.ok(isNew('a'))
})
