import t from 'tap'
import mcpPlugin, * as api from '../lib/index.ts'
import { createHost, createServer } from './support/app.ts'

t.test('the package exports its plugin as the default and a few names besides', async (t) => {
  t.same(Object.keys(api).sort(), [
    'ClusterUnreachableError',
    'ErrorCode',
    'InputRequiredError',
    'InsufficientScopeError',
    'InvalidTokenError',
    'McpServer',
    'ResourceTemplate',
    'RpcError',
    'ToolError',
    'Type',
    'VerifierUnavailableError',
    'authInfoOf',
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

t.test('the plugin is made for Fastify 5 and has a name', async (t) => {
  const { app } = createHost(t)
  app.register(mcpPlugin, { server: createServer() })
  await app.ready()

  t.ok(app.hasPlugin('fastify-mcp-mount'))
  t.match(Reflect.get(mcpPlugin, Symbol.for('plugin-meta')), { name: 'fastify-mcp-mount', fastify: '5.x' })
})

t.test('error codes are those of JSON-RPC and of the protocol, and one of our own', async (t) => {
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
    InsufficientScope: 6750
  })
})
