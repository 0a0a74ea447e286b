import t from 'tap'
import { McpServer, type ClusterPeer, type PeerDifference } from '../../../lib/index.ts'
import { describeNode, findDifference, isDescription, type Served } from '../../../lib/session/nodes/description.ts'
import type { NodeMessage } from '../../../lib/session/nodes/node-message.ts'
import { describeDifference, describePeer } from '../../../lib/session/nodes/peer-report.ts'
import { Peers } from '../../../lib/session/nodes/peers.ts'

const KEYS = ['first', 'second', 'third'].map((name) => name.padEnd(32, '.'))

function createServer (tools: readonly string[], keys = KEYS.slice(0, 1)): McpServer {
  const server = new McpServer({ name: 'Notes', version: '1.0.0' }, { requestState: { keys } })
  for (const name of tools) server.registerTool(name, {}, () => name)
  return server
}

function served (server: McpServer, tokenKeys?: readonly string[]): Served {
  return { contents: server.contents(), version: '1.0.0', tokenKeys }
}

function differenceOf (own: Served, peer: Served): PeerDifference | undefined {
  return findDifference(describeNode(own), describeNode(peer))
}

/** Nodes that exchange messages at once. */
function createPeers (...servers: McpServer[]) {
  const living = new Set(servers.map((_server, index) => String(index)))
  const nodes = servers.map((server, index) => {
    const id = String(index)
    const [dead, different]: [ClusterPeer[], Array<readonly [ClusterPeer, PeerDifference]>] = [[], []]
    const state = { isDeaf: false, sent: 0 }
    const receive = (message: NodeMessage, from: string): void => {
      if (state.isDeaf) return
      if (message.kind === 'serves') peers.described(from, message.description, message.asks)
      if (message.kind === 'leaves') peers.left(from)
    }
    const peers: Peers = new Peers({
      link: {
        async send (to, message) {
          state.sent++
          nodes[Number(to)]?.receive(message, id)
        },
        async broadcast (message) {
          for (const other of nodes) if (other.id !== id) other.receive(message, id)
        }
      },
      isAlive: async (nodeId) => living.has(nodeId),
      describe: () => served(server),
      onDead: (peer) => dead.push(peer),
      onDifferent: (...report) => different.push(report)
    })
    return { id, peers, server, dead, different, state, receive }
  })
  async function check (times: number, listed: Iterable<string> = living): Promise<void> {
    const known = [...listed]
    for (let time = 0; time < times; time++) {
      for (const { id, peers } of nodes) if (living.has(id)) await peers.check(known.filter((other) => other !== id))
    }
  }
  return { nodes, living, check }
}

t.test('nodes that serve the same tell each other once, and nothing is reported', async (t) => {
  const { nodes, check } = createPeers(createServer(['a', 'b']), createServer(['b', 'a']), createServer(['a', 'b']))

  await check(5)

  t.same(nodes.map(({ different, dead }) => [...different, ...dead]), [[], [], []])
  t.ok(nodes.every(({ state }) => state.sent <= 4))
})

t.test('a lasting difference is reported once on each side, and again when one of them changes', async (t) => {
  const { nodes: [a, b], check } = createPeers(createServer(['same', 'old']), createServer(['same', 'new']))

  await check(6)
  const first = [a?.different.splice(0), b?.different.splice(0)]
  b?.server.registerTool('newer', {}, () => '')
  b?.peers.changed()
  await check(6)

  t.match(first, [
    [[{ node: '1', version: '1.0.0' }, { missing: ["tool 'new'"], additional: ["tool 'old'"], changed: [], keys: [] }]],
    [[{ node: '0' }, { missing: ["tool 'old'"], additional: ["tool 'new'"] }]]
  ])
  t.equal(first[0]?.length, 1)
  t.match(a?.different, [[{ node: '1' }, { missing: ["tool 'new'", "tool 'newer'"] }]])
  t.equal(a?.different.length, 1)
})

t.test('a difference that is over at the next check is not reported', async (t) => {
  const { nodes: [a, b], check } = createPeers(createServer(['a']), createServer(['a']))
  await check(3)

  b?.server.registerTool('late', {}, () => '')
  b?.peers.changed()
  await check(1)
  a?.server.registerTool('late', {}, () => '')
  a?.peers.changed()
  await check(5)

  t.same([a?.different, b?.different], [[], []])
})

t.test('a node that changes all the time is reported a limited number of times', async (t) => {
  const { nodes: [a, b], check } = createPeers(createServer([]), createServer([]))

  for (let time = 0; time < 30; time++) {
    b?.server.registerTool(`tool${time}`, {}, () => '')
    b?.peers.changed()
    await check(3)
  }

  t.equal(a?.different.length, 20)
  t.equal(a?.different.at(-1)?.[1].missing.length, 20, 'and so are its names')
})

t.test('what a node has missed is told again when messages may have been lost', async (t) => {
  const { nodes: [a, b], check } = createPeers(createServer(['a']), createServer(['b']))
  Object.assign(a?.state ?? {}, { isDeaf: true })
  await check(3)
  Object.assign(a?.state ?? {}, { isDeaf: false })
  await check(3)
  const unheard = a?.different.length

  b?.peers.missed()
  await check(3)

  t.equal(unheard, 0)
  t.equal(a?.different.length, 1)
})

t.test('a node that asks is told again, because it knows nothing of the other', async (t) => {
  const { nodes: [a, b], check } = createPeers(createServer(['a']), createServer(['b']))
  Object.assign(a?.state ?? {}, { isDeaf: true })
  await a?.peers.check(['1'])
  await b?.peers.check(['0'])
  Object.assign(a?.state ?? {}, { isDeaf: false })

  a?.peers.missed()
  await check(3)

  t.equal(a?.different.length, 1)
})

t.test('a node that is dead is reported once, and one that has left is not', async (t) => {
  const { nodes: [a, b, c], living, check } = createPeers(createServer([]), createServer([]), createServer([]))
  await check(2)

  await c?.peers.leave()
  living.delete('2')
  living.delete('1')
  await check(3)

  t.match(a?.dead, [{ node: '1', host: String, pid: process.pid, version: '1.0.0' }])
  t.equal(a?.dead.length, 1)
  t.same(b?.dead, [])
})

t.test('a node is not dead while it may be alive, whatever the list says', async (t) => {
  const { nodes: [a], check } = createPeers(createServer([]), createServer([]))
  await check(2)

  await check(2, [])

  t.same(a?.dead, [])
})

t.test('another schema or description is a change; the order of its members is none', (t) => {
  const [plain, other, same] = [createServer([]), createServer([]), createServer([])]
  plain.registerTool('add', { title: 'Add', description: 'Adds.' }, () => '')
  same.registerTool('add', { description: 'Adds.', title: 'Add' }, () => '')
  other.registerTool('add', { title: 'Add', description: 'Adds more.' }, () => '')
  for (const server of [plain, other, same]) {
    server.registerPrompt('ask', {}, () => '')
    server.registerResource('a', 'notes://a', {}, () => '')
  }
  const hidden = plain.registerTool('hidden', {}, () => '')
  hidden.disable()

  t.equal(differenceOf(served(plain), served(same)), undefined)
  t.same(differenceOf(served(plain), served(other)), {
    missing: [], additional: [], changed: ["tool 'add'"], keys: []
  })
  t.end()
})

t.test('keys differ if one node cannot open what the other seals', (t) => {
  const [first = '', second = '', third = ''] = KEYS
  const differs = (own: readonly string[], peer: readonly string[]): readonly string[] =>
    differenceOf(served(createServer([], [...own])), served(createServer([], [...peer])))?.keys ?? []

  t.same(differs([first], [first]), [])
  t.same(differs([first, second], [second, first]), [], 'the order does not matter')
  t.same(differs([first], [first, third]), [])
  t.same(differs([first], [second, first]), ['requestState'], 'the new key must be known before it seals')
  t.same(differs([second, first], [first]), ['requestState'])
  t.same(differenceOf(served(createServer([]), ['a']), served(createServer([]), ['b']))?.keys, ['tokens'])
  t.same(differenceOf(served(createServer([]), ['a']), served(createServer([]))), undefined)
  const renamed = new McpServer({ name: 'Other', version: '1.0.0' }, { requestState: { keys: [first] } })
  t.same(differenceOf(served(createServer([])), served(renamed))?.keys, ['requestState'], 'the name is part of a seal')
  t.notMatch(JSON.stringify(describeNode(served(createServer([])))), /first/)
  t.end()
})

t.test('a definition that is unknown before there is a client differs from none', (t) => {
  const unknown: Served = { contents: undefined, version: undefined, tokenKeys: undefined }

  t.equal(differenceOf(unknown, served(createServer(['a']))), undefined)
  t.equal(differenceOf(served(createServer(['a'])), unknown), undefined)
  t.ok(isDescription(JSON.parse(JSON.stringify(describeNode(unknown)))))
  t.end()
})

t.test('so many entries that their names are not sent still differ', (t) => {
  const names = Array.from({ length: 2000 }, (_, index) => `a_tool_with_a_rather_long_name_${index}`)
  const contents = (entries: readonly string[]): Served => ({
    contents: { entries: new Map(entries.map((name) => [`tool '${name}'`, name])), keys: [] },
    version: undefined,
    tokenKeys: undefined
  })

  t.ok(JSON.stringify(describeNode(contents(names))).length < 1000)
  t.equal(differenceOf(contents(names), contents(names)), undefined)
  const difference = differenceOf(contents(names), contents(names.slice(1)))
  t.same(difference, { missing: [], additional: [], changed: [], keys: [] })
  t.match(describeDifference(difference ?? { missing: [], additional: [], changed: [], keys: [] }),
    /^its tools, prompts or resources are not the same\. Unless this is a rolling update, deploy the same version/)
  t.end()
})

t.test('a report says where each name is, and what to do', (t) => {
  t.equal(describePeer({ node: 'ab', host: 'pod-1', pid: 7 }), 'node ab (host pod-1, process 7)')
  t.equal(
    describeDifference({
      missing: ["tool 'new'"], additional: ["tool 'a'", "prompt 'b'"], changed: [], keys: ['requestState', 'tokens']
    }),
    "tool 'new' is there, and not here; tool 'a', prompt 'b' are here, and not there; " +
      'one of the two cannot open the requestState that the other seals; ' +
      'one of the two refuses the access tokens that the other issues. Unless this is a rolling update, ' +
      'deploy the same version to all nodes, and register on each of them what you register at run time; ' +
      "give all nodes the same requestState.keys; give all nodes the same 'keys' of authorizationServer"
  )
  t.end()
})

t.test('a description of another version or program is refused', (t) => {
  const whole = JSON.parse(JSON.stringify(describeNode(served(createServer(['a']), ['k']))))
  const wrongs = {
    host: 7, pid: '7', version: 1, digest: null, entries: [], keys: { requestState: [['k']], tokens: 'k' }
  }

  t.ok(isDescription(whole))
  for (const [member, wrong] of Object.entries(wrongs)) t.notOk(isDescription({ ...whole, [member]: wrong }), member)
  t.notOk(isDescription({ ...whole, entries: { "tool 'a'": 7 } }))
  t.notOk(isDescription({ ...whole, keys: { requestState: [['k']] } }))
  t.notOk(isDescription({ ...whole, keys: { requestState: [[7]], tokens: [] } }))
  t.end()
})
