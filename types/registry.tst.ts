import type { CallToolResult } from '@modelcontextprotocol/sdk/types.js'
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import Fastify, { type FastifyRequest } from 'fastify'
import { expect, test } from 'tstyche'
import {
  closeOnSignal,
  McpServer,
  type ClusterState,
  type HealthOptions,
  type McpRegistry,
  type Mount,
  type Mountable,
  type MountStats,
  type Notifier,
  type SessionSummary
} from '../lib/index.ts'

const app = Fastify()

test('app.mcp is the registry of mounts', () => {
  expect(app.mcp).type.toBe<McpRegistry>()
  expect(app.mcp.size).type.toBe<number>()
  expect(app.mcp.has('Notes')).type.toBe<boolean>()
  expect(app.mcp.get('Notes')).type.toBe<Mount>()
  expect([...app.mcp]).type.toBe<Mount[]>()
  app.register(async (scope) => {
    expect(scope.mcp).type.toBe<McpRegistry>()
  })
})

test('the request handlers of the app have the registry, too', () => {
  app.get('/health', async function health (request) {
    expect(this.mcp).type.toBe<McpRegistry>()
    expect(request.server.mcp).type.toBe<McpRegistry>()
    return this.mcp.get('Notes').stats()
  })
})

test('a mount has a name, a path, a URL, its server and its stats', () => {
  const mount = app.mcp.get('Notes')

  expect(mount.name).type.toBe<string>()
  expect(mount.path).type.toBe<string>()
  expect(mount.url).type.toBe<string>()
  expect(mount.server).type.toBe<Mountable>()
  expect(mount.sessions.size).type.toBe<number>()
  expect(mount.sessions.max).type.toBe<number>()
  expect(mount.stats()).type.toBe<MountStats>()
  expect(mount.stats().outcomes.tool_error).type.toBe<number>()
  expect(mount.stats().cluster).type.toBe<ClusterState | undefined>()
  expect(mount.stats().sessions).type.toBe<number>()
  expect(mount.stats().exchanges).type.toBe<number>()
})

test('mount.notify sends changes to clients', () => {
  const { notify } = app.mcp.get('Notes')

  expect(notify).type.toBe<Notifier>()
  expect(notify.toolsChanged()).type.toBe<void>()
  expect(notify.promptsChanged()).type.toBe<void>()
  expect(notify.resourcesChanged()).type.toBe<void>()
  expect(notify.resourceUpdated('notes://all')).type.toBe<void>()
  expect(notify.resourceUpdated).type.not.toBeCallableWith()
  expect(notify.resourceUpdated).type.not.toBeCallableWith(new URL('notes://all'))
})

test('mount.call() calls a tool of the mount', () => {
  const mount = app.mcp.get('Notes')

  expect(mount.call('add', { text: 'milk' })).type.toBe<Promise<CallToolResult>>()
  expect(mount.call('list')).type.toBe<Promise<CallToolResult>>()
  expect(mount.call).type.not.toBeCallableWith()
  expect(mount.call).type.not.toBeCallableWith('add', 'milk')
})

test('a mount and a server are read-only', () => {
  const mount = app.mcp.get('Notes')
  const server = new McpServer({ name: 'Notes', version: '1.0.0' })

  // @ts-expect-error Cannot assign to 'name' because it is a read-only property.
  mount.name = 'other'
  // @ts-expect-error Cannot assign to 'url' because it is a read-only property.
  mount.url = 'http://localhost'
  // @ts-expect-error Cannot assign to 'info' because it is a read-only property.
  server.info = { name: 'other', version: '1.0.0' }
})

test('sessions are iterated over, and ended by an id, a hash or their callers', async () => {
  const { sessions } = app.mcp.get('Notes')

  for await (const session of sessions) expect(session).type.toBe<SessionSummary>()
  expect(sessions.end('id')).type.toBe<Promise<boolean>>()
  expect(sessions.end).type.toBeCallableWith('id', 'left the company')
  expect(sessions.endAll({ subject: 'ann', clientId: 'app' }, 'left')).type.toBe<Promise<number>>()
  expect(sessions.endAll).type.not.toBeCallableWith({ user: 'ann' })
  expect(app.mcp.stats()).type.toBe<Readonly<Record<string, MountStats>>>()
})

test('whether health checks have details depends on their request', () => {
  expect<HealthOptions>().type.toBeAssignableFrom({ details: ({ ip }: FastifyRequest) => ip === '127.0.0.1' })
  expect<HealthOptions>().type.not.toBeAssignableFrom({ details: true })
})

test('an app of any kind is closed on signals, and app.mcp drains it', () => {
  expect(closeOnSignal).type.toBeCallableWith(app)
  expect(closeOnSignal).type.toBeCallableWith(Fastify().withTypeProvider<TypeBoxTypeProvider>(), { drain: 5000 })
  expect(closeOnSignal).type.toBeCallableWith(Fastify({ https: {} }), { signals: ['SIGTERM'] })
  expect(closeOnSignal).type.toBeCallableWith(Fastify({ http2: true }))
  expect(closeOnSignal).type.not.toBeCallableWith(app, { signals: ['SIGNAL'] })
  expect(closeOnSignal).type.not.toBeCallableWith(app, { drain: '5s' })
  expect(closeOnSignal(app)).type.toBe<void>()
  expect(app.mcp.drain({ delay: 5000 })).type.toBe<Promise<void>>()
  expect(app.mcp.drain).type.not.toBeCallableWith({ delay: '5s' })
})
