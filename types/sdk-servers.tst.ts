import { Server } from '@modelcontextprotocol/sdk/server/index.js'
import { McpServer as SdkV1Server } from '@modelcontextprotocol/sdk/server/mcp.js'
import {
  createMcpHandler,
  McpServer as SdkV2Server,
  Server as ServerV2,
  type McpHttpHandler,
  type McpServerFactory
} from '@modelcontextprotocol/server'
import Fastify, { type FastifyRequest } from 'fastify'
import { describe, expect, test } from 'tstyche'
import mcpPlugin, {
  type AuthInfo,
  type McpServer,
  type Era,
  type FetchHandler,
  type Mountable,
  type SdkServerContext,
  type SdkServerLike
} from '../lib/index.ts'

const app = Fastify()
const info = { name: 'Notes', version: '1.0.0' }

describe('a mount accepts', () => {
  test('servers of the SDK v1, high-level and low-level', () => {
    expect(app.register).type.toBeCallableWith(mcpPlugin, { server: new SdkV1Server(info) })
    expect(app.register).type.toBeCallableWith(mcpPlugin, { server: new Server(info, { capabilities: { tools: {} } }) })
    expect<SdkV1Server>().type.toBeAssignableTo<SdkServerLike>()
    expect<Server>().type.toBeAssignableTo<SdkServerLike>()
  })

  test('functions that create servers of the SDK v1', () => {
    expect(app.register).type.toBeCallableWith(mcpPlugin, { server: () => new SdkV1Server(info) })
    expect(app.register).type.toBeCallableWith(mcpPlugin, { server: async () => new SdkV1Server(info) })
    expect(app.register).type.toBeCallableWith(mcpPlugin, {
      server: (context: SdkServerContext) => new Server({ ...info, title: context.era })
    })
    expect<(context: SdkServerContext) => Promise<Server | SdkV1Server>>().type.toBeAssignableTo<Mountable>()
  })

  test('functions that create servers of the SDK v2', () => {
    expect(app.register).type.toBeCallableWith(mcpPlugin, { server: () => new SdkV2Server(info) })
    expect(app.register).type.toBeCallableWith(mcpPlugin, { server: async () => new ServerV2(info) })
    expect<McpServerFactory>().type.toBeAssignableTo<Mountable>()
  })

  test('handlers of the SDK v2, and any object with a fetch method', () => {
    expect(app.register).type.toBeCallableWith(mcpPlugin, { server: createMcpHandler(() => new SdkV2Server(info)) })
    expect<McpHttpHandler>().type.toBeAssignableTo<FetchHandler>()
    expect(app.register).type.toBeCallableWith(mcpPlugin, {
      server: { fetch: async (request: Request) => Response.json(request.url) }
    })
    expect(app.register).type.toBeCallableWith(mcpPlugin, {
      server: { fetch: () => new Response(), close: async () => {} }
    })
  })

  test('servers of this package', () => {
    expect<McpServer>().type.toBeAssignableTo<Mountable>()
  })
})

test('a function that creates a server gets a context', () => {
  app.register(mcpPlugin, {
    server: (context) => {
      expect(context).type.toBe<SdkServerContext>()
      return new SdkV1Server(info)
    }
  })

  expect<SdkServerContext['era']>().type.toBe<Era>()
  expect<SdkServerContext['sessionId']>().type.toBe<string | undefined>()
  expect<SdkServerContext['principal']>().type.toBe<string | undefined>()
  expect<SdkServerContext['authInfo']>().type.toBe<AuthInfo | undefined>()
  expect<SdkServerContext['request']>().type.toBe<FastifyRequest | undefined>()
  expect<SdkServerContext['requestInfo']>().type.toBe<Request | undefined>()
})

test('a mount accepts no other value', () => {
  expect(app.register).type.not.toBeCallableWith(mcpPlugin, { server: SdkV1Server })
  expect(app.register).type.not.toBeCallableWith(mcpPlugin, { server: Promise.resolve(new SdkV1Server(info)) })
  expect(app.register).type.not.toBeCallableWith(mcpPlugin, { server: () => 'Notes' })
  expect(app.register).type.not.toBeCallableWith(mcpPlugin, { server: async () => undefined })
  expect(app.register).type.not.toBeCallableWith(mcpPlugin, {
    server: (name: string) => new SdkV1Server({ name, version: '1.0.0' })
  })
  expect(app.register).type.not.toBeCallableWith(mcpPlugin, { server: { fetch: () => 'Notes' } })
  expect(app.register).type.not.toBeCallableWith(mcpPlugin, { server: { connect: async () => {} } })
  expect(app.register).type.not.toBeCallableWith(mcpPlugin, { server: 'Notes' })
})

test('mount.server is Mountable', () => {
  expect(app.mcp.get('Notes').server).type.toBe<Mountable>()
})
