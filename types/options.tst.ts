import Fastify, { type FastifyInstance, type FastifyPluginAsync, type FastifyPluginCallback } from 'fastify'
import { describe, expect, test } from 'tstyche'
import mcpPlugin, { McpServer, type McpMountOptions, type ServerDefinition } from '../lib/index.ts'

const app = Fastify()
const server = new McpServer({ name: 'Notes', version: '1.0.0' })

describe('the options of a mount', () => {
  test('are the server at the least', () => {
    expect(app.register).type.toBeCallableWith(mcpPlugin, { server })
    expect(app.register).type.not.toBeCallableWith(mcpPlugin, {})
    expect(app.register).type.not.toBeCallableWith(mcpPlugin)
    expect(app.register).type.not.toBeCallableWith(mcpPlugin, { server: { name: 'Notes' } })
  })

  test('take a server of any lifespan', () => {
    expect(new McpServer({ name: 'Notes', version: '1.0.0' }, { lifespan: () => ({ value: 7 }) })).type.toBeAssignableTo<ServerDefinition>()
    expect(app.register).type.toBeCallableWith(mcpPlugin, {
      server: new McpServer({ name: 'Notes', version: '1.0.0' }, { lifespan: async () => ({ value: { pool: 1 } }) })
    })
  })

  test('are all known', () => {
    expect(app.register).type.toBeCallableWith(mcpPlugin, {
      server,
      prefix: '/notes',
      path: '/',
      name: 'notes',
      allowedHosts: ['api.example.com', 'localhost:*'],
      allowedOrigins: ['https://app.example.com'],
      dnsRebindingProtection: true,
      publicUrl: 'https://api.example.com',
      stateless: false,
      jsonResponse: false,
      legacy: true,
      sessionIdleTimeout: 60_000,
      maxSessions: 10,
      keepAliveInterval: 0,
      bodyLimit: 1024,
      maxDepth: 10,
      maxBatch: 10,
      maxBuffered: 1024,
      closeGracePeriod: 0,
      constraints: { host: 'api.example.com' },
      logLevel: 'warn'
    })
  })

  test('have no others', () => {
    expect(app.register).type.not.toBeCallableWith(mcpPlugin, { server, pth: '/mcp' })
    expect(app.register).type.not.toBeCallableWith(mcpPlugin, { server, keepaliveInterval: 15 })
    expect<McpMountOptions>().type.not.toHaveProperty('anything')
  })

  test('are of their types', () => {
    expect(app.register).type.not.toBeCallableWith(mcpPlugin, { server, prefix: 7 })
    expect(app.register).type.not.toBeCallableWith(mcpPlugin, { server, keepAliveInterval: '15s' })
    expect(app.register).type.not.toBeCallableWith(mcpPlugin, { server, allowedHosts: 'localhost' })
    expect(app.register).type.not.toBeCallableWith(mcpPlugin, { server, stateless: 'yes' })
    expect(app.register).type.not.toBeCallableWith(mcpPlugin, { server, publicUrl: new URL('https://example.com') })
    expect(app.register).type.not.toBeCallableWith(mcpPlugin, { server, logLevel: 'loud' })
    expect<NonNullable<McpMountOptions['keepAliveInterval']>>().type.toBe<number>()
    expect<NonNullable<McpMountOptions['allowedHosts']>>().type.toBe<readonly string[]>()
  })

  test('may be built from what may be missing', () => {
    const port: string | undefined = process.env['PORT']

    expect({ server, ...(port !== undefined && { publicUrl: `http://localhost:${port}` }) }).type.toBeAssignableTo<McpMountOptions>()
    expect(Object.freeze({ server, allowedHosts: Object.freeze(['localhost']) })).type.toBeAssignableTo<McpMountOptions>()
  })

  test('may come from a function of the app, as those of any plugin', () => {
    expect(app.register).type.toBeCallableWith(mcpPlugin, (parent: FastifyInstance) => ({ server, prefix: parent.prefix }))
  })
})

test('the plugin is one of Fastify', () => {
  expect(mcpPlugin).type.toBeAssignableTo<FastifyPluginAsync<McpMountOptions> | FastifyPluginCallback<McpMountOptions>>()
})
