import type { CreateMessageResult, CreateMessageResultWithTools, Root } from '@modelcontextprotocol/sdk/types.js'
import { describe, expect, test } from 'tstyche'
import { z } from 'zod'
import {
  inputRequired,
  McpServer,
  ResourceTemplate,
  Type,
  type Elicited,
  type ElicitedUrl,
  type InputRequired,
  type RequestContext
} from '../lib/index.ts'

declare const ctx: RequestContext
const server = new McpServer({ name: 'Notes', version: '1.0.0' })
const messages = [{ role: 'user' as const, content: { type: 'text' as const, text: 'a' } }]

describe('the answer to a form has the type of its schema', () => {
  test('schemas of TypeBox, of zod and in JSON Schema give the type', () => {
    expect(ctx.elicit('a', Type.Object({ name: Type.String() }))).type.toBe<Promise<Elicited<{ name: string }>>>()
    expect(ctx.elicit('a', z.object({ n: z.coerce.number() }))).type.toBe<Promise<Elicited<{ n: number }>>>()
    expect(ctx.elicit('a', { type: 'object', properties: { ok: { type: 'boolean' } }, required: ['ok'] })).type.toBe<
      Promise<Elicited<{ ok: boolean }>>
    >()
  })

  test('only an accepted form has content', async () => {
    const answer = await ctx.elicit('a', Type.Object({ name: Type.String() }))
    expect(answer).type.not.toHaveProperty('content')
    if (answer.action === 'accept') expect(answer.content.name).type.toBe<string>()
    else expect(answer.action).type.toBe<'decline' | 'cancel'>()
  })
})

test('a question takes a key and a timeout', () => {
  expect(ctx.listRoots).type.toBeCallableWith({ key: 'a', timeout: 5 })
  expect(ctx.listRoots).type.not.toBeCallableWith({ timeout: '5s' })
  expect(ctx.elicit).type.not.toBeCallableWith('a')
})

test('the answers to other questions have the types of the protocol', () => {
  expect(ctx.elicitUrl('a', new URL('https://example.com'))).type.toBe<Promise<ElicitedUrl>>()
  expect(ctx.listRoots()).type.toBe<Promise<Root[]>>()
  expect(ctx.sample({ messages, maxTokens: 1 })).type.toBe<Promise<CreateMessageResult>>()
  expect(ctx.sample({ messages, maxTokens: 1, tools: [] })).type.toBe<Promise<CreateMessageResultWithTools>>()
  expect(ctx.sample).type.not.toBeCallableWith({ messages })
})

test('once() resolves to the type that its function returns', () => {
  expect(ctx.once('a', () => 1)).type.toBe<Promise<number>>()
  expect(ctx.once('a', async () => ({ id: 'a' }))).type.toBe<Promise<{ id: string }>>()
})

test('every kind of handler may return inputRequired()', () => {
  const ask = inputRequired({ inputRequests: { a: { method: 'roots/list', params: {} } }, state: 1 })
  expect(ask).type.toBe<InputRequired>()
  expect(inputRequired).type.not.toBeCallableWith({ inputRequests: { a: { method: 'ping', params: {} } } })

  server.registerTool('a', {}, () => ask)
  server.registerTool('b', { outputSchema: Type.Object({ n: Type.Number() }) }, async (_args, ctx) =>
    ctx.inputState === 1 ? { n: 1 } : ask
  )
  server.registerPrompt('a', {}, async () => ask)
  server.registerResource('a', 'notes://a', {}, () => ask)
  server.registerResource('b', new ResourceTemplate('notes://{id}'), {}, async () => ask)
  expect(ctx.inputResponses['a']).type.toBe<unknown>()
  expect(ctx.inputState).type.toBe<unknown>()
})

test('a handler cannot return an object that only looks like inputRequired()', () => {
  expect(server.registerTool).type.not.toBeCallableWith('a', {}, () => ({ inputRequests: undefined, state: 1 }))
})

test('requestState and questionTimeout have their types', () => {
  expect(McpServer).type.toBeConstructableWith(
    { name: 'a', version: '1' },
    { requestState: { keys: ['secret', new Uint8Array(32)], ttl: 5 }, questionTimeout: 0 }
  )
  expect(McpServer).type.not.toBeConstructableWith({ name: 'a', version: '1' }, { requestState: { keys: 'secret' } })
})
