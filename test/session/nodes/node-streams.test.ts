// One session, served by three nodes.
import { setImmediate as nextTurn } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { McpServer, type McpMountOptions } from '../../../lib/index.ts'
import { NodeStreams } from '../../../lib/session/nodes/node-streams.ts'
import type { Session } from '../../../lib/session/session.ts'
import { JSON_AND_SSE, legacy, openSession, post, type Post } from '../../support/app.ts'
import { startNodes, type TestNode, type TestNodes } from '../../support/cluster.ts'
import { createGate, frameWithId, openGet, readFrames, send, until } from '../../support/stream.ts'
import { createTalker, type Talk } from '../../support/talk.ts'

const NOTE = (n: number): object => ({ jsonrpc: '2.0', method: 'notifications/message', params: { n } })
const DONE = { jsonrpc: '2.0', id: 1, result: { done: true } }

/** One session on three nodes. */
interface Stage extends TestNodes {
  readonly sessionId: string
  readonly headers: Readonly<Record<string, string>>
  call (method?: string, params?: object, id?: number): Post
}

async function setUp (
  t: Test, talk: Talk = () => ({ done: true }), options: Partial<McpMountOptions> = {}
): Promise<Stage> {
  const test = await startNodes(t, { server: createTalker(talk), ...options })
  const headers = await openSession(test.nodes[0].app)
  const sessionId = String(headers['mcp-session-id'])
  const call = (method = 'work', params = {}, id = 1): Post =>
    legacy(method, params, { id, headers: { ...JSON_AND_SSE, ...headers } })
  return { ...test, headers, sessionId, call }
}

function createWatchable (): McpServer {
  const server = new McpServer(
    { name: 'Notes', version: '1.0.0' },
    { requestState: { keys: ['0123456789abcdef0123456789abcdef'] } }
  )
  server.registerResource('a', 'notes://a', {}, () => 'a')
  return server
}

/** Yields the frames of a stream, without the comment that opens it. */
async function openFrames (
  node: TestNode, headers: Readonly<Record<string, string>>
): Promise<AsyncGenerator<string, void>> {
  const frames = readFrames(await openGet(node.address, headers))
  await frames.next()
  return frames
}

/** A reply that the first node has begun, and never ends. */
async function beginReply (t: Test): Promise<Stage & { readonly streamId: string, notify (n: number): void }> {
  let notify = (_n: number): void => {}
  const stage = await setUp(t, async (channel) => {
    notify = (n) => channel.notify('notifications/message', { n })
    notify(1)
    return await new Promise(() => {})
  })
  const [a] = stage.nodes
  const frames = readFrames(await send(a.address, stage.call()))
  for (let n = 0; n < 3; n++) await frames.next()
  return { ...stage, streamId: `${stage.sessionId}.${a.id}-1`, notify }
}

t.test('any node serves a session that another node opened', async (t) => {
  const { nodes, call } = await setUp(t)

  for (const { address } of nodes) t.same(await (await send(address, call())).json(), DONE)

  t.same(nodes.map(({ mount }) => mount.sessions.size), [1, 1, 1])
  t.equal(await nodes[1].mount.sessions.count(), 1)
})

t.test('a GET stream on one node gets the messages of another node', async (t) => {
  const { nodes, headers, sessionId, call } = await setUp(t)
  const [a, b] = nodes
  const frames = await openFrames(a, headers)
  t.equal((await frames.next()).value, `id: ${sessionId}.0.0\ndata: `)
  await send(b.address, call())

  b.sessions.get(sessionId)?.notify('notifications/message', { n: 1 })
  b.mount.notify.toolsChanged()

  t.equal((await frames.next()).value, frameWithId(`${sessionId}.0.1`, NOTE(1)))
  t.equal(
    (await frames.next()).value,
    frameWithId(`${sessionId}.0.2`, { jsonrpc: '2.0', method: 'notifications/tools/list_changed' })
  )
})

t.test(
  'a reply stream is numbered by the store, and can be resumed on another node while it runs',
  async (t) => {
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
    t.same(
      [(await first.next()).value, (await first.next()).value, (await first.next()).value],
      [': open', `id: ${streamId}.0\ndata: `, frameWithId(`${streamId}.1`, NOTE(1))]
    )

    const second = await openFrames(b, { ...headers, 'last-event-id': `${streamId}.0` })
    t.equal((await second.next()).value, frameWithId(`${streamId}.1`, NOTE(1)))
    t.ok((await first.next()).done, 'the older connection has ended')
    for (const step of steps) step.open()

    t.equal((await second.next()).value, frameWithId(`${streamId}.2`, NOTE(2)))
    t.equal((await second.next()).value, frameWithId(`${streamId}.3`, NOTE(3)))
    t.equal((await second.next()).value, frameWithId(`${streamId}.4`, DONE))
    t.ok((await second.next()).done)
    await until(() => nodes.every(({ mount }) => mount.stats().exchanges === 0))
  }
)

t.test('a question asked on one node is answered by a POST to another', async (t) => {
  const { nodes, call, headers } = await setUp(t, async (channel) => ({
    answer: await channel.ask?.({ method: 'roots/list', params: {} }, 0, new AbortController().signal)
  }))
  const [a, b] = nodes
  const frames = readFrames(await send(a.address, call()))
  await frames.next()
  await frames.next()
  const [, question = ''] = /^data: (.*)$/m.exec((await frames.next()).value ?? '') ?? []
  const { id } = JSON.parse(question) as { readonly id: string }

  const acknowledged = await send(b.address, {
    method: 'POST',
    url: '/mcp',
    headers: { 'content-type': 'application/json', ...headers },
    payload: JSON.stringify({ jsonrpc: '2.0', id, result: { roots: [] } })
  })

  t.equal(id, `ask-${a.id}-1`)
  t.equal(acknowledged.status, 202)
  t.match((await frames.next()).value, JSON.stringify({ answer: { roots: [] } }))
})

t.test(
  'an answer is acknowledged once the node that asked has it, even after an interruption',
  async (t) => {
    const { cluster, nodes, call, headers } = await setUp(t, async (channel) => ({
      answer: await channel.ask?.(ROOTS, 0, new AbortController().signal)
    }))
    const [a, b] = nodes
    const frames = readFrames(await send(a.address, call()))
    for (let n = 0; n < 3; n++) await frames.next()
    const told: string[] = []
    cluster.nodes[1]?.bus.subscribe(`node:${a.id}`, (message) => told.push(message))

    cluster.beginOutage(a.id)
    const acknowledged = post(b.app, { jsonrpc: '2.0', id: `ask-${a.id}-1`, result: { roots: [] } }, headers)
    await until(() => told.length > 1)
    const isAcknowledged = await Promise.race([acknowledged.then(() => true), nextTurn(false)])
    cluster.endOutage(a.id)

    t.equal(isAcknowledged, false)
    t.equal((await acknowledged).statusCode, 202)
    t.match((await frames.next()).value, JSON.stringify({ answer: { roots: [] } }))
  }
)

t.test('an answer to a dead node is acknowledged', async (t) => {
  const { nodes: [a, b], headers } = await beginReply(t)
  a.kill()

  t.equal((await post(b.app, { jsonrpc: '2.0', id: `ask-${a.id}-1`, result: {} }, headers)).statusCode, 202)
})

/** A session as one of the nodes has it. */
function sessionOf ({ sessions }: TestNode, sessionId: string): Session {
  const session = sessions.get(sessionId)
  if (session === undefined) throw new Error('the node does not know the session')
  return session
}

/** The streams of a session as one of the nodes has them. */
function streamsOf (node: TestNode, sessionId: string): NodeStreams {
  const { streams } = sessionOf(node, sessionId)
  if (!(streams instanceof NodeStreams)) throw new Error('the node is alone')
  return streams
}

const ROOTS = { method: 'roots/list', params: {} }

t.test('the log level that is set on one node applies on all nodes', async (t) => {
  const server = new McpServer(
    { name: 'Notes', version: '1.0.0' },
    { requestState: { keys: ['0123456789abcdef0123456789abcdef'] } }
  )
  server.registerTool('chat', {}, async (_args, ctx) => {
    await ctx.info('a detail')
    await ctx.error('a failure')
    return 'said'
  })
  const { nodes: [a, b, c], call } = await setUp(t, undefined, { server })
  await send(b.address, call('tools/call', { name: 'chat' }))

  t.equal((await send(c.address, call('logging/setLevel', { level: 'error' }))).status, 200)
  const said = await Promise.all(
    [a, b].map(async ({ address }) => await (await send(address, call('tools/call', { name: 'chat' }))).text())
  )

  for (const text of said) {
    t.match(text, 'a failure')
    t.notMatch(text, 'a detail')
  }
})

t.test('a subscription through one node applies on all nodes, until the client unsubscribes', async (t) => {
  const { nodes: [a, b, c], headers, sessionId, call } = await setUp(t, undefined, { server: createWatchable() })
  const subscribe = async (node: TestNode, uri: string): Promise<unknown> =>
    await (await send(node.address, call('resources/subscribe', { uri }))).json()
  t.match(await subscribe(b, 'notes://before'), { result: {} })
  const frames = await openFrames(a, headers)
  await frames.next()

  t.match(await subscribe(b, 'notes://a'), { result: {} })
  c.mount.notify.resourceUpdated('notes://before')
  const heard = [(await frames.next()).value]
  c.mount.notify.resourceUpdated('notes://a')
  heard.push((await frames.next()).value)
  await send(c.address, call('resources/unsubscribe', { uri: 'NOTES://%61' }))
  c.mount.notify.resourceUpdated('notes://a')
  c.mount.notify.toolsChanged()
  heard.push((await frames.next()).value)

  t.match(heard, [/"uri":"notes:\/\/before"/, /"uri":"notes:\/\/a"/, /tools\/list_changed/])
  t.same([...sessionOf(b, sessionId).watched], ['notes://before'])
  t.notOk(sessionOf(b, sessionId).subscriptions.has('notes://a'))
})

t.test('the subscriptions of a session are counted over all nodes', async (t) => {
  const { cluster, nodes: [a, b], sessionId, call } = await setUp(t, undefined, { server: createWatchable() })
  for (let n = 0; n < 1000; n++) {
    await cluster.nodes[0]?.sessions.change(sessionId, {
      kind: 'subscribe',
      topic: `resource notes://${n}`,
      uri: `notes://${n}`
    })
  }

  const refused = await (await send(b.address, call('resources/subscribe', { uri: 'notes://more' }))).json()
  const again = await (await send(a.address, call('resources/subscribe', { uri: 'notes://7' }))).json()

  t.match(refused, { error: { code: -32602, message: /1000 resources/ } })
  t.match(again, { result: {} })
})

t.test('a GET on another node takes the stream over, and no change is sent twice', async (t) => {
  const { nodes: [a, b, c], headers, sessionId } = await setUp(t)
  const first = await openFrames(a, headers)
  await first.next()
  const second = await openFrames(b, { ...headers, 'last-event-id': `${sessionId}.0.0` })

  t.ok((await first.next()).done, 'the older connection has ended')
  c.mount.notify.toolsChanged()
  c.mount.notify.promptsChanged()

  t.match(
    [(await second.next()).value, (await second.next()).value],
    [/^event: message\nid: .*\.0\.1\n.*tools\/list_changed/, /\.0\.2\n.*prompts\/list_changed/]
  )
  t.equal(sessionOf(a, sessionId).listening, undefined)
  t.notOk(streamsOf(a, sessionId).release(`${sessionId}.another-1`, 1))
  await streamsOf(b, sessionId).check()
  await streamsOf(b, sessionId).check()
  c.mount.notify.resourcesChanged()
  t.match((await second.next()).value, /\.0\.3\n.*resources\/list_changed/)
})

/** The frames that two clients of one session get after connecting to two nodes at the same time. */
async function tellBoth ({ nodes: [a, b, c], headers }: Stage): Promise<readonly string[]> {
  const both = await Promise.all([a, b].map((node) => openGet(node.address, headers)))
  const texts = both.map(() => '')
  for (const [index, frames] of both.map(readFrames).entries()) {
    (async () => { for await (const frame of frames) texts[index] += frame })().catch(() => {})
  }
  c.mount.notify.toolsChanged()
  await until(() => texts.some((text) => text.includes('tools/list_changed')))
  c.mount.notify.promptsChanged()
  await until(() => texts.some((text) => text.includes('prompts/list_changed')))
  return texts
}

t.test('one of two concurrent GETs on two nodes stays, and gets all changes', async (t) => {
  const stage = await setUp(t)

  for (let time = 0; time < 10; time++) {
    const told = (await tellBoth(stage)).map((text) => text.match(/(?:tools|prompts)\/list_changed/g) ?? [])
    t.same(told.flat().sort(), ['prompts/list_changed', 'tools/list_changed'])
  }
})

t.test(
  'a node learns after an outage that the client has connected to another node',
  async (t) => {
    const {
      cluster,
      nodes: [a, b, c],
      headers,
      sessionId
    } = await setUp(t)
    const first = await openFrames(a, headers)
    await first.next()
    cluster.beginOutage(a.id)
    const second = await openFrames(b, { ...headers, 'last-event-id': `${sessionId}.0.0` })
    cluster.endOutage(a.id)

    t.ok((await first.next()).done, 'the older connection has ended')
    c.mount.notify.toolsChanged()
    t.match((await second.next()).value, /\.0\.1\n.*tools\/list_changed/)
    t.equal(sessionOf(a, sessionId).listening, undefined)
  }
)

t.test(
  'a client that resumes on the node of the reply loses its connection to another node',
  async (t) => {
    const {
      nodes: [a, b],
      headers,
      streamId,
      notify
    } = await beginReply(t)
    const second = await openFrames(b, { ...headers, 'last-event-id': `${streamId}.1` })

    const third = await openFrames(a, { ...headers, 'last-event-id': `${streamId}.1` })
    t.ok((await second.next()).done, 'the connection to the other node has ended')

    notify(2)
    t.equal((await third.next()).value, frameWithId(`${streamId}.2`, NOTE(2)))
    const fourth = await openFrames(b, { ...headers, 'last-event-id': `${streamId}.1` })
    t.equal((await fourth.next()).value, frameWithId(`${streamId}.2`, NOTE(2)))
    t.ok((await third.next()).done, 'and so has this one, when the client goes back there')
  }
)

for (const [where, chosen] of [
  ['on two other nodes', [1, 2]],
  ['on two nodes, of which one sends the reply,', [0, 1]]
] as const) {
  t.test(`one of two clients that resume one reply at the same time ${where} stays`, async (t) => {
    const { nodes, headers, streamId, notify } = await beginReply(t)

    for (let time = 1; time <= 10; time++) {
      const last = 2 * time - 1
      const both = await Promise.all(
        chosen.map((index) => openGet(nodes[index].address, { ...headers, 'last-event-id': `${streamId}.${last}` }))
      )
      const texts = both.map(() => '')
      for (const [index, frames] of both.map(readFrames).entries()) {
        ;(async () => {
          for await (const frame of frames) texts[index] += frame
        })().catch(() => {})
      }
      for (const n of [last + 1, last + 2]) {
        notify(n)
        await until(() => texts.some((text) => text.includes(`"n":${n}`)))
      }

      t.same(
        texts
          .join('')
          .match(/"n":\d+/g)
          ?.sort(),
        [`"n":${last + 1}`, `"n":${last + 2}`].sort()
      )
    }
  })
}

t.test(
  'changes between two connections are stored by the node of the first connection',
  async (t) => {
    const {
      nodes: [a, b, c],
      headers,
      sessionId
    } = await setUp(t)
    const first = await openGet(a.address, headers)
    await first.body?.cancel()
    await until(() => sessionOf(a, sessionId).listening?.isAttached === false)

    c.mount.notify.toolsChanged()
    await until(() => b.logLines.length > 0)
    const second = await openFrames(b, { ...headers, 'last-event-id': `${sessionId}.0.0` })

    t.match((await second.next()).value, /\.0\.1\n.*tools\/list_changed/)
  }
)

t.test('a client whose node has died is sent a change of everything that it watches', async (t) => {
  const { nodes: [a, b, c], headers, sessionId, call } = await setUp(t, undefined, { server: createWatchable() })
  await send(c.address, call('resources/subscribe', { uri: 'notes://a' }))
  await openFrames(a, headers)
  a.kill()

  const resumed = await openFrames(b, { ...headers, 'last-event-id': `${sessionId}.0.0` })

  const told = [1, 2, 3, 4].map(async () => (await resumed.next()).value)
  t.match(await Promise.all(told), [
    /tools\/list_changed/,
    /prompts\/list_changed/,
    /resources\/list_changed/,
    /resources\/updated.*notes:\/\/a/
  ])
})

t.test('a client that moves on before it was notified is notified by the next node', async (t) => {
  const { nodes: [a, b, c], headers, sessionId } = await setUp(t)
  await openFrames(a, headers)
  a.kill()
  await openFrames(b, { ...headers, 'last-event-id': `${sessionId}.0.0` })

  const resumed = await openFrames(c, { ...headers, 'last-event-id': `${sessionId}.0.0` })

  const told = [1, 2, 3].map(async () => (await resumed.next()).value)
  t.match(await Promise.all(told), [/tools\/list_changed/, /prompts\/list_changed/, /resources\/list_changed/])
})

t.test('a client whose node has stopped is sent a change of everything by the next node', async (t) => {
  const { nodes: [a, b], headers, sessionId } = await setUp(t)
  await openFrames(a, headers)
  await a.app.close()

  const resumed = await openFrames(b, { ...headers, 'last-event-id': `${sessionId}.0.0` })

  const told = [1, 2, 3].map(async () => (await resumed.next()).value)
  t.match(await Promise.all(told), [/tools\/list_changed/, /prompts\/list_changed/, /resources\/list_changed/])
})

t.test(
  'a client that opens a new GET stream after such a death is notified, and a new client is not',
  async (t) => {
    const {
      nodes: [a, b, c],
      headers
    } = await setUp(t)
    await openFrames(a, headers)
    a.kill()

    const frames = await openFrames(b, headers)
    await frames.next()
    const other = await openSession(b.app)
    const others = await openFrames(c, other)
    await others.next()
    const told = [1, 2, 3].map(async () => (await frames.next()).value)

    t.match(await Promise.all(told), [
      /\.0\.1\n.*tools\/list_changed/,
      /\.0\.2\n.*prompts\/list_changed/,
      /\.0\.3\n.*resources\/list_changed/
    ])
    b.mount.notify.toolsChanged()
    t.match((await others.next()).value, /\.0\.1\n.*tools\/list_changed/)
  }
)

t.test('a call whose node has died is answered with an error where the client resumes', async (t) => {
  const { nodes: [a, b], headers, streamId } = await beginReply(t)
  a.kill()

  const second = await openFrames(b, { ...headers, 'last-event-id': `${streamId}.0` })

  t.equal((await second.next()).value, frameWithId(`${streamId}.1`, NOTE(1)))
  t.match(
    (await second.next()).value,
    /"id":1,"error":{"code":-32603,"message":"The server process that was answering this request has died/
  )
  t.ok((await second.next()).done)
})

t.test('the death of a node is noticed while another node sends its reply', async (t) => {
  const { nodes: [a, b], headers, sessionId, streamId } = await beginReply(t)
  const second = await openFrames(b, { ...headers, 'last-event-id': `${streamId}.1` })
  const wasBusy = sessionOf(b, sessionId).isBusy

  a.kill()
  await b.sessions.home.check()

  t.ok(wasBusy, 'the session is not idle while the client is told something')
  t.match((await second.next()).value, /has died/)
  t.ok((await second.next()).done)
  await until(() => !sessionOf(b, sessionId).isBusy)
  await b.sessions.home.check()
})

t.test('a resumed reply is checked from the moment that its client asks for the rest', async (t) => {
  const { nodes: [a, b], headers, sessionId, streamId } = await beginReply(t)

  const opening = openFrames(b, { ...headers, 'last-event-id': `${streamId}.1` })
  const isOpen = opening.then(() => true)
  while (!await Promise.race([isOpen, nextTurn(false)])) await b.sessions.home.check()
  const second = await opening
  const wasBusy = sessionOf(b, sessionId).isBusy
  a.kill()
  await b.sessions.home.check()

  t.ok(wasBusy, 'the session is not idle')
  t.match((await second.next()).value, /has died/)
})

t.test('a stream of another session cannot be resumed on any node', async (t) => {
  const { nodes, headers, sessionId } = await setUp(t)

  for (const id of [`${sessionId}.nobody-1.0`, `${sessionId}.1.0`, `${sessionId}.0.1`, `${sessionId}.0`, 'x']) {
    for (const { address } of nodes) {
      t.equal((await openGet(address, { ...headers, 'last-event-id': id })).status, 400, id)
    }
  }
})

t.test('a question is sent on the GET stream as soon as it is open on any node', async (t) => {
  const { nodes: [a, b, c], headers, sessionId, call } = await setUp(t)
  await send(b.address, call())
  const { signal } = new AbortController()
  const early = sessionOf(b, sessionId).ask(ROOTS, 0, signal)
  const frames = await openFrames(a, headers)
  await frames.next()
  const late = sessionOf(b, sessionId).ask(ROOTS, 0, signal)

  for (const n of [1, 2]) {
    t.match((await frames.next()).value, new RegExp(`"id":"ask-${b.id}-${n}","method":"roots/list"`))
    await post(c.app, { jsonrpc: '2.0', id: `ask-${b.id}-${n}`, result: { n } }, headers)
  }

  t.same(await Promise.all([early, late]), [{ n: 1 }, { n: 2 }])
})

t.test('waiting for the GET stream ends with the timeout of the question, and with the session', async (t) => {
  const { nodes: [a, b], headers, sessionId, call } = await setUp(t)
  await send(b.address, call())
  const controller = new AbortController()
  const aborted = sessionOf(b, sessionId).ask(ROOTS, 0, controller.signal)
  const abandoned = sessionOf(b, sessionId).ask(ROOTS, 0, new AbortController().signal)
  const rejected = Promise.all([
    t.rejects(aborted, /the call has ended/),
    t.rejects(abandoned, /The session has ended/)
  ])

  await b.sessions.home.check()
  controller.abort()
  await a.app.inject({ method: 'DELETE', url: '/mcp', headers })

  await rejected
})

t.test(
  'a question goes on the GET stream of any node if its reply cannot be a stream',
  async (t) => {
    const {
      nodes: [a, b, c],
      headers,
      call
    } = await setUp(t, async (channel) => ({ answer: await channel.ask?.(ROOTS, 0, new AbortController().signal) }))
    const asJson = { ...call(), headers: { ...call().headers, accept: 'application/json' } }

    t.match(await (await send(b.address, asJson)).json(), {
      error: { message: /roots\/list was not answered: the client has opened no stream/ }
    })
    const frames = await openFrames(a, headers)
    await frames.next()
    const called = send(b.address, asJson)
    t.match((await frames.next()).value, `ask-${b.id}-2`)
    await post(c.app, { jsonrpc: '2.0', id: `ask-${b.id}-2`, result: {} }, headers)

    t.match(await (await called).json(), { result: { answer: {} } })
  }
)

t.test('closing the GET stream closes it on any node', async (t) => {
  const { nodes: [a, b], headers, sessionId, call } = await setUp(t)
  const frames = await openFrames(a, headers)
  await frames.next()
  await send(b.address, call())

  sessionOf(b, sessionId).closeListening()

  t.ok((await frames.next()).done)
})

t.test('a client that connects while its session ends gets 404', async (t) => {
  const { cluster, nodes: [a, b], headers, sessionId, call } = await setUp(t)
  await send(b.address, call())
  const session = sessionOf(b, sessionId)
  const gone = session.streams
    .listen()
    .attach({ send () {}, replay () {}, prime () {}, end () {}, drained: async () => {} })
  await cluster.nodes[0]?.sessions.delete(sessionId)

  await t.rejects(Promise.resolve(gone), { name: 'SessionEndedError' })
  t.equal((await openGet(a.address, headers)).status, 404)
})
