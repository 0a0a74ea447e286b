import t from 'tap'
import { ClusterUnreachableError } from '../../../lib/errors.ts'
import { Outage } from '../../../lib/session/nodes/outage.ts'

const UNREACHABLE = new ClusterUnreachableError('unreachable')

t.test('an operation that waits for the end of an outage goes on afterwards', async (t) => {
  const outage = new Outage({ isUnreachable: true })
  const waiting = [outage.untilBack(UNREACHABLE), outage.untilBack(UNREACHABLE)]

  outage.end()

  t.same(await Promise.all(waiting), [true, true])
})

t.test('an error that is not one of an outage is not waited for', (t) => {
  t.equal(new Outage({ isUnreachable: true }).untilBack(new Error('no disk')), undefined)
  t.end()
})

t.test('an operation that failed without an outage, or at its end, is retried soon', async (t) => {
  // The timer keeps no process alive.
  const alive = setInterval(() => {}, 1000)
  t.teardown(() => clearInterval(alive))

  t.equal(await new Outage({ isUnreachable: false }).untilBack(UNREACHABLE), true)
})

t.test('all waiting ends when the node stops', async (t) => {
  const outage = new Outage({ isUnreachable: true })
  const waiting = outage.untilBack(UNREACHABLE)

  outage.giveUp()

  t.equal(await waiting, false)
  t.equal(await outage.untilBack(UNREACHABLE), false)
})

t.test('insist() retries until the action succeeds', async (t) => {
  const outage = new Outage({ isUnreachable: true })
  let times = 0
  const done = outage.insist(async () => {
    if (++times < 3) throw UNREACHABLE
    return 'done'
  })

  for (let n = 0; n < 2; n++) {
    await new Promise(setImmediate)
    outage.end()
  }

  t.equal(await done, 'done')
  t.equal(times, 3)
})

t.test('insist() gives up on other errors, and when the node stops', async (t) => {
  const outage = new Outage({ isUnreachable: true })
  const waiting = t.rejects(outage.insist(async () => { throw UNREACHABLE }), UNREACHABLE)

  await t.rejects(outage.insist(async () => { throw new Error('no disk') }), { message: 'no disk' })
  outage.giveUp()
  await waiting
})
