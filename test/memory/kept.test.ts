// What a client has sent does not outlive its request beyond the bounds of docs/security.md, measured by the heap of a
// server in a process of its own, after it has collected its garbage.
import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import t, { type Test } from 'tap'
import { modern } from '../support/app.ts'
import { LOADER } from '../support/child.ts'
import { readFrames } from '../support/stream.ts'

const MIB = 1024 * 1024
// Almost all that a body may have: one long text, and many small objects, which take more memory than their JSON.
const JUNK = { text: 'x'.repeat(3.7 * MIB), objects: Array.from({ length: 20_000 }, () => ({})) }
const ITEMS = 5
const LEGACY = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' }
const SERVE = fileURLToPath(new URL('serve.ts', import.meta.url))

interface Figures {
  readonly sessions: number
  readonly exchanges: number
  readonly streams: number
  readonly bytes: number
}

/** A server in a process of its own. */
interface Server {
  readonly url: string
  /** Collects garbage, and resolves to the memory still used. */
  measure (): Promise<Figures>
}

async function startServer (t: Test): Promise<Server> {
  const child = spawn(process.execPath, ['--expose-gc', ...LOADER, SERVE], { stdio: ['pipe', 'pipe', 'inherit'] })
  const ended = new Promise((resolve) => child.once('close', resolve))
  t.teardown(() => { child.kill('SIGKILL'); return ended })
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const readLine = async (): Promise<string> => {
    const { value, done } = await lines.next()
    if (done === true) throw new Error('the server has died')
    return value
  }
  return {
    url: `${await readLine()}/mcp`,
    async measure () {
      child.stdin.write('\n')
      return JSON.parse(await readLine())
    }
  }
}

/** Runs something several times, and returns by how many bytes the server has grown for each. */
async function growth (server: Server, run: (index: number) => Promise<unknown>): Promise<number> {
  // The first time fills the buffers of sockets, the code of functions and other things that are filled once.
  await run(0)
  const before = await server.measure()
  for (let index = 1; index <= ITEMS; index++) await run(index)
  const after = await server.measure()
  return (after.bytes - before.bytes) / ITEMS
}

function post (
  { url }: Server, message: object, headers: Readonly<Record<string, string>> = LEGACY
): Promise<Response> {
  return fetch(url, { method: 'POST', headers, body: JSON.stringify({ jsonrpc: '2.0', ...message }) })
}

/** Opens a session of a legacy client, and returns the headers of its requests. */
async function openSession (
  server: Server,
  { clientInfo = {}, capabilities = {} }: { readonly clientInfo?: object, readonly capabilities?: object } = {}
): Promise<Readonly<Record<string, string>>> {
  const params = { protocolVersion: '2025-11-25', clientInfo: { name: 'c', version: '1', ...clientInfo }, capabilities }
  const response = await post(server, { id: 1, method: 'initialize', params })
  await response.text()
  return {
    ...LEGACY,
    'mcp-protocol-version': '2025-11-25',
    'mcp-session-id': String(response.headers.get('mcp-session-id'))
  }
}

/** Opens a stream, and leaves it open behind its first frame. */
async function openStream (opening: Promise<Response>): Promise<void> {
  const { value } = await readFrames(await opening).next()
  if (value === undefined) throw new Error('there is no stream')
}

async function modernStream (
  server: Server,
  {
    method,
    params,
    meta,
    beside
  }: { readonly method: string; readonly params: object; readonly meta?: object; readonly beside?: object }
): Promise<void> {
  const { headers, payload } = modern(method, params, { headers: LEGACY, meta: { progressToken: 1, ...meta } })
  await openStream(post(server, { ...JSON.parse(payload), ...beside }, headers))
}

t.test('what clients send does not stay in memory', async (t) => {
  const server = await startServer(t)

  await t.test('what a client says of itself does not stay with its session', async (t) => {
    t.ok(await growth(server, () => openSession(server, { clientInfo: JUNK })) < MIB, 'clientInfo')
    t.ok(
      (await growth(server, () => openSession(server, { capabilities: { experimental: JUNK } }))) < MIB,
      'capabilities'
    )
    t.equal((await server.measure()).sessions, 2 * (ITEMS + 1))
  })

  await t.test('the request of a stream of subscriptions/listen does not stay with the stream', async (t) => {
    const listen = { method: 'subscriptions/listen', params: { notifications: { toolsListChanged: true } } }
    t.ok(await growth(server, () => modernStream(server, { ...listen, meta: { junk: JUNK } })) < MIB, '_meta')
    t.ok(
      (await growth(server, () => modernStream(server, { ...listen, params: { ...listen.params, junk: JUNK } }))) < MIB,
      'params'
    )
    t.equal((await server.measure()).streams, 2 * (ITEMS + 1))
  })

  await t.test(
    'what a handler does not read of a request does not stay with a reply that has become a stream',
    async (t) => {
      const stay = { method: 'tools/call', params: { name: 'stay', arguments: {} } }
      t.ok(
        (await growth(server, () => modernStream(server, { ...stay, beside: { junk: JUNK } }))) < MIB,
        'beside the params, by a modern client'
      )
      t.ok(
        (await growth(server, async () => {
          const headers = await openSession(server)
          const params = { ...stay.params, _meta: { progressToken: 1 } }
          await openStream(post(server, { id: 2, method: stay.method, params, junk: JUNK }, headers))
        })) < MIB,
        'beside the params, in a session'
      )
      t.equal((await server.measure()).exchanges, 2 * (ITEMS + 1))
    }
  )

  await t.test('the resources that a session watches stay within their cap', async (t) => {
    const refused: string[] = []
    t.ok(await growth(server, async (index) => {
      const headers = await openSession(server)
      for (let number = 0; number < 40; number++) {
        const uri = `note://${index}-${number}-${'x'.repeat(8000)}`
        const text = await (
          await post(server, { id: 2, method: 'resources/subscribe', params: { uri } }, headers)
        ).text()
        if (text.includes('"error"')) refused.push(text)
      }
    }) < MIB)
    t.ok(refused.length > ITEMS, 'the cap was reached')
  })

  await t.test('refused ids and progress tokens leave nothing behind', async (t) => {
    const headers = await openSession(server)
    const call = (id: unknown, progressToken: unknown): Promise<Response> =>
      post(
        server,
        { id, method: 'tools/call', params: { name: 'stay', arguments: {}, _meta: { progressToken } } },
        headers
      )
    t.ok(await growth(server, async () => {
      for (const response of [await call(JUNK.text, 1), await call(1, JUNK.text)]) {
        t.match(await response.text(), /256 bytes/)
      }
    }) < MIB)
  })

  await t.test('the events that wait for a slow store stay within their bound', async (t) => {
    const slow: Server = { ...server, url: server.url.replace('/mcp', '/slow/mcp') }
    t.ok(await growth(slow, async () => {
      const params = { name: 'flood', arguments: {}, _meta: { progressToken: 1 } }
      const frames = readFrames(await post(slow, { id: 1, method: 'tools/call', params }, await openSession(slow)))
      for (let frame = ''; !frame.includes('"progress":14,'); frame = (await frames.next()).value ?? '') {
        await Promise.resolve()
      }
    }) < 9 * MIB)
  })

  await t.test('the events that are kept for clients that come back stay within the cap of the store', async (t) => {
    const headers = await openSession(server)
    t.ok(await growth(server, async () => {
      const params = { name: 'shout', arguments: {}, _meta: { progressToken: 1 } }
      const text = await (await post(server, { id: 1, method: 'tools/call', params }, headers)).text()
      if (text.length < 8 * MIB) throw new Error(`the stream is too short: ${text.slice(0, 200)}`)
    }) < MIB)
  })
})
