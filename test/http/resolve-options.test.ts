import t from 'tap'
import type { McpMountOptions } from '../../lib/http/mount-options.ts'
import { resolveOptions } from '../../lib/http/resolve-options.ts'
import { createHost, createServer, mount } from '../support/app.ts'
import mcpPlugin, { createMemoryCluster, createMemoryEventStore, McpServer } from '../../lib/index.ts'

const server = createServer()

// Wrong values are what these tests are about, so they are not typed.
function problemOf (options: object): unknown {
  try {
    return resolveOptions({ server, ...options } as McpMountOptions)
  } catch (error) {
    return error
  }
}

t.test('server is the only option that a mount needs', async (t) => {
  t.same(resolveOptions({ server }), {
    server,
    definition: server,
    expose: false,
    prefix: '',
    path: '/mcp',
    name: undefined,
    allowedHosts: ['127.0.0.1:*', 'localhost:*', '[::1]:*'],
    allowedOrigins: ['http://127.0.0.1:*', 'http://localhost:*', 'http://[::1]:*'],
    dnsRebindingProtection: true,
    publicUrl: undefined,
    auth: undefined,
    cors: false,
    routes: undefined,
    health: false,
    hooks: {},
    stateless: false,
    jsonResponse: false,
    legacy: true,
    legacySse: false,
    sessionIdleTimeout: 1_800_000,
    maxSessions: 10_000,
    maxStreams: 1024,
    maxCallsInFlight: 10_000,
    maxWatched: 262_144,
    maxWatchedTotal: 67_108_864,
    shares: {
      by: undefined,
      sessions: Infinity,
      streams: Infinity,
      calls: Infinity,
      watched: Infinity,
      displaces: true
    },
    eventStore: undefined,
    cluster: undefined,
    retryInterval: undefined,
    keepAliveInterval: 15_000,
    bodyLimit: 4_194_304,
    maxDepth: 1000,
    maxValues: 50_000,
    maxBatch: 100,
    maxBuffered: 1_048_576,
    storeTimeout: 3000,
    log: false,
    closeGracePeriod: 10_000
  })
})

t.test('given options are kept, and the result is frozen', async (t) => {
  const constraints = { host: 'api.example.com' }

  const resolved = resolveOptions({
    server,
    name: 'Other',
    prefix: '/a',
    path: '/',
    constraints,
    logLevel: 'warn',
    keepAliveInterval: 0,
    legacy: false
  })

  t.match(resolved, { name: 'Other', prefix: '/a', path: '/', logLevel: 'warn', keepAliveInterval: 0, legacy: false })
  t.same(resolved.constraints, { mcpHost: 'api.example.com:*' })
  t.same(constraints, { host: 'api.example.com' })
  t.same(resolved.allowedHosts, ['127.0.0.1:*', 'localhost:*', '[::1]:*', 'api.example.com:*'])
  t.ok(Object.isFrozen(resolved))
})

t.test('publicUrl adds its host and origin to the allowed ones', async (t) => {
  const { allowedHosts, allowedOrigins } = resolveOptions({ server, publicUrl: 'https://API.example.com/base', allowedHosts: ['a.example'], allowedOrigins: [] })

  t.same(allowedHosts, ['a.example', 'api.example.com:443'])
  t.same(allowedOrigins, ['https://api.example.com'])
})

t.test('an option that is undefined has its default', async (t) => {
  t.match(
    problemOf({
      path: undefined,
      legacy: undefined,
      publicUrl: undefined,
      cors: undefined,
      hooks: { onSend: undefined }
    }),
    { path: '/mcp', legacy: true, cors: false }
  )
})

t.test('a server that cannot be mounted is refused, and the error lists what can be mounted', async (t) => {
  const accepted =
    'pass new McpServer({ name, version }) of this package, an SDK v1 server, ' +
      'a function (context) => server that creates SDK servers (v1 or v2), or an SDK v2 handler: ' +
      'createMcpHandler(…)'

  t.match(problemOf({ server: undefined }), { code: 'MCP_ERR_INVALID_SERVER', message: `option 'server' is missing; ${accepted}` })
  for (const wrong of [
    null, 'Notes', {}, { info: {} }, { info: {}, enter () {}, onChange () {} }, { info: {}, serve: 1 }
  ]) {
    t.match(problemOf({ server: wrong }), {
      code: 'MCP_ERR_INVALID_SERVER',
      message: `option 'server' cannot be mounted; ${accepted}`
    })
  }
})

t.test('an unknown option is refused, and the error lists the known ones', async (t) => {
  t.match(problemOf({ alowedHosts: [] }), {
    code: 'MCP_ERR_INVALID_OPTION', message: /^option 'alowedHosts' does not exist; the options are server, expose, prefix, path, name, allowedHosts, /
  })
  for (const name of ['Prefix', 'hostAllowed', 'authenticate']) {
    t.match(problemOf({ [name]: 1 }), { code: 'MCP_ERR_INVALID_OPTION' })
  }
})

t.test('an unknown option that resembles no option of a mount is ignored', async (t) => {
  const { app } = createHost(t)

  await app.register(mcpPlugin, {
    server: createServer(),
    ...{ toString: 1, hasOwnProperty: 1, constructor: 1, database: 1, '': 1 }
  })

  t.equal(app.mcp.size, 1)
})

t.test('a wrong value is refused with the name of its option and what to write', async (t) => {
  const wrong: ReadonlyArray<readonly [message: string, options: ReadonlyArray<Record<string, unknown>>]> = [
    [
      'must be true or false',
      [{ dnsRebindingProtection: 'no' }, { stateless: 1 }, { jsonResponse: null }, { legacy: 0 }]
    ],
    [
      'must be a whole number above 0',
      [
        { maxSessions: 0 }, { maxStreams: 0 }, { maxWatched: 0 }, { maxCallsInFlight: 0 }, { maxWatchedTotal: 1.5 },
        { maxCallsInFlightPerSession: 0 },
        { maxSessionsPerPrincipal: 0 }, { maxStreamsPerAddress: '9' }, { bodyLimit: -1 }, { maxDepth: 1.5 },
        { maxValues: 0 }, { maxBatch: '9' }, { maxBuffered: Infinity }
      ]
    ],
    [
      'must be a whole number of milliseconds from 0 (none) to 2147483647',
      [{ sessionIdleTimeout: -1 }, { retryInterval: -1 }, { keepAliveInterval: '15s' }, { closeGracePeriod: 2 ** 31 }]
    ],
    ['must be a string that is not empty', [{ name: '' }, { name: 7 }, { logLevel: '' }]],
    [
      'must be an event store, such as createMemoryEventStore()',
      [{ eventStore: {} }, { eventStore: null }, { eventStore: 'memory' }, { eventStore: { append () {}, read () {} } }]
    ],
    ['must be an object', [{ constraints: 'api.example.com' }, { constraints: null }]],
    ['must be a function, such as async (scope) => { … }', [{ routes: {} }, { routes: null }, { routes: [] }]],
    [
      "must be true, false or an object, such as { maxAge: 600 }; the origins are those of 'allowedOrigins'",
      [{ cors: 'yes' }, { cors: null }]
    ],
    ["must be true, false or an object, such as { path: '/health' }", [{ health: '/health' }, { health: null }]],
    [
      "must be true, false or an object, such as { ssePath: '/sse', messagesPath: '/messages' }",
      [{ legacySse: '/sse' }, { legacySse: null }]
    ],
    [
      "has a 'path' that does not exist; the options are ssePath, messagesPath, maxRequests",
      [{ legacySse: { path: '/sse' } }]
    ],
    [
      "has a 'ssePath' that must begin with '/', and have neither parameters nor wildcards",
      [
        { legacySse: { ssePath: 'sse' } }, { legacySse: { ssePath: '/:a' } }, { legacySse: { ssePath: '/*' } },
        { legacySse: { ssePath: 7 } }
      ]
    ],
    [
      "has a 'messagesPath' that must begin with '/', and have neither parameters nor wildcards",
      [
        { legacySse: { messagesPath: '' } }, { legacySse: { messagesPath: '/a?b' } },
        { legacySse: { messagesPath: '/a b' } }
      ]
    ],
    ["has a 'maxRequests' that must be a whole number above 0", [{ legacySse: { maxRequests: 0 } }]],
    ['must be an object, such as { preHandler: async (request) => {} }', [{ hooks: null }, { hooks: () => {} }]],
    ["must be '' or begin with '/'", [{ prefix: 'notes' }, { prefix: 7 }]],
    ["must begin with '/'", [{ path: '' }, { path: 'mcp' }, { path: null }]],
    [
      "must be an absolute URL without user, query and fragment, such as 'https://api.example.com'",
      [
        ...[
          'api.example.com', 'ftp://api.example.com', 'https:api.example.com', 'https:/api.example.com',
          'https:\\\\api.example.com', 'https://api.example.com\\mcp', ' https://api.example.com',
          'https://api.example.com\n', 'https://user@api.example.com', 'https://api.example.com?a',
          'https://api.example.com/#a', 'https://', new URL('https://a.example')
        ].map((publicUrl) => ({ publicUrl }))
      ]
    ],
    [
      "must be an array of hosts, such as ['api.example.com', 'localhost:*', '[::1]:8080']; only a port may be '*'",
      [
        { allowedHosts: 'localhost' },
        ...[
          'http://localhost', 7, '', 'a b', '*', '*:*', '*.example.com', '::1', '[::1', 'localhost:',
          'localhost:65536', 'localhost:x', 'user@localhost', 'localhost/', 'localhost,a.example'
        ].map((entry) => ({ allowedHosts: [entry] }))
      ]
    ],
    [
      "must be an array of origins without a path, such as ['https://app.example.com', 'http://localhost:*'], or '*' for pages of every origin",
      [
        { allowedOrigins: {} },
        { allowedOrigins: 'https://app.example.com' },
        ...[
          'app.example.com', 'https://app.example.com/', null, '*', 'https://*', 'https://*.example.com',
          'https://user@app.example.com', 'https://app.example.com:65536', 'NULL', '//app.example.com'
        ].map((entry) => ({ allowedOrigins: [entry] }))
      ]
    ]
  ]

  for (const [message, list] of wrong) {
    for (const options of list) {
      t.match(problemOf(options), { code: 'MCP_ERR_INVALID_OPTION', message: `option '${Object.keys(options).join()}' ${message}` }, JSON.stringify(options))
    }
  }
})

t.test('options that would have no effect are refused', async (t) => {
  t.match(problemOf({ dnsRebindingProtection: false, allowedHosts: ['a.example'] }), { code: 'MCP_ERR_INVALID_OPTION', message: /^option 'allowedHosts' contradicts 'dnsRebindingProtection: false'/ })
  t.match(problemOf({ dnsRebindingProtection: false, allowedOrigins: [] }), { code: 'MCP_ERR_INVALID_OPTION', message: /^option 'allowedOrigins' contradicts/ })
  t.match(problemOf({ cors: { credentials: true }, allowedOrigins: '*' }), { code: 'MCP_ERR_INVALID_OPTION', message: /^option 'cors' has 'credentials', which contradicts allowedOrigins: '\*'/ })
  t.match(problemOf({ cors: { credentials: false }, allowedOrigins: '*', publicUrl: 'https://api.example.com' }), { allowedOrigins: '*' })
  t.match(problemOf({ cors: true, allowedOrigins: [] }), { code: 'MCP_ERR_INVALID_OPTION', message: /^option 'cors' has no effect without an origin in 'allowedOrigins'/ })
  t.match(problemOf({ legacy: false, stateless: true }), { code: 'MCP_ERR_INVALID_OPTION', message: /^option 'stateless' contradicts 'legacy: false'/ })
  t.match(problemOf({ retryInterval: 500 }), { code: 'MCP_ERR_INVALID_OPTION', message: /^option 'retryInterval' has no effect without 'eventStore' or 'cluster'/ })
  for (const other of [{ legacy: false }, { stateless: true }]) {
    t.match(problemOf({ maxCallsInFlightPerSession: 1, ...other }), { code: 'MCP_ERR_INVALID_OPTION', message: /^option 'maxCallsInFlightPerSession' has no effect without sessions/ })
  }
  for (const other of [{ legacy: false }, { stateless: true }, { jsonResponse: true }]) {
    t.match(problemOf({ eventStore: createMemoryEventStore(), ...other }), { code: 'MCP_ERR_INVALID_OPTION', message: /^option 'eventStore' has no effect without the streams of sessions/ })
  }
})

t.test('legacySse has a default for each option that is left out', async (t) => {
  for (const legacySse of [true, {}, { ssePath: undefined }]) {
    t.match(problemOf({ legacySse }), { legacySse: { ssePath: '/sse', messagesPath: '/messages', maxRequests: 100 } })
  }
  t.match(problemOf({ legacySse: { ssePath: '/', messagesPath: '/in', maxRequests: 1 } }), {
    legacySse: { ssePath: '/', messagesPath: '/in', maxRequests: 1 }
  })
  t.match(problemOf({ legacySse: false, stateless: true }), { legacySse: false })
})

t.test('legacySse needs sessions, streams and one process, and URLs of its own', async (t) => {
  const cluster = createMemoryCluster()
  const refused: ReadonlyArray<readonly [options: object, message: RegExp]> = [
    [{ legacy: false }, /^option 'legacySse' contradicts 'legacy: false'/],
    [{ stateless: true }, /^option 'legacySse' contradicts 'stateless: true'/],
    [{ jsonResponse: true }, /^option 'legacySse' contradicts 'jsonResponse: true'/],
    [{ cluster }, /^option 'legacySse' contradicts 'cluster': .* mount the server a second time without 'cluster', behind sticky sessions, or leave one of them out$/],
    [{ path: '/sse/' }, /^option 'legacySse' needs paths that differ from each other and from 'path': they are '\/sse', '\/messages' and '\/sse\/'$/],
    [{ legacySse: { messagesPath: '/mcp' } }, /^option 'legacySse' needs paths that differ/],
    [{ legacySse: { ssePath: '/a', messagesPath: '/a/' } }, /^option 'legacySse' needs paths that differ/]
  ]

  for (const [options, message] of refused) {
    t.match(problemOf({ legacySse: true, ...options }), { code: 'MCP_ERR_INVALID_OPTION', message })
  }
})

t.test('a cluster refuses options that keep state in one process or forever', async (t) => {
  const cluster = createMemoryCluster()
  const needsKeys = new McpServer({ name: 'Notes', version: '1.0.0' })
  const server = new McpServer(
    { name: 'Notes', version: '1.0.0' },
    { requestState: { keys: ['0123456789abcdef0123456789abcdef'] } }
  )

  t.match(problemOf({ cluster, server, eventStore: createMemoryEventStore() }), { code: 'MCP_ERR_INVALID_OPTION', message: /^option 'eventStore' contradicts 'cluster'/ })
  t.match(problemOf({ cluster, server, sessionIdleTimeout: 0 }), { code: 'MCP_ERR_INVALID_OPTION', message: /^option 'sessionIdleTimeout' must be above 0 with 'cluster'/ })
  t.match(problemOf({ cluster, server: needsKeys }), { code: 'MCP_ERR_INVALID_OPTION', message: /^option 'cluster' needs a server whose requestState opens on every node: .*keys/ })
  for (const wrong of [{}, null, 'redis']) {
    t.match(problemOf({ cluster: wrong, server }), {
      message: "option 'cluster' must be a cluster, such as createMemoryCluster()"
    })
  }
  t.match(problemOf({ cluster, server, retryInterval: 500 }), { cluster, retryInterval: 500 })
})

t.test('with cors, allowedOrigins is accepted even with dnsRebindingProtection: false', async (t) => {
  t.match(problemOf({ cors: true, dnsRebindingProtection: false, allowedOrigins: ['https://app.example.com'] }), { allowedOrigins: ['https://app.example.com'] })
  t.match(problemOf({ cors: {}, publicUrl: 'https://api.example.com', allowedOrigins: [] }), { allowedOrigins: ['https://api.example.com'] })
})

t.test('an option that is true resolves to an object', async (t) => {
  t.match(problemOf({ cors: true, health: true }), { cors: {}, health: {} })
  t.match(problemOf({ cors: { maxAge: 600 }, health: { path: '/up' } }), {
    cors: { maxAge: 600 },
    health: { path: '/up' }
  })
  t.match(problemOf({ cors: false, health: false }), { cors: false, health: false })
})

t.test('the options object is not written to, however deep', async (t) => {
  const { app } = createHost(t)
  const options = Object.freeze({
    server,
    constraints: Object.freeze({ host: 'localhost:80' }),
    allowedHosts: Object.freeze(['localhost:80']),
    allowedOrigins: Object.freeze(['http://localhost:80']),
    logLevel: 'warn' as const,
    cors: Object.freeze({ exposedHeaders: Object.freeze(['X-A']) }),
    health: Object.freeze({}),
    hooks: Object.freeze({ onRequest: Object.freeze([async () => {}]) })
  })

  await t.resolves(mount(app, options))
})

t.test('options that Fastify adds to those of plugins are accepted', async (t) => {
  t.match(problemOf({ logSerializers: {} }), { path: '/mcp' })
})

t.test('a wrong option fails the registration before there is a mount', async (t) => {
  const { app } = createHost(t)
  await app.register(mcpPlugin, { server })

  await t.rejects(mount(app, { server, name: 'Second', path: 'x' }), {
    code: 'MCP_ERR_INVALID_OPTION',
    statusCode: 500
  })
  t.equal(app.mcp.size, 1)
})
