// Mounts as nodes: the messages between them, and what their clients notice when a node leaves or an outage begins.
import { setImmediate as nextTurn } from 'node:timers/promises'
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js'
import t, { type Test } from 'tap'
import { McpServer, Type, type Cluster, type ClusterListeners } from '../../../lib/index.ts'
import { JSON_AND_SSE, modern, modernCall, openSession, openSessionAs, post, legacy } from '../../support/app.ts'
import { createFaultyCluster, startNode, startNodes, type TestNode } from '../../support/cluster.ts'
import { collectEvents } from '../../support/events.ts'
import { partsOf } from '../../support/parts.ts'
import { startRoundRobin } from '../../support/round-robin.ts'
import { createGate, openGet, readFrames, send, until } from '../../support/stream.ts'

const KEYS = { requestState: { keys: ['0123456789abcdef0123456789abcdef'] } }

function createServer (): McpServer {
  const server = new McpServer({ name: 'Notes', version: '1.0.0' }, KEYS)
  server.registerTool('hello', {}, () => 'hello')
  server.registerTool('touch', {}, (_args, ctx) => {
    ctx.notifyResourceUpdated('notes://a')
    return 'touched'
  })
  server.registerTool('ask', {}, async (_args, ctx) => {
    try {
      return (await ctx.elicit('Sure?', Type.Object({}))).action
    } catch (error) {
      return String(error)
    }
  })
  server.registerResource('a', 'notes://a', {}, () => 'a')
  return server
}

/** The frames of a modern client that listens, behind the acknowledgement. */
async function listenTo (node: TestNode): Promise<AsyncGenerator<string, void>> {
  const notifications = { toolsListChanged: true, resourceSubscriptions: ['notes://a'] }
  const frames = readFrames(
    await send(node.address, modern('subscriptions/listen', { notifications }, { headers: JSON_AND_SSE }))
  )
  await frames.next()
  await frames.next()
  return frames
}

function logged ({ logLines }: TestNode): readonly unknown[] {
  return logLines.filter(({ msg }) => /^the cluster/.test(String(msg))).map(({ level, msg, mcp }) => [level, msg, mcp])
}

t.test('a change on one node reaches the clients of all nodes, once', async (t) => {
  const { nodes } = await startNodes(t, { server: createServer() })
  const listeners = await Promise.all(nodes.map(listenTo))

  nodes[0].mount.notify.toolsChanged()
  nodes[0].mount.notify.resourceUpdated('notes://a')
  nodes[0].mount.notify.promptsChanged()
  const heard = await Promise.all(
    listeners.map(async (frames) => [(await frames.next()).value, (await frames.next()).value])
  )

  t.match(heard, nodes.map(() => [/tools\/list_changed/, /resources\/updated/]))
})

t.test(
  'during an outage each node notifies its own clients of changes; afterwards every client is sent a change of ' +
    'everything that it watches',
  async (t) => {
    const { cluster, nodes } = await startNodes(t, { server: createServer() })
    const [a, b] = nodes
    const [own, other] = [await listenTo(a), await listenTo(b)]
    cluster.beginOutage()

    a.mount.notify.toolsChanged()
    const heard = (await own.next()).value
    const served = await b.app.inject(modernCall('hello'))
    cluster.endOutage()
    const told = [(await other.next()).value, (await other.next()).value]

    t.match(heard, /tools\/list_changed/)
    t.equal(served.statusCode, 200)
    t.match(told, [/tools\/list_changed/, /resources\/updated.*notes:\/\/a/])
    for (const node of nodes) {
      t.match(logged(node), [
        [50, 'the cluster cannot be reached: until it can, legacy clients get 503; modern ones are served', 'Notes'],
        [30, 'the cluster can be reached again', 'Notes']
      ])
      t.notOk(
        node.logLines.some(({ msg }) => /failed|could not/.test(String(msg))),
        'one line for each change of state'
      )
    }
  }
)

t.test('a change during the outage of one node reaches the clients of the others after it', async (t) => {
  const { cluster, nodes: [a, b] } = await startNodes(t, { server: createServer() })
  const other = await listenTo(b)
  cluster.beginOutage(a.id)

  const unpublished = await a.app.inject(modernCall('touch'))
  cluster.endOutage(a.id)

  t.equal(unpublished.statusCode, 200)
  t.match((await other.next()).value, /resources\/updated.*notes:\/\/a/)
})

t.test('a node that missed more changes than were kept sends every client a change of all that it watches', async (t) => {
  const { cluster, nodes: [a, b] } = await startNodes(t, { server: createServer() })
  const headers = await openSession(b.app)
  const legacyClient = readFrames(await openGet(b.address, headers))
  await legacyClient.next()
  const modernClient = await listenTo(b)
  cluster.beginOutage(a.id)
  // Each turn of the event loop is published on its own, and the first waits for the end of the outage.
  a.mount.notify.promptsChanged()
  await nextTurn()
  for (let index = 0; index <= 1000; index++) a.mount.notify.resourceUpdated(`notes://${index}`)
  await nextTurn()
  cluster.endOutage(a.id)

  const heard = [(await modernClient.next()).value, (await modernClient.next()).value]
  t.match(heard, [/tools\/list_changed/, /resources\/updated.*notes:\/\/a/])
  const lists = []
  for (let index = 0; index < 5; index++) lists.push((await legacyClient.next()).value)
  t.match(lists.join(''), /prompts[^]*tools[^]*prompts[^]*resources/)
})

t.test('a node that the others found dead rejects its open questions, as the answers may be lost', async (t) => {
  const { node, listeners } = await startHeard(t)
  const events = collectEvents(t, node.app)
  const headers = await openSessionAs(node.app, 'asked', { elicitation: {} })
  const frames = readFrames(await send(node.address, legacy('tools/call', { name: 'ask' }, {
    headers: { ...headers, ...JSON_AND_SSE }
  })))
  let frame = String((await frames.next()).value)
  while (!frame.includes('elicitation/create')) frame = String((await frames.next()).value)

  listeners[0]?.onPresumedDead?.()
  for (frame = ''; !frame.includes('"result"');) frame = String((await frames.next()).value)

  t.match(frame, /cut off from the others, and the answer may be lost/)
  const told = node.logLines.filter(({ msg }) => /^this node gave no sign of life in time/.test(String(msg)))
  t.match(told, [{ level: 40, mcp: 'Notes' }])
  t.equal(told.length, 1)
  t.match(events.cluster, [{ mount: 'Notes', kind: 'presumed_dead' }])
})

t.test('a node that dies is reported by the others, in the log and as an event; a node that closes is not', async (t) => {
  const { nodes: [a, b, c] } = await startNodes(t, { server: createServer() })
  const events = collectEvents(t, a.app)
  const look = async (...nodes: readonly TestNode[]): Promise<void> => {
    for (const { mount } of nodes) await partsOf(mount).cluster?.lookAround()
  }
  await look(a, b, c, a, b, c)

  await c.app.close()
  b.kill()
  await look(a, a)

  t.match(events.cluster, [{ mount: 'Notes', kind: 'dead', peer: { node: b.id, pid: process.pid, version: '1.0.0' } }])
  t.equal(events.cluster.length, 1)
  const told = a.logLines.filter(({ level }) => level === 40)
  t.match(told, [{ mcp: 'Notes', peer: { node: b.id }, msg: /gives no sign of life: the calls that it served are lost$/ }])
  t.equal(told.length, 1)
})

t.test('a node that serves something else is reported once by the others, in the log and as an event', async (t) => {
  const cluster = createFaultyCluster()
  const changed = createServer()
  changed.registerTool('refund', {}, () => 'refunded')
  const a = await startNode(t, cluster, { server: createServer() })
  const b = await startNode(t, cluster, { server: changed })
  const events = collectEvents(t, a.app)

  for (let times = 0; times < 4; times++) {
    for (const { mount } of [a, b]) await partsOf(mount).cluster?.lookAround()
  }

  const difference = { missing: ["tool 'refund'"], additional: [], changed: [], keys: [] }
  t.match(events.cluster, [{ mount: 'Notes', kind: 'different', peer: { node: b.id }, difference }])
  t.equal(events.cluster.length, 1)
  const warnings = a.logLines.filter(({ level }) => level === 40)
  t.match(warnings, [{ mcp: 'Notes', peer: { node: b.id }, msg: /differs: tool 'refund' is there, and not here\. / }])
  t.equal(warnings.length, 1)
})

t.test('a failure while a node looks at the others is logged', async (t) => {
  const { cluster, nodes: [a] } = await startNodes(t, { server: createServer() })
  t.intercept(Object(cluster.nodes[0]), 'others', { value: async () => { throw new Error('broken') } })

  await partsOf(a.mount).cluster?.lookAround()

  t.match(a.logLines.filter(({ level }) => level === 50), [
    { mcp: 'Notes', msg: /^looking at the other nodes/, err: { message: 'broken' } }
  ])
})

/** Starts a node, and returns the listeners that it passed to the cluster. */
async function startHeard (
  t: Test
): Promise<{ readonly node: TestNode, readonly listeners: readonly ClusterListeners[] }> {
  const cluster = createFaultyCluster()
  const listeners: ClusterListeners[] = []
  const node = await startNode(
    t,
    {
      ...cluster,
      get nodes () {
        return cluster.nodes
      },
      join: (mount, told) => {
        listeners.push(told)
        return cluster.join(mount, told)
      }
    },
    { server: createServer() }
  )
  return { node, listeners }
}

t.test('after a short interruption every client is sent a change of everything that it watches', async (t) => {
  const { node, listeners } = await startHeard(t)
  const frames = await listenTo(node)

  listeners[0]?.onGap?.()

  t.match((await frames.next()).value, /tools\/list_changed/)
  t.same(logged(node), [])
})

t.test('after an outage a legacy client is sent a change of everything that it watches', async (t) => {
  const { cluster, nodes: [a, b] } = await startNodes(t, { server: createServer() })
  const headers = await openSession(a.app)
  await b.app.inject(legacy('resources/subscribe', { uri: 'notes://a' }, { headers }))
  const frames = readFrames(await openGet(a.address, headers))
  await frames.next()
  await frames.next()

  cluster.beginOutage()
  a.mount.notify.toolsChanged()
  const during = (await frames.next()).value
  cluster.endOutage()
  const back = [1, 2, 3, 4].map(async () => (await frames.next()).value)

  t.notMatch(during, 'id:', 'it is not kept')
  t.match(await Promise.all(back), [
    /\.0\.1\n.*tools\/list_changed/,
    /prompts\/list_changed/,
    /resources\/list_changed/,
    /notes:\/\/a/
  ])
})

t.test('a change that cannot be published is logged, unless there is an outage', async (t) => {
  const { cluster, nodes: [a] } = await startNodes(t, { server: createServer() })
  const bus = cluster.nodes[0]?.bus
  t.intercept(Object(bus), 'publish', { value: async () => { throw new Error('too long') } })

  a.mount.notify.toolsChanged()
  const told = (): readonly unknown[] => a.logLines.filter(({ msg }) => /^changes/.test(String(msg)))
  await until(() => told().length > 0)

  t.match(
    told(), [{ level: 50, mcp: 'Notes', msg: 'changes could not be published', err: { message: 'too long' } }]
  )
})

t.test(
  'if the cluster fails to count places, the caller gets its place and the error is logged',
  async (t) => {
    const {
      cluster,
      nodes: [a]
    } = await startNodes(t, { server: createServer(), maxStreamsPerAddress: 5 })
    t.intercept(Object(cluster.nodes[0]), 'hold', {
      value: async () => { throw new Error('broken') }
    })

    const frames = await listenTo(a)
    a.mount.notify.toolsChanged()

    t.match((await frames.next()).value, /tools\/list_changed/)
    t.match(
      a.logLines.filter(({ level }) => level === 50),
      [{ mcp: 'Notes', msg: /^counting callers' places/, err: { message: 'broken' } }]
    )
  }
)

t.test('without a storeTimeout a cluster may take any time to answer', async (t) => {
  const cluster = createFaultyCluster()
  const answered = createGate()
  const slow: Cluster = {
    join (mount, listeners) {
      const node = cluster.join(mount, listeners)
      const { open } = node.sessions
      return Object.assign(node, {
        sessions: {
          ...node.sessions,
          open: async (...args: Parameters<typeof open>) => {
            await answered.promise
            return await open(...args)
          }
        }
      })
    }
  }
  const node = await startNode(
    t,
    {
      ...slow,
      get nodes () {
        return cluster.nodes
      }
    } as never,
    { server: createServer(), storeTimeout: 0 }
  )

  const opening = openSession(node.app)
  answered.open()

  t.ok((await opening)['mcp-session-id'])
  t.same(logged(node), [])
})

t.test('unreadable data in the store of a cluster is logged in one line', async (t) => {
  const { node, listeners } = await startHeard(t)

  for (const what of ['an event of a stream', 'an event of a stream', 'the record of a session']) {
    listeners[0]?.onUnreadable?.(what)
  }

  t.match(
    node.logLines.filter(({ level }) => level === 50),
    ['an event of a stream', 'the record of a session'].map((what) => ({
      mcp: 'Notes',
      msg:
        `${what} cannot be read and is ignored: another version or program has written it to the store of the ` +
        'cluster'
    }))
  )
})

t.test('a notification of a client reaches the servers of its session on the other nodes', async (t) => {
  const notified: unknown[] = []
  const { nodes: [a, b] } = await startNodes(t, {
    server: {
      info: { name: 'Notes', version: '1.0.0' },
      enter: async () => ({ value: 'lifespan' }),
      serve: async () => ({}),
      notified: ({ message: { method, params }, caller: { sessionId }, channel: { lifespan } }) => {
        notified.push([method, params, sessionId, lifespan])
      }
    }
  })
  const headers = await openSession(a.app)

  await post(b.app, { jsonrpc: '2.0', method: 'notifications/roots/list_changed', params: { now: true } }, headers)
  await until(() => notified.length === 2)

  const told = ['notifications/roots/list_changed', { now: true }, headers['mcp-session-id'], 'lifespan']
  t.same(notified, [told, told])
})

t.test('nodes of mounts with different names share nothing', async (t) => {
  const cluster = createFaultyCluster()
  const a = await startNode(t, cluster, { server: createServer(), name: 'A' })
  const b = await startNode(t, cluster, { server: createServer(), name: 'B' })

  const headers = await openSession(a.app)

  t.equal((await b.app.inject(legacy('ping', {}, { headers }))).statusCode, 404)
})

t.test('a listener of sessions that throws is logged, and the session is open', async (t) => {
  const { cluster, nodes: [a] } = await startNodes(t, { server: createServer() })
  a.mount.sessions.on('opened', () => { throw new Error('oops') })

  await openSession(a.app)

  t.match(
    a.logLines.filter(({ level }) => level === 50),
    [{ mcp: 'Notes', msg: "a listener of 'opened' failed", err: { message: 'oops' } }]
  )
  t.equal(await cluster.nodes[1]?.sessions.count(), 1)
})

/** A client behind a load balancer that reconnects quickly. */
async function connectTo (t: Test, url: string): Promise<Client> {
  const client = new Client({ name: 'v1', version: '1.0.0' })
  const transport = new StreamableHTTPClientTransport(new URL(`${url}/mcp`), {
    reconnectionOptions: {
      initialReconnectionDelay: 1,
      maxReconnectionDelay: 10,
      reconnectionDelayGrowFactor: 1,
      maxRetries: 100
    }
  })
  // Its optional fields are not declared for exactOptionalPropertyTypes.
  await client.connect(transport as Transport)
  t.teardown(() => client.close())
  return client
}

t.test('no call fails while nodes are replaced one after the other', async (t) => {
  const cluster = createFaultyCluster()
  const start = (): Promise<TestNode> =>
    startNode(t, cluster, { server: createServer(), retryInterval: 1, closeGracePeriod: 1000 })
  const nodes = [await start(), await start()]
  const balancer = await startRoundRobin(nodes.map(({ address }) => address))
  t.teardown(() => balancer.close())
  const clients = await Promise.all([1, 2, 3, 4].map(() => connectTo(t, balancer.url)))
  const enough = createGate()
  const state = { isOver: false, calls: 0 }
  const calling = clients.map(async (client) => {
    while (!state.isOver) {
      await client.callTool({ name: 'hello' })
      if (++state.calls === 100) enough.open()
    }
  })

  for (let n = 0; n < 2; n++) {
    const [oldest] = nodes
    nodes.push(await start())
    // A load balancer with health checks sends nothing to a node that is about to close.
    balancer.use(nodes.slice(1).map(({ address }) => address))
    nodes.shift()
    await oldest?.app.close()
  }
  await enough.promise
  state.isOver = true
  await Promise.all(calling)

  t.ok(state.calls >= 100)
  t.equal(await nodes[0]?.mount.sessions.count(), 4)
})
