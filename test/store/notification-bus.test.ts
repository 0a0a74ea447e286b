import t from 'tap'
import { notificationBusContract } from '../../lib/contracts/index.ts'
import { createMemoryBus } from '../../lib/store/notification-bus.ts'
import { runContracts } from '../support/contract.ts'

t.test('a bus in memory', async (t) => {
  await runContracts(t, notificationBusContract(() => {
    const bus = createMemoryBus()
    return { buses: [bus, bus] }
  }))
})

t.test('a bus in memory delivers a message before publish returns', async (t) => {
  const bus = createMemoryBus()
  const heard: string[] = []
  bus.subscribe('changes', (message) => heard.push(`a ${message}`))
  bus.subscribe('changes', (message) => heard.push(`b ${message}`))

  bus.publish('changes', '1')
  bus.publish('changes', '2')

  t.strictSame(heard, ['a 1', 'b 1', 'a 2', 'b 2'])
})
