import { setImmediate as nextTurn } from 'node:timers/promises'
import t from 'tap'
import { ChangePublisher } from '../../../lib/session/nodes/change-publisher.ts'
import type { NodeMessage } from '../../../lib/session/nodes/node-message.ts'
import { Outage } from '../../../lib/session/nodes/outage.ts'
import { ClusterUnreachableError } from '../../../lib/errors.ts'

const UNREACHABLE = new ClusterUnreachableError('unreachable')

/** A publisher, the messages that it has published, and the error that publishing fails with. */
function createPublisher () {
  const node = { isUnreachable: false }
  const sent: NodeMessage[] = []
  const state: { failure: Error | undefined } = { failure: undefined }
  const outage = new Outage(node)
  const broadcast = async (message: NodeMessage): Promise<void> => {
    if (state.failure !== undefined) throw state.failure
    sent.push(message)
  }
  const begin = (): void => { node.isUnreachable = true; state.failure = UNREACHABLE }
  const end = (): void => { node.isUnreachable = false; state.failure = undefined; outage.end() }
  return { publisher: new ChangePublisher({ broadcast }, outage), sent, state, outage, begin, end }
}

const updated = (name: string) => ({ kind: 'resource', uri: `notes://${name}` }) as const

t.test('changes of an outage are published after it, each topic once', async (t) => {
  const { publisher, sent, begin, end } = createPublisher()
  begin()
  const published = [
    publisher.publish([{ kind: 'tools' }]),
    publisher.publish([updated('a')]),
    publisher.publish([updated('b'), updated('a')])
  ]
  await nextTurn()

  t.same(sent, [])
  end()
  await Promise.all(published)
  t.same(sent, [
    { kind: 'changed', events: [{ kind: 'tools' }] },
    { kind: 'changed', events: [updated('a'), updated('b')] }
  ])
})

t.test('if an outage has more changes than are kept, the other nodes are told that they missed some', async (t) => {
  const { publisher, sent, begin, end } = createPublisher()
  begin()
  const first = publisher.publish([{ kind: 'tools' }])
  const rest = publisher.publish(Array.from({ length: 1001 }, (_, index) => updated(String(index))))
  await nextTurn()
  end()
  await Promise.all([first, rest])
  await publisher.publish([{ kind: 'prompts' }])

  t.same(sent, [
    { kind: 'changed', events: [{ kind: 'tools' }] },
    { kind: 'missed' },
    { kind: 'changed', events: [{ kind: 'prompts' }] }
  ])
})

t.test('changes that cannot be published do not hold up later ones', async (t) => {
  const { publisher, sent, state } = createPublisher()
  state.failure = new Error('too long')
  const [failed, later] = [publisher.publish([updated('a')]), publisher.publish([updated('b')])]
  state.failure = undefined

  await Promise.all([t.rejects(failed, { message: 'too long' }), t.rejects(later, { message: 'too long' })])
  t.same(sent, [{ kind: 'changed', events: [updated('b')] }])
})

t.test('publishing ends when the node stops', async (t) => {
  const { publisher, outage, begin } = createPublisher()
  begin()
  const published = publisher.publish([updated('a')])
  await nextTurn()
  outage.giveUp()

  await t.rejects(published, UNREACHABLE)
})
