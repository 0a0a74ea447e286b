import t from 'tap'
import { NodeLink, type NodeMessage } from '../../lib/cluster/node-link.ts'
import { createMemoryBus } from '../../lib/notify/bus.ts'

const ENDED: NodeMessage = { kind: 'ended', sessionId: 's', reason: 'deleted' }

function createLinks () {
  const bus = createMemoryBus()
  return {
    bus,
    nodes: ['a', 'b', 'c'].map((id) => {
      const link = new NodeLink({ id, bus })
      const heard: unknown[] = []
      return { link, heard, end: link.listen((message) => heard.push(message)) }
    })
  }
}

t.test('what a node tells all others reaches each of them, and not itself', async (t) => {
  const { nodes } = createLinks()

  await nodes[0]?.link.tellAll(ENDED)

  t.same(nodes.map(({ heard }) => heard), [[], [{ ...ENDED, from: 'a' }], [{ ...ENDED, from: 'a' }]])
})

t.test('what a node tells one other reaches that one', async (t) => {
  const { nodes } = createLinks()

  await nodes[0]?.link.tell('c', ENDED)

  t.same(nodes.map(({ heard }) => heard), [[], [], [{ ...ENDED, from: 'a' }]])
})

t.test('a node that listens no longer hears nothing', async (t) => {
  const { nodes } = createLinks()

  nodes[1]?.end()
  await nodes[0]?.link.tellAll(ENDED)
  await nodes[0]?.link.tell('b', ENDED)

  t.same(nodes[1]?.heard, [])
})

t.test('what is no message of a node is passed over', (t) => {
  const { bus, nodes } = createLinks()

  for (const text of ['', '{', '1', 'null', '[]']) bus.publish('all', text)

  t.same(nodes.map(({ heard }) => heard), [[], [], []])
  t.end()
})

t.test('whoever waits for the stream of a session hears of it, of this one alone', async (t) => {
  const { nodes } = createLinks()
  const heard: string[] = []
  const end = nodes[1]?.link.onAnnounced('s', () => heard.push('s'))
  nodes[0]?.link.onAnnounced('r', () => heard.push('r'))

  await nodes[2]?.link.announce('s')
  end?.()
  await nodes[2]?.link.announce('s')

  t.same(heard, ['s'])
})
