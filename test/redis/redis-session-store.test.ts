import t from 'tap'
import { sessionStoreContract } from '../../lib/contracts/index.ts'
import { runContracts } from '../contracts/run.ts'
import { noRedis, useRedis } from './redis-server.ts'
import { startNodes } from './subject.ts'

t.test('sessions in Redis', { skip: noRedis }, async (t) => {
  const server = await useRedis(t)

  await runContracts(t, sessionStoreContract(async () => {
    const { nodes: [a, b], pass, stop } = await startNodes(server)
    return { stores: [a.sessions, b.sessions], pass, stop }
  }, { unit: 100_000 }))
})
