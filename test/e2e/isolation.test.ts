import { randomUUID } from 'node:crypto'
import t, { type Test } from 'tap'
import { McpServer, Type } from '../../lib/index.ts'
import { clientKinds, type OfficialClient } from '../support/clients.ts'
import { connect, listen } from '../support/everything.ts'
import { findStrays, type Received } from './strays.ts'

const CLIENTS = 50
const MOUNTS = ['left', 'right']

/** A promise that the test resolves. */
class Gate {
  readonly opened: Promise<void>
  open: () => void = () => {}

  constructor () {
    this.opened = new Promise((resolve) => { this.open = resolve })
  }
}

/** The calls that wait in a slow tool, and the gates by which the test releases them. */
class Waiting {
  readonly gates = new Map<string, Gate>()
  readonly requestIds = new Set<unknown>()
  readonly all = new Gate()

  async enter (token: string, requestId?: unknown): Promise<void> {
    const gate = new Gate()
    this.requestIds.add(requestId)
    this.gates.set(token, gate)
    if (this.gates.size === CLIENTS) this.all.open()
    await gate.opened
  }
}

interface Participant { readonly token: string, readonly mount: string, readonly client: OfficialClient }

const input = { inputSchema: Type.Object({ token: Type.String() }) }

function createServer (name: string, waiting: Waiting): McpServer {
  const server = new McpServer({ name, version: '1.0.0' })
  server.registerTool('fast', input, ({ token }) => token)
  server.registerTool('who', {}, (_args, { client }) => String(client.info?.name))
  server.registerTool('slow', input, async ({ token }, ctx) => {
    await ctx.reportProgress(1, 2, `${token} waits`)
    await waiting.enter(token, ctx.requestId)
    await ctx.reportProgress(2, 2, `${token} goes`)
    return token
  })
  server.registerResource('name', `${name}://name`, {}, (_uri, { client }) => String(client.info?.name))
  return server
}

async function connectAll (t: Test, createServer: (name: string) => McpServer): Promise<readonly Participant[]> {
  const app = await listen(t, ...MOUNTS.map((name) => ({ server: createServer(name), prefix: `/${name}` })))

  return Promise.all(Array.from({ length: CLIENTS }, async (_, index) => {
    const mount = pick(MOUNTS, index)
    const token = randomUUID()
    // The token is the client's name, too: what a handler sees of the client must be of the right one.
    return { token, mount, client: await connect(t, pick(clientKinds, index), app.mcp.get(mount).url, token) }
  }))
}

function pick<T> (list: readonly T[], index: number): T {
  const found = list[index % list.length]
  if (found === undefined) throw new RangeError('there is nothing to pick from')
  return found
}

t.test('fifty clients call at once, and each receives only its own results and progress', async (t) => {
  const waiting = new Waiting()
  const participants = await connectAll(t, (name) => createServer(name, waiting))
  const tokens = participants.map(({ token }) => token)
  const received: Received[] = []
  const receive = (kind: string, token: string) => (carried: unknown) => { received.push({ kind, token, carried }) }

  const slow = participants.map(({ token, client }) => client
    .callTool('slow', { token }, { onprogress: receive('progress', token) }).then(receive('slow', token)))
  await waiting.all.opened
  await Promise.all(participants.map(async ({ token, mount, client }) => {
    await Promise.all([
      client.callTool('fast', { token }).then(receive('fast', token)),
      client.callTool('who').then(receive('who', token)),
      client.readResource(`${mount}://name`).then(receive('resource', token))
    ])
  }))
  const slowBeforeRelease = received.filter(({ kind }) => kind === 'slow').length
  // Last come, first served.
  for (const gate of [...waiting.gates.values()].reverse()) gate.open()
  await Promise.all(slow)

  const count = (kind: string): number => received.filter((one) => one.kind === kind).length
  t.ok(
    waiting.requestIds.size <= clientKinds.length,
    'clients of a kind count their requests alike, so they all used the same ids'
  )
  t.equal(slowBeforeRelease, 0, 'fast answers overtake slow ones')
  t.strictSame(
    [count('slow'), count('fast'), count('who'), count('resource'), count('progress')],
    [50, 50, 50, 50, 100]
  )
  t.strictSame(findStrays(received, tokens), [])
})

t.test('calls that end in a different order than they began return to their own clients', async (t) => {
  const waiting = new Waiting()
  const participants = await connectAll(t, (name) => createServer(name, waiting))
  const tokens = participants.map(({ token }) => token)
  const received: Received[] = []

  const calls = participants.map(async ({ token, client }) => {
    received.push({ kind: 'slow', token, carried: await client.callTool('slow', { token }) })
  })
  await waiting.all.opened
  // 7 is coprime to 50, so every call is released once, and neighbours far from each other.
  for (let n = 0; n < CLIENTS; n++) {
    waiting.gates.get(tokens[(n * 7) % CLIENTS] ?? '')?.open()
    await calls[(n * 7) % CLIENTS]
  }

  t.strictSame(received.map(({ token }) => token), Array.from(tokens, (_, n) => tokens[(n * 7) % CLIENTS]))
  t.strictSame(findStrays(received, tokens), [])
})

t.test('the test detects a server that mixes up its callers', async (t) => {
  const waiting = new Waiting()
  let latest = ''
  const participants = await connectAll(t, (name) => {
    const server = new McpServer({ name, version: '1.0.0' })
    server.registerTool('slow', input, async ({ token }) => {
      latest = token
      await waiting.enter(token)
      return latest
    })
    return server
  })
  const tokens = participants.map(({ token }) => token)

  const calls = participants.map(async ({ token, client }) => ({
    kind: 'slow',
    token,
    carried: await client.callTool('slow', { token })
  }))
  await waiting.all.opened
  for (const gate of waiting.gates.values()) gate.open()
  const received = await Promise.all(calls)

  t.equal(findStrays(received, tokens).length, CLIENTS - 1, 'all but the last one got the answer of the last one')
})

t.test('findStrays() finds swapped, empty and doubled answers and no others', async (t) => {
  const [a, b] = [randomUUID(), randomUUID()]
  const right = { kind: 'right', token: a, carried: { content: [{ type: 'text', text: a }] } }
  const swapped = [{ kind: 'fast', token: a, carried: { text: b } }, { kind: 'fast', token: b, carried: { text: a } }]
  const empty = { kind: 'empty', token: a, carried: undefined }
  const doubled = { kind: 'doubled', token: a, carried: [a, b] }

  const strays = findStrays([right, ...swapped, empty, doubled], [a, b])

  t.strictSame(strays, [...swapped, empty, doubled])
})
