import { setImmediate as nextTurn } from 'node:timers/promises'
import t from 'tap'
import type { ChangeEvent } from '../../lib/protocol/change.ts'
import { createMemoryBus, type NotificationBus } from '../../lib/notify/bus.ts'
import { CHANGES, createNotifier, createPublisher } from '../../lib/notify/publisher.ts'

const mustNotFail = (error: unknown): void => { throw error }

function createRecorder (): { readonly bus: NotificationBus, readonly published: Array<readonly ChangeEvent[]> } {
  const bus = createMemoryBus()
  const published: Array<readonly ChangeEvent[]> = []
  bus.subscribe(CHANGES, (message) => published.push(JSON.parse(message)))
  return { bus, published }
}

t.test('what one turn of the event loop brings is published together, and each change once', async (t) => {
  const { bus, published } = createRecorder()
  const notify = createNotifier(createPublisher(bus, mustNotFail))

  for (let time = 0; time < 100; time++) {
    notify.toolsChanged()
    notify.resourceUpdated('notes://a')
    notify.promptsChanged()
    notify.resourcesChanged()
    notify.resourceUpdated('notes://b')
    await Promise.resolve()
  }

  t.strictSame(published, [])
  await nextTurn()
  t.strictSame(published, [[
    { kind: 'tools' }, { kind: 'resource', uri: 'notes://a' }, { kind: 'prompts' }, { kind: 'resources' }, { kind: 'resource', uri: 'notes://b' }
  ]])
})

t.test('what comes later is published by itself', async (t) => {
  const { bus, published } = createRecorder()
  const { toolsChanged } = createNotifier(createPublisher(bus, mustNotFail))

  toolsChanged()
  await nextTurn()
  toolsChanged()
  await nextTurn()
  await nextTurn()

  t.strictSame(published, [[{ kind: 'tools' }], [{ kind: 'tools' }]])
})

t.test('a bus that fails is told of, whichever way it fails, and keeps no later change from being published', async (t) => {
  const failures: unknown[] = []
  const outcomes = [() => { throw new Error('thrown') }, () => Promise.reject(new Error('rejected')), () => {}]
  let published = 0
  const bus: NotificationBus = { ...createMemoryBus(), publish: () => outcomes[published++]?.() }
  const publish = createPublisher(bus, (error) => failures.push(error))

  for (const kind of ['tools', 'prompts', 'resources'] as const) {
    publish({ kind })
    await nextTurn()
  }

  t.match(failures, [{ message: 'thrown' }, { message: 'rejected' }])
  t.equal(failures.length, 2)
  t.equal(published, 3)
})
