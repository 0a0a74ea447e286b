import type { CallToolResult } from '@modelcontextprotocol/sdk/types.js'
import Fastify from 'fastify'
import { expect, test } from 'tstyche'
import {
  McpServer,
  type McpRegistry,
  type Mount,
  type Mountable,
  type MountStats,
  type Notifier
} from '../lib/index.ts'

const app = Fastify()

test('an app that imports the package has the registry of its mounts', () => {
  expect(app.mcp).type.toBe<McpRegistry>()
  expect(app.mcp.size).type.toBe<number>()
  expect(app.mcp.has('Notes')).type.toBe<boolean>()
  expect(app.mcp.get('Notes')).type.toBe<Mount>()
  expect([...app.mcp]).type.toBe<Mount[]>()
  app.register(async (scope) => {
    expect(scope.mcp).type.toBe<McpRegistry>()
  })
})

test('a request handler of the host finds it, too', () => {
  app.get('/health', async function health (request) {
    expect(this.mcp).type.toBe<McpRegistry>()
    expect(request.server.mcp).type.toBe<McpRegistry>()
    return this.mcp.get('Notes').stats()
  })
})

test('a mount has a name, an address, its server and its figures', () => {
  const mount = app.mcp.get('Notes')

  expect(mount.name).type.toBe<string>()
  expect(mount.path).type.toBe<string>()
  expect(mount.url).type.toBe<string>()
  expect(mount.server).type.toBe<Mountable>()
  expect(mount.sessions.size).type.toBe<number>()
  expect(mount.sessions.max).type.toBe<number>()
  expect(mount.stats()).type.toBe<MountStats>()
  expect(mount.stats().sessions).type.toBe<number>()
  expect(mount.stats().exchanges).type.toBe<number>()
})

test('a mount tells its clients of changes', () => {
  const { notify } = app.mcp.get('Notes')

  expect(notify).type.toBe<Notifier>()
  expect(notify.toolsChanged()).type.toBe<void>()
  expect(notify.promptsChanged()).type.toBe<void>()
  expect(notify.resourcesChanged()).type.toBe<void>()
  expect(notify.resourceUpdated('notes://all')).type.toBe<void>()
  expect(notify.resourceUpdated).type.not.toBeCallableWith()
  expect(notify.resourceUpdated).type.not.toBeCallableWith(new URL('notes://all'))
})

test('a mount calls its tools for the host', () => {
  const mount = app.mcp.get('Notes')

  expect(mount.call('add', { text: 'milk' })).type.toBe<Promise<CallToolResult>>()
  expect(mount.call('list')).type.toBe<Promise<CallToolResult>>()
  expect(mount.call).type.not.toBeCallableWith()
  expect(mount.call).type.not.toBeCallableWith('add', 'milk')
})

test('nobody writes to a mount or a server', () => {
  const mount = app.mcp.get('Notes')
  const server = new McpServer({ name: 'Notes', version: '1.0.0' })

  // @ts-expect-error Cannot assign to 'name' because it is a read-only property.
  mount.name = 'other'
  // @ts-expect-error Cannot assign to 'url' because it is a read-only property.
  mount.url = 'http://localhost'
  // @ts-expect-error Cannot assign to 'info' because it is a read-only property.
  server.info = { name: 'other', version: '1.0.0' }
})
