import t from 'tap'
import { Follower } from '../../lib/redis/follower.ts'
import type { StoredEvent } from '../../lib/session/event-store.ts'
import { createGate } from '../support/stream.ts'

function createFollower (): { readonly follower: Follower, readonly told: number[] } {
  const told: number[] = []
  return { follower: new Follower(({ seq }) => { told.push(seq) }), told }
}

function eventsOf (...seqs: number[]): StoredEvent[] {
  return seqs.map((seq) => ({ seq, message: `event ${seq}` }))
}

t.test('what comes before it begins is told then, but what is behind the event that it begins with', async (t) => {
  const { follower, told } = createFollower()
  for (const event of eventsOf(1, 2, 3)) follower.hear(event)
  const before = [...told]

  follower.begin(1)
  for (const event of eventsOf(3, 4)) follower.hear(event)

  t.same(before, [])
  t.same(told, [2, 3, 4])
})

t.test('what comes while it reads what was missed is told after that, and once', async (t) => {
  const { follower, told } = createFollower()
  const missed = createGate<readonly StoredEvent[] | undefined>()
  follower.begin(1)
  const caughtUp = follower.catchUp((afterSeq) => {
    t.equal(afterSeq, 1)
    return missed.promise
  })
  for (const event of eventsOf(3, 4)) follower.hear(event)
  const before = [...told]

  missed.open(eventsOf(2, 3))
  await caughtUp

  t.same(before, [])
  t.same(told, [2, 3, 4])
})

t.test('what was missed and is gone, or cannot be read, is passed over', async (t) => {
  const { follower, told } = createFollower()
  follower.begin(1)

  for (const read of [async () => undefined, async () => { throw new Error('away') }]) {
    const caughtUp = follower.catchUp(read)
    for (const event of eventsOf(told.length + 5)) follower.hear(event)
    await caughtUp
  }

  t.same(told, [5, 6])
})

t.test('events that wait are dropped, oldest first, beyond 4 Mi characters, each time that events wait', async (t) => {
  const { follower, told } = createFollower()
  const message = 'x'.repeat(1024 * 1024)
  for (const seq of [1, 2, 3, 4, 5, 6]) follower.hear({ seq, message })
  follower.begin(0)

  const caughtUp = follower.catchUp(async () => [])
  for (const seq of [7, 8, 9, 10, 11]) follower.hear({ seq, message })
  await caughtUp

  t.same(told, [3, 4, 5, 6, 8, 9, 10, 11])
})

t.test('nothing is told after the end', async (t) => {
  const { follower, told } = createFollower()
  follower.begin(0)
  follower.end()

  for (const event of eventsOf(1)) follower.hear(event)
  await follower.catchUp(async () => eventsOf(1, 2))

  t.same(told, [])
})

t.test('what was missed while it had not begun is read when it begins', async (t) => {
  const { follower, told } = createFollower()
  const asked: number[] = []
  follower.hear({ seq: 4, message: 'event 4' })
  await follower.catchUp(async (afterSeq) => { asked.push(afterSeq); return eventsOf(2, 3, 4, 5) })
  const before = [...told]

  follower.begin(3)
  await null
  await null

  t.same([before, asked], [[], [4]])
  t.same(told, [4, 5])
})
