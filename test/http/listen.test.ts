import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import { setImmediate as nextTurn } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { McpServer, ResourceTemplate, RpcError, type McpServerOptions } from '../../lib/index.ts'
import { findMounted } from '../../lib/registry.ts'
import { createApp, createHost, modern, mount, SERVER_META, type AppOptions, type Envelope, type Post } from '../support/app.ts'
import { partsOf } from '../support/parts.ts'
import { createGate, listen, readFrames, send, sendAlone, until } from '../support/stream.ts'

const ALL = Object.freeze({ toolsListChanged: true, promptsListChanged: true, resourcesListChanged: true, resourceSubscriptions: ['notes://a', 'notes://b'] })
const KEY = 'io.modelcontextprotocol/subscriptionId'

function createListedNotes (options: McpServerOptions<undefined> = {}): McpServer {
  const server = new McpServer({ name: 'Notes', version: '1.0.0' }, options)
  server.registerTool('echo', {}, () => 'a')
  server.registerPrompt('ask', {}, () => 'a')
  server.registerResource('a', 'notes://a', {}, () => 'a')
  return server
}

function ask (notifications: unknown, { headers = {}, ...envelope }: Envelope = {}): Post {
  return modern(
    'subscriptions/listen',
    { notifications },
    { ...envelope, headers: { accept: 'application/json, text/event-stream', ...headers } }
  )
}

/** An open subscription. `next()` resolves to its next message, or to undefined at its end. */
interface Listening { readonly response: Response, next (): Promise<unknown> }

async function listenTo (address: string, notifications: unknown, envelope?: Envelope): Promise<Listening> {
  const response = await send(address, ask(notifications, envelope))
  const frames = readFrames(response)
  const next = async (): Promise<unknown> => {
    const { value } = await frames.next()
    if (value === undefined) return undefined
    const data = /^event: message\ndata: (.*)$/.exec(value)?.[1]
    return data === undefined ? next() : JSON.parse(data)
  }
  return { response, next }
}

const acknowledged = (notifications: object, id: string | number = 1) => ({
  jsonrpc: '2.0', method: 'notifications/subscriptions/acknowledged', params: { _meta: { [KEY]: id }, notifications }
})
const changed = (kind: string, id: string | number = 1) => ({ jsonrpc: '2.0', method: `notifications/${kind}/list_changed`, params: { _meta: { [KEY]: id } } })
const updated = (uri: string, id: string | number = 1) => ({
  jsonrpc: '2.0',
  method: 'notifications/resources/updated',
  params: { _meta: { [KEY]: id }, uri }
})
const ended = (id: string | number = 1) => ({
  jsonrpc: '2.0',
  id,
  result: { resultType: 'complete', _meta: { ...SERVER_META, [KEY]: id } }
})
const refused = (code: number, message: string, id: string | number = 1) => ({
  jsonrpc: '2.0',
  id,
  error: { code, message }
})

async function createListening (t: Test, options: AppOptions = {}) {
  const server = options.server ?? createListedNotes()
  const { app, logLines } = await createApp(t, { ...options, server })
  const address = await listen(app)
  const mounted = app.mcp.get('Notes')
  return { app, logLines, server, address, mounted, subscriptions: partsOf(mounted).changes.subscriptions }
}

t.test('a client receives the acknowledgement first, and then each change until the app closes', async (t) => {
  const { app, server, address, mounted } = await createListening(t)
  const { response, next } = await listenTo(address, ALL, { id: 'listen-1' })

  t.equal(response.status, 200)
  t.equal(response.headers.get('content-type'), 'text/event-stream')
  t.strictSame(await next(), acknowledged(ALL, 'listen-1'))

  mounted.notify.toolsChanged()
  t.strictSame(await next(), changed('tools', 'listen-1'))
  mounted.notify.promptsChanged()
  t.strictSame(await next(), changed('prompts', 'listen-1'))
  mounted.notify.resourcesChanged()
  t.strictSame(await next(), changed('resources', 'listen-1'))
  mounted.notify.resourceUpdated('notes://c')
  mounted.notify.resourceUpdated('notes://b')
  t.strictSame(await next(), updated('notes://b', 'listen-1'))

  const tool = server.registerTool('later', {}, () => 'a')
  t.strictSame(await next(), changed('tools', 'listen-1'))
  for (const change of [
    () => tool.disable(), () => tool.enable(), () => tool.update({ title: 'Later' }), () => tool.remove()
  ]) {
    change()
    t.strictSame(await next(), changed('tools', 'listen-1'))
  }
  server.registerPrompt('later', {}, () => 'a')
  t.strictSame(await next(), changed('prompts', 'listen-1'))
  server.registerResource('b', 'notes://b', {}, () => 'a')
  t.strictSame(await next(), changed('resources', 'listen-1'))
  server.registerResource('c', new ResourceTemplate('note://{id}'), {}, () => 'a')
  t.strictSame(await next(), changed('resources', 'listen-1'))

  await Promise.all([app.close(), (async () => {
    t.strictSame(await next(), ended('listen-1'))
    t.equal(await next(), undefined)
  })()])
})

t.test('a client receives no changes that it did not subscribe to', async (t) => {
  const { address, mounted } = await createListening(t)
  const { next } = await listenTo(address, {
    promptsListChanged: true,
    toolsListChanged: false,
    resourceSubscriptions: []
  })
  t.strictSame(await next(), acknowledged({ promptsListChanged: true }))

  mounted.notify.toolsChanged()
  mounted.notify.resourcesChanged()
  mounted.notify.resourceUpdated('notes://a')
  mounted.notify.promptsChanged()

  t.strictSame(await next(), changed('prompts'))
})

t.test('a burst of equal changes is sent as one message', async (t) => {
  const { address, mounted, server } = await createListening(t)
  const { next } = await listenTo(address, ALL)
  await next()

  for (let number = 0; number < 100; number++) {
    server.registerTool(`tool-${number}`, {}, () => 'a')
    mounted.notify.resourceUpdated('notes://a')
  }
  await nextTurn()
  mounted.notify.promptsChanged()

  t.strictSame([await next(), await next(), await next()], [changed('tools'), updated('notes://a'), changed('prompts')])
})

t.test('the acknowledgement comes first, even if a change happens before it', async (t) => {
  const server: McpServer = createListedNotes({
    authorizeSubscription (uri, ctx) {
      ctx.notifyResourceUpdated(uri)
      server.registerTool('later', {}, () => 'a')
      return true
    }
  })
  const { address } = await createListening(t, { server })

  const { next } = await listenTo(address, { toolsListChanged: true, resourceSubscriptions: ['notes://a'] })

  t.strictSame(
    [await next(), await next(), await next()],
    [acknowledged({ toolsListChanged: true, resourceSubscriptions: ['notes://a'] }), updated('notes://a'), changed('tools')]
  )
})

t.test('a tool notifies clients of a resource that it has changed', async (t) => {
  const server = createListedNotes()
  server.registerTool('change', {}, (_args, ctx) => {
    ctx.notifyResourceUpdated('notes://a')
    return 'changed'
  })
  const { app, address } = await createListening(t, { server })
  const { next } = await listenTo(address, ALL)
  await next()

  await app.inject(modern('tools/call', { name: 'change' }))
  t.strictSame(await next(), updated('notes://a'))

  await app.mcp.get('Notes').call('change')
  t.strictSame(await next(), updated('notes://a'))
})

t.test('every mount of a definition sends its changes, and each mount also sends its own', async (t) => {
  const { app } = createHost(t)
  const server = createListedNotes()
  await mount(app, { server, prefix: '/one', name: 'One' })
  await mount(app, { server, prefix: '/two', name: 'Two' })
  const address = await listen(app)
  const one = await listenTo(address, ALL, { url: '/one/mcp' })
  const two = await listenTo(address, ALL, { url: '/two/mcp' })
  await Promise.all([one.next(), two.next()])

  server.registerTool('later', {}, () => 'a')
  t.strictSame([await one.next(), await two.next()], [changed('tools'), changed('tools')])

  app.mcp.get('One').notify.promptsChanged()
  await nextTurn()
  server.registerTool('latest', {}, () => 'a')
  t.strictSame(
    [await one.next(), await one.next(), await two.next()],
    [changed('prompts'), changed('tools'), changed('tools')]
  )
})

t.test('the acknowledgement lists only changes that the server can send', async (t) => {
  const server = new McpServer({ name: 'Notes', version: '1.0.0' })
  server.registerTool('echo', {}, () => 'a')
  const { address } = await createListening(t, { server })

  const { next } = await listenTo(address, ALL)

  t.strictSame(await next(), acknowledged({ toolsListChanged: true }))
})

t.test('a stream that could never carry a change ends at once', async (t) => {
  const server = new McpServer({ name: 'Notes', version: '1.0.0' })
  const { address, mounted, subscriptions } = await createListening(t, { server })

  for (const notifications of [ALL, {}]) {
    const { response, next } = await listenTo(address, notifications)
    t.equal(response.headers.get('content-type'), 'text/event-stream')
    t.strictSame([await next(), await next(), await next()], [acknowledged({}), ended(), undefined])
  }
  await until(() => mounted.stats().streams === 0)
  t.equal(subscriptions.size, 0)
})

t.test('the acknowledgement leaves out resources that the caller may not watch', async (t) => {
  const asked: unknown[] = []
  const server = createListedNotes({
    async authorizeSubscription (uri, ctx) {
      asked.push([uri, ctx.method, ctx.era, ctx.request?.url])
      await ctx.info('nobody can hear this')
      return uri !== 'notes://b'
    }
  })
  const { address } = await createListening(t, { server })

  const { next } = await listenTo(address, ALL)

  t.strictSame(await next(), acknowledged({ ...ALL, resourceSubscriptions: ['notes://a'] }))
  t.strictSame(asked, [['notes://a', 'subscriptions/listen', 'modern', '/mcp'], ['notes://b', 'subscriptions/listen', 'modern', '/mcp']])
})

t.test('a request that the server refuses gets an error and frees its place', async (t) => {
  const server = createListedNotes({
    authorizeSubscription (uri) {
      if (uri === 'notes://a') throw new RpcError(4100, 'Sign in first', { at: '/login' })
      throw new Error('the database is gone')
    }
  })
  const { app, subscriptions, mounted, logLines } = await createListening(t, { server })

  const malformed = await app.inject(ask({ toolsListChanged: 1 }))
  t.equal(malformed.statusCode, 400)
  t.strictSame(
    malformed.json(),
    refused(-32602, "Invalid params: 'notifications.toolsListChanged' must be true or false")
  )
  const missing = await app.inject(ask(undefined, { id: 'x' }))
  t.strictSame(
    missing.json(),
    refused(-32602, "Invalid params: subscriptions/listen needs 'notifications', an object", 'x')
  )

  const own = await app.inject(ask({ resourceSubscriptions: ['notes://a'] }))
  t.strictSame(own.json(), {
    jsonrpc: '2.0',
    id: 1,
    error: { code: 4100, message: 'Sign in first', data: { at: '/login' } }
  })
  const unexpected = await app.inject(ask({ resourceSubscriptions: ['notes://b'] }))
  t.match(unexpected.json(), { error: { code: -32603, message: /authorizing a subscription/ } })
  t.match(logLines.find(({ level }) => level === 50), { err: { message: 'the database is gone' } })

  t.equal(subscriptions.size, 0)
  t.equal(mounted.stats().streams, 0)
})

t.test('a client that does not accept streams gets 406', async (t) => {
  const { app } = await createListening(t)

  const response = await app.inject(ask(ALL, { id: 7, headers: { accept: 'application/json' } }))

  t.equal(response.statusCode, 406)
  t.strictSame(
    response.json(),
    refused(-32600, 'Not Acceptable: subscriptions/listen is answered with text/event-stream', 7)
  )
})

t.test('a mount with jsonResponse neither serves the method nor announces changes', async (t) => {
  const { app } = await createListening(t, { jsonResponse: true })

  const response = await app.inject(ask(ALL))
  const discovered = await app.inject(modern('server/discover'))

  t.equal(response.statusCode, 404)
  t.strictSame(response.json(), refused(-32601, 'Method not found: subscriptions/listen'))
  t.strictSame(discovered.json().result.capabilities, { tools: {}, prompts: {}, resources: {}, logging: {} })
})

t.test('a mount announces the changes that it can send, with and without sessions', async (t) => {
  for (const stateless of [false, true]) {
    const { app } = await createListening(t, { stateless })
    const discovered = await app.inject(modern('server/discover'))
    t.strictSame(discovered.json().result.capabilities, {
      tools: { listChanged: true },
      prompts: { listChanged: true },
      resources: { subscribe: true, listChanged: true },
      logging: {}
    })
  }
})

t.test('beyond maxStreams a client gets 503 with Retry-After, and a freed place can be taken again', async (t) => {
  const { app, address, subscriptions } = await createListening(t, { maxStreams: 2 })
  const first = sendAlone(address, ask(ALL))
  await Promise.all([once(first, 'response'), listenTo(address, ALL)])

  const response = await app.inject(ask(ALL, { id: 'third' }))
  t.equal(response.statusCode, 503)
  t.equal(response.headers['retry-after'], '30')
  t.strictSame(response.json(), refused(-32603, 'Too many open streams: 2; try again later', 'third'))

  first.destroy()
  await until(() => subscriptions.size === 1)
  const { next } = await listenTo(address, ALL)
  t.strictSame(await next(), acknowledged(ALL))
})

t.test('streams that are dropped leave nothing behind', async (t) => {
  const { address, mounted, subscriptions } = await createListening(t)
  const requests = Array.from({ length: 50 }, () => sendAlone(address, ask(ALL)))
  await Promise.all(requests.map((request) => once(request, 'response')))
  t.equal(subscriptions.size, 50)
  t.equal(mounted.stats().streams, 50)

  for (const request of requests) request.destroy()

  await until(() => mounted.stats().streams === 0)
  t.equal(subscriptions.size, 0)
  t.equal(subscriptions.topics, 0)
})

t.test('200 streams end with their results when the app closes', async (t) => {
  const { app, address, mounted, subscriptions } = await createListening(t)
  const streams = await Promise.all(Array.from({ length: 200 }, (_none, id) => listenTo(address, ALL, { id })))
  t.equal(subscriptions.size, 200)

  const closed = app.close()
  const messages = await Promise.all(streams.map(async ({ next }) => [await next(), await next(), await next()]))
  await closed

  t.strictSame(messages, streams.map((_stream, id) => [acknowledged(ALL, id), ended(id), undefined]))
  t.equal(mounted.stats().streams, 0)
  t.equal(subscriptions.size, 0)
})

t.test('a change to many streams reaches all of them', async (t) => {
  const { address, mounted } = await createListening(t)
  const streams = await Promise.all(
    Array.from({ length: 100 }, (_none, id) => listenTo(address, { toolsListChanged: true }, { id }))
  )

  mounted.notify.toolsChanged()

  t.strictSame(
    await Promise.all(streams.map(async ({ next }) => [await next(), await next()])),
    streams.map((_stream, id) => [acknowledged({ toolsListChanged: true }, id), changed('tools', id)])
  )
})

t.test('a client that leaves before its stream begins leaves nothing behind', async (t) => {
  const asked = createGate()
  const aborted = createGate<unknown>()
  const { address, mounted, subscriptions } = await createListening(t, {
    server: createListedNotes({
      authorizeSubscription: (_uri, { signal }) => new Promise((resolve) => {
        signal.addEventListener('abort', () => { aborted.open(signal.reason); resolve(true) })
        asked.open()
      })
    })
  })
  const request = sendAlone(address, ask({ resourceSubscriptions: ['notes://a'] }))
  await asked.promise
  t.equal(subscriptions.size, 1)

  request.destroy()

  t.match(await aborted.promise, { message: 'The client closed the connection' })
  await until(() => subscriptions.size === 0)
  t.equal(mounted.stats().streams, 0)
})

t.test('a signal that is read after the client has left is already aborted', async (t) => {
  const asked = createGate()
  const left = createGate()
  const seen = createGate<boolean>()
  const { address, mounted } = await createListening(t, {
    server: createListedNotes({
      async authorizeSubscription (_uri, ctx) {
        asked.open()
        await left.promise
        seen.open(ctx.signal.aborted)
        return true
      }
    })
  })
  const request = sendAlone(address, ask({ resourceSubscriptions: ['notes://a'] }))
  await asked.promise

  request.destroy()
  await until(() => mounted.stats().streams === 0)
  left.open()

  t.equal(await seen.promise, true)
})

t.test('an app that closes does not wait for a stream that has not begun', async (t) => {
  const asked = createGate()
  const aborted = createGate<unknown>()
  const { app, address, subscriptions } = await createListening(t, {
    server: createListedNotes({
      authorizeSubscription: (_uri, { signal }) => new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => { aborted.open(signal.reason); reject(new RpcError(4100, 'too late')) })
        asked.open()
      })
    })
  })
  const sent = send(address, ask(ALL))
  await asked.promise

  const [response] = await Promise.all([sent, app.close()])

  t.equal(response.status, 503)
  t.strictSame(await response.json(), refused(-32603, 'The server is shutting down; send the request again'))
  t.match(await aborted.promise, { message: 'The server is shutting down' })
  await until(() => subscriptions.size === 0)
})

t.test('a request that arrives after the streams have ended gets no stream', async (t) => {
  const { app, mounted, subscriptions } = await createListening(t)
  await findMounted(mounted).drain()

  const response = await app.inject(ask(ALL))

  t.equal(response.statusCode, 503)
  await until(() => subscriptions.size === 0)
  t.equal(mounted.stats().streams, 0)
})

t.test('a silent stream is kept open by comments', async (t) => {
  const asked = createGate()
  const allowed = createGate<boolean>()
  const server = createListedNotes({ authorizeSubscription: () => { asked.open(); return allowed.promise } })
  const { address, mounted } = await createListening(t, { server })
  const sent = send(address, ask(ALL))
  await asked.promise

  partsOf(mounted).streams.beat()
  allowed.open(true)
  const frames = readFrames(await sent)
  t.equal((await frames.next()).value, ': open')
  await frames.next()
  partsOf(mounted).streams.beat()

  t.equal((await frames.next()).value, ': keep-alive')
})

t.test('an onSend hook that fails leaves no stream open', async (t) => {
  const { app } = createHost(t)
  app.addHook('onSend', async (_request, reply) => {
    if (String(reply.getHeader('content-type')).startsWith('text/event-stream')) throw new Error('no streams here')
  })
  await mount(app, { server: createListedNotes() })
  const address = await listen(app)
  const mounted = app.mcp.get('Notes')

  const response = await send(address, ask(ALL))

  t.equal(response.status, 500)
  t.match(await response.json(), { error: { code: -32603 } })
  await until(() => mounted.stats().streams === 0)
  t.equal(partsOf(mounted).changes.subscriptions.size, 0)
})

t.test('a middleware can narrow the acknowledged changes, and a wrong result of it is an internal error', async (t) => {
  const narrowing = createListedNotes().use(async (ctx, next) =>
    ctx.method === 'subscriptions/listen' ? { notifications: { toolsListChanged: true } } : next()
  )
  const narrowed = await createListening(t, { server: narrowing })
  const { next } = await listenTo(narrowed.address, ALL)
  t.strictSame(await next(), acknowledged({ toolsListChanged: true }))

  const broken = await createListening(t, { server: createListedNotes().use(() => ({})) })
  const response = await broken.app.inject(ask(ALL))
  t.strictSame(response.json(), refused(-32603, 'Internal error'))
  t.match(broken.logLines.find(({ level }) => level === 50), { err: { message: /the result of subscriptions\/listen is not a filter/ } })
  t.equal(broken.subscriptions.size, 0)
})

t.test('a stream that its client does not read is cut and frees its place', async (t) => {
  const { address, mounted, subscriptions, logLines } = await createListening(t, { maxBuffered: 1000 })
  const uri = `notes://${'a'.repeat(8000)}`
  const request = sendAlone(address, ask({ resourceSubscriptions: [uri] }))
  const [response] = await once(request, 'response') as [IncomingMessage]
  response.pause()

  let unread = 0
  await until(() => {
    mounted.notify.resourceUpdated(uri)
    unread = Math.max(unread, mounted.stats().unreadBytes)
    return subscriptions.size === 0
  })
  await until(() => mounted.stats().unreadBytes === 0)

  t.ok(unread > 1000)
  t.match(logLines.find(({ level }) => level === 40), { msg: /^stream cut/ })
  request.destroy()
})

t.test('a caller that lacks a scope of a resource gets 403 in place of a stream', async (t) => {
  const server = createListedNotes()
  server.registerResource('b', 'notes://b', { scopes: ['notes:read'] }, () => 'b')
  const { app, subscriptions } = await createListening(t, { server })

  const response = await app.inject(ask(ALL))

  t.equal(response.statusCode, 403)
  t.same(response.json(), {
    jsonrpc: '2.0',
    id: 1,
    error: {
      code: 6750,
      message: 'Insufficient scope: the request needs notes:read',
      data: { requiredScopes: ['notes:read'] }
    }
  })
  t.equal(subscriptions.size, 0)
})

t.test('a client receives no updates of a resource that is hidden from it', async (t) => {
  const server = createListedNotes()
  server.registerResource('b', 'notes://b', { visible: ({ request }) => request?.headers['x-user'] === 'ann' }, () => 'b')
  const { address, mounted } = await createListening(t, { server })
  const watched = { resourceSubscriptions: ['notes://b', 'notes://a', 'notes://none'] }
  const ann = await listenTo(address, watched, { headers: { 'x-user': 'ann' } })
  const bob = await listenTo(address, watched)
  t.strictSame(await ann.next(), acknowledged({ resourceSubscriptions: ['notes://b', 'notes://a'] }))
  t.strictSame(await bob.next(), acknowledged({ resourceSubscriptions: ['notes://a'] }))

  for (const uri of ['notes://none', 'notes://b', 'notes://a']) mounted.notify.resourceUpdated(uri)

  t.strictSame(await ann.next(), updated('notes://b'))
  t.strictSame(await bob.next(), updated('notes://a'))
})
