import Fastify, { type FastifyRequest } from 'fastify'
import { expect, test } from 'tstyche'
import mcpExplorer, { type McpExplorerOptions, type WatchOptions } from '../lib/explorer/index.ts'

test('the explorer is registered without options, and with a prefix', () => {
  expect(Fastify().register).type.toBeCallableWith(mcpExplorer)
  expect(Fastify().register).type.toBeCallableWith(mcpExplorer, { prefix: '/look' })
})

test('authorize gets the request, and may be asynchronous', () => {
  expect<McpExplorerOptions>().type.toBeAssignableFrom<{ authorize: (request: FastifyRequest) => boolean }>()
  expect<McpExplorerOptions>().type.toBeAssignableFrom<{ authorize: () => Promise<boolean> }>()
  expect<McpExplorerOptions>().type.not.toBeAssignableFrom<{ authorize: () => string }>()
  expect<McpExplorerOptions>().type.not.toBeAssignableFrom<{ allowInProduction: 'yes' }>()
})

test('watch is a switch or an object in the language of the option log', () => {
  expect<McpExplorerOptions>().type.toBeAssignableFrom<{ watch: true }>()
  expect<McpExplorerOptions>().type.toBeAssignableFrom<{ watch: { arguments: true, redact: string[] } }>()
  expect<McpExplorerOptions>().type.toBeAssignableFrom<{ watch: { maxWatchers: 2 } }>()
  expect<McpExplorerOptions>().type.not.toBeAssignableFrom<{ watch: 'calls' }>()
  expect<McpExplorerOptions['watch']>().type.toBe<boolean | WatchOptions | undefined>()
  expect<WatchOptions>().type.not.toBeAssignableFrom<{ redact: string }>()
})
