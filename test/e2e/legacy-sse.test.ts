// The official clients over HTTP+SSE.
import { connect as connectSocket } from 'node:net'
import { Client as ClientV2, SSEClientTransport as SseV2 } from '@modelcontextprotocol/client'
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import type { OAuthClientProvider } from '@modelcontextprotocol/sdk/client/auth.js'
import { SSEClientTransport } from '@modelcontextprotocol/sdk/client/sse.js'
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js'
import {
  CreateMessageRequestSchema,
  ElicitRequestSchema,
  ListRootsRequestSchema,
  LoggingMessageNotificationSchema,
  ResourceUpdatedNotificationSchema,
  ToolListChangedNotificationSchema
} from '@modelcontextprotocol/sdk/types.js'
import Fastify, { type FastifyInstance } from 'fastify'
import t, { type Test } from 'tap'
import mcpPlugin, { jwtVerifier, McpServer, Type, type McpMountOptions } from '../../lib/index.ts'
import { forms } from '../support/sdk-forms.ts'
import { partsOf } from '../support/parts.ts'
import { createGate, until } from '../support/stream.ts'
import { createAuthProvider, type Kept } from '../support/oauth-client.ts'
import { CLIENT, createAuthorizationServer, signIn } from './authorization-server.ts'
import { failureOf } from '../support/clients.ts'
import { createEverything } from '../support/everything.ts'

const INFO = { name: 'e2e', version: '1.0.0' }

async function listen (t: Test, options: McpMountOptions): Promise<FastifyInstance> {
  const app = Fastify()
  t.teardown(() => app.close())
  app.register(mcpPlugin, options)
  await app.listen({ port: 0 })
  return app
}

interface Connected {
  readonly app: FastifyInstance
  readonly url: URL
  readonly client: Client
  readonly transport: SSEClientTransport
}

/** Connects a v1 client with all capabilities to an app with one mount. */
async function connect (
  t: Test,
  server: McpMountOptions['server'],
  { prepare, ...options }: Partial<McpMountOptions> & { prepare?: (client: Client) => void } = {}
): Promise<Connected> {
  const app = await listen(t, { name: 'Old', server, legacySse: true, ...options })
  const url = new URL(app.mcp.get('Old').url.replace(/mcp$/, 'sse'))
  const client = new Client(INFO, { capabilities: { elicitation: {}, sampling: {}, roots: {} } })
  prepare?.(client)
  const transport = new SSEClientTransport(url)
  // Its optional fields are not declared for exactOptionalPropertyTypes.
  await client.connect(transport as Transport)
  t.teardown(() => client.close())
  return { app, url, client, transport }
}

t.test('the v1 client uses every feature over HTTP+SSE', async (t) => {
  const logs: unknown[] = []
  const progress: unknown[] = []
  const server = createEverything()
  // This client drops progress that it reads together with the result.
  const read = createGate()
  server.registerTool('step', {}, async (_args, ctx) => {
    await ctx.reportProgress(1, 2, 'half')
    await read.promise
    return 'done'
  })
  const { client } = await connect(t, server, {
    prepare: (client) =>
      client.setNotificationHandler(LoggingMessageNotificationSchema, ({ params }) => { logs.push(params) })
  })

  t.match(client.getServerVersion(), { name: 'Everything' })
  t.match(client.getServerCapabilities(), { tools: { listChanged: true }, resources: { subscribe: true } })
  t.same((await client.callTool({ name: 'greet', arguments: { name: 'Ann' } })).content, [
    { type: 'text', text: 'Hello, Ann!' }
  ])
  t.match(await client.callTool({ name: 'refuse' }), { isError: true })
  t.same(await failureOf(client.callTool({ name: 'nothing' })), {
    code: -32602,
    message: 'Unknown tool: nothing',
    data: undefined
  })
  await client.callTool({ name: 'step' }, undefined, { onprogress: (step) => { progress.push(step); read.open() } })
  t.same(progress, [{ progress: 1, total: 2, message: 'half' }])
  await client.setLoggingLevel('error')
  await client.callTool({ name: 'chat' })
  t.same(logs, [{ level: 'error', data: 'a failure' }])
  t.match(await client.readResource({ uri: 'everything://about' }), { contents: [{ text: '# Everything' }] })
  t.match(await client.getPrompt({ name: 'translate', arguments: { text: 'a', language: 'greek' } }), {
    messages: [{ content: { text: 'Translate to greek: a' } }]
  })
  t.same(
    (
      await client.complete({
        ref: { type: 'ref/prompt', name: 'translate' },
        argument: { name: 'language', value: 'g' }
      })
    ).completion.values,
    ['german', 'greek']
  )
  t.same(await client.ping(), {})
})

t.test('the v1 client answers questions during a call', async (t) => {
  const server = new McpServer({ name: 'Asking', version: '1.0.0' })
  server.registerTool('ask', {}, async (_args, ctx) => {
    const answer = await ctx.elicit('Your name?', Type.Object({ name: Type.String() }))
    const { content } = await ctx.sample({
      messages: [{ role: 'user', content: { type: 'text', text: 'Hi' } }],
      maxTokens: 10
    })
    const roots = await ctx.listRoots()
    return JSON.stringify([answer, content, roots])
  })
  const { client } = await connect(t, server, {
    prepare (client) {
      client.setRequestHandler(ElicitRequestSchema, () => ({ action: 'accept', content: { name: 'Ann' } }))
      client.setRequestHandler(CreateMessageRequestSchema, () => ({
        role: 'assistant',
        model: 'm',
        content: { type: 'text', text: 'Hello' }
      }))
      client.setRequestHandler(ListRootsRequestSchema, () => ({ roots: [{ uri: 'file:///a' }] }))
    }
  })

  const { content } = await client.callTool({ name: 'ask' })

  t.same(content, [
    {
      type: 'text',
      text: JSON.stringify([
        { action: 'accept', content: { name: 'Ann' } },
        { type: 'text', text: 'Hello' },
        [{ uri: 'file:///a' }]
      ])
    }
  ])
})

t.test('the v1 client receives changes', async (t) => {
  const tools = createGate()
  const updated = createGate<string>()
  const server = createEverything()
  const { client } = await connect(t, server, {
    prepare (client) {
      client.setNotificationHandler(ToolListChangedNotificationSchema, () => tools.open())
      client.setNotificationHandler(ResourceUpdatedNotificationSchema, ({ params }) => updated.open(params.uri))
    }
  })

  await client.subscribeResource({ uri: 'everything://about' })
  server.registerTool('late', {}, (_args, ctx) => { ctx.notifyResourceUpdated('everything://about'); return 'done' })
  await tools.promise
  await client.callTool({ name: 'late' })

  t.equal(await updated.promise, 'everything://about')
})

t.test('a call that the v1 client cancels aborts ctx.signal', async (t) => {
  const started = createGate()
  const aborted = createGate()
  const server = createEverything()
  server.registerTool('wait', {}, async (_args, { signal }) => {
    signal.addEventListener('abort', () => aborted.open())
    started.open()
    await aborted.promise
    return 'never read'
  })
  const { client } = await connect(t, server)
  const controller = new AbortController()
  const call = client.callTool({ name: 'wait' }, undefined, { signal: controller.signal })

  await started.promise
  controller.abort('changed my mind')

  await t.rejects(call, /changed my mind/)
  await aborted.promise
  t.same(await client.ping(), {})
})

for (const { title, create } of forms.filter(({ stateless }) => stateless !== true)) {
  t.test(`the v1 client uses ${title}`, async (t) => {
    const { app, client } = await connect(t, create())

    t.match(await client.callTool({ name: 'add', arguments: { a: 1, b: 2 } }), { structuredContent: { sum: 3 } })
    t.match(await client.callTool({ name: 'fail' }), { isError: true })
    t.match(await client.readResource({ uri: 'note://1' }), { contents: [{ uri: 'note://1' }] })
    t.match(await client.listTools(), { tools: [{ name: 'add' }, { name: 'fail' }] })
    await client.close()
    await until(() => app.mcp.get('Old').sessions.size === 0)
  })
}

t.test('the v2 client calls a tool over HTTP+SSE', async (t) => {
  const app = await listen(t, { server: createEverything(), legacySse: true })
  const client = new ClientV2(INFO, { versionNegotiation: { mode: 'legacy' } })
  await client.connect(new SseV2(new URL(app.mcp.get('Everything').url.replace(/mcp$/, 'sse'))))
  t.teardown(() => client.close())

  t.same((await client.callTool({ name: 'greet', arguments: { name: 'Ann' } })).content, [
    { type: 'text', text: 'Hello, Ann!' }
  ])
  t.equal(client.getNegotiatedProtocolVersion(), '2025-11-25')
})

t.test('a client that tries Streamable HTTP first gets 405 and falls back to HTTP+SSE', async (t) => {
  const app = await listen(t, { server: createEverything(), legacySse: true })
  const url = new URL(app.mcp.get('Everything').url.replace(/mcp$/, 'sse'))
  const client = new Client(INFO)
  t.teardown(() => client.close())

  const error = await failureOf(client.connect(new StreamableHTTPClientTransport(url) as Transport))
  await client.connect(new SSEClientTransport(url) as Transport)

  t.equal(error.code, 405)
  t.same((await client.callTool({ name: 'greet', arguments: { name: 'Ann' } })).content, [
    { type: 'text', text: 'Hello, Ann!' }
  ])
})

t.test('a client that lost its connection reconnects automatically with a new session', async (t) => {
  const { app, client } = await connect(t, createEverything())
  const { sessions } = partsOf(app.mcp.get('Old'))
  const [lost] = sessions
  client.onerror = () => {}

  // As a proxy does.
  const opened = new Promise<void>((resolve) => { app.mcp.get('Old').sessions.once('opened', () => resolve()) })
  app.server.closeAllConnections()
  await opened
  await until(() => sessions.size === 1)
  const [found] = sessions
  await until(() => found?.listening?.isAttached === true)

  t.not(found?.sessionId, lost?.sessionId)
  // It learns of its new URL from the stream, which is on its way.
  await t.resolves(retry(() => client.callTool({ name: 'greet', arguments: { name: 'Ann' } })))
})

async function retry<T> (call: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await call()
    } catch {
      await new Promise(setImmediate)
    }
  }
}

t.test('an app that closes ends the streams and the sessions of its clients', async (t) => {
  const { app, client } = await connect(t, createEverything())
  const lost = createGate()
  client.onerror = () => lost.open()

  await app.close()

  await lost.promise
  t.match(app.mcp.get('Old').stats(), { sessions: 0, exchanges: 0, streams: 0 })
})

t.test('a client that reads slowly stays connected, because the handler waits for it', async (t) => {
  const server = new McpServer({ name: 'Talk', version: '1.0.0' })
  let sent = 0
  const done = createGate<boolean>()
  server.registerTool('talk', {}, async (_args, ctx) => {
    for (; sent < 200 && !ctx.signal.aborted; sent++) await ctx.info('x'.repeat(100_000))
    done.open(ctx.signal.aborted)
    return 'said'
  })
  const app = await listen(t, { name: 'Old', server, legacySse: true, maxBuffered: 200_000 })
  const { url } = app.mcp.get('Old')
  const { sessions } = partsOf(app.mcp.get('Old'))
  const socket = connectSocket(Number(new URL(url).port), 'localhost')
  t.teardown(() => socket.destroy())
  socket.pause().write('GET /sse HTTP/1.1\r\nHost: localhost\r\n\r\n')
  await until(() => sessions.size === 1)
  const [session] = sessions
  await app.inject({
    method: 'POST',
    url: `/messages?sessionId=${session?.sessionId}`,
    payload: { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'talk' } }
  })

  await until(() => sent > 0)
  const heldBack = sent < 200
  socket.resume()

  t.ok(heldBack)
  t.notOk(await done.promise)
})

t.test('the v1 client calls a protected tool after discovery, registration and consent, with the URL of its stream as resource', async (t) => {
  const { issuer } = await createAuthorizationServer(t, 'jwt')
  const server = new McpServer({ name: 'Notes', version: '1.0.0' })
  server.registerTool('who_am_i', {}, (_args, { auth }) => `${auth?.subject} with ${auth?.scopes.join()}`)
  const app = Fastify()
  t.teardown(() => app.close())
  app.register(mcpPlugin, {
    prefix: '/notes',
    server,
    legacySse: true,
    publicUrl: 'https://api.example.com',
    auth: { verify: jwtVerifier({ issuer, typ: 'at+jwt' }), authorizationServers: [issuer], requiredScopes: ['read'] }
  })
  const address = await app.listen({ port: 0, host: '127.0.0.1' })
  const url = new URL('https://api.example.com/notes/sse')
  const kept: Kept = { verifier: '' }
  const options = {
    fetch: (input: string | URL, init?: RequestInit) => fetch(String(input).replace(url.origin, address), init),
    // The cast holds, because the client itself stored these values.
    authProvider: createAuthProvider(kept, CLIENT) as unknown as OAuthClientProvider
  }
  const client = new Client(INFO)
  t.teardown(() => client.close())
  const first = new SSEClientTransport(url, options)

  await t.rejects(new Client(INFO).connect(first as Transport), { message: 'Unauthorized' })
  t.match(Object.fromEntries(kept.authorizationUrl?.searchParams ?? []), { resource: url.href })
  const params = await signIn(kept.authorizationUrl ?? new URL('about:blank'), 'ann')
  await first.finishAuth(String(params.get('code')))
  await client.connect(new SSEClientTransport(url, options) as Transport)

  t.same((await client.callTool({ name: 'who_am_i' })).content, [{ type: 'text', text: 'ann with read' }])
})
