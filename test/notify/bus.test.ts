import t from 'tap'
import { createMemoryBus } from '../../lib/notify/bus.ts'

t.test('what is published reaches every listener of its topic, at once and in order', async (t) => {
  const bus = createMemoryBus()
  const heard: string[] = []
  bus.subscribe('changes', (message) => heard.push(`a ${message}`))
  bus.subscribe('changes', (message) => heard.push(`b ${message}`))
  bus.subscribe('other', (message) => heard.push(`other ${message}`))

  bus.publish('changes', '1')
  bus.publish('changes', '2')

  t.strictSame(heard, ['a 1', 'b 1', 'a 2', 'b 2'])
})
