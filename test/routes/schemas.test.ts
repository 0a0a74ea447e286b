// The schemas of routes, of each library that Fastify works with, as clients are shown them.
import { Type as Type34 } from '@sinclair/typebox'
import { serializerCompiler, validatorCompiler, type ZodTypeProvider } from 'fastify-type-provider-zod'
import { TypeBoxValidatorCompiler } from '@fastify/type-provider-typebox'
import type { FastifySchema } from 'fastify'
import t from 'tap'
import Type from 'typebox'
import { z } from 'zod'
import { createRoutesApp, warningsOf } from '../support/routes.ts'

const config = { mcp: true }
const described = (schema: object): FastifySchema => schema as FastifySchema

t.test('schemas of TypeBox 0.34', async (t) => {
  const Page = Type34.Object({ page: Type34.Integer({ default: 1 }) })
  const State = Type34.Union([Type34.Literal('open'), Type34.Literal('paid')])
  const Filter = Type34.Object({ state: Type34.Optional(State) })
  const Pair = Type34.Tuple([Type34.String(), Type34.Number()])
  const Order = Type34.Object({ id: Type34.Integer(), pair: Pair }, { $id: 'Order' })
  const { listTools, call } = await createRoutesApp(t, (app) => {
    app.get('/orders', {
      config, schema: { querystring: Type34.Intersect([Page, Filter]), response: { 200: Order } }
    }, async ({ query }) => ({ id: Object(query).page, pair: ['a', 1] }))
  })

  const [tool] = await listTools()
  t.same(tool?.inputSchema, {
    type: 'object',
    properties: {
      page: { default: 1, type: 'integer' },
      state: { anyOf: [{ const: 'open', type: 'string' }, { const: 'paid', type: 'string' }] }
    }
  })
  t.match(tool?.outputSchema, {
    type: 'object',
    required: ['id', 'pair'],
    properties: { pair: { prefixItems: [{ type: 'string' }, { type: 'number' }] } }
  })
  t.notOk(JSON.stringify(tool).includes('$id'))
  t.match(await call('get_orders', { state: 'open' }), { structured: { id: 1, pair: ['a', 1] } })
  t.match(await call('get_orders', { state: 'lost' }), { isError: true, text: /^400 Bad Request: querystring\/state / })
})

t.test('schemas of typebox 1.x, by its own compiler', async (t) => {
  const { listTools, call } = await createRoutesApp(t, (app) => {
    app.setValidatorCompiler(TypeBoxValidatorCompiler)
    app.post('/orders/:id', {
      config,
      schema: {
        params: Type.Object({ id: Type.Integer() }),
        body: Type.Object({ item: Type.String(), count: Type.Optional(Type.Integer()) }),
        response: { 200: Type.Object({ ok: Type.Boolean() }) }
      }
    }, async () => ({ ok: true }))
  })

  const [tool] = await listTools()
  t.same(tool?.inputSchema, {
    type: 'object',
    properties: { id: { type: 'integer' }, item: { type: 'string' }, count: { type: 'integer' } },
    required: ['id', 'item']
  })
  t.match(await call('post_orders_id', { id: 1, item: 'tea' }), { structured: { ok: true } })
  t.match(await call('post_orders_id', { id: 1 }), { isError: true, text: /^400 Bad Request: / })
})

t.test('schemas of zod, by fastify-type-provider-zod', async (t) => {
  const { listTools, call } = await createRoutesApp(t, (app) => {
    app.setValidatorCompiler(validatorCompiler)
    app.setSerializerCompiler(serializerCompiler)
    app.withTypeProvider<ZodTypeProvider>().put('/orders/:id', {
      config,
      schema: {
        params: z.object({ id: z.coerce.number().int() }),
        querystring: z.object({ dry: z.stringbool().default(false) }),
        body: z.object({ item: z.string().min(1), tags: z.array(z.string()).default([]) }),
        response: { 200: z.object({ id: z.number(), item: z.string(), tags: z.array(z.string()) }) }
      }
    }, async ({ params: { id }, body: { item, tags } }) => ({ id, item, tags }))
  })

  const [tool] = await listTools()
  t.match(tool?.inputSchema, {
    type: 'object',
    properties: { item: { type: 'string', minLength: 1 }, tags: { type: 'array', items: { type: 'string' } } }
  })
  t.match(tool?.inputSchema.required, ['id', 'item'])
  t.match(tool?.outputSchema, { type: 'object', required: ['id', 'item', 'tags'] })
  t.match(await call('put_orders_id', { id: 7, item: 'tea' }), { structured: { id: 7, item: 'tea', tags: [] } })
  t.match(await call('put_orders_id', { id: 7, item: '' }), { isError: true, text: /^400 Bad Request: body\/item / })
})

t.test('annotations that clients stumble over are dropped, and what draft-07 and OpenAPI say is translated', async (t) => {
  const { listTools } = await createRoutesApp(t, (app) => {
    app.post('/a', {
      config,
      schema: {
        body: described({
          $id: 'https://example.com/a.json',
          type: 'object',
          example: { a: 1 },
          properties: {
            example: { type: 'string', example: 'x', nullable: true },
            pair: { type: 'array', items: [{ type: 'string' }, { type: 'number' }], additionalItems: false },
            state: { type: 'string', enum: ['open'], nullable: true }
          },
          dependencies: { pair: ['state'] }
        })
      }
    }, async () => 1)
    // As apps with examples in their schemas have it.
  }, { fastify: { ajv: { customOptions: { strict: false } } } })

  t.same((await listTools())[0]?.inputSchema, {
    type: 'object',
    properties: {
      example: { type: ['string', 'null'] },
      pair: { type: 'array', prefixItems: [{ type: 'string' }, { type: 'number' }], items: false },
      state: { type: ['string', 'null'], enum: ['open', null] }
    }
  })
})

t.test('a body that refers to itself is described once', async (t) => {
  const { listTools } = await createRoutesApp(t, (app) => {
    app.addSchema({
      $id: 'Node',
      type: 'object',
      properties: { name: { type: 'string' }, children: { type: 'array', items: { $ref: '#' } } }
    })
    app.post('/flat', { config, schema: { body: { $ref: 'Node#' } } }, async () => 1)
    app.post('/grouped', { config: { mcp: { input: 'grouped' } }, schema: { body: { $ref: 'Node#' } } }, async () => 1)
    app.post('/list', { config, schema: { body: { type: 'array', items: { $ref: 'Node#' } } } }, async () => 1)
  })

  for (const { name, inputSchema } of await listTools()) {
    t.ok(JSON.stringify(inputSchema).length < 400, name)
    t.notOk(JSON.stringify(inputSchema).includes('"$ref":"Node'), name)
  }
})

t.test('parts of a route that know other schemas under one name keep them apart', async (t) => {
  const { listTools } = await createRoutesApp(t, (app) => {
    const part = (name: string, type: string): object => ({
      type: 'object', properties: { [name]: { $ref: '#/definitions/value' } }, definitions: { value: { type } }
    })
    app.post('/a', { config, schema: { querystring: part('q', 'integer'), body: part('b', 'string') } }, async () => 1)
  })

  t.same((await listTools())[0]?.inputSchema, {
    type: 'object',
    properties: { q: { $ref: '#/$defs/value' }, b: { $ref: '#/$defs/value_2' } },
    $defs: { value: { type: 'integer' }, value_2: { type: 'string' } }
  })
})

t.test('a route with several successful replies has no outputSchema', async (t) => {
  const object = { type: 'object', properties: {} }
  const { listTools } = await createRoutesApp(t, (app) => {
    app.get('/two', { config, schema: { response: { 200: object, 204: { type: 'null' } } } }, async () => ({}))
    app.get('/list', { config, schema: { response: { 200: { type: 'array' } } } }, async () => [])
    app.get('/error', { config, schema: { response: { 404: object } } }, async () => ({}))
    app.get('/any', { config, schema: { response: { '2xx': object } } }, async () => ({}))
    app.get('/typed', {
      config, schema: { response: { 200: { content: { 'application/json': { schema: object } } } } }
    }, async () => ({}))
  })

  t.same((await listTools()).filter(({ outputSchema }) => outputSchema !== undefined).map(({ name }) => name),
    ['get_any', 'get_typed'])
})

t.test('the tags of a schema are told to clients, beside the _meta of the route', async (t) => {
  const { listTools } = await createRoutesApp(t, (app) => {
    const handler = async (): Promise<string> => 'a'
    app.get('/a', { schema: { summary: 'A', tags: ['one', 'two'] }, config: { mcp: true } }, handler)
    app.get('/b', { schema: { summary: 'B', tags: ['one'] }, config: { mcp: { _meta: { b: 1 } } } }, handler)
    app.get('/c', { schema: { summary: 'C', tags: [] }, config: { mcp: true } }, handler)
  })

  t.same((await listTools()).map(({ _meta }) => _meta), [
    { 'fastify-mcp-mount/tags': ['one', 'two'] },
    { 'fastify-mcp-mount/tags': ['one'], b: 1 },
    undefined
  ])
})

t.test('a schema that cannot be told to clients fails the start, and that of a reply is left out', async (t) => {
  const strange = Object.create({ '~standard': { version: 1, vendor: 'none', validate: () => ({ value: 1 }) } })
  const create = (own: object) => createRoutesApp(t, (app) => {
    app.setValidatorCompiler(() => () => true)
    app.setSerializerCompiler(() => JSON.stringify)
    app.post('/a', { config: { mcp: { icons: [{ src: 'https://a.example/a.png' }], _meta: { a: 1 } } }, schema: own },
      async () => ({ a: 1 }))
  })
  const { call, listTools, logLines } = await create({ response: { 200: strange } })

  t.match(await listTools(), [{ name: 'post_a', icons: [{ src: 'https://a.example/a.png' }], _meta: { a: 1 } }])
  t.equal((await listTools())[0]?.outputSchema, undefined)
  t.match(await call('post_a'), { text: '{"a":1}' })
  t.match(warningsOf(logLines).join(), /the tool post_a has no outputSchema, because the schema of the response of /)
  await t.rejects(create({ body: strange }), { code: 'MCP_ERR_INVALID_ROUTE', message: /has a schema that / })
})
