// One session, served by three nodes.
import t, { type Test } from 'tap'
import type { McpMountOptions } from '../../lib/index.ts'
import { JSON_AND_SSE, legacy, openSession, type Post } from '../app.ts'
import { startNodes, type TestNode, type TestNodes } from '../cluster.ts'
import { createGate, frameWithId, openGet, readFrames, send, until } from '../stream.ts'
import { createTalker, type Talk } from '../talk.ts'

const NOTE = (n: number): object => ({ jsonrpc: '2.0', method: 'notifications/message', params: { n } })
const DONE = { jsonrpc: '2.0', id: 1, result: { done: true } }

/** What a test of one session has. */
interface Stage extends TestNodes {
  readonly sessionId: string
  readonly headers: Readonly<Record<string, string>>
  call (method?: string, params?: object, id?: number): Post
}

async function setUp (t: Test, talk: Talk = () => ({ done: true }), options: Partial<McpMountOptions> = {}): Promise<Stage> {
  const test = await startNodes(t, { ...options, server: createTalker(talk) })
  const headers = await openSession(test.nodes[0].app)
  const sessionId = String(headers['mcp-session-id'])
  const call = (method = 'work', params = {}, id = 1): Post => legacy(method, params, { id, headers: { ...JSON_AND_SSE, ...headers } })
  return { ...test, headers, sessionId, call }
}

/** The frames of a stream as they come; without the comment that opens it. */
async function openFrames (node: TestNode, headers: Readonly<Record<string, string>>): Promise<AsyncGenerator<string, void>> {
  const frames = readFrames(await openGet(node.address, headers))
  await frames.next()
  return frames
}

t.test('any node serves a session that another one has opened', async (t) => {
  const { nodes, call } = await setUp(t)

  for (const { address } of nodes) t.same(await (await send(address, call())).json(), DONE)

  t.same(nodes.map(({ mount }) => mount.sessions.size), [1, 1, 1])
  t.equal(await nodes[1].mount.sessions.count(), 1)
})

t.test('a GET stream on one node gets what another one sends', async (t) => {
  const { nodes, headers, sessionId, call } = await setUp(t)
  const [a, b] = nodes
  const frames = await openFrames(a, headers)
  t.equal((await frames.next()).value, `id: ${sessionId}.0.0\ndata: `)
  await send(b.address, call())

  b.sessions.find(sessionId)?.notify('notifications/message', { n: 1 })
  b.mount.notify.toolsChanged()

  t.equal((await frames.next()).value, frameWithId(`${sessionId}.0.1`, NOTE(1)))
  t.equal((await frames.next()).value, frameWithId(`${sessionId}.0.2`, { jsonrpc: '2.0', method: 'notifications/tools/list_changed' }))
})

t.test('a reply that is a stream is numbered by the store, and resumed on another node while it is still sent', async (t) => {
  const steps = [createGate(), createGate(), createGate()] as const
  const { nodes, headers, sessionId, call } = await setUp(t, async (channel) => {
    for (const [index, step] of steps.entries()) {
      channel.notify('notifications/message', { n: index + 1 })
      await step.promise
    }
    return { done: true }
  })
  const [a, b] = nodes
  const streamId = `${sessionId}.${a.id}-1`
  const first = readFrames(await send(a.address, call()))
  t.same([(await first.next()).value, (await first.next()).value, (await first.next()).value],
    [': open', `id: ${streamId}.0\ndata: `, frameWithId(`${streamId}.1`, NOTE(1))])

  const second = await openFrames(b, { ...headers, 'last-event-id': `${streamId}.0` })
  t.equal((await second.next()).value, frameWithId(`${streamId}.1`, NOTE(1)))
  t.ok((await first.next()).done, 'the older connection has ended')
  for (const step of steps) step.open()

  t.equal((await second.next()).value, frameWithId(`${streamId}.2`, NOTE(2)))
  t.equal((await second.next()).value, frameWithId(`${streamId}.3`, NOTE(3)))
  t.equal((await second.next()).value, frameWithId(`${streamId}.4`, DONE))
  t.ok((await second.next()).done)
  await until(() => nodes.every(({ mount }) => mount.stats().exchanges === 0))
})

t.test('a question asked on one node is answered by a POST to another', async (t) => {
  const { nodes, call, headers } = await setUp(t, async (channel) => ({ answer: await channel.ask?.({ method: 'roots/list', params: {} }, 0, new AbortController().signal) }))
  const [a, b] = nodes
  const frames = readFrames(await send(a.address, call()))
  await frames.next()
  await frames.next()
  const [, question = ''] = /^data: (.*)$/m.exec((await frames.next()).value ?? '') ?? []
  const { id } = JSON.parse(question) as { readonly id: string }

  const acknowledged = await send(b.address, { method: 'POST', url: '/mcp', headers: { 'content-type': 'application/json', ...headers }, payload: JSON.stringify({ jsonrpc: '2.0', id, result: { roots: [] } }) })

  t.equal(id, `ask-${a.id}-1`)
  t.equal(acknowledged.status, 202)
  t.match((await frames.next()).value, JSON.stringify({ answer: { roots: [] } }))
})
