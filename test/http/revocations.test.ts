// What happens at a mount when access is withdrawn.
import t, { type Test } from 'tap'
import {
  McpServer, type AuthInfo, type AuthOptions, type CallerFilter, type Mount, type RevocationExtent,
  type Revocations
} from '../../lib/index.ts'
import {
  createApp, createServer, initialize, JSON_AND_SSE, legacy, modern, modernCall, type AppOptions
} from '../support/app.ts'
import { createFaultyCluster, startNode } from '../support/cluster.ts'
import { collectFrames, createGate, openGet, readFrames, send } from '../support/stream.ts'

/** Revocations that a test controls, of callers whose token is their subject and their grant, such as 'ann/g1'. */
function createRevocations () {
  const revoked: CallerFilter[] = []
  const listeners = new Set<(callers: CallerFilter, extent?: RevocationExtent) => void>()
  const revocations: Revocations = {
    isRevoked: (info) => revoked.some(({ subject, grantId }) =>
      (subject ?? info.subject) === info.subject && (grantId ?? info.grantId) === info.grantId),
    onRevoked (listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    }
  }
  const auth: AuthOptions = {
    revocations,
    authenticate ({ headers }): AuthInfo {
      const [subject = '', grantId = ''] = String(headers.authorization).split('/')
      return { token: '', clientId: 'app', subject, grantId, scopes: [] }
    }
  }
  return {
    auth,
    listeners,
    /** Withdraws access, without telling the mounts. */
    note: (callers: CallerFilter): void => { revoked.push(callers) },
    revoke (callers: CallerFilter, extent?: RevocationExtent): void {
      revoked.push(callers)
      for (const listener of listeners) listener(callers, extent)
    }
  }
}

type Headers = Readonly<Record<string, string>>

async function createMount (t: Test, options: AppOptions) {
  const { app, logLines } = await createApp(t, options)
  return { app, logLines, mount: app.mcp.get('Notes'), address: await app.listen({ port: 0, host: '127.0.0.1' }) }
}

async function open (address: string, authorization: string): Promise<Headers> {
  const opened = await send(address, initialize('2025-11-25', { headers: { authorization } }))
  await opened.text()
  const sessionId = String(opened.headers.get('mcp-session-id'))
  return { authorization, 'mcp-protocol-version': '2025-11-25', 'mcp-session-id': sessionId }
}

async function statusOf (pending: Promise<Response>): Promise<number> {
  const response = await pending
  await response.body?.cancel()
  return response.status
}

const listen = (address: string, authorization: string): Promise<Response> => send(address, modern(
  'subscriptions/listen',
  { notifications: { toolsListChanged: true } },
  { headers: { ...JSON_AND_SSE, authorization } }
))

async function ended ({ sessions }: Mount): Promise<string[]> {
  const left: string[] = []
  for await (const { principal } of sessions) left.push(String(principal?.subject))
  return left.sort()
}

t.test('withdrawn access gets 401, and ends the streams and sessions of the caller alone', async (t) => {
  const { auth, revoke } = createRevocations()
  const { address, mount } = await createMount(t, { auth })
  const [ann, bob] = [await open(address, 'ann'), await open(address, 'bob')]
  const streams = [await openGet(address, ann), await listen(address, 'ann')]
  const others = [await openGet(address, bob), await listen(address, 'bob')]
  const reasons: unknown[] = []
  mount.sessions.on('ended', (_session, reason) => reasons.push(reason))

  revoke({ subject: 'ann' })
  await Promise.all(streams.map(collectFrames))

  t.same(reasons, ['revoked'])
  const refused = await send(address, legacy('ping', {}, { headers: ann }))
  t.equal(refused.status, 401)
  t.match(refused.headers.get('www-authenticate'), /error="invalid_token", error_description="The access was withdrawn"/)
  t.equal(await statusOf(send(address, modern('tools/list', {}, { headers: { authorization: 'ann' } }))), 401)
  t.same(await ended(mount), ['bob'])
  t.equal(await statusOf(send(address, legacy('ping', {}, { headers: bob }))), 200)
  t.equal(mount.stats().streams, 2)
  for (const stream of others) await stream.body?.cancel()
})

t.test('calls whose reply is a stream end with an error, in both eras', async (t) => {
  const server = createServer()
  const signals: AbortSignal[] = []
  server.registerTool('wait', {}, async (_args, ctx) => {
    signals.push(ctx.signal)
    await ctx.reportProgress(1)
    await new Promise((resolve) => { ctx.signal.addEventListener('abort', resolve) })
    return 'too late'
  })
  const { auth, revoke } = createRevocations()
  const { address } = await createMount(t, { auth, server })
  const ann = await open(address, 'ann')
  const meta = { progressToken: 1 }
  const calls = [
    await send(address, modernCall('wait', {}, { headers: { ...JSON_AND_SSE, authorization: 'ann' }, meta })),
    await send(address, legacy('tools/call', { name: 'wait', _meta: meta }, { headers: { ...JSON_AND_SSE, ...ann } }))
  ]

  revoke({ subject: 'ann' })

  for (const call of calls) {
    const messages = (await collectFrames(call)).filter((frame) => !frame.startsWith(':'))
    t.match(messages, [/notifications\/progress/, /"error":.*The access was withdrawn; sign in again/])
    t.equal(messages.length, 2)
  }
  t.same(signals.map(({ aborted }) => aborted), [true, true])
})

t.test('of a caller who must sign in again, calls get replies, sessions stay, and streams bring nothing', async (t) => {
  const server = createServer()
  const go = createGate()
  server.registerTool('wait', {}, async (_args, ctx) => {
    await ctx.reportProgress(1)
    await go.promise
    return 'done'
  })
  const { auth, revoke } = createRevocations()
  const { address, mount } = await createMount(t, { auth, server })
  const [ann, bob] = [await open(address, 'ann/g1'), await open(address, 'bob/g3')]
  const [get, other] = [readFrames(await openGet(address, ann)), readFrames(await openGet(address, bob))]
  t.same([(await get.next()).value, (await other.next()).value], [': open', ': open'])
  const listening = await listen(address, 'ann/g1')
  const call = await send(address, legacy('tools/call', { name: 'wait', _meta: { progressToken: 1 } }, {
    headers: { ...JSON_AND_SSE, ...ann }
  }))

  revoke({ grantId: 'g1' }, 'sign-in')
  mount.notify.toolsChanged()
  go.open()

  t.match((await collectFrames(listening)).at(-1), /"result"/)
  t.match((await collectFrames(call)).at(-1), /"text":"done"/)
  t.match((await other.next()).value, /list_changed/, 'the streams of others bring it')
  t.equal(await statusOf(send(address, legacy('ping', {}, { headers: ann }))), 401)
  const again = { ...ann, authorization: 'ann/g2' }
  t.equal(await statusOf(send(address, legacy('ping', {}, { headers: again }))), 200)
  const next = readFrames(await openGet(address, again))
  t.equal((await next.next()).value, ': open')
  mount.notify.promptsChanged()
  t.match((await next.next()).value, /prompts\/list_changed/)
  revoke({ subject: 'ann' })
  t.same(await get.next(), { value: undefined, done: true }, 'nothing arrived before its end')
  await other.return()
})

t.test('access of one grant ends what was begun with it, and nothing of the other grants of the caller', async (t) => {
  const { auth, revoke } = createRevocations()
  const { address, mount } = await createMount(t, { auth })
  const [first, second] = [await open(address, 'ann/g1'), await open(address, 'ann/g2')]
  const streams = await Promise.all([first, second].map((headers) => openGet(address, headers)))

  revoke({ grantId: 'g1' })
  await collectFrames(streams[0] ?? new Response())

  t.equal(await statusOf(send(address, legacy('ping', {}, { headers: first }))), 401)
  t.equal(await statusOf(send(address, legacy('ping', {}, { headers: second }))), 200)
  t.equal(mount.stats().streams, 1)
  await streams[1]?.body?.cancel()
})

t.test('a stream that opens while access is withdrawn ends at once', async (t) => {
  const server = createServer()
  const { auth, note } = createRevocations()
  const { address } = await createMount(t, {
    auth,
    server,
    // Runs after authentication.
    hooks: { preHandler: async ({ headers }) => { if (headers['x-race'] === '1') note({ subject: 'ann' }) } }
  })
  const ann = await open(address, 'ann')

  t.same(await collectFrames(await openGet(address, { ...ann, 'x-race': '1' })), [': open'])
})

t.test('HTTP+SSE ends with the access, and a mount that has stopped no longer listens', async (t) => {
  const { auth, revoke, listeners } = createRevocations()
  const { app, address, mount } = await createMount(t, { auth, legacySse: true })
  const headers = { accept: 'text/event-stream', authorization: 'ann' }
  const stream = readFrames(await fetch(`${address}/sse`, { headers }))
  while (!String((await stream.next()).value).startsWith('event: endpoint'));

  revoke({ subject: 'ann' })
  t.same((await stream.next()).done, true)
  t.same(await ended(mount), [])
  t.equal(listeners.size, 1)
  await app.close()

  t.equal(listeners.size, 0)
})

t.test('in a cluster the sessions that no node serves end as well', async (t) => {
  const server = new McpServer({ name: 'Notes', version: '1.0.0' }, { requestState: { keys: ['k'.repeat(32)] } })
  const cluster = createFaultyCluster()
  const { auth, revoke } = createRevocations()
  const nodes = [await startNode(t, cluster, { server, auth }), await startNode(t, cluster, { server, auth })]
  const [a, b] = nodes
  if (a === undefined || b === undefined) return
  const third = await startNode(t, cluster, { server, auth })
  const [ann, gone] = [await open(a.address, 'ann'), await open(third.address, 'ann/g1')]
  await open(a.address, 'bob')
  await third.app.close()
  const stream = await openGet(b.address, ann)
  const left = createGate()
  for (const { mount } of nodes) mount.sessions.on('ended', () => left.open())

  revoke({ subject: 'ann' })
  await collectFrames(stream)
  await left.promise
  while (await a.mount.sessions.count() > 1) await new Promise((resolve) => { setImmediate(resolve) })

  t.same(await ended(b.mount), ['bob'])
  t.equal(await statusOf(send(a.address, legacy('ping', {}, { headers: gone }))), 401)
})

t.test('sessions that cannot be ended during an outage are logged, and their streams end', async (t) => {
  const server = new McpServer({ name: 'Notes', version: '1.0.0' }, { requestState: { keys: ['k'.repeat(32)] } })
  const cluster = createFaultyCluster()
  const { auth, revoke } = createRevocations()
  const { address, logLines } = await startNode(t, cluster, { server, auth })
  const ann = await open(address, 'ann')
  const stream = await openGet(address, ann)
  cluster.beginOutage()

  revoke({ subject: 'ann' })
  await collectFrames(stream)

  while (!logLines.some(({ msg }) => /access was withdrawn could not all be ended/.test(String(msg)))) {
    await new Promise((resolve) => { setImmediate(resolve) })
  }
  t.equal(await statusOf(send(address, legacy('ping', {}, { headers: ann }))), 401)
})

t.test('revocations need both of their functions', async (t) => {
  const { auth } = createRevocations()
  // JavaScript may pass what the type does not allow.
  const wrong = { ...auth, revocations: { isRevoked: () => false } } as never

  await t.rejects(createApp(t, { auth: wrong }), { code: 'MCP_ERR_INVALID_OPTION', message: /'isRevoked' and 'onRevoked'/ })
})
