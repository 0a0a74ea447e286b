import { McpServer as SdkV1Server } from '@modelcontextprotocol/sdk/server/mcp.js'
import { McpServer as SdkV2Server } from '@modelcontextprotocol/server'
import Fastify from 'fastify'
import { expect, test } from 'tstyche'
import { McpServer, type AuthInfo, type Notifier } from '../lib/index.ts'
import { serveStdio, type StdioConnection, type StdioOptions } from '../lib/stdio.ts'

const info = { name: 'Notes', version: '1.0.0' }

test('serveStdio() accepts every kind of server that a mount accepts', () => {
  expect(serveStdio).type.toBeCallableWith(new McpServer(info))
  expect(serveStdio).type.toBeCallableWith(new McpServer(info, { lifespan: () => ({ value: 5 }) }))
  expect(serveStdio).type.toBeCallableWith(new SdkV1Server(info))
  expect(serveStdio).type.toBeCallableWith(() => new SdkV2Server(info), {})
  expect(serveStdio).type.not.toBeCallableWith()
  expect(serveStdio).type.not.toBeCallableWith('Notes')
})

test('serveStdio() accepts no options of HTTP', () => {
  expect<StdioOptions>().type.toBeAssignableFrom({ app: Fastify(), input: process.stdin, output: process.stdout })
  expect<StdioOptions>().type.toBeAssignableFrom<{ auth: AuthInfo, closeGracePeriod: number }>()
  expect<StdioOptions>().type.not.toBeAssignableFrom<{ bodyLimit: string }>()
  expect(serveStdio).type.not.toBeCallableWith(new McpServer(info), { prefix: '/notes' })
})

test('a connection has closed, close() and notify', () => {
  expect(serveStdio(new McpServer(info))).type.toBe<Promise<StdioConnection>>()
  expect<StdioConnection['closed']>().type.toBe<Promise<void>>()
  expect<StdioConnection['close']>().type.toBe<() => Promise<void>>()
  expect<StdioConnection['notify']>().type.toBe<Notifier>()
})
