import t from 'tap'
import type { AuthOptions, RefusalEvent } from '../../../lib/index.ts'
import mcpPlugin from '../../../lib/plugin.ts'
import { createApp, createHost, createServer, initialize, legacy, modern, modernCall, openSession, post } from '../../support/app.ts'
import { collectEvents } from '../../support/events.ts'
import { hashSessionId } from '../../../lib/telemetry/session-hash.ts'

const AUTH: AuthOptions = {
  authenticate: ({ headers }) =>
    headers.authorization === undefined ? undefined : { token: 'secret', clientId: 'c1', scopes: [] }
}

t.test('a refused message is published with its reason, and what it asked for', async (t) => {
  const { app } = await createApp(t)
  const events = collectEvents(t, app)

  const response = await app.inject(modernCall('echo', {}, { id: 'a', headers: { 'mcp-name': 'other' } }))

  // Without a refusal, the comparison below fails.
  const { app: scope, request, ...event } = events.refusals[0] as RefusalEvent
  t.strictSame(event, {
    mount: 'Notes',
    transport: 'http',
    reqId: 'req-1',
    reason: 'header_mismatch',
    status: 400,
    code: -32020,
    message: response.json().error.message,
    requestId: 'a',
    method: 'tools/call',
    target: 'echo'
  })
  t.equal(scope.server, app.server)
  t.equal(request?.url, '/mcp')
  t.strictSame(events.requests, [])
})

t.test('each refusal has a reason', async (t) => {
  const { app } = await createApp(t, { maxSessions: 1 })
  const events = collectEvents(t, app)
  const headers = await openSession(app)

  await app.inject({ ...modern('ping'), headers: { host: 'evil.example' } })
  await app.inject(modern('ping', {}, { headers: { origin: 'https://evil.example' } }))
  await app.inject({ method: 'PUT', url: '/mcp' })
  await app.inject(modern('ping', {}, { headers: { accept: 'text/html' } }))
  await post(app, '{')
  await post(app, { jsonrpc: '1.0', id: 1, method: 'ping' })
  await app.inject(legacy('tools/list'))
  await app.inject(legacy('tools/list', {}, { headers: { 'mcp-session-id': 'gone' } }))
  await app.inject(legacy('ping', {}, { headers }))
  await app.inject(initialize())
  await post(app, { jsonrpc: '2.0', id: 1, method: 'ping' }, { 'mcp-protocol-version': '1900-01-01' })
  await app.inject({ ...modern('ping'), headers: { 'content-type': 'text/plain' } })

  t.strictSame(events.refusals.map(({ reason, status }) => [reason, status]), [
    ['host', 421], ['origin', 403], ['http', 405], ['http', 406], ['parse_error', 400], ['invalid_request', 400],
    ['session', 400], ['session', 404], ['limit', 503], ['unsupported_revision', 400], ['http', 415]
  ])
  t.equal(events.refusals.find(({ status }) => status === 404)?.session, hashSessionId('gone'))
})

t.test('callers without a token, or with a verifier that fails, are published without any secret', async (t) => {
  const { app } = await createApp(t, { auth: AUTH })
  const broken = await createApp(t, { auth: { authenticate: () => { throw new Error('down') } } })
  const events = collectEvents(t, app)
  const brokenEvents = collectEvents(t, broken.app)

  await app.inject(modernCall('echo', {}, { headers: { cookie: 'sid=secret' } }))
  await app.inject(modernCall('echo', {}, { headers: { authorization: 'Bearer secret', 'mcp-name': 'other' } }))
  await broken.app.inject(modernCall('echo'))

  t.match(events.refusals, [
    { reason: 'token', status: 401, method: 'tools/call', target: 'echo' },
    { reason: 'header_mismatch', principal: { clientId: 'c1' } }
  ])
  t.match(brokenEvents.refusals, [{ reason: 'failure', status: 500 }])
  const shown = events.refusals.map(({ app, request, ...event }) => event)
  t.notMatch(JSON.stringify(shown), /secret/)
})

t.test('the routes beside the endpoint publish what they refuse, too', async (t) => {
  const { app } = createHost(t)
  app.register(mcpPlugin, {
    server: createServer(), auth: AUTH, routes: async (scope) => { scope.get('/me', () => 'me') }
  })
  await app.ready()
  const events = collectEvents(t, app)

  const response = await app.inject('/me')

  t.equal(response.statusCode, 401)
  t.match(events.refusals, [{ mount: 'Notes', reason: 'token', status: 401, requestId: null }])
})

t.test('a path that is refused, and a hook that fails, are published', async (t) => {
  const { app } = createHost(t)
  app.register(mcpPlugin, {
    server: createServer(),
    prefix: '/:user',
    hooks: {
      onRequest: async ({ headers }) => {
        if (headers['x-hook'] === 'limit') throw Object.assign(new Error('slow down'), { statusCode: 429 })
        if (headers['x-hook'] === 'crash') throw new Error('boom')
      }
    }
  })
  await app.ready()
  const events = collectEvents(t, app)

  await app.inject(modern('ping', {}, { url: '/%252e%252e/mcp' }))
  await app.inject(modern('ping', {}, { url: '/a/mcp', headers: { 'x-hook': 'limit' } }))
  await app.inject(modern('ping', {}, { url: '/a/mcp', headers: { 'x-hook': 'crash' } }))

  t.strictSame(events.refusals.map(({ reason, status }) => [reason, status]), [
    ['http', 400], ['limit', 429], ['failure', 500]
  ])
})

t.test('the refused messages of a batch are published', async (t) => {
  const { app } = await createApp(t)
  const events = collectEvents(t, app)
  const headers = await openSession(app, '2025-03-26')

  await post(app, [{ jsonrpc: '2.0', id: 1, method: 'ping' }, { jsonrpc: '2.0', id: 2 }], headers)

  t.match(events.refusals, [{ reason: 'invalid_request', status: 400 }])
  t.notOk('method' in Object(events.refusals[0]))
})

t.test('a refusal by another part of the app is not published', async (t) => {
  const { app } = await createApp(t)
  const events = collectEvents(t, app)

  await app.inject('/nothing')

  t.strictSame(events.refusals, [])
})
