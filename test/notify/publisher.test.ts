import { setImmediate as nextTurn } from 'node:timers/promises'
import t from 'tap'
import type { ChangeEvent } from '../../lib/protocol/change.ts'
import { createNotifier, createPublisher } from '../../lib/notify/publisher.ts'

const mustNotFail = (error: unknown): void => { throw error }

function createRecorder () {
  const published: Array<readonly ChangeEvent[]> = []
  const publish = (events: readonly ChangeEvent[]): void => { published.push(events) }
  return { publish, published }
}

t.test('the changes of one turn of the event loop are published together, and each topic once', async (t) => {
  const { publish, published } = createRecorder()
  const notify = createNotifier(createPublisher(publish, mustNotFail))

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
  t.strictSame(published, [
    [
      { kind: 'tools' },
      { kind: 'resource', uri: 'notes://a' },
      { kind: 'prompts' },
      { kind: 'resources' },
      { kind: 'resource', uri: 'notes://b' }
    ]
  ])
})

t.test('the changes of a later turn are published separately', async (t) => {
  const { publish, published } = createRecorder()
  const { toolsChanged } = createNotifier(createPublisher(publish, mustNotFail))

  toolsChanged()
  await nextTurn()
  toolsChanged()
  await nextTurn()
  await nextTurn()

  t.strictSame(published, [[{ kind: 'tools' }], [{ kind: 'tools' }]])
})

t.test('an exception or rejection is reported, and later changes are still published', async (t) => {
  const failures: unknown[] = []
  const outcomes = [() => { throw new Error('thrown') }, () => Promise.reject(new Error('rejected')), () => {}]
  let published = 0
  const publish = createPublisher(() => outcomes[published++]?.(), (error) => failures.push(error))

  for (const kind of ['tools', 'prompts', 'resources'] as const) {
    publish({ kind })
    await nextTurn()
  }

  t.match(failures, [{ message: 'thrown' }, { message: 'rejected' }])
  t.equal(failures.length, 2)
  t.equal(published, 3)
})
