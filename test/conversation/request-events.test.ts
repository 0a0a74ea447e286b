import { AsyncLocalStorage } from 'node:async_hooks'
import { once } from 'node:events'
import { tracingChannel } from 'node:diagnostics_channel'
import t from 'tap'
import type { FastifyInstance } from 'fastify'
import {
  InsufficientScopeError, McpServer, RpcError, ToolError, Type, type RequestContext, type RequestEvent,
  type ServerDefinition
} from '../../lib/index.ts'
import mcpPlugin from '../../lib/plugin.ts'
import { servePublishing } from '../../lib/conversation/request-events.ts'
import { HOST_APP } from '../../lib/conversation/callers.ts'
import { createNoOpChannel } from '../../lib/conversation/no-op-channel.ts'
import { hashSessionId } from '../../lib/telemetry/session-hash.ts'
import { createApp, createHost, initialize, legacy, modern, modernCall, openSession, post } from '../support/app.ts'
import { createSdkApp, createV1, said } from '../support/sdk-servers.ts'
import { collectEvents } from '../support/events.ts'
import { createGate, listen, send, until } from '../support/stream.ts'

const requests = tracingChannel<unknown, RequestEvent>('fastify-mcp-mount:request')
const AUTH = {
  authenticate: () => ({ token: 'secret', issuer: 'https://a.example', subject: 'u1', clientId: 'c1', scopes: [] })
}
const CLIENT = { 'io.modelcontextprotocol/clientInfo': { name: 'test', version: '1' } }

const NOTHING: unknown = undefined

function createFailing (): McpServer {
  const server = new McpServer({ name: 'Notes', version: '1.0.0' })
  server.registerTool('echo', { inputSchema: Type.Object({ text: Type.String() }) }, ({ text }) => text)
  server.registerTool('tell', {}, () => { throw new ToolError('no such note') })
  server.registerTool('marked', {}, () => ({ content: [], isError: true }))
  server.registerTool('crash', {}, () => { throw new TypeError('boom') })
  server.registerTool('nothing', {}, () => { throw NOTHING })
  server.registerTool('slow', { timeout: 1 }, () => new Promise(() => {}))
  server.registerTool('deny', {}, () => { throw new RpcError(-32602, 'No such note') })
  server.registerTool('scoped', {}, () => { throw new InsufficientScopeError(['notes:write']) })
  server.registerTool('fault', {}, () => { throw new RpcError(-32603, 'Internal error') })
  server.registerTool('ask', {}, async (_args, ctx) => {
    const { action } = await ctx.elicit('Sure?', Type.Object({ sure: Type.Boolean() }))
    return action
  })
  const argsSchema = Type.Object({ name: Type.String() })
  server.registerPrompt('hi', { argsSchema }, () => { throw new TypeError('boom') })
  server.registerResource('note', 'note://1', {}, () => { throw new TypeError('boom') })
  return server
}

t.test('a request is published from its start to its end, by one object', async (t) => {
  const { app } = await createApp(t, { auth: AUTH })
  const events = collectEvents(t, app)
  const started: unknown[] = []
  const onStart = (event: unknown): void => { started.push(event, { ...Object(event) }) }
  requests.start.subscribe(onStart)
  t.teardown(() => requests.start.unsubscribe(onStart))

  const before = Date.now()
  const response = await app.inject(modernCall('echo', { text: 'a' }, { id: 7, meta: CLIENT }))

  t.equal(response.statusCode, 200)
  t.same(events.course, ['start tools/call', 'end tools/call', 'asyncStart tools/call', 'asyncEnd tools/call'])
  const [event] = events.requests
  t.equal(event, started[0])
  const { app: scope, request, params, startTime, duration, result, ...rest } = { ...event } as RequestEvent
  t.strictSame(rest, {
    mount: 'Notes',
    transport: 'http',
    principal: { subject: 'u1', clientId: 'c1', issuer: 'https://a.example' },
    reqId: 'req-1',
    era: 'modern',
    revision: '2026-07-28',
    method: 'tools/call',
    tool: 'echo',
    requestId: 7,
    client: { name: 'test', version: '1' },
    outcome: 'ok'
  })
  t.equal(scope.server, app.server)
  t.equal(request?.url, '/mcp')
  t.match(params, { name: 'echo', arguments: { text: 'a' } })
  t.ok(startTime >= before && startTime <= Date.now())
  t.ok(Number(duration) >= 0)
  t.match(result, /"text":"a"/)
  t.strictSame(Object.keys(Object(started[1])).filter((name) => /duration|outcome|result|error/.test(name)), [])
})

function nameOf ({ method, tool, prompt, uri }: RequestEvent): string {
  return tool ?? prompt ?? uri ?? method
}

t.test('the outcome of a request says how it ended', async (t) => {
  const { app } = await createApp(t, { server: createFailing() })
  // The timers of timeouts keep no process alive.
  await listen(app)
  const events = collectEvents(t, app)
  const capabilities = { 'io.modelcontextprotocol/clientCapabilities': { elicitation: {} } }

  for (const name of ['tell', 'marked', 'crash', 'nothing', 'slow', 'deny', 'scoped', 'fault', 'unknown']) {
    await app.inject(modernCall(name))
  }
  await app.inject(modernCall('echo', { text: 1 }))
  await app.inject(modernCall('ask', {}, { meta: capabilities }))
  await app.inject(modernCall('ask'))
  await app.inject(modern('prompts/get', { name: 'hi' }))
  await app.inject(modern('prompts/get', { name: 'hi', arguments: { name: 'a' } }))
  await app.inject(modern('resources/read', { uri: 'note://1' }))
  await app.inject(modern('tools/list'))
  await app.inject(modern('nothing/like/it'))

  t.strictSame(events.requests.map((event) => `${nameOf(event)} ${event.outcome}`), [
    'tell tool_error', 'marked tool_error', 'crash crash', 'nothing crash', 'slow timeout', 'deny refused',
    'scoped refused', 'fault crash', 'unknown refused', 'echo invalid_arguments', 'ask input_required', 'ask refused',
    'hi invalid_arguments', 'hi crash', 'note://1 crash', 'tools/list ok', 'nothing/like/it refused'
  ])
  t.match(events.requests.find(({ tool }) => tool === 'crash')?.error, { name: 'TypeError', message: 'boom' })
  t.match(events.requests.find(({ tool }) => tool === 'tell')?.error, { name: 'ToolError', message: 'no such note' })
  t.match(events.requests.find(({ tool }) => tool === 'nothing')?.error, { message: /not an Error/ })
  t.match(events.requests.find(({ uri }) => uri === 'note://1')?.error, { code: -32603, cause: { message: 'boom' } })
})

t.test('a request that gets an error is published in the channel error, too', async (t) => {
  const { app } = await createApp(t, { server: createFailing() })
  const events = collectEvents(t, app)

  await app.inject(modernCall('deny'))
  await app.inject(modernCall('tell'))

  t.strictSame(events.course.filter((line) => line.startsWith('error')), ['error tools/call'])
  t.match(events.requests[0]?.error, { code: -32602 })
  t.notOk('result' in Object(events.requests[0]))
})

t.test('requests of a session name it by a digest', async (t) => {
  const { app } = await createApp(t)
  const events = collectEvents(t, app)
  const headers = await openSession(app)

  await app.inject(legacy('tools/call', { name: 'echo', arguments: { text: 'a' } }, { headers }))

  const sessionId = String(headers['mcp-session-id'])
  const session = hashSessionId(sessionId)
  t.match(events.requests, [
    { method: 'initialize', era: 'legacy', revision: '2025-11-25', session, outcome: 'ok' },
    { method: 'tools/call', tool: 'echo', session, client: { name: 'test', version: '1' }, outcome: 'ok' }
  ])
  t.notMatch(session, sessionId.slice(0, 8))
})

t.test('each request of a batch is published', async (t) => {
  const { app } = await createApp(t)
  const events = collectEvents(t, app)
  const headers = await openSession(app, '2025-03-26')

  await post(app, [
    { jsonrpc: '2.0', id: 1, method: 'ping' }, { jsonrpc: '2.0', id: 2, method: 'tools/call', params: { name: 'nope' } }
  ], headers)

  t.strictSame(events.requests.slice(1).map(({ method, requestId, outcome }) => [method, requestId, outcome]), [
    ['ping', 1, 'ok'], ['tools/call', 2, 'refused']
  ])
})

t.test('calls by the app itself are published', async (t) => {
  const { app } = await createApp(t)
  const events = collectEvents(t, app)

  await app.mcp.get('Notes').call('echo', { text: 'a' })
  await t.rejects(app.mcp.get('Notes').call('nope'))

  t.match(events.requests, [
    { transport: 'host', tool: 'echo', outcome: 'ok', result: { content: [{ text: 'a' }] } },
    { tool: 'nope', outcome: 'refused' }
  ])
  t.notOk('request' in Object(events.requests[0]))
})

t.test('subscriptions/listen is published until its stream begins', async (t) => {
  const { app } = await createApp(t)
  const events = collectEvents(t, app)
  const address = await listen(app)
  const envelope = { headers: { accept: 'text/event-stream' } }
  const notifications = { toolsListChanged: true }

  const response = await send(address, modern('subscriptions/listen', { notifications }, envelope))
  await send(address, modern('subscriptions/listen', { notifications: 1 }, envelope))

  t.match(events.requests, [{ method: 'subscriptions/listen', outcome: 'ok' }])
  t.equal(events.refusals.length, 0)
  await response.body?.cancel()
})

t.test('a request whose client has left is cancelled, whatever its handler does', async (t) => {
  const begun = createGate()
  const server = new McpServer({ name: 'Notes', version: '1.0.0' })
  server.registerTool('work', {}, async (_args, { signal }) => {
    begun.open()
    await once(signal, 'abort')
    throw signal.reason
  })
  const { app } = await createApp(t, { server })
  const events = collectEvents(t, app)
  const address = await listen(app)
  const leaving = new AbortController()
  const { url, ...init } = modernCall('work')

  const answer = fetch(`${address}${url}`, { ...init, body: init.payload, signal: leaving.signal })
  await begun.promise
  leaving.abort()
  await t.rejects(answer)
  await until(() => events.requests.length === 1)

  t.match(events.requests, [{ tool: 'work', outcome: 'cancelled' }])
})

t.test('servers of the SDK are published by their results', async (t) => {
  const sdk = createV1()
  sdk.registerTool('fail', {}, () => ({ ...said('no'), isError: true }))
  sdk.registerPrompt('crash', {}, () => { throw new TypeError('boom') })
  const { app } = await createSdkApp(t, sdk)
  const events = collectEvents(t, app)

  await app.inject(modernCall('hello'))
  await app.inject(modernCall('fail'))
  await app.inject(modern('prompts/get', { name: 'crash' }))
  await app.inject(modern('prompts/get', { name: 'none' }))

  t.strictSame(events.requests.map(({ outcome }) => outcome), ['ok', 'tool_error', 'crash', 'refused'])
})

t.test('the outcome of a definition that resolves to text is read from it', async (t) => {
  const { app } = createHost(t)
  const results: Record<string, string> = { a: '{"content":[],"isError":true}', b: '{"content":[]}', c: 'no JSON' }
  const server: ServerDefinition = {
    info: { name: 'Odd', version: '1' },
    serve: async ({ message: { params: { name } } }) => String(results[String(name)])
  }
  app.register(mcpPlugin, { server })
  await app.ready()
  const events = collectEvents(t, app)

  for (const name of Object.keys(results)) await app.inject(modernCall(name))

  t.strictSame(events.requests.map(({ outcome }) => outcome), ['tool_error', 'ok', 'ok'])
})

t.test('a result that JSON cannot carry is a crash', async (t) => {
  const { app } = createHost(t)
  app.register(mcpPlugin, { server: { info: { name: 'Odd', version: '1' }, serve: async () => ({ big: 1n }) } })
  await app.ready()
  const events = collectEvents(t, app)

  await app.inject(modernCall('a'))

  t.match(events.requests, [{ outcome: 'crash', error: { name: 'TypeError' } }])
})

t.test('a request that no mount serves is not published', async (t) => {
  const { app } = createHost(t)
  const events = collectEvents(t, app)
  const channel = createNoOpChannel(app.log, undefined)
  const definition: ServerDefinition = { serve: async () => ({ served: true }) }

  const message = { id: 1, method: 'ping', params: {} }
  const served = await servePublishing(definition, { message, caller: HOST_APP, channel }, Object.keys)

  t.same(served, ['served'])
  t.equal(events.requests.length, 0)
})

t.test('names that are no text are left out', async (t) => {
  const { app } = await createApp(t)
  const events = collectEvents(t, app)

  await app.inject(modern('tools/call', { name: 1 }))
  await app.inject(modern('prompts/get', { name: 1 }))
  await app.inject(modern('resources/read', { uri: 1 }))

  t.equal(events.requests.length, 3)
  t.strictSame(events.requests.map(nameOf), ['tools/call', 'prompts/get', 'resources/read'])
})

/** Stores a value in the async context of each request that a tool is called by, until the test ends. */
function bindTool (t: { teardown (end: () => void): void }): AsyncLocalStorage<string | undefined> {
  const store = new AsyncLocalStorage<string | undefined>()
  requests.start.bindStore(store, ({ tool }) => tool)
  t.teardown(() => { requests.start.unbindStore(store) })
  return store
}

t.test('what a subscriber binds to the start reaches middlewares, handlers and routes that they call', async (t) => {
  const store = bindTool(t)
  const seen: unknown[] = []
  const { app } = createHost(t)
  app.get('/inner', { config: { mcp: { name: 'inner' } } }, async () => {
    seen.push(['route', store.getStore()])
    return 'a'
  })
  const server = new McpServer({ name: 'Notes', version: '1.0.0' })
  server.use(async (ctx, next) => {
    seen.push(['middleware', store.getStore()])
    const result = await next()
    seen.push(['after', store.getStore(), ctx.outcome])
    return result
  })
  server.registerTool('outer', {}, async (_args, ctx: RequestContext<undefined>) => {
    await new Promise((resolve) => { setImmediate(resolve) })
    seen.push(['handler', store.getStore()])
    const { body } = await (ctx.request?.server as FastifyInstance).inject('/inner')
    return body
  })
  app.register(mcpPlugin, { server, expose: true })
  await app.ready()

  await app.inject(modernCall('outer'))
  await app.inject(modernCall('inner'))

  t.strictSame(seen.slice(0, 4), [
    ['middleware', 'outer'], ['handler', 'outer'], ['route', 'outer'], ['after', 'outer', 'ok']
  ])
  t.strictSame(seen[5], ['route', 'inner'])
  t.equal(store.getStore(), undefined)
})

t.test('a middleware reads how the request ended', async (t) => {
  const seen: unknown[] = []
  const server = createFailing()
  server.use(async (ctx, next) => {
    const before = ctx.outcome
    try {
      return await next()
    } finally {
      seen.push([before, ctx.outcome])
    }
  })
  const { app } = await createApp(t, { server })
  await listen(app)

  for (const name of ['tell', 'crash', 'slow', 'deny', 'marked']) await app.inject(modernCall(name))
  await app.inject(modernCall('echo', { text: 'a' }))
  await app.inject(modern('tools/list'))

  t.strictSame(seen, [
    'tool_error', 'crash', 'timeout', 'refused', 'tool_error', 'ok', 'ok'
  ].map((outcome) => [undefined, outcome]))
})

t.test('a middleware decides the outcome that is published', async (t) => {
  const server = createFailing()
  server.use(async ({ params: { name } }, next) => {
    if (name === 'limited') throw new ToolError('too many calls')
    if (name === 'broken') throw new TypeError('boom')
    if (name === 'cached') return { content: [] }
    return { ...await next(), isError: false }
  })
  const { app } = await createApp(t, { server })
  const events = collectEvents(t, app)

  for (const name of ['limited', 'broken', 'cached', 'tell']) await app.inject(modernCall(name))

  t.strictSame(events.requests.map(({ outcome }) => outcome), ['tool_error', 'crash', 'ok', 'ok'])
})

t.test('a middleware finds that the client has left', async (t) => {
  const begun = createGate()
  const ended = createGate<unknown>()
  const server = new McpServer({ name: 'Notes', version: '1.0.0' })
  server.use(async (ctx, next) => {
    const result = await next()
    if (ctx.method === 'tools/call') ended.open(ctx.outcome)
    return result
  })
  server.registerTool('work', {}, async (_args, { signal }) => {
    begun.open()
    await once(signal, 'abort')
    return 'done'
  })
  const { app } = await createApp(t, { server })
  const headers = await openSession(app)

  const answer = app.inject(legacy('tools/call', { name: 'work' }, { id: 5, headers }))
  await begun.promise
  await post(app, { jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 5 } }, headers)
  await answer

  t.equal(await ended.promise, 'cancelled')
})

t.test('a subscriber that comes later gets what begins then', async (t) => {
  const { app } = await createApp(t)
  await app.inject(initialize())

  const events = collectEvents(t, app)
  await app.inject(modernCall('echo', { text: 'a' }))

  t.strictSame(events.requests.map(({ method }) => method), ['tools/call'])
})
