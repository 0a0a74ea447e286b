// Factories of SDK servers: when they are called, with which context, and when their servers are closed.
import t, { type Test } from 'tap'
import { InMemoryTransport } from '@modelcontextprotocol/sdk/inMemory.js'
import type { McpServer as V1McpServer } from '@modelcontextprotocol/sdk/server/mcp.js'
import { createMcpHandler, McpServer as V2McpServer } from '@modelcontextprotocol/server'
import type { Mountable, SdkServerContext } from '../../lib/index.ts'
import { FactoryServer } from '../../lib/sdk/factory.ts'
import { startNodes } from '../support/cluster.ts'
import { createHost, createServer, initialize, legacy, modernCall, mount, openSession, post } from '../support/app.ts'
import { Client } from '../support/definition-client.ts'
import { until } from '../support/stream.ts'
import { createSdkApp, createV1, said, SERVER_META, type SdkApp } from '../support/sdk-servers.ts'

type Made = V1McpServer | V2McpServer

const makers: Readonly<Record<string, () => Made>> = {
  v1: createV1,
  v2 () {
    const server = new V2McpServer({ name: 'Tasks', version: '1.0.0' })
    server.registerTool('hello', {}, () => said('hello'))
    return server
  }
}

interface FactoryApp extends SdkApp {
  readonly contexts: readonly SdkServerContext[]
  /** The servers that were created and closed, in order. */
  readonly events: readonly string[]
}

async function createFactoryApp (
  t: Test,
  make: () => Made,
  options: Parameters<typeof createSdkApp>[2] = {}
): Promise<FactoryApp> {
  const contexts: SdkServerContext[] = []
  const events: string[] = []
  const factory = async (context: SdkServerContext): Promise<Made> => {
    contexts.push(context)
    const number = contexts.length
    const server = make()
    events.push(`made ${number}`)
    server.server.onclose = () => { events.push(`closed ${number}`) }
    return server
  }
  return { ...(await createSdkApp(t, factory, options)), contexts, events }
}

for (const [version, make] of Object.entries(makers)) {
  t.test(`a factory of ${version} servers is called once per session, with its context`, async (t) => {
    const { app, contexts, events } = await createFactoryApp(t, make)

    const headers = await openSession(app, '2025-11-25', { headers: { 'x-tenant': 'acme' }, url: '/mcp?a=1' })
    await app.inject(legacy('tools/list', {}, { headers }))
    const called = await app.inject(legacy('tools/call', { name: 'hello' }, { headers }))

    t.same(called.json(), { jsonrpc: '2.0', id: 1, result: said('hello') })
    t.same(events, ['made 1'])
    const [context] = contexts
    t.same(Object.keys(context ?? {}).toSorted(), ['era', 'request', 'requestInfo', 'sessionId'])
    t.equal(context?.era, 'legacy')
    t.equal(context?.sessionId, headers['mcp-session-id'])
    t.equal(context?.request?.headers['x-tenant'], 'acme')
    t.equal(context?.requestInfo?.url, 'http://localhost/mcp?a=1')
    t.equal(context?.requestInfo?.method, 'POST')
    t.equal(context?.requestInfo?.headers.get('x-tenant'), 'acme')
    t.match(await context?.requestInfo?.json(), { method: 'initialize', params: { protocolVersion: '2025-11-25' } })
  })

  t.test(
    `a factory of ${version} servers is called for each request of a modern client, and what it made is closed`,
    async (t) => {
      const { app, contexts, events } = await createFactoryApp(t, make)

      const responses = [await app.inject(modernCall('hello')), await app.inject(modernCall('hello'))]

      for (const response of responses) {
        t.same(response.json(), {
          jsonrpc: '2.0',
          id: 1,
          result: { ...said('hello'), resultType: 'complete', _meta: SERVER_META }
        })
      }
      t.same(events, ['made 1', 'closed 1', 'made 2', 'closed 2'])
      t.same(
        contexts.map(({ era, sessionId, request }) => [era, sessionId, request?.url]),
        [
          ['modern', undefined, '/mcp'],
          ['modern', undefined, '/mcp']
        ]
      )
    }
  )

  t.test(`a stateless factory of ${version} servers is called for each request`, async (t) => {
    const { app, contexts, events } = await createFactoryApp(t, make, { stateless: true })

    const opened = await app.inject(initialize())
    const called = await app.inject(legacy('tools/call', { name: 'hello' }))
    const notified = await post(app, { jsonrpc: '2.0', method: 'notifications/initialized' })

    t.match(opened.json(), { result: { protocolVersion: '2025-11-25', serverInfo: { name: 'Tasks' } } })
    t.same(called.json(), { jsonrpc: '2.0', id: 1, result: said('hello') })
    t.equal(notified.statusCode, 202)
    t.same(events, ['made 1', 'closed 1', 'made 2', 'closed 2'])
    t.same(contexts.map(({ era, sessionId }) => [era, sessionId]), [['legacy', undefined], ['legacy', undefined]])
  })

  t.test(`a factory of ${version} servers is called for a call of the host app, without a request`, async (t) => {
    const { mounted, contexts, events } = await createFactoryApp(t, make)

    t.match(await mounted.call('hello'), said('hello'))

    t.same(events, ['made 1', 'closed 1'])
    t.match(contexts, [{ era: 'modern', request: undefined, requestInfo: { url: 'http://localhost/mcp' } }])
  })

  t.test(`a ${version} server is closed when its session is deleted, and when the app closes`, async (t) => {
    const { app, events } = await createFactoryApp(t, make)
    const first = await openSession(app)
    await openSession(app)

    await app.inject({ method: 'DELETE', url: '/mcp', headers: first })
    await until(() => events.includes('closed 1'))
    await app.close()

    t.same(events, ['made 1', 'made 2', 'closed 1', 'closed 2'])
  })

  t.test(`a ${version} server is closed when its session has been idle for too long`, async (t) => {
    const { app, events, mounted } = await createFactoryApp(t, make, { sessionIdleTimeout: 1 })
    await openSession(app)

    await until(() => events.includes('closed 1'))

    t.equal(mounted.sessions.size, 0)
  })

  t.test(`a ${version} server gets the AuthInfo of its caller`, async (t) => {
    const contexts: SdkServerContext[] = []
    const seen: unknown[] = []
    const definition = new FactoryServer((context) => {
      contexts.push(context)
      const server = make()
      const tell = (_args: object, extra: object) => {
        const { authInfo, http } = extra as { authInfo?: object; http?: { authInfo?: object } }
        seen.push(authInfo ?? http?.authInfo)
        return said('done')
      }
      ;(server as V1McpServer).registerTool('tell', { inputSchema: undefined }, ((first: object, second?: object) =>
        tell({}, second ?? first)) as never)
      return server
    })
    const auth = { token: 'secret', clientId: 'ann', scopes: ['read'] }

    const answers = [
      await new Client({ principal: 'ann', channel: { auth } }).callTool(definition, 'tell'),
      await new Client().callTool(definition, 'tell')
    ]

    t.match(answers, [{ result: said('done') }, { result: said('done') }])
    t.match(contexts, [
      { era: 'modern', principal: 'ann', authInfo: auth },
      { era: 'modern', principal: undefined, authInfo: undefined }
    ])
    t.same(seen, [auth, undefined])
  })
}

const broken: ReadonlyArray<readonly [what: string, factory: () => unknown, message: RegExp]> = [
  [
    'throws',
    () => { throw new Error('no database') },
    /^no database$/
  ],
  [
    'rejects',
    async () => { throw new Error('no database') },
    /^no database$/
  ],
  [
    'returns nothing',
    () => undefined,
    /^the factory returned no server of the official SDK; return a new McpServer or Server$/
  ],
  [
    'returns no server',
    () => ({ server: true }),
    /^the factory returned no server of the official SDK; return a new McpServer or Server$/
  ],
  [
    'returns an object that holds a server',
    () => ({ server: createV1(), cleanup () {} }),
    /^the factory returned an object that holds a server; return its server alone: async \(context\) => \(await create\(context\)\)\.server$/
  ],
  [
    'returns an object that holds a low-level server',
    () => ({ server: createV1().server }),
    /^the factory returned an object that holds a server; /
  ],
  [
    'returns a native server',
    () => createServer(),
    /^the factory returned an McpServer of this package, which serves all clients at once; mount it without a function$/
  ],
  [
    'returns a handler',
    () => createMcpHandler(() => new V2McpServer({ name: 'Tasks', version: '1.0.0' })),
    /^the factory returned a handler with 'fetch'; mount it without a function$/
  ]
]

for (const [what, factory, message] of broken) {
  t.test(`a factory that ${what} fails the request, and the error is logged`, async (t) => {
    const { app, logLines, mounted } = await createSdkApp(t, factory as Mountable)

    const opened = await app.inject(initialize())
    const called = await app.inject(modernCall('hello'))
    const failures = logLines.filter(({ level }) => Number(level) >= 40)

    for (const [response, method] of [[opened, 'initialize'], [called, 'tools/call']] as const) {
      t.match(response.json(), {
        jsonrpc: '2.0',
        id: 1,
        error: { code: -32603, message: new RegExp(`^Error answering ${method} \\(error id [-0-9a-f]{36}\\)$`) }
      })
    }
    t.equal(mounted.sessions.size, 0, 'no session is left behind')
    t.match(failures, [
      { level: 50, msg: 'answering initialize failed', err: { message } },
      { level: 50, msg: 'answering tools/call failed', err: { message } }
    ])
    t.equal(failures.length, 2)
    await t.rejects(mounted.call('hello'), { code: -32603 })
  })
}

t.test('a factory that returns one server twice fails for the second client, and the first goes on', async (t) => {
  for (const make of Object.values(makers)) {
    const server = make()
    const { app, logLines } = await createSdkApp(t, () => server)
    const headers = await openSession(app)

    const second = await app.inject(initialize())
    const modernly = await app.inject(modernCall('hello'))
    const first = await app.inject(legacy('tools/call', { name: 'hello' }, { headers }))

    t.equal(second.json().error.code, -32603)
    t.equal(modernly.json().error.code, -32603)
    t.same(first.json().result, said('hello'))
    t.match(logLines.filter(({ level }) => level === 50)[0], {
      err: {
        message:
          'the factory returned a server that it has returned before; ' +
            'return a new one each time, or mount a server of the SDK v1 without a function'
      }
    })
  }
})

t.test(
  'a factory that returns a closed server again is refused, and so is one that is connected elsewhere',
  async (t) => {
    const again = createV1()
    const connected = createV1()
    await connected.connect(new InMemoryTransport())
    const servers = [again, again, connected]
    const { app, logLines } = await createSdkApp(t, () => servers.shift() as V1McpServer)

    const responses = [
      await app.inject(modernCall('hello')),
      await app.inject(modernCall('hello')),
      await app.inject(modernCall('hello'))
    ]

    t.match(
      responses.map((response) => response.json()),
      [{ result: said('hello') }, { error: { code: -32603 } }, { error: { code: -32603 } }]
    )
    t.match(
      logLines.filter(({ level }) => level === 50).map(({ err }) => err),
      [
        { message: /^the factory returned a server that it has returned before; / },
        {
          message:
            'the factory returned a server that is already connected; ' +
              'return a new one each time, and leave connect() to the mount'
        }
      ]
    )
  }
)

t.test('a mount of a factory without a name is named after its path', async (t) => {
  const { app } = createHost(t)

  await mount(app, { server: () => createV1(), prefix: '/tasks' })

  t.equal(app.mcp.get('/tasks/mcp').name, '/tasks/mcp')
})

t.test('a server that fails to close is logged, and its session ends all the same', async (t) => {
  const { app, logLines, mounted } = await createSdkApp(t, () => {
    const server = createV1()
    server.server.onclose = () => { throw new Error('cannot close') }
    return server
  })
  const headers = await openSession(app)

  const deleted = await app.inject({ method: 'DELETE', url: '/mcp', headers })
  await until(() => logLines.some(({ level }) => level === 50))

  t.equal(deleted.statusCode, 200)
  t.equal(mounted.sessions.size, 0)
  t.match(
    logLines.filter(({ level }) => level === 50),
    [{ mcp: 'Tasks', msg: "a session's server failed to close", err: { message: 'cannot close' } }]
  )
})

for (const [version, make] of Object.entries(makers)) {
  t.test(
    `a session that another node has opened gets a server of ${version} of its own, which knows its client`,
    async (t) => {
      const events: string[] = []
      const { nodes } = await startNodes(t, {
        server: () => {
          const server = make()
          server.server.oninitialized = () => {
            const { name } = server.server.getClientVersion() ?? {}
            events.push(`initialized by ${name}`)
          }
          server.server.onclose = () => { events.push('closed') }
          return server
        }
      })
      const [a, b, c] = nodes
      const headers = await openSession(a.app)
      await post(b.app, { jsonrpc: '2.0', method: 'notifications/initialized' }, headers)
      await until(() => events.length === 1)

      const calls = await Promise.all(
        [1, 2].map((id) => b.app.inject(legacy('tools/call', { name: 'hello' }, { id, headers })))
      )
      const before = events.slice()
      await c.app.inject({ method: 'DELETE', url: '/mcp', headers })
      await until(() => events.length === 4)

      t.match(
        calls.map((call) => call.json()),
        [1, 2].map((id) => ({ id, result: said('hello') }))
      )
      t.same(before, ['initialized by test', 'initialized by test'], 'one for each node that serves requests')
      t.same(events.slice(2), ['closed', 'closed'])
    }
  )
}

t.test('if no server can be created for a session of another node, the next request tries again', async (t) => {
  let made = 0
  const { nodes: [a, b] } = await startNodes(t, {
    server: () => {
      if (++made === 2) throw new Error('not now')
      return createV1()
    }
  })
  const headers = await openSession(a.app)

  const failed = await b.app.inject(legacy('tools/call', { name: 'hello' }, { headers }))
  const called = await b.app.inject(legacy('tools/call', { name: 'hello' }, { headers }))

  t.match(failed.json(), { error: { code: -32603 } })
  t.match(called.json(), { result: said('hello') })
})
