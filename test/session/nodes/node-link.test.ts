import t from 'tap'
import { NodeLink } from '../../../lib/session/nodes/node-link.ts'
import type { NodeMessage } from '../../../lib/session/nodes/node-message.ts'
import { createMemoryBus } from '../../../lib/store/notification-bus.ts'

const ENDED: NodeMessage = { kind: 'ended', sessionId: 's', reason: 'deleted' }
const ANSWERED: NodeMessage = { kind: 'answered', sessionId: 's', id: 'ask-b-1', answer: { result: {} } }

/** Creates the links of three nodes. @param isAlive Whether the first node finds another one alive. */
function createLinks (isAlive: () => Promise<boolean> = async () => true, timeout = 60_000) {
  const bus = createMemoryBus()
  const create = (id: string) => {
    const failures: string[] = []
    const link = new NodeLink({ id, bus, isAlive }, (error, what) => failures.push(`${what}: ${String(error)}`), {
      retryDelay: 1,
      timeout
    })
    const heard: unknown[] = []
    const listen = (): () => void => link.listen((message) => {
      heard.push(message)
      return message.kind === 'awaited' ? { count: heard.length } : undefined
    })
    return { link, heard, failures, listen, end: listen() }
  }
  return { bus, nodes: [create('a'), create('b'), create('c')] as const }
}

t.test('a broadcast reaches all other nodes, and not the sender', async (t) => {
  const { nodes } = createLinks()

  await nodes[0].link.broadcast(ENDED)

  t.same(nodes.map(({ heard }) => heard), [[], [{ ...ENDED, from: 'a' }], [{ ...ENDED, from: 'a' }]])
})

t.test('a message to one node reaches only that node', async (t) => {
  const { nodes } = createLinks()

  await nodes[0].link.send('c', ENDED)

  t.same(nodes.map(({ heard }) => heard), [[], [], [{ ...ENDED, from: 'a' }]])
})

t.test('a delivered message arrives even if the node does not listen at first', async (t) => {
  let asked = 0
  const { nodes: [a, b] } = createLinks(async () => {
    if (++asked === 3) b.listen()
    return true
  })
  b.end()

  await a.link.deliver('b', ANSWERED)

  t.equal(asked, 3)
  t.match(b.heard, [{ ...ANSWERED, from: 'a' }])
})

t.test('a delivery to a dead node resolves', async (t) => {
  const { nodes: [a, b] } = createLinks(async () => false)
  b.end()

  await a.link.deliver('b', ANSWERED)

  t.same(b.heard, [])
})

t.test('a delivery fails if the node is alive and never confirms it, or if nothing can be sent', async (t) => {
  const { bus, nodes: [a, b] } = createLinks(async () => true, 20)
  b.end()

  await t.rejects(a.link.deliver('b', ANSWERED), {
    name: 'ClusterUnreachableError',
    message: 'the node b is alive, but has not confirmed a message within 20 ms'
  })
  t.intercept(bus, 'publish', { value: async () => { throw new Error('too long') } })
  await t.rejects(a.link.deliver('b', ANSWERED), { message: 'too long' })
})

const AWAITED: NodeMessage = { kind: 'awaited', sessionId: 's', requestId: 1 }

t.test('a question is answered even if the asked node does not listen at first', async (t) => {
  let asked = 0
  const { nodes: [a, b, c] } = createLinks(async () => {
    if (++asked === 3) b.listen()
    return true
  })
  b.end()

  t.equal(await a.link.ask('b', AWAITED), 1)
  t.match(b.heard, [{ ...AWAITED, from: 'a' }])
  t.same(c.heard, [])
})

t.test(
  'a question resolves to 0 for a dead node, and to undefined for a silent or older one',
  async (t) => {
    const dead = createLinks(async () => false).nodes
    dead[1].end()
    t.equal(await dead[0].link.ask('b', AWAITED), 0)
    t.same(await dead[0].link.askMany('b', { kind: 'usage', sessionIds: ['s'] }), [])

    const silent = createLinks(async () => true, 20).nodes
    silent[1].end()
    t.equal(await silent[0].link.ask('b', AWAITED), undefined)
    silent[1].link.listen(() => { throw new Error('oops') })
    t.equal(await silent[0].link.ask('b', AWAITED), undefined)
  }
)

t.test('a confirmation that cannot be sent is reported', async (t) => {
  const { bus, nodes: [a, b] } = createLinks(async () => false)
  const { publish } = bus
  t.intercept(bus, 'publish', {
    value: (topic: string, message: string) => {
      if (topic === 'node:a') throw new Error('too long')
      return publish(topic, message)
    }
  })

  await a.link.deliver('b', ANSWERED)

  t.same(b.failures, ['sending a message to another node: Error: too long'])
})

t.test('a listener that was removed is not called', async (t) => {
  const { nodes } = createLinks()

  nodes[1].end()
  await nodes[0].link.broadcast(ENDED)
  await nodes[0].link.send('b', ENDED)

  t.same(nodes[1].heard, [])
})

t.test('a foreign message is ignored, and each kind of problem is reported once, up to a limit', (t) => {
  const { bus, nodes: [a] } = createLinks()

  for (const text of ['', '{', '1', 'null', '[]', '{"kind":"ended"}', '{"kind":"ended","from":"x"}']) {
    bus.publish('all', text)
  }
  for (let kind = 0; kind < 100; kind++) bus.publish('all', JSON.stringify({ kind: `new-${kind}`, from: 'x' }))

  t.same(a.heard, [])
  t.equal(a.failures.length, 20)
  t.same(
    a.failures.slice(0, 3),
    [
      'it is not a message of a node',
      "a member of its kind 'ended' is missing or has the wrong type",
      'its kind is unknown: "new-0"'
    ].map(
      (problem) =>
        `reading a message of another node: Error: ${problem}; it is ignored, and later messages like it are ignored ` +
        'without a log line'
    )
  )
  t.end()
})

t.test('a listener that throws is reported, and the other listeners are still called', async (t) => {
  const { nodes: [a, b] } = createLinks()
  const heard: unknown[] = []
  b.end()
  b.link.listen(() => { throw new Error('oops') })
  b.link.listen((message) => { heard.push(message); return undefined })

  await a.link.deliver('b', ANSWERED)

  t.same(b.failures, ["handling a message of kind 'answered': Error: oops"])
  t.match(heard, [ANSWERED])
})

t.test('an announcement wakes only those that wait for the stream of that session', async (t) => {
  const { nodes } = createLinks()
  const heard: string[] = []
  const end = nodes[1].link.onAnnounced('s', () => heard.push('s'))
  nodes[0].link.onAnnounced('r', () => heard.push('r'))

  await nodes[2].link.announce('s')
  end?.()
  await nodes[2].link.announce('s')

  t.same(heard, ['s'])
})
