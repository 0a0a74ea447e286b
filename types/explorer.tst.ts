import Fastify, { type FastifyRequest } from 'fastify'
import { expect, test } from 'tstyche'
import mcpExplorer, { type McpExplorerOptions } from '../lib/explorer/index.ts'

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
