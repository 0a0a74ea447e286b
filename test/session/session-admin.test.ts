import t, { type Test } from 'tap'
import type { AppOptions } from '../support/app.ts'
import { createApp, createServer, initialize, legacy } from '../support/app.ts'
import { createFaultyCluster, startNode, startNodes } from '../support/cluster.ts'
import { createGate, openGet, readFrames, send, until } from '../support/stream.ts'
import { hashSessionId } from '../../lib/telemetry/session-hash.ts'
import { McpServer, type AuthInfo, type AuthOptions, type Mount, type SessionSummary } from '../../lib/index.ts'

// The token is the subject and the client, such as 'ann/app'.
const auth: AuthOptions = {
  authenticate ({ headers }): AuthInfo {
    const [subject = '', clientId = '', grantId] = String(headers.authorization).split('/')
    return {
      token: '',
      issuer: 'https://a.example',
      clientId,
      scopes: [],
      ...(subject !== '' && { subject }),
      ...(grantId !== undefined && { grantId })
    }
  }
}

// A server that all nodes have.
function createShared (): McpServer {
  return new McpServer({ name: 'Notes', version: '1.0.0' }, { requestState: { keys: ['k'.repeat(32)] } })
}

type Headers = Readonly<Record<string, string>>

async function open (address: string, authorization: string): Promise<Headers> {
  const opened = await send(address, initialize('2025-11-25', { headers: { authorization } }))
  await opened.text()
  return {
    authorization,
    'mcp-protocol-version': '2025-11-25',
    'mcp-session-id': String(opened.headers.get('mcp-session-id'))
  }
}

async function ping (address: string, headers: Headers): Promise<number> {
  const response = await send(address, legacy('ping', {}, { headers }))
  await response.text()
  return response.status
}

async function list ({ sessions }: Mount): Promise<SessionSummary[]> {
  const all: SessionSummary[] = []
  for await (const session of sessions) all.push(session)
  return all.sort((a, b) => String(a.principal?.subject).localeCompare(String(b.principal?.subject)))
}

async function createMount (t: Test, options: AppOptions = {}) {
  const { app, logLines } = await createApp(t, options)
  const address = await app.listen({ port: 0, host: '127.0.0.1' })
  return { app, address, mount: app.mcp.get('Notes'), logLines }
}

t.test('open sessions are listed with their caller, their client and their use', async (t) => {
  const { address, mount } = await createMount(t, { auth })
  const before = Date.now()
  const ann = await open(address, 'ann/app')
  await open(address, '/service')
  await ping(address, ann)
  const stream = await openGet(address, ann)

  const [first, second] = await list(mount)

  t.match(first, {
    idHash: hashSessionId(String(ann['mcp-session-id'])),
    principal: { issuer: 'https://a.example', subject: 'ann', clientId: 'app' },
    client: { name: 'test', version: '1' },
    calls: 2,
    streams: 1
  })
  t.ok(Number(first?.since) >= before && Number(first?.lastCall) >= Number(first?.since))
  t.strictSame(second?.principal, { issuer: 'https://a.example', clientId: 'service' })
  t.match(second, { calls: 1, streams: 0 })
  t.match(String(first?.idHash), /^[\da-f]{16}$/)
  t.notMatch(JSON.stringify([first, second]), ann['mcp-session-id'])
  await stream.body?.cancel()
})

t.test('a session of a mount without auth has no principal', async (t) => {
  const { address, mount } = await createMount(t)
  await open(address, 'ann/app')

  const [session] = await list(mount)

  t.equal(session?.principal, undefined)
  t.equal(await mount.sessions.endAll({ clientId: 'app' }), 0)
})

t.test('a session ends by its id or by its hash, and its stream with it', async (t) => {
  const { address, mount } = await createMount(t, { auth })
  const ended: unknown[] = []
  mount.sessions.on('ended', ({ sessionId }, reason) => ended.push([sessionId, reason]))
  const sessions = [await open(address, 'ann/app'), await open(address, 'bob/app')]
  const [ann, bob] = sessions.map((headers) => String(headers['mcp-session-id']))
  const stream = await openGet(address, sessions[0] ?? {})

  t.equal(await mount.sessions.end(hashSessionId(String(ann)), 'an experiment is over'), true)
  t.equal(await mount.sessions.end(String(bob)), true)
  t.equal(await mount.sessions.end(String(bob)), false)
  for await (const frame of readFrames(stream)) t.match(frame, /^:|^id/, 'only the beginning of the stream')
  t.same(ended, [[ann, 'ended'], [bob, 'ended']])
  t.same(await Promise.all(sessions.map((headers) => ping(address, headers))), [404, 404])
})

t.test('a call of a session that the app ends is aborted with the reason that the app gives', async (t) => {
  const server = createServer()
  const started = createGate()
  const aborted = createGate<unknown>()
  server.registerTool('wait', {}, async (_args, { signal }) => {
    signal.addEventListener('abort', () => aborted.open(signal.reason))
    started.open()
    await aborted.promise
    return 'too late'
  })
  const { address, mount } = await createMount(t, { auth, server })
  const ann = await open(address, 'ann/app')
  const call = send(address, legacy('tools/call', { name: 'wait' }, { headers: ann }))
  await started.promise

  await mount.sessions.end(String(ann['mcp-session-id']), 'left the company')

  t.match(await aborted.promise, { message: /left the company/ })
  t.equal((await call).status, 202)
})

t.test('all sessions of a caller end, and those of others stay', async (t) => {
  const { address, mount } = await createMount(t, { auth })
  const callers = ['ann/app', 'ann/phone', 'bob/app', 'bob/app/g1']
  const sessions = await Promise.all(callers.map((caller) => open(address, caller)))
  const alive = (): Promise<number[]> => Promise.all(sessions.map((headers) => ping(address, headers)))

  t.equal(await mount.sessions.endAll({ subject: 'ann', issuer: 'https://other.example' }), 0)
  t.equal(await mount.sessions.endAll({ subject: 'ann' }, 'left'), 2)
  t.same(await alive(), [404, 404, 200, 200])
  t.equal(await mount.sessions.endAll({ grantId: 'g1' }), 1)
  t.same(await alive(), [404, 404, 200, 404])
  t.equal(await mount.sessions.endAll({ clientId: 'app', subject: 'bob' }), 1)
  t.same(await alive(), [404, 404, 404, 404])
})

t.test('nobody is not everybody: a filter needs a member', async (t) => {
  const { mount } = await createMount(t, { auth })

  await t.rejects(mount.sessions.endAll({}), { name: 'TypeError', message: /such as \{ subject: 'ann' \}/ })
  // JavaScript may pass what the type does not allow.
  await t.rejects(mount.sessions.endAll({ subject: 1 } as object), TypeError)
})

t.test('in a cluster each node lists and ends the sessions of all nodes', async (t) => {
  const { nodes: [a, b, c] } = await startNodes(t, { server: createShared(), auth })
  const ann = await open(a.address, 'ann/app')
  const bob = await open(b.address, 'bob/app')
  await ping(b.address, ann)
  const stream = await openGet(b.address, ann)
  const ended: unknown[] = []
  b.mount.sessions.on('ended', (_session, reason) => ended.push(reason))

  const listed = await list(c.mount)

  t.match(listed, [
    { principal: { subject: 'ann' }, client: { name: 'test' }, calls: 2, streams: 1, node: b.id, since: Date },
    { principal: { subject: 'bob' }, calls: 1, streams: 0, node: undefined }
  ])
  t.same(await list(a.mount), listed)
  t.equal(await c.mount.sessions.end(String(listed[0]?.idHash), 'over'), true)
  for await (const frame of readFrames(stream)) t.match(frame, /^:|^id/)
  t.same(ended, ['ended'])
  t.equal(await ping(a.address, ann), 404)
  t.equal(await a.mount.sessions.endAll({ subject: 'bob' }), 1)
  t.equal(await ping(b.address, bob), 404)
  t.same(await list(c.mount), [])
})

t.test('a node that does not answer is left out of the use of sessions', async (t) => {
  const { cluster, nodes: [a, b] } = await startNodes(t, { server: createShared(), auth })
  await open(b.address, 'ann/app')
  cluster.kill(b.id)

  t.match(await list(a.mount), [{ principal: { subject: 'ann' }, calls: 0 }])
})

t.test('the load of a mount says how many nodes there are, and whether they reach what they share', async (t) => {
  const cluster = createFaultyCluster()
  const first = await startNode(t, cluster, { server: createShared() })
  await until(() => first.mount.stats().cluster !== undefined)
  t.strictSame(first.mount.stats().cluster, { reachable: true, nodes: 1 })
  const second = await startNode(t, cluster, { server: createShared() })

  await until(() => second.mount.stats().cluster?.nodes === 2)
  cluster.beginOutage()
  t.strictSame(second.mount.stats().cluster, { reachable: false, nodes: 2 })
  t.strictSame(second.app.mcp.stats(), { Notes: second.mount.stats() })
})
