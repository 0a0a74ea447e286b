import t from 'tap'
import type { ChangeEvent } from '../../lib/protocol/change.ts'
import { createMemoryBus } from '../../lib/notify/bus.ts'

t.test('what is published reaches every listener, in order', async (t) => {
  const bus = createMemoryBus()
  const heard: Array<readonly [string, readonly ChangeEvent[]]> = []
  bus.subscribe((events) => heard.push(['a', events]))
  bus.subscribe((events) => heard.push(['b', events]))

  bus.publish([{ kind: 'tools' }, { kind: 'prompts' }])
  bus.publish([{ kind: 'resource', uri: 'notes://a' }])

  const first = [{ kind: 'tools' }, { kind: 'prompts' }] as const
  const second = [{ kind: 'resource', uri: 'notes://a' }] as const
  t.strictSame(heard, [['a', first], ['b', first], ['a', second], ['b', second]])
})

t.test('who has stopped listening hears nothing', async (t) => {
  const bus = createMemoryBus()
  const heard: unknown[] = []
  const end = bus.subscribe((events) => heard.push(events))

  end()
  end()
  bus.publish([{ kind: 'tools' }])

  t.strictSame(heard, [])
})
