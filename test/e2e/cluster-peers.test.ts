// Nodes on a real Redis whose definitions or keys are not the same.
import { randomUUID } from 'node:crypto'
import Fastify, { type FastifyInstance } from 'fastify'
import t, { type Test } from 'tap'
import mcpPlugin, { McpServer, Type, type Mount } from '../../lib/index.ts'
import { authorizationServer, redisStore } from '../../lib/oauth/index.ts'
import { redisCluster } from '../../lib/redis/index.ts'
import type { NodeLink } from '../../lib/session/nodes/node-link.ts'
import type { LogLine } from '../support/app.ts'
import { collectEvents, type Events } from '../support/events.ts'
import { partsOf } from '../support/parts.ts'
import { createPrefix, noRedis, useRedis } from '../support/redis-server.ts'
import { PUBLIC_URL, SCOPES, testSignIn } from '../oauth/stage.ts'

interface Node {
  readonly app: FastifyInstance
  readonly mount: Mount
  readonly events: Events
  readonly warnings: () => readonly LogLine[]
}

interface NodeOptions {
  readonly version: string
  readonly stateKey: string
  readonly oauthKey: string
  readonly register: (server: McpServer) => void
}

async function createStart (t: Test): Promise<(options: NodeOptions) => Promise<Node>> {
  const { url, client } = await useRedis(t)
  const keyPrefix = createPrefix()
  return async function start ({ version, stateKey, oauthKey, register }) {
    const logLines: LogLine[] = []
    const stream = { write (line: string) { logLines.push(JSON.parse(line)) } }
    const app = Fastify({ logger: { level: 'warn', stream } })
    t.teardown(() => app.close())
    const login = authorizationServer({
      publicUrl: PUBLIC_URL,
      signIn: testSignIn,
      keys: [oauthKey.padEnd(32, '.')],
      scopes: SCOPES,
      store: redisStore({ client, prefix: keyPrefix })
    })
    app.register(login)
    const server = new McpServer({ name: 'Notes', version }, { requestState: { keys: [stateKey.padEnd(32, '.')] } })
    register(server)
    app.get('/later', { config: { mcp: true } }, async () => 'later')
    app.register(mcpPlugin, {
      server, expose: true, publicUrl: PUBLIC_URL, auth: login.auth, cluster: redisCluster({ url, keyPrefix })
    })
    await app.ready()
    return {
      app,
      mount: app.mcp.get('Notes'),
      events: collectEvents(t, app),
      warnings: () => logLines.filter(({ level, peer }) => level === 40 && peer !== undefined)
    }
  }
}

/** Has nodes look at each other, which they do every two seconds. Resolves once all have heard what all have said. */
async function look (nodes: readonly Node[]): Promise<void> {
  const memberships = nodes.flatMap(({ mount }) => partsOf(mount).cluster ?? [])
  for (const membership of memberships) await membership.lookAround()
  const links = memberships.map(({ sessions }) => sessions.home.link)
  for (const from of links) await Promise.all(links.map((to) => fence(from, to)))
}

// What was sent before has arrived then.
async function fence (from: NodeLink, to: NodeLink): Promise<void> {
  const id = randomUUID()
  const state = { hasArrived: false }
  const end = to.onAnnounced(id, () => { state.hasArrived = true })
  while (!state.hasArrived) await from.announce(id)
  end()
}

async function lookUntilWarned (nodes: readonly Node[], all: readonly Node[], count: number): Promise<void> {
  while (nodes.some(({ warnings }) => warnings().length < count)) await look(all)
}

t.test('nodes with other tools or keys are reported once, in the log and as events', { skip: noRedis }, async (t) => {
  const start = await createStart(t)
  const older = await start({
    version: '1.0.0',
    stateKey: 'one',
    oauthKey: 'one',
    register (server) {
      server.registerTool('add', { inputSchema: Type.Object({ text: Type.String() }) }, () => '')
      server.registerTool('old', {}, () => '')
    }
  })
  const newer = await start({
    version: '2.0.0',
    stateKey: 'two',
    oauthKey: 'two',
    register (server) {
      server.registerTool('add', { inputSchema: Type.Object({ text: Type.String(), tag: Type.String() }) }, () => '')
    }
  })
  const same = await start({
    version: '1.0.0',
    stateKey: 'one',
    oauthKey: 'one',
    register (server) {
      server.registerTool('old', {}, () => '')
      server.registerTool('add', { inputSchema: Type.Object({ text: Type.String() }) }, () => '')
    }
  })
  const nodes = [older, newer, same]

  await lookUntilWarned([older, same], nodes, 1)
  await lookUntilWarned([newer], nodes, 2)
  for (let time = 0; time < 3; time++) await look(nodes)

  const peer = { pid: process.pid, host: String }
  const keys = ['requestState', 'tokens']
  for (const { events, warnings } of [older, same]) {
    const difference = { missing: [], additional: ["tool 'old'"], changed: ["tool 'add'"], keys }
    t.match(events.cluster, [
      { mount: 'Notes', kind: 'different', peer: { ...peer, node: String, version: '2.0.0' }, difference }
    ])
    t.equal(events.cluster.length, 1)
    t.match(warnings(), [{
      mcp: 'Notes',
      peer: { version: '2.0.0' },
      difference,
      msg: /^node \w+ \(host .+, process \d+, version 2\.0\.0\) differs: tool 'old' is here, and not there; tool 'add' is/
    }])
    t.equal(warnings().length, 1)
  }
  t.match(newer.events.cluster.map(({ difference }) => difference), [
    { missing: ["tool 'old'"], additional: [], changed: ["tool 'add'"], keys },
    { missing: ["tool 'old'"], additional: [], changed: ["tool 'add'"], keys }
  ])
  t.equal(newer.events.cluster.length, 2, 'once for each of the others')
})

t.test('a tool that one node alone registers at run time is reported; one that all register is not', { skip: noRedis }, async (t) => {
  const start = await createStart(t)
  const register = (server: McpServer): void => { server.registerTool('add', {}, () => '') }
  const options = { version: '1.0.0', stateKey: 'one', oauthKey: 'one', register }
  const nodes = [await start(options), await start(options)]
  const servers = nodes.map(({ mount }) => mount.server as McpServer)
  for (let time = 0; time < 3; time++) await look(nodes)

  for (const server of servers) server.registerTool('everywhere', {}, () => '')
  servers[1]?.registerTool('alone', {}, () => '')
  await lookUntilWarned(nodes, nodes, 1)

  t.match(nodes.map(({ events }) => events.cluster.map(({ difference }) => difference)), [
    [{ missing: ["tool 'alone'"], additional: [], changed: [], keys: [] }],
    [{ missing: [], additional: ["tool 'alone'"], changed: [], keys: [] }]
  ])
})
