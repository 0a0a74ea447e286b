import { LOG_LEVEL_META_KEY, type Client as ClientV2 } from '@modelcontextprotocol/client'
import {
  LoggingMessageNotificationSchema,
  ResourceUpdatedNotificationSchema,
  ToolListChangedNotificationSchema
} from '@modelcontextprotocol/sdk/types.js'
import t from 'tap'
import { createMemoryEventStore, McpServer, type AuthInfo } from '../../lib/index.ts'
import { createTestClient, injectFetch } from '../../lib/testing.ts'
import { createServer } from '../support/app.ts'
import { createEverything } from '../support/everything.ts'
import { definitions } from '../e2e/talk/definitions.ts'
import { createGate, until } from '../support/stream.ts'
import { callTool, connect, createMounts, KINDS, type Client } from './clients.ts'

/** Creates what a server of the talk suites needs, and collects its notes. */
function createProps () {
  const notes: string[] = []
  return { notes, note: (text: string) => { notes.push(text) }, pass: async () => {} }
}

const BILL: AuthInfo = {
  token: 'bill',
  clientId: 'app',
  scopes: [],
  issuer: 'https://auth.example.com',
  subject: 'bill'
}
const ANN: AuthInfo = { ...BILL, token: 'ann', subject: 'ann' }
const WITH_TOKENS = {
  publicUrl: 'https://api.example.com',
  auth: {
    verify: (token: string) => [ANN, BILL].find((info) => info.token === token) ?? null,
    authorizationServers: ['https://auth.example.com']
  }
}

for (const [title, options] of KINDS) {
  t.test(`${title} calls tools and receives complete results and errors`, async (t) => {
    const { app } = createMounts(t, { server: createEverything() })
    const client = await connect(t, app, options)

    t.match(await callTool(client, 'greet', { name: 'Ann', times: 2 }), {
      content: [{ type: 'text', text: 'Hello, Ann!Hello, Ann!' }]
    })
    t.match(await callTool(client, 'weather', { city: 'Bern' }), { structuredContent: { city: 'Bern', celsius: 21 } })
    t.match(await callTool(client, 'refuse'), { isError: true, content: [{ text: 'The date must lie in the future' }] })
    t.match(await callTool(client, 'locate', { region: 'north' }), { content: [{ text: /"region":"north"/ }] })
    await t.rejects(callTool(client, 'nothing'), { code: -32602 })
    t.equal(client.getServerVersion()?.name, 'Everything')
  })

  t.test(`${title} receives all progress notifications`, async (t) => {
    const { app } = createMounts(t, { server: createEverything() })
    const client = await connect(t, app, options)
    const progress: object[] = []

    await callTool(client, 'count', { to: 3 }, { onprogress: (step) => { progress.push(step) } })

    t.same(progress, [1, 2, 3].map((n) => ({ progress: n, total: 3, message: `counted to ${n}` })))
  })

  t.test(`${title} lists and reads resources, gets prompts and completes arguments`, async (t) => {
    const { app } = createMounts(t, { server: createEverything() })
    const client = await connect(t, app, options)

    t.match((await client.listResources()).resources[0], { uri: 'everything://about' })
    t.match((await client.listResourceTemplates()).resourceTemplates[0], { uriTemplate: 'city://{name}' })
    t.match(await client.readResource({ uri: 'city://Bern' }), {
      contents: [{ uri: 'city://Bern', text: 'Bern is a city' }]
    })
    t.match(await client.getPrompt({ name: 'farewell', arguments: { name: 'Bob' } }), {
      messages: [{ content: { text: 'Part with Bob.' } }]
    })
    const completed = await client.complete({
      ref: { type: 'ref/prompt', name: 'translate' },
      argument: { name: 'language', value: 'g' }
    })
    t.same(completed.completion.values, ['german', 'greek'])
  })

  t.test(`${title} is asked for forms, pages, samples and roots`, async (t) => {
    const { app } = createMounts(t, { server: definitions.asking(createProps()) })
    const asked: string[] = []
    const client = await connect(t, app, {
      ...options,
      elicit: ({ message, mode }) => {
        asked.push(`${mode ?? 'form'}: ${message}`)
        return { action: 'accept', ...(mode !== 'url' && { content: { name: 'Ann', age: 41 } }) }
      },
      sample: async ({ maxTokens }) => ({
        model: 'm',
        role: 'assistant',
        content: { type: 'text', text: `at most ${maxTokens}` }
      }),
      listRoots: () => [{ uri: 'file:///notes' }]
    })

    t.match(await callTool(client, 'register'), { content: [{ text: 'ANN will be 42' }] })
    t.match(await callTool(client, 'pay'), { content: [{ text: 'accept' }] })
    t.match(await callTool(client, 'think'), { content: [{ text: /at most 10/ }] })
    t.match(await callTool(client, 'roots'), { content: [{ text: '[{"uri":"file:///notes"}]' }] })
    t.same(asked, ['form: Who are you?', 'url: Pay here'])
  })

  t.test(`${title} declares the capabilities that it has handlers for, or those in its options`, async (t) => {
    const server = new McpServer({ name: 'Curious', version: '1.0.0' })
    server.registerTool('who', {}, (_args, { client }) => JSON.stringify(client))
    const { app } = createMounts(t, { server })
    const said = async (client: Client): Promise<unknown> =>
      JSON.parse(((await callTool(client, 'who')) as { content: Array<{ text: string }> }).content[0]?.text ?? '')

    const plain = await connect(t, app, options)
    const rich = await connect(t, app, {
      ...options,
      clientInfo: { name: 'mine', version: '2.0.0' },
      capabilities: { sampling: {} },
      listRoots: () => []
    })

    t.strictSame(await said(plain), { capabilities: {}, info: { name: 'test', version: '1.0.0' } })
    t.strictSame(await said(rich), {
      capabilities: { roots: {}, sampling: {} },
      info: { name: 'mine', version: '2.0.0' }
    })
  })

  t.test(`${title} cancels a call, and the handler's signal is aborted`, async (t) => {
    const props = createProps()
    const { app } = createMounts(t, { server: definitions.slow(props) })
    const client = await connect(t, app, options)
    const controller = new AbortController()
    const call = t.rejects(callTool(client, 'work', {}, { signal: controller.signal }), /enough/)
    await until(() => props.notes.includes('work begins'))

    controller.abort('enough')

    await call
    await until(() => props.notes.some((note) => note.startsWith('work is stopped')))
    await until(() => app.mcp.get('Slow').stats().exchanges === 0)
  })

  t.test(`${title} that closes ends its session and its running calls`, async (t) => {
    const props = createProps()
    const { app } = createMounts(t, { server: definitions.slow(props) })
    const client = await connect(t, app, options)
    const call = t.rejects(callTool(client, 'work'), /closed/i)
    await until(() => props.notes.includes('work begins'))

    await client.close()

    await call
    await until(() => props.notes.some((note) => note.startsWith('work is stopped')))
    await until(() => {
      const { sessions, exchanges, streams } = app.mcp.get('Slow').stats()
      return sessions + exchanges + streams === 0
    })
  })

  t.test(`${title} without the right token is refused, with the whole reply in the error`, async (t) => {
    const { app } = createMounts(t, { server: createServer(), ...WITH_TOKENS })

    const refusal: unknown = await createTestClient(app, 'Notes', { ...options, auth: 'wrong' }).catch(
      (error: unknown) => error
    )

    t.match(refusal, {
      name: 'RefusedError',
      status: 401,
      body: {
        jsonrpc: '2.0',
        id: null,
        error: { code: title.includes('modern') ? -32600 : -32000, message: /^Unauthorized/ }
      },
      message: /^connecting was refused by 401: \{"jsonrpc"/,
      cause: Error
    })
    t.match((refusal as { headers: Headers }).headers.get('www-authenticate'), /^Bearer error="invalid_token"/)
    await t.rejects(createTestClient(app, 'Notes', options), { name: 'RefusedError', status: 401 })
  })

  t.test(`${title} is authenticated by its token`, async (t) => {
    const server = new McpServer({ name: 'Notes', version: '1.0.0' })
    server.registerTool('who', {}, (_args, { auth }) => String(auth?.subject))
    const { app } = createMounts(t, { server, ...WITH_TOKENS })
    const [ann, bill] = await Promise.all([
      connect(t, app, { ...options, auth: 'ann' }),
      connect(t, app, { ...options, auth: 'bill' })
    ])

    const said = await Promise.all([callTool(ann, 'who'), callTool(bill, 'who')])

    t.match(said, [{ content: [{ text: 'ann' }] }, { content: [{ text: 'bill' }] }])
  })

  t.test(`${title} is authenticated by the app itself from its headers`, async (t) => {
    const server = new McpServer({ name: 'Notes', version: '1.0.0' })
    server.registerTool('who', {}, (_args, { auth }) => String(auth?.subject))
    const { app } = createMounts(t, {
      server,
      auth: {
        authenticate: async ({ headers }) =>
          headers['x-user'] === undefined ? null : { ...ANN, subject: String(headers['x-user']) }
      }
    })

    const client = await connect(t, app, { ...options, headers: { 'x-user': 'eve' } })

    t.match(await callTool(client, 'who'), { content: [{ text: 'eve' }] })
    await t.rejects(createTestClient(app, options), { name: 'RefusedError', status: 401 })
  })

  t.test(`${title} is refused if the mount does not serve its Host`, async (t) => {
    const { app, logLines } = createMounts(t, { server: createServer() })

    await t.rejects(createTestClient(app, { ...options, host: 'evil.example' }), {
      name: 'RefusedError',
      status: 421,
      body: { error: { message: 'Invalid Host header' } }
    })
    t.match(logLines.at(-1), { msg: /./ })
    t.ok(logLines.some(({ host }) => host === 'evil.example'))
    t.match(await callTool(await connect(t, app, { ...options, host: 'localhost:8000' }), 'echo', { text: 'a' }), {
      content: [{ text: 'a' }]
    })
  })

  t.test(`${title} is refused if its Host matches no mount`, async (t) => {
    const { app } = createMounts(t, {
      server: createServer(),
      publicUrl: 'https://notes.example.com',
      constraints: { host: 'notes.example.com' }
    })

    await t.rejects(createTestClient(app, 'Notes', { ...options, host: 'localhost' }), {
      name: 'RefusedError',
      status: 404,
      body: { statusCode: 404 }
    })
    await connect(t, app, options)
  })

  t.test(`${title} works in a page of an allowed origin, and in no other`, async (t) => {
    const { app } = createMounts(t, {
      server: createEverything(),
      cors: true,
      allowedOrigins: ['https://app.example.com']
    })
    const progress: object[] = []
    const client = await connect(t, app, { ...options, origin: 'https://app.example.com' })

    t.match(
      await callTool(
        client,
        'count',
        { to: 2 },
        {
          onprogress: (step) => {
            progress.push(step)
          }
        }
      ),
      { content: [{ text: '2 counted' }] }
    )

    t.equal(progress.length, 2)
    await t.rejects(createTestClient(app, { ...options, origin: 'https://evil.example' }), {
      name: 'RefusedError',
      status: 403,
      body: { error: { message: 'Invalid Origin header' } },
      message:
        'a page of https://evil.example may not send its POST: the preflight was answered 403 without ' +
          "'Access-Control-Allow-Origin: https://evil.example'; " +
          "set the mount's 'cors' option, and add the origin to its 'allowedOrigins'"
    })
  })

  t.test(`closing the app ends the streams of ${title} at once`, async (t) => {
    const { app } = createMounts(t, { server: definitions.notes() })
    const client = await connect(t, app, options)
    const subscription =
      options.era === 'modern' ? await (client as ClientV2).listen({ toolsListChanged: true }) : undefined
    t.equal(app.mcp.get('Notes').stats().streams, 1)

    await app.close()

    t.match(app.mcp.get('Notes').stats(), { sessions: 0, exchanges: 0, streams: 0 })
    if (subscription !== undefined) t.equal(await subscription.closed, 'graceful')
    await client.close()
  })
}

t.test('a legacy client receives changes from the moment that it is connected', async (t) => {
  const { app } = createMounts(t, { server: definitions.notes() })
  const client = await createTestClient(app, { client: 'v1' })
  const heard = createGate<string>()
  const updated = createGate<string>()
  client.setNotificationHandler(ToolListChangedNotificationSchema, () => heard.open('tools'))
  client.setNotificationHandler(ResourceUpdatedNotificationSchema, ({ params }) => updated.open(params.uri))

  app.mcp.get('Notes').notify.toolsChanged()
  t.equal(await heard.promise, 'tools')

  await client.subscribeResource({ uri: 'notes://a' })
  await client.callTool({ name: 'change' })
  t.equal(await updated.promise, 'notes://a')
  await client.close()
})

t.test('a modern client receives the changes that it subscribes to', async (t) => {
  const { app } = createMounts(t, { server: definitions.notes() })
  const client = await createTestClient(app)
  const heard = createGate<string>()
  client.setNotificationHandler('notifications/resources/updated', ({ params }) => heard.open(params.uri))

  const subscription = await client.listen({ resourceSubscriptions: ['notes://a'] })
  await client.callTool({ name: 'change' })

  t.equal(await heard.promise, 'notes://a')
  await subscription.close()
  t.equal(await subscription.closed, 'local')
  await until(() => app.mcp.get('Notes').stats().streams === 0)
  await client.close()
})

t.test('log messages reach the clients of both eras', async (t) => {
  const { app } = createMounts(t, { server: createEverything() })
  const [v1, v2] = await Promise.all([
    createTestClient(app, { client: 'v1' }),
    createTestClient(app, { era: 'modern' })
  ])
  const logs: { v1: object[], v2: object[] } = { v1: [], v2: [] }
  v1.setNotificationHandler(LoggingMessageNotificationSchema, ({ params }) => { logs.v1.push(params) })
  v2.setNotificationHandler('notifications/message', ({ params }) => { logs.v2.push(params) })

  await v1.setLoggingLevel('info')
  await v1.callTool({ name: 'chat' })
  await v2.callTool({ name: 'chat', _meta: { [LOG_LEVEL_META_KEY]: 'info' } })

  const expected = [{ level: 'info', data: { news: true }, logger: 'reporter' }, { level: 'error', data: 'a failure' }]
  t.match(logs, { v1: expected, v2: expected })
  await Promise.all([v1.close(), v2.close()])
})

t.test('a session belongs to its client, and ends when the client closes', async (t) => {
  const { app } = createMounts(t, { server: createServer(), ...WITH_TOKENS })
  const ann = await createTestClient(app, { client: 'v1', auth: 'ann' })
  const ends: string[] = []
  app.mcp.get('Notes').sessions.on('ended', (_session, reason) => ends.push(reason))

  const asBill = injectFetch(app, {
    headers: { authorization: 'Bearer bill', 'mcp-session-id': String(ann.transport?.sessionId) }
  })
  const stolen = await asBill('https://api.example.com/mcp', { method: 'DELETE' })
  t.equal(stolen.status, 404)
  t.equal(app.mcp.get('Notes').sessions.size, 1)
  await ann.close()

  t.same(ends, ['deleted'])
})

t.test('a client closes without an error after its session or its app has ended', async (t) => {
  const { app } = createMounts(t, { server: createServer() })
  const client = await createTestClient(app, { era: 'legacy' })
  await app.close()

  await client.close()

  await t.rejects(client.callTool({ name: 'echo', arguments: { text: 'a' } }))
})

t.test('a mount without the legacy era refuses its clients', async (t) => {
  const { app } = createMounts(t, { server: createServer(), legacy: false })

  await t.rejects(createTestClient(app, { era: 'legacy' }), {
    name: 'RefusedError',
    status: 400,
    body: { error: { data: { supported: ['2026-07-28'] } } }
  })
})

t.test('with an event store, a client resumes a stream that the server has closed', async (t) => {
  const server = new McpServer({ name: 'Long', version: '1.0.0' })
  server.registerTool('work', {}, async (_args, ctx) => {
    ctx.closeStream()
    return 'done'
  })
  const { app } = createMounts(t, { server, eventStore: createMemoryEventStore(), retryInterval: 1 })
  const resumed: unknown[] = []
  app.addHook('onRequest', async ({ headers }) => {
    if (headers['last-event-id'] !== undefined) resumed.push(headers['last-event-id'])
  })
  const client = await createTestClient(app, { client: 'v1' })

  t.match(await client.callTool({ name: 'work' }), { content: [{ text: 'done' }] })

  t.equal(resumed.length, 1)
  await client.close()
})

t.test('a client connects to a mount without sessions or without streams', async (t) => {
  for (const limits of [{ stateless: true }, { jsonResponse: true }]) {
    const { app } = createMounts(t, { server: createServer(), ...limits })
    for (const [title, options] of KINDS) {
      const client = await connect(t, app, options)
      t.match(await callTool(client, 'echo', { text: 'a' }), { content: [{ text: 'a' }] }, title)
    }
  }
})

t.test('createTestClient rejects if the app fails to become ready', async (t) => {
  const server = new McpServer(
    { name: 'Notes', version: '1.0.0' },
    {
      lifespan: () => {
        throw new Error('the database is gone')
      }
    }
  )
  const { app } = createMounts(t, { server })

  await t.rejects(createTestClient(app), /the database is gone/)
})

t.test('an error that the server sends with status 200 rejects with the error of the client', async (t) => {
  const server = new McpServer({ name: 'Notes', version: '1.0.0' })
  server.use(async () => { throw new Error('no') })
  const { app } = createMounts(t, { server })

  await t.rejects(createTestClient(app, { client: 'v1' }), { name: 'McpError', code: -32603 })
})
