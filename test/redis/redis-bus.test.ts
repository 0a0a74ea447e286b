import t from 'tap'
import { notificationBusContract } from '../../lib/contracts/index.ts'
import { runContracts } from '../contracts/run.ts'
import { noRedis, useRedis } from './redis-server.ts'
import { startNodes } from './subject.ts'

t.test('a bus over Redis', { skip: noRedis }, async (t) => {
  const server = await useRedis(t)

  await runContracts(t, notificationBusContract(async () => {
    const { nodes: [a, b], stop } = await startNodes(server)
    return { buses: [a.bus, b.bus], stop }
  }))
})
