// The official clients compile all schemas of a list, and reject results that do not match them.
import { Client as ClientV2, StreamableHTTPClientTransport as TransportV2 } from '@modelcontextprotocol/client'
import { Client as ClientV1 } from '@modelcontextprotocol/sdk/client/index.js'
import { StreamableHTTPClientTransport as TransportV1 } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import t, { type Test } from 'tap'
import { z } from 'zod'
import { McpServer, type AnySchema } from '../../../lib/index.ts'
import { createApp } from '../../support/app.ts'

const ITEM_ID = 'https://example.com/item'
const Note = {
  $id: ITEM_ID,
  type: 'object',
  properties: { id: { type: 'integer' }, tags: { type: 'array', items: { $ref: '#tag' } } },
  required: ['id'],
  $defs: { tag: { $anchor: 'tag', type: 'string' } }
}
const Task = { $id: ITEM_ID, type: 'object', properties: { id: { type: 'string' } }, required: ['id'] }
const listOf = (item: object) => ({ $id: 'https://example.com/list', type: 'object', properties: { items: { type: 'array', items: { $ref: 'item' } } }, required: ['items'], $defs: { item } })
const Node = z.object({ name: z.string(), get children () { return z.array(Node).optional() } }).meta({ id: 'Node' })

const TOOLS: Readonly<Record<string, readonly [schema: AnySchema, result: object]>> = {
  list_notes: [listOf(Note), { items: [{ id: 1, tags: ['a'] }] }],
  list_tasks: [listOf(Task), { items: [{ id: 'a' }] }],
  get_note: [Note, { id: 1, tags: [] }],
  slug: [z.object({ slug: z.string().regex(/^[\w-.]+$/) }), { slug: 'a.b' }],
  tree: [Node, { name: 'a', children: [{ name: 'b' }] }],
  pair: [
    z.object({ pair: z.tuple([z.string(), z.number()]), rest: z.tuple([z.string()], z.number()) }),
    { pair: ['a', 1], rest: ['a', 1, 2] }
  ],
  price: [{ type: 'object', properties: { eur: { type: 'number', multipleOf: 0.01 } } }, { eur: 19.99 }],
  foreign: [
    {
      type: 'object',
      properties: { a: { nullable: true, anyOf: [{ type: 'string', id: 'a' }] } },
      example: { $id: ITEM_ID }
    },
    { a: 'a' }
  ],
  few: [
    { type: 'object', properties: { list: { type: 'array', contains: { type: 'string' }, minContains: 0 } } },
    { list: [] }
  ],
  meta: [{ type: 'object', properties: { schema: { $ref: 'https://json-schema.org/draft/2020-12/schema' } } }, { schema: { type: 'string' } }],
  union: [z.union([z.object({ a: z.string() }), z.object({ b: z.string() })]), { b: 'b' }],
  dynamic: [
    { $dynamicAnchor: 'node', type: 'object', properties: { next: { $dynamicRef: '#node' }, at: { type: 'string' } } },
    { next: { at: 'a' } }
  ]
}

async function listen (t: Test): Promise<URL> {
  const server = new McpServer({ name: 'Notes', version: '1.0.0' })
  for (const [name, [schema, result]] of Object.entries(TOOLS)) {
    server.registerTool(name, { inputSchema: schema, outputSchema: schema }, () => result)
  }
  const { app } = await createApp(t, { server })
  return new URL('/mcp', await app.listen({ port: 0, host: '127.0.0.1' }))
}

const CLIENTS = {
  v1: (url: URL) => {
    const client = new ClientV1({ name: 'test', version: '1.0.0' })
    return { client, connect: () => client.connect(new TransportV1(url)) }
  },
  'v2, in the legacy era': (url: URL) => {
    const client = new ClientV2({ name: 'test', version: '1.0.0' })
    return { client, connect: () => client.connect(new TransportV2(url)) }
  },
  'v2, in the modern era': (url: URL) => {
    const client = new ClientV2({ name: 'test', version: '1.0.0' }, {
      versionNegotiation: { mode: { pin: '2026-07-28' } }
    })
    return { client, connect: () => client.connect(new TransportV2(url)) }
  }
}

for (const [name, create] of Object.entries(CLIENTS)) {
  t.test(`the official client ${name} lists all tools and accepts the result of each`, async (t) => {
    const { client, connect } = create(await listen(t))
    t.teardown(() => client.close())
    await connect()

    const { tools } = await client.listTools()

    t.same(tools.map((tool) => tool.name), Object.keys(TOOLS))
    t.ok(tools.every(({ inputSchema }) => inputSchema.type === 'object'))
    for (const [tool, [, result]] of Object.entries(TOOLS)) {
      t.same((await client.callTool({ name: tool, arguments: { ...result } })).structuredContent, result, tool)
    }
  })
}
