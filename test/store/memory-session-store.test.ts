import t from 'tap'
import { sessionStoreContract } from '../../lib/contracts/index.ts'
import { createMemorySessionStore } from '../../lib/store/memory-session-store.ts'
import { runContracts } from '../support/contract.ts'

t.test('sessions in memory', async (t) => {
  await runContracts(t, sessionStoreContract(() => {
    const clock = { now: 0 }
    const store = createMemorySessionStore(() => clock.now)
    return { stores: [store, store], pass: (milliseconds) => { clock.now += milliseconds } }
  }))
})

t.test('the default clock is the time of day', async (t) => {
  const store = createMemorySessionStore()

  await store.open(
    's',
    { protocolVersion: '2025-11-25', client: { capabilities: {} }, logLevel: 'info' },
    { max: 1, ttl: 60_000 }
  )

  t.match(await store.load('s', 60_000), { protocolVersion: '2025-11-25' })
})
