import t from 'tap'
import { Pace } from '../../../lib/server/call/pace.ts'

// Counts the turns of the event loop until a promise has settled.
async function countTurns (run: () => Promise<void>): Promise<number> {
  let turns = 0
  let isRunning = true
  const count = (): void => {
    turns++
    if (isRunning) setImmediate(count)
  }
  setImmediate(count)
  await run()
  isRunning = false
  return turns
}

function work (ms: number): void {
  const started = performance.now()
  while (performance.now() - started < ms);
}

t.test('short work takes one turn of the event loop', async (t) => {
  const pace = new Pace()

  t.equal(await countTurns(async () => { await pace.rest() }), 0)
})

t.test('the event loop turns between pieces of long work', async (t) => {
  const pace = new Pace()

  const turns = await countTurns(async () => {
    for (let piece = 0; piece < 5; piece++) {
      work(11)
      await pace.rest()
    }
  })

  t.ok(turns >= 4, `${turns} turns`)
})

t.test('the event loop turns between pieces of concurrent work', async (t) => {
  const pace = new Pace()
  work(11)

  const turns = await countTurns(async () => {
    await Promise.all(Array.from({ length: 5 }, async () => {
      await pace.rest()
      work(11)
    }))
  })

  t.ok(turns >= 4, `${turns} turns`)
})
