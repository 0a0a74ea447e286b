import t from 'tap'
import { eventStoreContract } from '../../lib/contracts/index.ts'
import { runContracts } from '../contracts/run.ts'
import { noRedis, useRedis } from './redis-server.ts'
import { startNodes } from './subject.ts'

const SESSION = { protocolVersion: '2025-11-25', client: { capabilities: {} }, logLevel: 'info' } as const

t.test('events in Redis', { skip: noRedis }, async (t) => {
  const server = await useRedis(t)

  await runContracts(t, eventStoreContract(async ({ maxEvents, maxAge }) => {
    const { nodes: [a, b], pass, stop } = await startNodes(server, { events: { maxLength: maxEvents, maxAge } })
    const open = async (sessionId: string): Promise<void> => { await a.sessions.open(sessionId, SESSION, { max: 10, ttl: 10 * maxAge }) }
    return { stores: [a.events, b.events], pass, open, stop }
  }, 100_000))
})
