import t from 'tap'
import { mock } from 'node:test'
import { Deadlines } from '../../../lib/server/call/deadlines.ts'
import { stopClock } from '../../support/definition-client.ts'

t.test('a deadline expires when its time is over, unless it was cleared', async (t) => {
  const pass = stopClock(t)
  const deadlines = new Deadlines()
  const expired: string[] = []
  const expire = (name: string) => () => { expired.push(name) }

  deadlines.start(5, expire('first'))
  deadlines.start(50, expire('long'))
  pass(2)
  deadlines.start(5, expire('second'))
  const cleared = deadlines.start(5, expire('cleared'))
  deadlines.start(5, expire('third'))
  pass(2)
  cleared.clear()
  t.strictSame(expired, [])

  pass(1)
  t.strictSame(expired, ['first'])
  pass(1)
  t.strictSame(expired, ['first'])
  pass(1)
  t.strictSame(expired, ['first', 'second', 'third'])
  pass(43)
  t.strictSame(expired, ['first', 'second', 'third', 'long'])
})

t.test('a deadline may be cleared several times, and by another deadline that expires', async (t) => {
  const pass = stopClock(t)
  const deadlines = new Deadlines()
  const expired: string[] = []
  deadlines.start(5, () => { expired.push('first'); second.clear() })
  const second = deadlines.start(5, () => { expired.push('second') })
  const third = deadlines.start(5, () => { expired.push('third'); third.clear() })

  pass(5)
  second.clear()

  t.strictSame(expired, ['first', 'third'])
})

t.test('the timer of a duration is not restarted until a deadline needs it', async (t) => {
  const pass = stopClock(t)
  const { setTimeout: start } = globalThis
  let timers = 0
  t.intercept(globalThis, 'setTimeout', {
    value: Object.assign((...args: Parameters<typeof start>) => { timers++; return start(...args) }, start)
  })
  const deadlines = new Deadlines()
  let expired = 0

  for (let count = 0; count < 10; count++) deadlines.start(5, () => { expired++ }).clear()
  t.equal(timers, 1)
  pass(5)
  pass(100)
  t.equal(timers, 1)
  deadlines.start(5, () => { expired++ })
  pass(5)

  t.equal(timers, 2)
  t.equal(expired, 1)
})

t.test('setting the clock back delays a deadline by at most that time, and starts no timer with an invalid delay', async (t) => {
  const pass = stopClock(t)
  mock.timers.setTime(2 ** 40)
  const deadlines = new Deadlines()
  let expired = 0
  deadlines.start(5, () => { expired++ })

  t.teardown(() => mock.timers.reset())
  const { now } = Date
  t.intercept(Date, 'now', { value: () => now() - 1000 })
  pass(1004)
  t.equal(expired, 0)
  pass(6)

  t.equal(expired, 1)
})
