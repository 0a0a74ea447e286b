import type { AuthInfo as SdkAuthInfo } from '@modelcontextprotocol/sdk/server/auth/types.js'
import Fastify, {
  type FastifyInstance,
  type FastifyPluginAsync,
  type FastifyPluginCallback,
  type FastifyRequest,
  type FastifySchema
} from 'fastify'
import { describe, expect, test } from 'tstyche'
import mcpPlugin, {
  createMemoryCluster, createMemoryEventStore, introspectionVerifier, jwtVerifier, McpServer,
  type AuthInfo, type AuthOptions, type McpMountOptions, type ServerDefinition
} from '../lib/index.ts'

const app = Fastify()
const server = new McpServer({ name: 'Notes', version: '1.0.0' })

describe('the options of a mount', () => {
  test('require a server', () => {
    expect(app.register).type.toBeCallableWith(mcpPlugin, { server })
    expect(app.register).type.not.toBeCallableWith(mcpPlugin, {})
    expect(app.register).type.not.toBeCallableWith(mcpPlugin)
    expect(app.register).type.not.toBeCallableWith(mcpPlugin, { server: { name: 'Notes' } })
  })

  test('accept a server with any lifespan', () => {
    expect(
      new McpServer({ name: 'Notes', version: '1.0.0' }, { lifespan: () => ({ value: 7 }) })
    ).type.toBeAssignableTo<ServerDefinition>()
    expect(app.register).type.toBeCallableWith(mcpPlugin, {
      server: new McpServer({ name: 'Notes', version: '1.0.0' }, { lifespan: async () => ({ value: { pool: 1 } }) })
    })
  })

  test("accept a list or '*' as allowedOrigins", () => {
    expect<McpMountOptions['allowedOrigins']>().type.toBe<readonly string[] | '*' | undefined>()
  })

  test('are complete in this list', () => {
    const options = {
      server,
      prefix: '/notes',
      path: '/',
      name: 'notes',
      allowedHosts: ['api.example.com', 'localhost:*'],
      allowedOrigins: ['https://app.example.com'],
      dnsRebindingProtection: true,
      publicUrl: 'https://api.example.com',
      auth: {
        verify: jwtVerifier({ issuer: 'https://auth.example.com' }),
        authorizationServers: ['https://auth.example.com']
      },
      cors: { maxAge: 600, exposedHeaders: ['X-Cost'] },
      routes: async () => {},
      health: { path: '/up', ready: async () => true },
      expose: {
        include: 'safe' as const,
        forward: ['authorization'],
        request: async () => ({ headers: { 'x-signature': 'abc' } }),
        maxResponseBytes: 1024
      },
      hooks: { onResponse: async () => {} },
      stateless: false,
      jsonResponse: false,
      legacy: true,
      legacySse: { ssePath: '/sse', messagesPath: '/messages', maxRequests: 10 },
      sessionIdleTimeout: 60_000,
      maxSessions: 10,
      maxSessionsPerPrincipal: 5,
      maxCallsInFlight: 100,
      maxCallsInFlightPerSession: 20,
      maxCallsInFlightPerPrincipal: 10,
      maxCallsInFlightPerAddress: 10,
      maxWatched: 1024,
      maxWatchedTotal: 4096,
      maxWatchedPerPrincipal: 2048,
      maxWatchedPerAddress: 2048,
      maxStreams: 10,
      maxStreamsPerPrincipal: 5,
      maxSessionsPerAddress: 5,
      maxStreamsPerAddress: 5,
      eventStore: createMemoryEventStore(),
      cluster: createMemoryCluster(),
      retryInterval: 1000,
      keepAliveInterval: 0,
      bodyLimit: 1024,
      maxDepth: 10,
      maxValues: 1000,
      maxBatch: 10,
      maxBuffered: 1024,
      storeTimeout: 0,
      closeGracePeriod: 0,
      constraints: { host: 'api.example.com' },
      config: {},
      log: 'calls',
      logLevel: 'warn'
    // TypeScript reports each option that is missing here.
    } satisfies Required<McpMountOptions>

    expect(app.register).type.toBeCallableWith(mcpPlugin, options)
  })

  test('infer the parameters of functions', () => {
    expect({
      server,
      routes: async (scope) => {
        scope.get('/export', { config: { public: true } }, async ({ ip }) => ip)
        scope.get<{ Querystring: { code: string } }>(
          '/callback',
          { config: { public: true } },
          async ({ query: { code } }) => code
        )
      },
      health: { ready: () => true },
      hooks: {
        onRequest: (_request, _reply, done) => done(),
        preHandler: [async (request, reply) => { if (request.ip === '::1') return reply.code(403).send() }],
        onSend: async (_request, _reply, payload) => payload
      }
    } satisfies McpMountOptions).type.toBeAssignableTo<McpMountOptions>()
  })

  test('have a config for plugins, with what the app has declared of it', () => {
    expect(app.register).type.toBeCallableWith(mcpPlugin, {
      server, config: { rateLimit: { max: 100, timeWindow: '1 minute' } }
    })
    expect(app.register).type.not.toBeCallableWith(mcpPlugin, { server, config: 'limited' })
  })

  test('accept no unknown option', () => {
    expect(app.register).type.not.toBeCallableWith(mcpPlugin, { server, pth: '/mcp' })
    expect(app.register).type.not.toBeCallableWith(mcpPlugin, { server, keepaliveInterval: 15 })
    expect<McpMountOptions>().type.not.toHaveProperty('anything')
  })

  test('accept no value of a wrong type', () => {
    expect(app.register).type.not.toBeCallableWith(mcpPlugin, { server, prefix: 7 })
    expect(app.register).type.not.toBeCallableWith(mcpPlugin, { server, keepAliveInterval: '15s' })
    expect(app.register).type.not.toBeCallableWith(mcpPlugin, { server, allowedHosts: 'localhost' })
    expect(app.register).type.not.toBeCallableWith(mcpPlugin, { server, stateless: 'yes' })
    expect(app.register).type.not.toBeCallableWith(mcpPlugin, { server, publicUrl: new URL('https://example.com') })
    expect(app.register).type.not.toBeCallableWith(mcpPlugin, { server, logLevel: 'loud' })
    expect(app.register).type.not.toBeCallableWith(mcpPlugin, { server, cors: { origin: '*' } })
    expect(app.register).type.not.toBeCallableWith(mcpPlugin, { server, cors: 'yes' })
    expect(app.register).type.not.toBeCallableWith(mcpPlugin, { server, routes: {} })
    expect(app.register).type.not.toBeCallableWith(mcpPlugin, { server, health: { path: 7 } })
    expect(app.register).type.toBeCallableWith(mcpPlugin, { server, legacySse: true })
    expect(app.register).type.not.toBeCallableWith(mcpPlugin, { server, legacySse: '/sse' })
    expect(app.register).type.not.toBeCallableWith(mcpPlugin, { server, legacySse: { path: '/sse' } })
    expect(app.register).type.not.toBeCallableWith(mcpPlugin, { server, hooks: { preSerialization: async () => {} } })
    expect(app.register).type.not.toBeCallableWith(mcpPlugin, { server, hooks: { onRequest: 'yes' } })
    expect<NonNullable<McpMountOptions['keepAliveInterval']>>().type.toBe<number>()
    expect<NonNullable<McpMountOptions['allowedHosts']>>().type.toBe<readonly string[]>()
  })

  test('accept values that may be undefined or frozen', () => {
    const port: string | undefined = process.env['PORT']

    expect({
      server,
      ...(port !== undefined && { publicUrl: `http://localhost:${port}` })
    }).type.toBeAssignableTo<McpMountOptions>()
    expect(
      Object.freeze({
        server,
        allowedHosts: Object.freeze(['localhost']),
        hooks: Object.freeze({ onResponse: Object.freeze([async () => {}]) })
      })
    ).type.toBeAssignableTo<McpMountOptions>()
  })

  test('may be a function of the app', () => {
    expect(app.register).type.toBeCallableWith(mcpPlugin, (parent: FastifyInstance) => ({
      server,
      prefix: parent.prefix
    }))
  })
})

describe('auth', () => {
  const caller = { token: 'a', clientId: 'b', scopes: ['c'] }

  test('has either verify and authorizationServers, or authenticate', () => {
    expect<AuthOptions>().type.toBeAssignableFrom({
      verify: (token: string) => ({ ...caller, token }),
      authorizationServers: ['https://a.example'],
      wellKnownAlias: true
    })
    expect<AuthOptions>().type.toBeAssignableFrom({
      verify: async () => null,
      authorizationServers: ['https://a.example']
    })
    expect<AuthOptions>().type.toBeAssignableFrom({
      authenticate: async (request: FastifyRequest) => (request.ip === '::1' ? caller : null),
      requiredScopes: ['a']
    })
    const tokens = { verify: () => null, authorizationServers: ['https://a.example'] }
    expect<AuthOptions>().type.toBeAssignableFrom({ ...tokens, dpop: 'accept' as const })
    expect<AuthOptions>().type.not.toBeAssignableFrom({ ...tokens, dpop: true })
    expect<AuthOptions>().type.toBeAssignableFrom({
      ...tokens, revocations: { isRevoked: () => false, onRevoked: () => () => {} }
    })
    expect<AuthOptions>().type.not.toBeAssignableFrom({ ...tokens, revocations: { isRevoked: () => false } })
    expect<AuthOptions>().type.not.toBeAssignableFrom({ verify: () => null })
    expect<AuthOptions>().type.not.toBeAssignableFrom({
      verify: () => ({ token: 'a' }),
      authorizationServers: ['https://a.example']
    })
    expect<AuthOptions>().type.not.toBeAssignableFrom({ authenticate: () => true })
    expect<AuthOptions>().type.not.toBeAssignableFrom({})
  })

  test('accepts the verifiers of this package and of the official SDK', () => {
    expect(introspectionVerifier).type.toBeCallableWith({
      url: 'https://a.example',
      clientId: 'a',
      clientSecret: 'b',
      audience: false
    })
    expect(jwtVerifier).type.toBeCallableWith({ issuer: 'https://a.example', audience: ['a'], cache: { ttl: 1000 } })
    expect(jwtVerifier).type.toBeCallableWith({ issuer: 'https://a.example', clientIds: ['a'] })
    expect(jwtVerifier).type.not.toBeCallableWith({ issuer: 'https://a.example', clientIds: 'a' })
    expect(jwtVerifier({ issuer: 'https://a.example' }).warning).type.toBe<string | undefined>()
    expect(jwtVerifier).type.not.toBeCallableWith({})
    expect<AuthInfo>().type.toBeAssignableTo<SdkAuthInfo>()
    expect<SdkAuthInfo>().type.toBeAssignableTo<AuthInfo>()
    expect<AuthInfo['audience']>().type.toBe<string | readonly string[] | undefined>()
  })
})

test('the schema of a route has words for the tool, also without @fastify/swagger', () => {
  expect<FastifySchema>().type.toBeAssignableFrom({
    summary: 'Show an order', description: 'By its number.', operationId: 'showOrder', tags: ['orders'], hide: false
  })
  expect<NonNullable<FastifySchema['summary']>>().type.toBe<string>()
})

test('the plugin is a Fastify plugin', () => {
  expect(mcpPlugin).type.toBeAssignableTo<
    FastifyPluginAsync<McpMountOptions> | FastifyPluginCallback<McpMountOptions>
  >()
})
