import t from 'tap'
import type { ChangeEvent } from '../../lib/protocol/change.ts'
import { ChangeSource } from '../../lib/server/change-source.ts'

t.test('a listener is called once per change for each time it was registered', async (t) => {
  const source = new ChangeSource()
  const received: ChangeEvent[] = []
  const listener = (event: ChangeEvent): void => { received.push(event) }

  source.emit({ kind: 'tools' })
  const end = source.listen(listener)
  const endOther = source.listen(listener)
  source.emit({ kind: 'prompts' })
  end()
  end()
  source.emit({ kind: 'resource', uri: 'notes://a' })
  endOther()
  source.emit({ kind: 'resources' })

  t.strictSame(received, [{ kind: 'prompts' }, { kind: 'prompts' }, { kind: 'resource', uri: 'notes://a' }])
})
