import t from 'tap'
import { notificationBusContract } from '../../lib/contracts/index.ts'
import { runContracts } from '../support/contract.ts'
import { noRedis, useRedis } from '../support/redis-server.ts'
import { startNodes } from './subject.ts'

t.test('a bus over Redis', { skip: noRedis }, async (t) => {
  const server = await useRedis(t)

  await runContracts(t, notificationBusContract(async () => {
    const { nodes: [a, b], stop } = await startNodes(server)
    return { buses: [a.bus, b.bus], stop }
  }))
})
