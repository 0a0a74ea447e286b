import t from 'tap'
import mcpPlugin, * as api from '../lib/index.ts'
import { createHost, createServer } from './support/app.ts'

t.test('the package exports the plugin as its default, and the listed names', async (t) => {
  t.same(Object.keys(api).sort(), [
    'ClusterUnreachableError',
    'ErrorCode',
    'InputRequiredError',
    'InsufficientScopeError',
    'InvalidTokenError',
    'McpServer',
    'ResourceTemplate',
    'RpcError',
    'SignInRequiredError',
    'ToolError',
    'Type',
    'VerifierUnavailableError',
    'authInfoOf',
    'closeOnSignal',
    'completable',
    'createMemoryBus',
    'createMemoryCluster',
    'createMemoryEventStore',
    'createMemorySessionStore',
    'default',
    'inputRequired',
    'introspectionVerifier',
    'jwtVerifier'
  ])
  t.equal(api.default, mcpPlugin)
})

t.test('the plugin declares its name and Fastify 5', async (t) => {
  const { app } = createHost(t)
  app.register(mcpPlugin, { server: createServer() })
  await app.ready()

  t.ok(app.hasPlugin('fastify-mcp-mount'))
  t.match(Reflect.get(mcpPlugin, Symbol.for('plugin-meta')), { name: 'fastify-mcp-mount', fastify: '5.x' })
})

t.test('ErrorCode has the codes of JSON-RPC, those of the protocol, and two of this package', async (t) => {
  t.same(api.ErrorCode, {
    ParseError: -32700,
    HttpRequestRefused: -32000,
    SessionNotFound: -32001,
    InvalidRequest: -32600,
    MethodNotFound: -32601,
    InvalidParams: -32602,
    InternalError: -32603,
    ResourceNotFound: -32002,
    HeaderMismatch: -32020,
    MissingRequiredClientCapability: -32021,
    UnsupportedProtocolVersion: -32022,
    InsufficientScope: 6750,
    SignInRequired: 9470
  })
})
