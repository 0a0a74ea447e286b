import type { CallToolResult } from '@modelcontextprotocol/sdk/types.js'
import { describe, expect, test } from 'tstyche'
import { z } from 'zod'
import {
  InsufficientScopeError,
  McpServer,
  ResourceTemplate,
  SignInRequiredError,
  Type,
  type AuthInfo,
  type Handle,
  type PromptHandle,
  type RequestContext,
  type ResourceHandle,
  type RpcError,
  type TemplateHandle,
  type ToolHandle,
  type ToolReturn
} from '../lib/index.ts'

const server = new McpServer({ name: 'Notes', version: '1.0.0' })
const note = {
  type: 'object',
  properties: { text: { type: 'string' }, size: { type: 'integer' } },
  required: ['text']
} as const

describe("the arguments of a tool's handler have the type of", () => {
  test('a TypeBox schema', () => {
    server.registerTool('a', {
      inputSchema: Type.Object({
        text: Type.String(),
        size: Type.Optional(Type.Integer()),
        state: Type.Union([Type.Literal('open'), Type.Literal('done')])
      })
    }, (args) => {
      expect(args).type.toBe<{ text: string, size?: number, state: 'open' | 'done' }>()
      return args.text
    })
  })

  test('a zod schema, after its transforms', () => {
    server.registerTool(
      'a',
      {
        inputSchema: z.object({ text: z.string(), size: z.string().transform(Number), unit: z.string().default('m') })
      },
      async (args) => {
        expect(args).type.toBe<{ text: string; size: number; unit: string }>()
        return args.text
      }
    )
  })

  test('a JSON Schema written in place', () => {
    server.registerTool('a', {
      inputSchema: {
        type: 'object',
        properties: { text: { type: 'string' }, tags: { type: 'array', items: { enum: ['a', 'b'] } } },
        required: ['text']
      }
    }, (args) => {
      expect(args).type.toBe<{ text: string, tags?: Array<'a' | 'b'> }>()
      return args.text
    })
  })

  test('a JSON Schema constant', () => {
    server.registerTool('a', { inputSchema: note }, (args) => {
      expect(args).type.toBe<{ text: string, size?: number }>()
      return args.text
    })
  })

  test('any object if the tool has no schema', () => {
    server.registerTool('a', {}, (args) => {
      expect(args).type.toBe<Record<string, unknown>>()
      return 'text'
    })
  })
})

describe('a tool without an output schema', () => {
  test('may return text, a content block, an array of both, or a complete result', () => {
    expect(server.registerTool).type.toBeCallableWith('a', {}, () => 'text')
    expect(server.registerTool).type.toBeCallableWith('a', {}, async () => 'text')
    expect(server.registerTool).type.toBeCallableWith('a', {}, () => ({ type: 'text', text: 'text' }))
    expect(server.registerTool).type.toBeCallableWith('a', {}, () => [
      'text',
      { type: 'image', data: '', mimeType: 'image/png' }
    ])
    expect(server.registerTool).type.toBeCallableWith('a', {}, () => ({ content: [], isError: true, _meta: { a: 1 } }))
    expect(server.registerTool).type.toBeCallableWith('a', {}, (): CallToolResult => ({ content: [] }))
    expect(server.registerTool).type.toBeCallableWith('a', {}, () => { throw new Error('no') })
  })

  test('may not return any other value', () => {
    expect(server.registerTool).type.not.toBeCallableWith('a', {}, () => 7)
    expect(server.registerTool).type.not.toBeCallableWith('a', {}, () => {})
    expect(server.registerTool).type.not.toBeCallableWith('a', {}, async () => {})
    expect(server.registerTool).type.not.toBeCallableWith('a', {}, () => ({ type: 'text' }))
    expect(server.registerTool).type.not.toBeCallableWith('a', {}, () => [7])
  })
})

describe('a tool with an output schema', () => {
  const weather = { outputSchema: Type.Object({ city: Type.String(), celsius: Type.Number() }) }

  test('may return the value itself, or a result with it', () => {
    expect(server.registerTool).type.toBeCallableWith('a', weather, () => ({ city: 'Bern', celsius: 21 }))
    expect(server.registerTool).type.toBeCallableWith('a', weather, async () => ({
      structuredContent: { city: 'Bern', celsius: 21 }
    }))
    expect(server.registerTool).type.toBeCallableWith('a', weather, () => ({
      content: [{ type: 'text', text: 'warm' }], structuredContent: { city: 'Bern', celsius: 21 }
    }))
    expect(server.registerTool).type.toBeCallableWith('a', weather, () => ({ content: [], isError: true }))
  })

  test('may not return a value of another type', () => {
    expect(server.registerTool).type.not.toBeCallableWith('a', weather, () => 'text')
    expect(server.registerTool).type.not.toBeCallableWith('a', weather, () => ({ city: 'Bern' }))
    expect(server.registerTool).type.not.toBeCallableWith('a', weather, () => ({ city: 'Bern', celsius: '21' }))
    expect(server.registerTool).type.not.toBeCallableWith('a', weather, async () => ({ city: 'Bern', celsius: '21' }))
    expect(server.registerTool).type.not.toBeCallableWith('a', weather, () => ({ structuredContent: { city: 7 } }))
    expect(server.registerTool).type.not.toBeCallableWith('a', weather, () => {})
  })

  test('returns the input of a zod schema, whose transforms and defaults the server applies', () => {
    const outputSchema = z.object({ at: z.string().transform(Number), unit: z.string().default('m') })

    expect<Extract<ToolReturn<typeof outputSchema>, { at: string }>>().type.toBe<{
      at: string
      unit?: string | undefined
    }>()
    expect(server.registerTool).type.toBeCallableWith('a', { outputSchema }, () => ({ at: '7' }))
    expect(server.registerTool).type.not.toBeCallableWith('a', { outputSchema }, () => ({ at: 7 }))
  })

  test('may have a JSON Schema of any root type', () => {
    expect(server.registerTool).type.toBeCallableWith('a', { outputSchema: note }, () => ({ text: 'a' }))
    expect(server.registerTool).type.not.toBeCallableWith('a', { outputSchema: note }, () => ({ text: 7 }))
    expect(server.registerTool).type.toBeCallableWith(
      'a',
      { outputSchema: { type: 'array', items: { type: 'number' } } },
      () => [1, 2]
    )
    expect(server.registerTool).type.not.toBeCallableWith(
      'a',
      { outputSchema: { type: 'array', items: { type: 'number' } } },
      () => ['1']
    )
    expect(server.registerTool).type.not.toBeCallableWith('a', { outputSchema: { type: 'integer' } }, () => 'text')
  })

  test("may return literals without 'as const'", () => {
    const outputSchema = z.object({
      state: z.enum(['open', 'done']),
      version: z.literal(1),
      tags: z.array(z.object({ kind: z.literal('a') }))
    })

    expect(server.registerTool).type.toBeCallableWith('a', { outputSchema }, () => ({
      state: 'open',
      version: 1,
      tags: [{ kind: 'a' }]
    }))
    expect(server.registerTool).type.toBeCallableWith(
      'a',
      { outputSchema, inputSchema: note },
      async (_args: object) => ({ state: 'done', version: 1, tags: [] })
    )
    expect(server.registerTool).type.toBeCallableWith('a', { outputSchema }, () => ({
      isError: true,
      content: [{ type: 'text', text: 'no' }]
    }))
    expect(server.registerTool).type.not.toBeCallableWith('a', { outputSchema }, () => ({
      state: 'lost',
      version: 1,
      tags: []
    }))
    expect(server.registerTool).type.not.toBeCallableWith('a', { outputSchema }, () => ({
      state: 'open',
      version: 2,
      tags: []
    }))
    expect(server.registerTool).type.toBeCallableWith('a', {
      outputSchema: { type: 'object', properties: { state: { enum: ['open', 'done'] } }, required: ['state'] }
    }, async () => ({ state: 'open' }))
  })

  test('may also have an input schema', () => {
    server.registerTool('a', { inputSchema: z.object({ city: z.string() }), ...weather }, async ({ city }) => {
      expect(city).type.toBe<string>()
      return { city, celsius: 21 }
    })
  })
})

test('a configuration accepts no unknown or wrong key', () => {
  expect(server.registerTool).type.not.toBeCallableWith('a', { descripton: 'text' }, () => 'text')
  expect(server.registerTool).type.not.toBeCallableWith('a', { inputSchema: 'string' }, () => 'text')
  expect(server.registerTool).type.not.toBeCallableWith('a', { annotations: { readOnlyHint: 'yes' } }, () => 'text')
  expect(server.registerTool).type.not.toBeCallableWith('a', {})
  expect(server.registerResource).type.not.toBeCallableWith('a', 'a://b', { mimetype: 'text/plain' }, () => 'text')
  expect(server.registerPrompt).type.not.toBeCallableWith('a', { inputSchema: note }, () => 'text')
})

describe('a resource', () => {
  test('may return text, bytes, contents, an array of contents, or a complete result', () => {
    expect(server.registerResource).type.toBeCallableWith('a', 'a://b', {}, () => 'text')
    expect(server.registerResource).type.toBeCallableWith('a', 'a://b', {}, async () => Buffer.from('text'))
    expect(server.registerResource).type.toBeCallableWith('a', 'a://b', {}, () => ({
      text: 'text',
      mimeType: 'text/plain'
    }))
    expect(server.registerResource).type.toBeCallableWith('a', 'a://b', {}, () => [
      { text: 'text' },
      { uri: 'a://c', blob: '' }
    ])
    expect(server.registerResource).type.toBeCallableWith('a', 'a://b', {}, () => ({ contents: [{ text: 'text' }] }))
    expect(server.registerResource).type.not.toBeCallableWith('a', 'a://b', {}, () => 7)
    expect(server.registerResource).type.not.toBeCallableWith('a', 'a://b', {}, () => ({ mimeType: 'text/plain' }))
    expect(server.registerResource).type.not.toBeCallableWith('a', 'a://b', {}, () => {})
  })

  test('accepts a cache hint', () => {
    expect(server.registerResource).type.toBeCallableWith(
      'a',
      'a://b',
      { cache: { ttlMs: 1000, scope: 'public' } },
      () => 'text'
    )
    expect(server.registerResource).type.not.toBeCallableWith(
      'a',
      'a://b',
      { cache: { scope: 'everyone' } },
      () => 'text'
    )
  })
})

describe('a prompt', () => {
  test('gets arguments of the type of its schema', () => {
    server.registerPrompt(
      'a',
      { argsSchema: z.object({ text: z.string(), language: z.enum(['de', 'el']).optional() }) },
      (args) => {
        expect(args).type.toBe<{ text: string; language?: 'de' | 'el' | undefined }>()
        return args.text
      }
    )
    server.registerPrompt('b', {}, (args) => {
      expect(args).type.toBe<Record<string, unknown>>()
      return 'text'
    })
  })

  test('may return text, a message, an array of messages, or a complete result', () => {
    const message = { role: 'user', content: { type: 'text', text: 'text' } } as const

    expect(server.registerPrompt).type.toBeCallableWith('a', {}, () => 'text')
    expect(server.registerPrompt).type.toBeCallableWith('a', {}, async () => message)
    expect(server.registerPrompt).type.toBeCallableWith('a', {}, () => [message, message])
    expect(server.registerPrompt).type.toBeCallableWith('a', {}, () => ({ description: 'text', messages: [message] }))
    expect(server.registerPrompt).type.toBeCallableWith('a', {}, () => ({
      role: 'assistant',
      content: { type: 'text', text: 'text' }
    }))
    expect(server.registerPrompt).type.not.toBeCallableWith('a', {}, () => ({
      role: 'system',
      content: { type: 'text', text: 'text' }
    }))
    expect(server.registerPrompt).type.not.toBeCallableWith('a', {}, () => ['text', 7])
  })
})

describe('a handle that registering returns', () => {
  test('has the type of the registered tool, resource, template or prompt', () => {
    expect(server.registerTool('a', {}, () => 'text')).type.toBe<ToolHandle>()
    expect(server.registerResource('a', 'a://b', {}, () => 'text')).type.toBe<ResourceHandle>()
    expect(server.registerResource('a', new ResourceTemplate('a://{b}'), {}, () => 'text')).type.toBe<TemplateHandle>()
    expect(server.registerPrompt('a', {}, () => 'text')).type.toBe<PromptHandle>()
  })

  test('enables, disables and removes', () => {
    expect<Handle<never>>().type.toHaveProperty('enable')
    expect<Handle<never>>().type.toHaveProperty('disable')
    expect<Handle<never>>().type.toHaveProperty('remove')
    expect<Handle<never>['enabled']>().type.toBe<boolean>()
  })

  test('updates the keys of its kind, and no others', () => {
    expect<ToolHandle['update']>().type.toBeCallableWith({
      description: 'text',
      inputSchema: note,
      handler: () => 'text'
    })
    expect<ToolHandle['update']>().type.toBeCallableWith({ handler: async (args: { text: string }) => args.text })
    expect<ToolHandle['update']>().type.not.toBeCallableWith({ descripton: 'text' })
    expect<ToolHandle['update']>().type.not.toBeCallableWith({ name: 'b' })
    expect<ToolHandle['update']>().type.not.toBeCallableWith({ handler: 'text' })
    expect<ResourceHandle['update']>().type.toBeCallableWith({
      title: 'text',
      mimeType: 'text/plain',
      handler: () => Buffer.from('text')
    })
    expect<ResourceHandle['update']>().type.not.toBeCallableWith({ handler: () => 7 })
    expect<TemplateHandle['update']>().type.toBeCallableWith({ handler: () => 'text' })
    expect<PromptHandle['update']>().type.toBeCallableWith({ argsSchema: note, handler: () => 'text' })
    expect<PromptHandle['update']>().type.not.toBeCallableWith({ inputSchema: note })
  })
})

test('a server needs a name and a version, and accepts no unknown option', () => {
  expect(McpServer).type.toBeConstructableWith({
    name: 'Notes',
    version: '1.0.0',
    title: 'Notes',
    websiteUrl: 'https://example.com'
  })
  expect(McpServer).type.not.toBeConstructableWith({ name: 'Notes' })
  expect(McpServer).type.not.toBeConstructableWith({ name: 'Notes', version: '1.0.0' }, { instruction: 'text' })
  expect(McpServer).type.not.toBeConstructableWith({ name: 'Notes', version: '1.0.0' }, { pageSize: '10' })
})

describe('access to a registered tool, resource or prompt is limited by', () => {
  const pooled = new McpServer({ name: 'Notes', version: '1.0.0' }, { lifespan: () => ({ value: { size: 1 } }) })

  test('scopes', () => {
    expect(server.registerTool).type.toBeCallableWith('a', { scopes: ['notes:read'] as const }, () => 'text')
    expect(server.registerTool).type.not.toBeCallableWith('a', { scopes: 'notes:read' }, () => 'text')
    expect(server.registerPrompt).type.not.toBeCallableWith('a', { scopes: [1] }, () => 'text')
    expect(server.registerResource).type.not.toBeCallableWith('a', 'a://b', { scopes: [1] }, () => 'text')
    expect<ToolHandle['update']>().type.toBeCallableWith({ scopes: [] })
    expect<TemplateHandle['update']>().type.toBeCallableWith({ scopes: ['notes:read'], visible: () => true })
  })

  test('visible, a function of the context', () => {
    pooled.registerTool('a', {
      visible: (ctx) => {
        expect(ctx).type.toBe<RequestContext<{ size: number }>>()
        expect(ctx.auth).type.toBe<AuthInfo | undefined>()
        return ctx.lifespan.size > 0
      },
      inputSchema: note
    }, ({ text }, ctx) => {
      expect(text).type.toBe<string>()
      expect(ctx.lifespan).type.toBe<{ size: number }>()
      return text
    })
    pooled.registerPrompt('a', { visible: async ({ lifespan }) => lifespan.size > 0, argsSchema: note }, ({ text }) => {
      expect(text).type.toBe<string>()
      return text
    })
    pooled.registerResource('a', 'a://b', { visible: ({ lifespan }) => lifespan.size > 0 }, (uri) => {
      expect(uri).type.toBe<URL>()
      return ''
    })
    pooled.registerResource(
      'a',
      new ResourceTemplate('a://{b}'),
      { visible: ({ lifespan }) => lifespan.size > 0 },
      (_uri, { b }) => {
        expect(b).type.toBe<string | string[] | undefined>()
        return ''
      }
    )
    expect(server.registerTool).type.not.toBeCallableWith('a', { visible: true }, () => 'text')
    expect(server.registerTool).type.not.toBeCallableWith('a', { visible: () => 'yes' }, () => 'text')
  })
})

test('an InsufficientScopeError is an RpcError with the required scopes', () => {
  expect(new InsufficientScopeError(['notes:write'])).type.toBeAssignableTo<RpcError>()
  expect(new InsufficientScopeError(['notes:write']).requiredScopes).type.toBe<readonly string[]>()
  expect(InsufficientScopeError).type.not.toBeConstructableWith('notes:write')
})

test('a SignInRequiredError is an RpcError with a message', () => {
  expect(new SignInRequiredError('Sign in again')).type.toBeAssignableTo<RpcError>()
  expect(SignInRequiredError).type.not.toBeConstructableWith()
})
