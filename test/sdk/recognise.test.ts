// Values that can be mounted, recognised by their shape, and the refusal of all others.
import { cpSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import t from 'tap'
import { InMemoryTaskStore } from '@modelcontextprotocol/sdk/experimental/tasks/stores/in-memory.js'
import { McpServer as V1McpServer } from '@modelcontextprotocol/sdk/server/mcp.js'
import { createMcpHandler, McpServer as V2McpServer, Server as V2Server } from '@modelcontextprotocol/server'
import { McpServer } from '../../lib/index.ts'
import { resolveDefinition } from '../../lib/sdk/recognise.ts'
import { createHost, createServer, legacy, modernCall, mount, openSession } from '../support/app.ts'
import { createLowLevel } from '../support/sdk-forms.ts'
import { createV1, said } from '../support/sdk-servers.ts'

const ACCEPTED =
  'pass new McpServer({ name, version }) of this package, an SDK v1 server, a function (context) => server that ' +
    'creates SDK servers (v1 or v2), or an SDK v2 handler: createMcpHandler(…)'

const INFO = { name: 'Tasks', version: '1' }

t.test('a definition of this package stands for itself', async (t) => {
  const server = createServer()

  t.equal(resolveDefinition(server), server)
})

t.test('each form of an SDK server stands for one definition, however often it is mounted', async (t) => {
  const forms = [
    createV1(),
    createLowLevel(),
    () => createV1(),
    async () => createV1(),
    function make () {
      return createV1()
    },
    createMcpHandler(() => new V2McpServer(INFO)),
    { fetch: async () => new Response() }
  ]

  const definitions = forms.map(resolveDefinition)

  t.same(new Set(definitions).size, forms.length)
  t.same(
    forms.map(resolveDefinition).map((definition, index) => definition === definitions[index]),
    forms.map(() => true)
  )
})

t.test('a high-level server and the low-level one that it wraps are the same instance', async (t) => {
  const server = createV1()
  const { app } = createHost(t)

  await mount(app, { server: server.server })

  t.match((await app.inject(modernCall('hello'))).json(), { result: said('hello') })
})

const refused: ReadonlyArray<readonly [what: string, server: unknown, problem: string]> = [
  ['nothing', undefined, 'is missing'],
  ['null', null, 'cannot be mounted'],
  ['an empty object', {}, 'cannot be mounted'],
  ['a string', 'server', 'cannot be mounted'],
  ['an object that wraps none', { server: {} }, 'cannot be mounted'],
  [
    'something else that connects and closes',
    { connect () {}, close () {}, server: 'db.example' },
    'cannot be mounted'
  ],
  [
    'an object that holds a server',
    { server: createV1(), cleanup () {} },
    "is an object that holds a server; pass its 'server' alone"
  ],
  [
    'an object that holds a low-level server',
    { server: createLowLevel() },
    "is an object that holds a server; pass its 'server' alone"
  ],
  ['a class', V1McpServer, 'is a class, not an instance of it'],
  ['a class of this package', McpServer, 'is a class, not an instance of it'],
  ['a promise of a server', Promise.resolve(createV1()), 'is a promise; await it first'],
  [
    'a v2 McpServer',
    new V2McpServer(INFO),
    'is an SDK v2 server, which serves one client only, so a function that creates one is needed'
  ],
  [
    'a v2 Server',
    new V2Server(INFO, { capabilities: {} }),
    'is an SDK v2 server, which serves one client only, so a function that creates one is needed'
  ],
  [
    'a server with a task store',
    new V1McpServer(INFO, { taskStore: new InMemoryTaskStore() }),
    "uses the SDK's experimental tasks, which cannot be shared by clients, so a function that creates one is needed"
  ]
]

for (const [what, server, problem] of refused) {
  t.test(`${what} is refused when it is registered, and the error lists what is accepted`, async (t) => {
    const { app } = createHost(t)

    await t.rejects(mount(app, { server } as Parameters<typeof mount>[1]), {
      code: 'MCP_ERR_INVALID_SERVER',
      name: 'FastifyError',
      message: `option 'server' ${problem}; ${ACCEPTED}`
    })
  })
}

t.test('an SDK server that keeps the state of its client in other members is refused', async (t) => {
  const problem =
    'is an SDK server of an unknown version, which cannot be shared by clients, so a function that creates one is ' +
      'needed'
  for (const name of ['_requestHandlers', '_loggingLevels', '_serverInfo']) {
    const server = createLowLevel()
    Reflect.set(server, name, undefined)

    t.throws(() => resolveDefinition(server), { message: `option 'server' ${problem}; ${ACCEPTED}` }, name)
  }
})

t.test('an instance of an SDK without log levels and elicitation can be mounted', async (t) => {
  // Such is the SDK before 1.13; from 1.13 to 1.16 it can elicit.
  const server = createLowLevel()
  for (const name of ['_loggingLevels', 'isMessageIgnored', 'elicitInput', 'createElicitationCompletionNotifier']) {
    Reflect.defineProperty(server, name, { value: undefined, configurable: true })
  }
  const { app } = createHost(t)
  await mount(app, { server })

  const call = { name: 'add', arguments: { a: 1, b: 2 } }
  t.match((await app.inject(modernCall(call.name, call.arguments))).json(), { result: said('3') })
  t.match((await app.inject(legacy('tools/call', call, { headers: await openSession(app) }))).json(), {
    result: said('3')
  })
})

t.test('a server of another copy of the SDK is mounted like any other', async (t) => {
  const modules = join(dirname(fileURLToPath(import.meta.resolve('@modelcontextprotocol/sdk/server/mcp.js'))), '..')
  const copy = t.testdir({ 'package.json': '{"type":"module"}' })
  cpSync(modules, copy, {
    recursive: true,
    filter: (file) => !/\.(?:d\.ts|map)$/.test(file) && !file.endsWith('package.json')
  })
  const { McpServer: OtherMcpServer }: { McpServer: typeof V1McpServer } = await import(
    pathToFileURL(join(copy, 'server', 'mcp.js')).href
  )
  const create = (): V1McpServer => {
    const server = new OtherMcpServer(INFO)
    server.registerTool('hello', {}, () => said('hello from the other copy'))
    return server
  }
  const { app } = createHost(t)

  await mount(app, { server: create() })
  await mount(app, { server: () => create(), prefix: '/made' })

  t.not(OtherMcpServer, V1McpServer)
  for (const url of ['/mcp', '/made/mcp']) {
    t.match((await app.inject(modernCall('hello', {}, { url }))).json(), { result: said('hello from the other copy') })
  }
})
