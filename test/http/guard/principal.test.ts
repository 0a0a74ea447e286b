import t, { type Test } from 'tap'
import mcpPlugin, { createMemoryEventStore, type AuthInfo, type AuthOptions } from '../../../lib/index.ts'
import { createHost, createServer, initialize, JSON_AND_SSE, legacy, modernCall, openSession, type AppOptions, type Post } from '../../support/app.ts'
import { createGate, frameWithId, openGet, readFrames, send } from '../../support/stream.ts'
import { createTalk } from '../../support/talk.ts'

type Headers = Readonly<Record<string, string>>

const ANN: Headers = { 'x-user': 'ann' }
const BOB: Headers = { 'x-user': 'bob' }
const NO_SESSION = '00000000-0000-0000-0000-000000000000'

// A request is a token of its own: what it may hold changes from one to the next.
let requests = 0
const auth: AuthOptions = {
  authenticate: ({ headers }) => ({
    token: String(++requests),
    clientId: 'app',
    scopes: [],
    subject: String(headers['x-user'])
  })
}

async function createShared (t: Test, options: AppOptions = {}) {
  const { app } = createHost(t)
  const server = createServer()
  const seen: Array<AuthInfo | undefined> = []
  server.registerTool('who', {}, (_args, ctx) => { seen.push(ctx.auth); return String(ctx.auth?.subject) })
  await app.register(mcpPlugin, { server, auth, ...options })
  await app.ready()
  return { app, seen }
}

t.test('a session of another principal gets the same replies as an unknown session', async (t) => {
  const { app } = await createShared(t, { eventStore: createMemoryEventStore() })
  const session = await openSession(app, '2025-11-25', { headers: ANN })
  const id = session['mcp-session-id'] ?? ''
  const payloads = [
    JSON.parse(legacy('tools/list').payload),
    { jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 1 } },
    { jsonrpc: '2.0', id: 'ask-1', result: {} }
  ]
  const requestsOf = (sessionId: string) => [
    ...payloads.map(
      (payload) =>
        ({ method: 'POST', url: '/mcp', payload, headers: { ...BOB, 'mcp-session-id': sessionId } }) as const
    ),
    {
      method: 'GET',
      url: '/mcp',
      headers: { ...BOB, accept: 'text/event-stream', 'mcp-session-id': sessionId }
    } as const,
    {
      method: 'GET',
      url: '/mcp',
      headers: {
        ...BOB,
        accept: 'text/event-stream',
        'mcp-session-id': sessionId,
        'last-event-id': `${sessionId}.0.0`
      }
    } as const,
    { method: 'DELETE', url: '/mcp', headers: { ...BOB, 'mcp-session-id': sessionId } } as const
  ]

  const [ofAnn, ofNobody] = await Promise.all(
    [id, NO_SESSION].map((sessionId) =>
      Promise.all(
        requestsOf(sessionId).map(async (sent) => {
          const {
            statusCode,
            body,
            headers: { date, ...headers }
          } = await app.inject(sent)
          return { statusCode, body, headers }
        })
      )
    )
  )

  t.same(ofAnn, ofNobody)
  t.same(new Set(ofAnn?.map(({ statusCode }) => statusCode)), new Set([404]))
  t.equal((await app.inject(legacy('tools/list', {}, { headers: { ...ANN, ...session } }))).statusCode, 200)
})

t.test('a batch in a session of another principal gets 404', async (t) => {
  const { app } = await createShared(t)
  const session = await openSession(app, '2025-03-26', { headers: ANN })
  const batch = { method: 'POST', url: '/mcp', payload: [{ jsonrpc: '2.0', id: 1, method: 'ping' }] } as const

  t.equal((await app.inject({ ...batch, headers: { ...BOB, ...session } })).statusCode, 404)
  t.equal((await app.inject({ ...batch, headers: { ...ANN, ...session } })).statusCode, 200)
})

t.test('a second initialize ends the previous session only if it is of the same principal', async (t) => {
  const { app } = await createShared(t)
  const session = await openSession(app, '2025-11-25', { headers: ANN })

  await app.inject(initialize('2025-11-25', { headers: { ...BOB, ...session } }))
  t.equal(app.mcp.get('Notes').sessions.size, 2)
  await app.inject(initialize('2025-11-25', { headers: { ...ANN, ...session } }))
  t.equal(app.mcp.get('Notes').sessions.size, 2)
})

t.test('each request of a session has its own AuthInfo', async (t) => {
  const { app, seen } = await createShared(t)
  const headers = { ...ANN, ...await openSession(app, '2025-11-25', { headers: ANN }) }

  for (let count = 0; count < 2; count++) {
    await app.inject(legacy('tools/call', { name: 'who', arguments: {} }, { headers }))
  }

  t.match(seen, [{ subject: 'ann' }, { subject: 'ann' }])
  t.not(seen[0]?.token, seen[1]?.token)
})

t.test('requests without a session have the AuthInfo of their caller', async (t) => {
  const { app, seen } = await createShared(t, { stateless: true })

  await app.inject(legacy('tools/call', { name: 'who', arguments: {} }, { headers: ANN }))
  await app.inject(modernCall('who', {}, { headers: BOB }))
  t.equal((await app.inject(initialize('2025-11-25', { headers: ANN }))).statusCode, 200)

  t.same(seen.map((info) => info?.subject), ['ann', 'bob'])
})

t.test('a stream can be resumed by its own principal only', async (t) => {
  const gate = createGate()
  const { address } = await createTalk(t, async (channel) => {
    channel.notify('notifications/message', { level: 'info', data: 'secret' })
    await gate.promise
    return {}
  }, { auth, eventStore: createMemoryEventStore() })
  const opened = await send(address, initialize('2025-11-25', { headers: ANN }))
  const session = { 'mcp-session-id': String(opened.headers.get('mcp-session-id')) }
  const frames = readFrames(
    await send(address, legacy('tools/call', {}, { headers: { ...ANN, ...session, ...JSON_AND_SSE } }))
  )
  await frames.next()
  const { value: priming = '' } = await frames.next()
  const last = { 'last-event-id': /id: (\S+)/.exec(priming)?.[1] ?? '' }

  const stranger = await openGet(address, { ...BOB, ...session, ...last })
  const owner = readFrames(await openGet(address, { ...ANN, ...session, ...last }))
  await owner.next()

  t.equal(stranger.status, 404)
  t.equal((await owner.next()).value, frameWithId(`${session['mcp-session-id']}.1.1`, { jsonrpc: '2.0', method: 'notifications/message', params: { level: 'info', data: 'secret' } }))
  gate.open()
})

t.test('a session is bound to the values of its path parameters', async (t) => {
  const { app } = createHost(t)
  const subject = { token: 'a', clientId: 'app', scopes: [], subject: 'ann' }
  await app.register(mcpPlugin, {
    prefix: '/:tenant', server: createServer(), publicUrl: 'https://api.example.com', auth: { verify: () => subject, authorizationServers: ['https://auth.example.com'] }
  })
  const at = (url: string, post: (envelope: { url: string, headers: Headers }) => Post, headers: Headers = {}) =>
    app.inject(post({ url, headers: { authorization: 'Bearer a', ...headers } }))

  const { headers } = await at('/one/mcp', (envelope) => initialize('2025-11-25', envelope))
  const session = { 'mcp-session-id': String(headers['mcp-session-id']) }

  t.equal((await at('/one/mcp', (envelope) => legacy('ping', {}, envelope), session)).statusCode, 200)
  t.equal((await at('/two/mcp', (envelope) => legacy('ping', {}, envelope), session)).statusCode, 404)
})

t.test('a session is bound to client, issuer and subject, but not to scopes or a token', async (t) => {
  const { app } = createHost(t)
  await app.register(mcpPlugin, {
    server: createServer(),
    auth: { authenticate: ({ headers }) => JSON.parse(String(headers['x-info'])) }
  })
  const info = { token: '', clientId: 'app', scopes: [], issuer: 'a', subject: 'b' }
  const headersOf = (changes: object): Headers => ({ 'x-info': JSON.stringify({ ...info, ...changes }) })
  const session = await openSession(app, '2025-11-25', { headers: headersOf({}) })
  const statusOf = async (changes: object) =>
    (await app.inject(legacy('ping', {}, { headers: { ...session, ...headersOf(changes) } }))).statusCode

  t.equal(await statusOf({ scopes: ['more'], token: 'new', extra: {} }), 200)
  for (const changes of [
    { clientId: 'other' }, { issuer: 'other' }, { subject: 'other' }, { issuer: undefined }, { subject: undefined },
    { issuer: 'b', subject: 'a' }, { issuer: 'a","b' }
  ]) {
    t.equal(await statusOf(changes), 404, JSON.stringify(changes))
  }
})

t.test('requestState is accepted from its own principal only', async (t) => {
  const { app } = createHost(t)
  const server = createServer()
  server.registerTool('ask', {}, async (_args, ctx) => {
    await ctx.once('note', () => 'kept')
    return (await ctx.elicit('Sure?', { type: 'object', properties: { sure: { type: 'boolean' } } })).action
  })
  await app.register(mcpPlugin, { server, auth })
  const meta = { 'io.modelcontextprotocol/clientCapabilities': { elicitation: { form: {} } } }
  const call = async (headers: Headers, more: object = {}) => {
    const post = modernCall('ask', {}, { headers, meta })
    const body = JSON.parse(post.payload)
    return (
      await app.inject({ ...post, payload: JSON.stringify({ ...body, params: { ...body.params, ...more } }) })
    ).json()
  }

  const { result: { requestState, inputRequests } } = await call(ANN)
  const inputResponses = Object.fromEntries(Object.keys(inputRequests).map((key) => [key, { action: 'decline' }]))

  t.match(await call(BOB, { requestState, inputResponses }), {
    error: { code: -32602, message: 'Invalid or expired requestState' }
  })
  t.match(await call(ANN, { requestState, inputResponses }), { result: { content: [{ text: 'decline' }] } })
})
