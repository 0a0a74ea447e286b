import t from 'tap'
import { ClusterUnreachableError } from '../../../lib/store/cluster.ts'
import { Outage } from '../../../lib/session/nodes/outage.ts'

const UNREACHABLE = new ClusterUnreachableError('unreachable')

t.test('whoever waits for what is away goes on when it is back', async (t) => {
  const outage = new Outage({ isUnreachable: true })
  const waiting = [outage.untilBack(UNREACHABLE), outage.untilBack(UNREACHABLE)]

  outage.end()

  t.same(await Promise.all(waiting), [true, true])
})

t.test('what failed for another reason is not waited for', (t) => {
  t.equal(new Outage({ isUnreachable: true }).untilBack(new Error('no disk')), undefined)
  t.end()
})

t.test('what failed while nothing is away, or no longer, is tried again soon', async (t) => {
  // The timer keeps no process alive.
  const alive = setInterval(() => {}, 1000)
  t.teardown(() => clearInterval(alive))

  t.equal(await new Outage({ isUnreachable: false }).untilBack(UNREACHABLE), true)
})

t.test('when all is over nobody waits any more', async (t) => {
  const outage = new Outage({ isUnreachable: true })
  const waiting = outage.untilBack(UNREACHABLE)

  outage.giveUp()

  t.equal(await waiting, false)
  t.equal(await outage.untilBack(UNREACHABLE), false)
})

t.test('what must be done is done once it can be', async (t) => {
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

t.test('what fails for another reason, or when all is over, is left undone', async (t) => {
  const outage = new Outage({ isUnreachable: true })
  const waiting = t.rejects(outage.insist(async () => { throw UNREACHABLE }), UNREACHABLE)

  await t.rejects(outage.insist(async () => { throw new Error('no disk') }), { message: 'no disk' })
  outage.giveUp()
  await waiting
})
