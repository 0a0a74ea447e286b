import type { FastifyRequest } from 'fastify'
import type { CallToolResult, ReadResourceResult } from '@modelcontextprotocol/sdk/types.js'
import { describe, expect, test } from 'tstyche'
import {
  completable,
  McpServer,
  ResourceTemplate,
  Type,
  type AuthInfo,
  type ChangeEvent,
  type ClientIdentity,
  type Era,
  type Hooks,
  type InputRequiredResult,
  type LogLevel,
  type Middleware,
  type RequestContext,
  type WireObject
} from '../lib/index.ts'

interface Pool { query (text: string): Promise<readonly string[]> }
declare const pool: Pool

const info = { name: 'Notes', version: '1.0.0' }

describe("ctx.lifespan has the type of the lifespan's value", () => {
  const server = new McpServer(info, { lifespan: async () => ({ value: { pool }, close: () => {} }) })

  test('in tools', () => {
    server.registerTool('a', { inputSchema: Type.Object({ id: Type.String() }) }, async ({ id }, ctx) => {
      expect(ctx).type.toBe<RequestContext<{ pool: Pool }>>()
      expect(ctx.lifespan).type.toBe<{ pool: Pool }>()
      return (await ctx.lifespan.pool.query(id)).join()
    })
    server.registerTool('b', {}, (_args, { lifespan }) => {
      expect(lifespan).type.toBe<{ pool: Pool }>()
      return ''
    })
  })

  test('in resources and resource templates', () => {
    server.registerResource('a', 'notes://a', {}, (uri, ctx) => {
      expect(uri).type.toBe<URL>()
      expect(ctx.lifespan).type.toBe<{ pool: Pool }>()
      return ''
    })
    server.registerResource('b', new ResourceTemplate('notes://{id}'), {}, (uri, variables, ctx) => {
      expect(uri).type.toBe<URL>()
      expect(variables['id']).type.toBe<string | string[] | undefined>()
      expect(ctx.lifespan).type.toBe<{ pool: Pool }>()
      return ''
    })
  })

  test('in prompts', () => {
    server.registerPrompt('a', { argsSchema: Type.Object({ id: Type.String() }) }, ({ id }, ctx) => {
      expect(id).type.toBe<string>()
      expect(ctx.lifespan).type.toBe<{ pool: Pool }>()
      return ''
    })
  })

  test('in the list function and the completers of a template', () => {
    server.registerResource('a', new ResourceTemplate('notes://{id}', {
      list: (ctx) => {
        expect(ctx.lifespan).type.toBe<{ pool: Pool }>()
        return []
      },
      complete: {
        id: (typed, chosen, ctx) => {
          expect(typed).type.toBe<string>()
          expect(chosen.arguments['user']).type.toBe<string | undefined>()
          expect(ctx.lifespan).type.toBe<{ pool: Pool }>()
          return ctx.lifespan.pool.query(typed)
        }
      }
    }), {}, () => '')
  })

  test('in middlewares', () => {
    server.use(async (ctx, next) => {
      expect(ctx.lifespan).type.toBe<{ pool: Pool }>()
      expect(next).type.toBe<() => Promise<object>>()
      return next()
    })
  })
})

test('a template that is created on its own fits every server', () => {
  const template = new ResourceTemplate('notes://{id}', {
    list: (ctx) => {
      expect(ctx).type.toBe<RequestContext>()
      return { resources: [{ uri: 'notes://1', name: 'first' }] }
    }
  })

  expect(new McpServer(info).registerResource).type.toBeCallableWith('a', template, {}, () => '')
  expect(new McpServer(info, { lifespan: () => ({ value: pool }) }).registerResource).type.toBeCallableWith(
    'a',
    template,
    {},
    () => ''
  )
})

test('a template that needs a lifespan fits only servers with that lifespan', () => {
  const template = new ResourceTemplate('notes://{id}', {
    list: async ({ lifespan }: RequestContext<Pool>) =>
      (await lifespan.query('all')).map((name) => ({ uri: `notes://${name}`, name }))
  })

  expect(new McpServer(info, { lifespan: () => ({ value: pool }) }).registerResource).type.toBeCallableWith(
    'a',
    template,
    {},
    () => ''
  )
  expect(new McpServer(info).registerResource).type.not.toBeCallableWith('a', template, {}, () => '')
})

test('a lifespan is inferred from a synchronous function and from one without close', () => {
  expect(new McpServer(info, { lifespan: () => ({ value: 7 }) })).type.toBe<McpServer<number>>()
  expect(new McpServer(info, { lifespan: async (app) => ({ value: app.prefix, close: async () => {} }) })).type.toBe<
    McpServer<string>
  >()
})

test('ctx.lifespan of a server without a lifespan is undefined', () => {
  expect(new McpServer(info)).type.toBe<McpServer<undefined>>()
  expect(new McpServer(info, { instructions: 'Ask.' })).type.toBe<McpServer<undefined>>()
  new McpServer(info).registerTool('a', {}, (_args, ctx) => {
    expect(ctx.lifespan).type.toBe<undefined>()
    return ''
  })
})

test('a lifespan must be a function that returns an object with a value', () => {
  expect(McpServer).type.not.toBeConstructableWith(info, { lifespan: () => ({ pool }) })
  expect(McpServer).type.not.toBeConstructableWith(info, { lifespan: { value: pool } })
})

test('every field and method of a context has its type', () => {
  new McpServer(info).registerTool('a', {}, async (_args, ctx) => {
    expect(ctx.method).type.toBe<string>()
    expect(ctx.requestId).type.toBe<string | number>()
    expect(ctx.meta['traceparent']).type.toBe<unknown>()
    expect(ctx.params['name']).type.toBe<unknown>()
    expect(ctx.era).type.toBe<Era>()
    expect(ctx.era).type.toBe<'modern' | 'legacy'>()
    expect(ctx.protocolVersion).type.toBe<string>()
    expect(ctx.client).type.toBe<ClientIdentity>()
    expect(ctx.client.info?.name).type.toBe<string | undefined>()
    expect(ctx.sessionId).type.toBe<string | undefined>()
    expect(ctx.auth).type.toBe<AuthInfo | undefined>()
    expect(ctx.auth?.subject).type.toBe<string | undefined>()
    expect(ctx.request).type.toBe<FastifyRequest | undefined>()
    expect(ctx.signal).type.toBe<AbortSignal>()
    expect(ctx.readResource('notes://a')).type.toBe<Promise<ReadResourceResult>>()
    expect(ctx.reportProgress(1, 2, 'half')).type.toBe<Promise<void>>()
    expect(ctx.reportProgress).type.not.toBeCallableWith('half')
    expect(ctx.log('notice', { any: 'thing' }, 'logger')).type.toBe<Promise<void>>()
    expect(ctx.log).type.not.toBeCallableWith('loud', 'text')
    expect(ctx.debug('text')).type.toBe<Promise<void>>()
    return ''
  })
  expect<LogLevel>().type.toBe<'debug' | 'info' | 'notice' | 'warning' | 'error' | 'critical' | 'alert' | 'emergency'>()
})

test('a context is read-only', () => {
  new McpServer(info).registerTool('a', {}, (_args, ctx) => {
    // @ts-expect-error Cannot assign to 'era' because it is a read-only property.
    ctx.era = 'modern'
    return ''
  })
})

test('a middleware that is created on its own fits every server', () => {
  const timing: Middleware = async (ctx, next) => {
    expect(ctx.lifespan).type.toBe<unknown>()
    return next()
  }

  new McpServer(info).use(timing)
  new McpServer(info, { lifespan: () => ({ value: pool }) }).use(timing)
  expect(new McpServer(info).use(timing)).type.toBe<McpServer<undefined>>()
})

test('a middleware that needs a lifespan fits only servers with that lifespan', () => {
  const auditing: Middleware<Pool> = async (ctx, next) => {
    await ctx.lifespan.query('insert')
    return next()
  }

  expect(new McpServer(info, { lifespan: () => ({ value: pool }) }).use).type.toBeCallableWith(auditing)
  expect(new McpServer(info).use).type.not.toBeCallableWith(auditing)
})

test('a middleware must return a result', () => {
  expect(new McpServer(info).use).type.toBeCallableWith(() => ({ content: [] }))
  expect(new McpServer(info).use).type.toBeCallableWith(async () => ({ content: [] }))
  expect(new McpServer(info).use).type.not.toBeCallableWith(() => 'text')
  expect(new McpServer(info).use).type.not.toBeCallableWith(async () => {})
})

test('hooks know the parameters and the result of their method', () => {
  const server = new McpServer(info, { lifespan: () => ({ value: pool }) })

  server.use({
    async callTool (ctx, next) {
      expect(ctx.lifespan).type.toBe<Pool>()
      expect(ctx.params.name).type.toBe<string>()
      expect(ctx.params.arguments).type.toBe<WireObject | undefined>()
      const result = await next()
      if ('content' in result) expect(result.content).type.toBe<CallToolResult['content']>()
      return await next.again()
    },
    async readResource (ctx, next) {
      expect(ctx.params.uri).type.toBe<string>()
      expect(await next()).type.toBe<ReadResourceResult | InputRequiredResult>()
      return { contents: [] }
    },
    async listTools (ctx, next) {
      expect(ctx.params.cursor).type.toBe<string | undefined>()
      const { tools } = await next()
      return { tools: tools.slice(1) }
    },
    describeTool: (tool) => ({ ...tool, title: tool.name }),
    onChange (event) { expect(event).type.toBe<ChangeEvent>() }
  }).use(async (ctx, next) => {
    expect(ctx.method).type.toBe<string>()
    return next()
  })
  expect(server.use).type.not.toBeCallableWith({ callTool: () => ({ tools: [] }) })
  expect(server.use).type.not.toBeCallableWith({ callTool: async () => {} })
  expect(server.use).type.not.toBeCallableWith({ callTools: () => ({ content: [] }) })
})

test('hooks that need a lifespan fit only servers with that lifespan', () => {
  const hooks: Hooks<Pool> = { callTool: async ({ lifespan }, next) => { await lifespan.query('a'); return next() } }

  expect(new McpServer(info, { lifespan: () => ({ value: pool }) }).use).type.toBeCallableWith(hooks)
  expect(new McpServer(info).use).type.not.toBeCallableWith(hooks)
})

test('completable() returns the type of its schema', () => {
  const schema = Type.String({ minLength: 1 })

  expect(completable(schema, () => ['a'])).type.toBe<typeof schema>()
  expect(completable).type.toBeCallableWith(schema, async () => ['a'])
  expect(completable).type.not.toBeCallableWith(schema, () => 'a')
  expect(completable).type.not.toBeCallableWith(schema)
  new McpServer(info).registerPrompt(
    'a',
    { argsSchema: Type.Object({ language: completable(schema, (typed) => [typed]) }) },
    (args) => {
      expect(args).type.toBe<{ language: string }>()
      return ''
    }
  )
})

describe('regExp', () => {
  const info = { name: 'Notes', version: '1.0.0' }

  test('regExp is a function that returns an object with a test method', () => {
    expect(McpServer).type.toBeConstructableWith(info, { regExp: (pattern: string) => new RegExp(pattern) })
    expect(McpServer).type.toBeConstructableWith(info, {
      regExp: (pattern: string, flags: string) => ({ test: (text: string) => text === pattern + flags })
    })
    expect(McpServer).type.not.toBeConstructableWith(info, { regExp: (pattern: string) => pattern })
    expect(McpServer).type.not.toBeConstructableWith(info, { regExp: /a/ })
  })
})

describe('authorizeSubscription', () => {
  test('authorizeSubscription gets the URI and the context with its lifespan', () => {
    new McpServer(info, {
      lifespan: async () => ({ value: { pool } }),
      authorizeSubscription: async (uri, ctx) => {
        expect(uri).type.toBe<string>()
        expect(ctx).type.toBe<RequestContext<{ pool: Pool }>>()
        return (await ctx.lifespan.pool.query(uri)).length > 0
      }
    })
    expect(McpServer).type.toBeConstructableWith(info, { authorizeSubscription: () => true })
    expect(McpServer).type.not.toBeConstructableWith(info, { authorizeSubscription: () => 'yes' })
    expect(McpServer).type.not.toBeConstructableWith(info, { authorizeSubscription: true })
  })
})

test('ctx.notifyResourceUpdated() takes the URI of a resource', () => {
  new McpServer(info).registerTool('a', {}, (_args, ctx) => {
    expect(ctx.notifyResourceUpdated('notes://all')).type.toBe<void>()
    expect(ctx.notifyResourceUpdated).type.not.toBeCallableWith()
    return ''
  })
})
