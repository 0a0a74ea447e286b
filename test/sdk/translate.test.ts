// Requests of modern clients to v1 servers are translated, and so are the replies.
import t, { type Test } from 'tap'
import { Server } from '@modelcontextprotocol/sdk/server/index.js'
import type { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js'
import {
  CallToolRequestSchema,
  ListToolsRequestSchema,
  McpError,
  ReadResourceRequestSchema,
  UrlElicitationRequiredError, type ServerCapabilities
} from '@modelcontextprotocol/sdk/types.js'
import type { FastifyInstance } from 'fastify'
import { JSON_AND_SSE, modern, modernCall, type Envelope } from '../support/app.ts'
import { frameOf, listen, readFrames, send, until } from '../support/stream.ts'
import { allowSubscriptions, createSdkApp, createV1, said, SERVER_META } from '../support/sdk-servers.ts'
import { createV1Everything } from '../support/sdk-forms.ts'

const DONE = { resultType: 'complete', _meta: SERVER_META }
const PRIVATE = { ttlMs: 0, cacheScope: 'private' }
const KEY = 'io.modelcontextprotocol/subscriptionId'

async function ask (
  app: FastifyInstance, method: string, params: object = {}, envelope: Envelope = {}
): Promise<{ readonly status: number, readonly result?: object, readonly error?: { code: number, message: string } }> {
  const response = await app.inject(modern(method, params, envelope))
  const { result, error } = response.json()
  return { status: response.statusCode, ...(result !== undefined && { result }), ...(error !== undefined && { error }) }
}

const forms: Readonly<
  Record<string, (create: () => McpServer | Server) => (McpServer | Server) | (() => McpServer | Server)>
> = {
  'an instance': (create) => create(),
  'a factory': (create) => create
}

const listTools = (...tools: object[]): Server => {
  const server = new Server({ name: 'Tasks', version: '1.0.0' }, { capabilities: { tools: {} } })
  server.setRequestHandler(ListToolsRequestSchema, () => ({ tools } as never))
  server.setRequestHandler(CallToolRequestSchema, ({ params }) => said(JSON.stringify(params)))
  return server
}

const REGION = { type: 'object', properties: { region: { type: 'string', 'x-mcp-header': 'Region' } } }

for (const [title, form] of Object.entries(forms)) {
  t.test(`a modern client discovers ${title}`, async (t) => {
    const capabilities = { logging: {}, tasks: { list: {} } } as ServerCapabilities
    const { app } = await createSdkApp(t, form(() => createV1({ instructions: 'Say hello.', capabilities })))
    const { app: plain } = await createSdkApp(t, form(() => createV1({})))

    t.same(await ask(app, 'server/discover'), {
      status: 200,
      result: {
        supportedVersions: ['2026-07-28'],
        capabilities: { logging: {}, tools: { listChanged: true } },
        instructions: 'Say hello.',
        ...PRIVATE,
        ...DONE
      }
    })
    t.same(await ask(plain, 'server/discover'), {
      status: 200,
      result: { supportedVersions: ['2026-07-28'], capabilities: { tools: { listChanged: true } }, ...PRIVATE, ...DONE }
    })
  })

  t.test(`lists and contents of ${title} have a cache hint, other results have none`, async (t) => {
    const { app } = await createSdkApp(t, form(createV1Everything))

    for (const method of ['tools/list', 'prompts/list', 'resources/list', 'resources/templates/list']) {
      t.match(await ask(app, method), { result: { resultType: 'complete', ...PRIVATE } }, method)
    }
    t.match(await ask(app, 'resources/read', { uri: 'note://1' }), { result: { resultType: 'complete', ...PRIVATE } })
    for (const [method, params] of Object.entries({
      'tools/call': { name: 'add', arguments: { a: 1, b: 2 } },
      'prompts/get': { name: 'greet', arguments: { city: 'Bern' } }
    })) {
      const { result = {} } = await ask(app, method, params)
      t.notOk('ttlMs' in result || 'cacheScope' in result, method)
    }
  })

  t.test(`modern requests to ${title} with a method that 2026-07-28 removed get an error`, async (t) => {
    const { app } = await createSdkApp(t, form(() => createV1()))

    for (const method of ['ping', 'logging/setLevel', 'resources/subscribe', 'resources/unsubscribe']) {
      t.same(await ask(app, method, { level: 'info', uri: 'note://1' }), {
        status: 404,
        error: { code: -32601, message: `Method not found: ${method}` }
      })
    }
  })

  t.test(`a handler of ${title} does not get the fields that the modern protocol adds to a request`, async (t) => {
    const { app } = await createSdkApp(t, form(() => listTools()))
    const seen = async (params: object, meta: object): Promise<unknown> =>
      JSON.parse(
        Object(Object((await ask(app, 'tools/call', { name: 'any', ...params }, { meta })).result)).content[0].text
      )

    t.same(await seen({ inputResponses: {}, requestState: 'sealed' }, {}), { name: 'any' })
    t.same(await seen({ arguments: { a: 1 } }, { 'a.example/b': 1, progressToken: 'p' }), {
      name: 'any',
      arguments: { a: 1 },
      _meta: { 'a.example/b': 1, progressToken: 'p' }
    })
  })

  t.test(`modern clients of ${title} get errors with the codes of 2026-07-28`, async (t) => {
    const { app } = await createSdkApp(t, form(() => {
      const server = createV1({ capabilities: { resources: {} } })
      server.server.setRequestHandler(ReadResourceRequestSchema, ({ params: { uri } }) => {
        if (uri === 'note://url') {
          throw new UrlElicitationRequiredError(
            [{ mode: 'url', message: 'Pay', elicitationId: '1', url: 'https://pay.example' }],
            'Pay first'
          )
        }
        if (uri === 'note://else') throw new McpError(-32050, 'else')
        throw new McpError(-32002, 'Resource not found', { uri })
      })
      return server
    }))

    const missing = await app.inject(modern('resources/read', { uri: 'note://1' }))

    t.same(missing.json(), {
      jsonrpc: '2.0',
      id: 1,
      error: { code: -32602, message: 'MCP error -32002: Resource not found', data: { uri: 'note://1' } }
    })
    t.same((await ask(app, 'resources/read', { uri: 'note://url' })).error, {
      code: -32603,
      message: 'MCP error -32042: Pay first (the server can ask this only of clients of revision 2025-11-25)'
    })
    t.same((await ask(app, 'resources/read', { uri: 'note://else' })).error, {
      code: -32050,
      message: 'MCP error -32050: else'
    })
  })

  t.test(`headers that repeat arguments of ${title} are compared with them`, async (t) => {
    const { app } = await createSdkApp(
      t,
      form(() =>
        listTools(
          { name: 'locate', inputSchema: REGION },
          { name: 'plain', inputSchema: { type: 'object' } },
          { name: 'odd' },
          1 as never
        )
      )
    )
    const call = async (region: string, header: string, name = 'locate') =>
      ask(app, 'tools/call', { name, arguments: { region } }, { headers: { 'mcp-param-region': header } })

    t.match(await call('eu', 'eu'), {
      status: 200,
      result: said(JSON.stringify({ name: 'locate', arguments: { region: 'eu' } }))
    })
    t.match(await call('eu', 'us'), {
      status: 400,
      error: { code: -32020, message: /^Header mismatch: .*Mcp-Param-Region/i }
    })
    t.match(await call('eu', 'us', 'plain'), { status: 200 })
    t.match(await call('eu', 'us', 'odd'), { status: 200 })
  })
}

t.test(
  'headers that repeat arguments are demanded of whoever calls an instance, but not of the host app',
  async (t) => {
    const { app, mounted } = await createSdkApp(t, listTools({ name: 'locate', inputSchema: REGION }))

    t.match(await ask(app, 'tools/call', { name: 'locate', arguments: { region: 'eu' } }), {
      status: 400,
      error: { code: -32020 }
    })
    t.match(
      await mounted.call('locate', { region: 'eu' }),
      said(JSON.stringify({ name: 'locate', arguments: { region: 'eu' } }))
    )
  }
)

t.test('all pages of tools are read, and read again after a change', async (t) => {
  const server = new Server({ name: 'Tasks', version: '1.0.0' }, { capabilities: { tools: { listChanged: true } } })
  const cursors: unknown[] = []
  server.setRequestHandler(ListToolsRequestSchema, ({ params }) => {
    cursors.push(params?.cursor)
    return params?.cursor === undefined
      ? { tools: [], nextCursor: '2' }
      : { tools: [{ name: 'locate', inputSchema: REGION as { type: 'object' } }] }
  })
  server.setRequestHandler(CallToolRequestSchema, () => said('done'))
  const { app } = await createSdkApp(t, server)
  const call = () =>
    ask(app, 'tools/call', { name: 'locate', arguments: { region: 'eu' } }, { headers: { 'mcp-param-region': 'us' } })

  t.match(await call(), { error: { code: -32020 } })
  t.match(await call(), { error: { code: -32020 } })
  t.same(cursors, [undefined, '2'], 'once for all calls')
  await server.sendToolListChanged()
  await call()

  t.same(cursors, [undefined, '2', undefined, '2'])
})

t.test('a list of tools that fails or never ends does not prevent calls', async (t) => {
  let pages = 0
  const endless = listTools()
  endless.setRequestHandler(ListToolsRequestSchema, () => { pages++; return { tools: [], nextCursor: 'more' } })
  const failing = listTools()
  failing.setRequestHandler(ListToolsRequestSchema, () => { throw new Error('no database') })

  for (const server of [endless, failing]) {
    const { app } = await createSdkApp(t, server)
    t.match(await ask(app, 'tools/call', { name: 'any' }), { status: 200 })
  }
  t.equal(pages, 100)
})

interface Watched { readonly create: () => McpServer, readonly asked: string[] }

/** Creates servers that allow subscriptions, and records the requests that they get. */
function createWatched (): Watched {
  const asked: string[] = []
  const create = (): McpServer => {
    const server = createV1({
      capabilities: { resources: { subscribe: true, listChanged: true }, prompts: { listChanged: true } }
    })
    allowSubscriptions(server, asked)
    return server
  }
  return { create, asked }
}

const ALL = {
  toolsListChanged: true,
  promptsListChanged: true,
  resourcesListChanged: true,
  resourceSubscriptions: ['note://1', 'note://secret']
}
const acknowledged = (notifications: object): string =>
  frameOf({
    jsonrpc: '2.0',
    method: 'notifications/subscriptions/acknowledged',
    params: { _meta: { [KEY]: 1 }, notifications }
  })

async function listenTo (t: Test, address: string, notifications: object) {
  const frames = readFrames(
    await send(address, modern('subscriptions/listen', { notifications }, { headers: JSON_AND_SSE }))
  )
  t.equal((await frames.next()).value, ': open')
  return async (): Promise<string | void> => (await frames.next()).value
}

t.test(
  'a modern client hears of the changes of an instance, as far as that one agrees, and leaves with its stream',
  async (t) => {
    const { create, asked } = createWatched()
    const server = create()
    const { app } = await createSdkApp(t, server)
    const next = await listenTo(t, await listen(app), ALL)

    const first = await next()
    const seen: unknown[] = []
    for (const change of [
      () => server.sendToolListChanged(),
      () => server.sendPromptListChanged(),
      () => server.sendResourceListChanged(),
      () => server.server.sendResourceUpdated({ uri: 'note://secret' }),
      () => server.server.sendResourceUpdated({ uri: 'note://1' })
    ]) {
      await change()
      if (change.toString().includes('secret')) continue
      seen.push(await next())
    }
    await app.close()
    await until(() => asked.length === 3)

    t.equal(first, acknowledged({ ...ALL, resourceSubscriptions: ['note://1'] }))
    const tagged = { _meta: { [KEY]: 1 } }
    t.same(seen, [
      ...['tools', 'prompts', 'resources'].map((kind) =>
        frameOf({ jsonrpc: '2.0', method: `notifications/${kind}/list_changed`, params: tagged })
      ),
      frameOf({ jsonrpc: '2.0', method: 'notifications/resources/updated', params: { ...tagged, uri: 'note://1' } })
    ])
    t.equal(
      await next(),
      frameOf({ jsonrpc: '2.0', id: 1, result: { resultType: 'complete', _meta: { ...SERVER_META, [KEY]: 1 } } })
    )
    t.same(asked, ['subscribe note://1', 'subscribe note://secret', 'unsubscribe note://1'])
  }
)

t.test('a modern client is announced only the changes that the server reports', async (t) => {
  const server = new Server({ name: 'Tasks', version: '1.0.0' }, { capabilities: {} })
  const { app } = await createSdkApp(t, server)
  const { app: silent } = await createSdkApp(t, listTools())
  const { app: refusing } = await createSdkApp(t, createWatched().create())

  for (const address of [await listen(app), await listen(silent)]) {
    const next = await listenTo(t, address, ALL)
    t.equal(await next(), acknowledged({}))
  }
  const next = await listenTo(t, await listen(refusing), { resourceSubscriptions: ['note://secret'] })
  t.equal(await next(), acknowledged({}))
  const none = await listenTo(t, refusing.listeningOrigin, {})
  t.equal(await none(), acknowledged({}))
})

t.test('an invalid filter is refused', async (t) => {
  const { app } = await createSdkApp(t, createV1())

  const response = await app.inject(
    modern('subscriptions/listen', { notifications: { toolsListChanged: 1 } }, { headers: JSON_AND_SSE })
  )

  t.match([response.statusCode, response.json()], [400, { error: { code: -32602, message: /^Invalid params: / } }])
})

t.test('a call of a modern client fails when the handler asks a question', async (t) => {
  const server = createV1()
  server.registerTool('ask', {}, async () => said(JSON.stringify(await server.server.listRoots())))
  const { app } = await createSdkApp(t, server)

  const response = await app.inject(
    modernCall('ask', {}, { meta: { 'io.modelcontextprotocol/clientCapabilities': { roots: {} } } })
  )

  t.match(response.json().result, {
    isError: true,
    content: [{ text: /roots\/list cannot be sent: a client of revision 2026-07-28 is not asked/ }]
  })
})

for (const [title, form] of Object.entries(forms)) {
  t.test(`with jsonResponse, a mount of ${title} announces no changes and refuses to listen`, async (t) => {
    const { create, asked } = createWatched()
    const { app } = await createSdkApp(t, form(create), { jsonResponse: true })

    const listening = await ask(app, 'subscriptions/listen', { notifications: ALL })

    const { result } = await ask(app, 'server/discover')
    t.same(listening, { status: 404, error: { code: -32601, message: 'Method not found: subscriptions/listen' } })
    t.same(asked, [])
    t.notMatch(JSON.stringify(result), /listChanged|"subscribe"/)
    t.match(result, { capabilities: { resources: {} } })
  })
}
