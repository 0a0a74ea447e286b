import type { FastifyRequest } from 'fastify'
import t from 'tap'
import { Type } from '@sinclair/typebox'
import { z } from 'zod'
import { InsufficientScopeError, RpcError, ToolError } from '../../../lib/errors.ts'
import type { ToolConfig } from '../../../lib/server/features/tool.ts'
import { Client, complete, createNotes, createScoped, failed, mustNotRun, refused, said, stopClock, untyped, type ClientOptions } from '../../support/definition-client.ts'

t.test('a tool gets validated arguments, and its return value becomes the result', async (t) => {
  const server = createNotes()
  server.registerTool('add_note', {
    inputSchema: Type.Object({ text: Type.String(), tag: Type.String({ default: 'none' }) })
  },
  ({ text, tag }) => `${text} (${tag})`)

  t.strictSame(await new Client().callTool(server, 'add_note', { text: 'milk' }), said('milk (none)'))
  t.strictSame(await new Client({ era: 'legacy' }).callTool(server, 'add_note', { text: 'milk', tag: 'shop' }), {
    result: { content: [{ type: 'text', text: 'milk (shop)' }] }
  })
})

t.test('a call without arguments gets fresh defaults each time', async (t) => {
  const server = createNotes()
  server.registerTool('count', { inputSchema: Type.Object({ from: Type.Number({ default: 1 }) }) }, (args) => {
    args.from++
    return String(args.from)
  })
  server.registerTool('loose', {}, (args) => {
    args.seen = Number(args.seen ?? 0) + 1
    return String(args.seen)
  })

  for (const name of ['count', 'count']) t.strictSame(await new Client().callTool(server, name), said('2'))
  for (const name of ['loose', 'loose']) t.strictSame(await new Client().callTool(server, name), said('1'))
})

t.test('a tool without inputSchema refuses numbers that a double cannot hold', async (t) => {
  const server = createNotes()
  server.registerTool('loose', {}, mustNotRun)

  t.match(await new Client().callTool(server, 'loose', JSON.parse('{"a":[1e400]}')), {
    result: { isError: true, content: [{ text: /\/a\/0 must be a number that a double can hold/ }] }
  })
})

t.test('a Standard Schema may validate structured content asynchronously', async (t) => {
  const server = createNotes()
  server.registerTool(
    'later',
    { outputSchema: z.object({ n: z.number() }).refine(async ({ n }) => n !== 0, 'not zero') },
    () => ({ n: 1 })
  )

  t.match(await new Client().callTool(server, 'later'), { result: { structuredContent: { n: 1 } } })
})

t.test('a Standard Schema may transform the arguments, synchronously or asynchronously', async (t) => {
  const server = createNotes()
  server.registerTool(
    'now', { inputSchema: z.object({ n: z.string().transform(Number).pipe(z.number()) }) }, ({ n }) => String(n + 1)
  )
  server.registerTool(
    'later', { inputSchema: z.object({ n: z.string().refine(async (n) => n !== '0', 'not zero') }) }, ({ n }) => n
  )

  t.strictSame(await new Client().callTool(server, 'now', { n: '1' }), said('2'))
  t.strictSame(await new Client().callTool(server, 'later', { n: '1' }), said('1'))
  t.strictSame(
    await new Client().callTool(server, 'later', { n: '0' }), failed('Invalid arguments for tool later: /n: not zero')
  )
})

t.test('invalid arguments give an error result, and the handler does not run', async (t) => {
  const server = createNotes()
  server.registerTool('add', { inputSchema: Type.Object({ n: Type.Number() }) }, mustNotRun)

  t.strictSame(
    await new Client().callTool(server, 'add', { n: 'x' }), failed('Invalid arguments for tool add: /n must be number')
  )
})

t.test('a call without a known tool, or with arguments that are not an object, is refused in both eras', async (t) => {
  const server = createNotes()
  server.registerTool('add', {}, () => 'a').disable()
  server.registerTool('sub', {}, () => 'a')

  for (const era of ['modern', 'legacy'] as const) {
    const client = new Client({ era })
    for (const name of ['add', 'none', '__proto__', '']) t.strictSame(await client.callTool(server, name), refused(-32602, `Unknown tool: ${name}`))
    for (const name of [undefined, null, 1]) {
      t.strictSame(
        await client.ask(server, 'tools/call', { name }),
        refused(-32602, "Invalid params: tools/call needs 'name', a string")
      )
    }
    for (const args of [null, [], 'a']) {
      t.strictSame(
        await client.ask(server, 'tools/call', { name: 'sub', arguments: args }),
        refused(-32602, "Invalid params: 'arguments' must be an object")
      )
    }
    t.strictSame(client.logged, [])
  }
})

t.test('a ToolError becomes an error result, an RpcError a protocol error, and neither is logged', async (t) => {
  const server = createNotes()
  server.registerTool('tool', {}, () => { throw new ToolError('The date must lie in the future') })
  server.registerTool('rpc', {}, async () => { throw new RpcError(7, 'No', { a: 1 }) })
  const client = new Client()

  t.strictSame(await client.callTool(server, 'tool'), failed('The date must lie in the future'))
  t.strictSame(await client.callTool(server, 'rpc'), refused(7, 'No', { a: 1 }))
  t.strictSame(client.logged, [])
})

t.test('any other error, or an invalid return value, is logged and hidden from the client', async (t) => {
  const hostile = { toString () { throw new Error('secret') } }
  const server = createNotes()
  const handlers: ReadonlyArray<() => unknown> = [
    () => { throw new Error('secret') },
    async () => { throw hostile },
    () => { throw Object.create(null) },
    () => undefined,
    () => 42,
    () => [{ type: 'text' }]
  ]

  for (const [index, handler] of handlers.entries()) {
    const client = new Client()
    server.registerTool(`tool${index}`, {}, untyped<() => string>(handler))

    const answer = await client.callTool(server, `tool${index}`)

    t.strictSame(answer, failed(`Error executing tool tool${index} (error id ${client.logged[0]?.errorId})`))
    t.match(client.logged, [{ level: 'error', err: Error, msg: `executing tool tool${index} failed` }])
  }
})

t.test('exposeErrors sends the message of the thrown error', async (t) => {
  const server = createNotes({ exposeErrors: true })
  server.registerTool('add', {}, () => { throw new Error('no disk') })
  const client = new Client()

  const answer = await client.callTool(server, 'add')

  t.strictSame(answer, failed(`Error executing tool add: no disk (error id ${client.logged[0]?.errorId})`))
})

t.test('a tool that takes longer than its timeout ends with an error', async (t) => {
  const pass = stopClock(t)
  const server = createNotes({ timeout: 100 })
  const never = () => new Promise<string>(() => {})
  server.registerTool('own', { timeout: 10 }, never)
  server.registerTool('server', {}, never)
  const client = new Client()

  const own = client.callTool(server, 'own')
  pass(10)
  t.strictSame(await own, failed('Tool own timed out after 10 ms'))

  const fallback = client.callTool(server, 'server')
  pass(100)
  t.strictSame(await fallback, failed('Tool server timed out after 100 ms'))
  t.strictSame(client.logged, [
    { level: 'warn', tool: 'own', msg: 'tool own timed out after 10 ms' },
    { level: 'warn', tool: 'server', msg: 'tool server timed out after 100 ms' }
  ])
})

t.test('a timeout of 0 disables the timeout of the server', async (t) => {
  const pass = stopClock(t)
  const server = createNotes({ timeout: 10 })
  let finish: (text: string) => void = () => {}
  server.registerTool('slow', { timeout: 0 }, () => new Promise<string>((resolve) => { finish = resolve }))

  const answer = new Client().callTool(server, 'slow')
  pass(1_000_000)
  finish('done')

  t.strictSame(await answer, said('done'))
})

t.test('a modern client gets any JSON as structured content, and a legacy client only objects', async (t) => {
  const server = createNotes()
  server.registerTool('list', { outputSchema: Type.Array(Type.Number()) }, () => [1, 2])
  server.registerTool('object', { outputSchema: Type.Object({ n: Type.Number() }) }, async () => ({ n: 1 }))
  const modern = new Client()
  const legacy = new Client({ era: 'legacy' })

  t.strictSame(await modern.callTool(server, 'list'), complete({
    content: [{ type: 'text', text: '[1,2]' }], structuredContent: [1, 2]
  }))
  t.strictSame(await legacy.callTool(server, 'list'), { result: { content: [{ type: 'text', text: '[1,2]' }] } })
  t.strictSame(await legacy.callTool(server, 'object'), {
    result: { content: [{ type: 'text', text: '{"n":1}' }], structuredContent: { n: 1 } }
  })
})

t.test('an output that does not match its schema is logged and hidden from the client', async (t) => {
  const server = createNotes()
  server.registerTool('add', { outputSchema: Type.Object({ sum: Type.Number() }) }, () => untyped({ sum: 'secret' }))
  const client = new Client()

  const answer = await client.callTool(server, 'add')

  t.strictSame(answer, failed(`Error executing tool add (error id ${client.logged[0]?.errorId})`))
  t.match(client.logged[0]?.err?.message, 'the return value does not match the outputSchema: /sum must be number')
})

t.test("a list shows every field of a tool's configuration, and legacy clients see only object output schemas", async (t) => {
  const server = createNotes()
  const icons = [{ src: 'https://example.com/i.png' }]
  const listed = { title: 'Add', description: 'Adds.', annotations: { readOnlyHint: true }, icons, _meta: { a: 1 } }
  server.registerTool(
    'add', { ...listed, timeout: 5, inputSchema: { type: 'object' }, outputSchema: { type: 'object' } }, () => ({})
  )
  server.registerTool('list', { outputSchema: { type: 'array' } }, () => untyped([]))
  const add = { name: 'add', ...listed, inputSchema: { type: 'object' }, outputSchema: { type: 'object' } }
  const list = { name: 'list', inputSchema: { type: 'object', properties: {} } }

  t.strictSame(await new Client().ask(server, 'tools/list'),
    complete({ tools: [add, { ...list, outputSchema: { type: 'array' } }], ttlMs: 0, cacheScope: 'public' }))
  t.strictSame(await new Client({ era: 'legacy' }).ask(server, 'tools/list'), { result: { tools: [add, list] } })
})

t.test('a tool can be updated, and an invalid update leaves it unchanged', async (t) => {
  const server = createNotes()
  const handle = server.registerTool('add', { title: 'Add', inputSchema: Type.Object({ a: Type.Number() }) }, ({ a }) => `${a}`)
  const client = new Client()

  t.throws(() => handle.update({ inputSchema: { type: 'string' } }), { code: 'MCP_ERR_INVALID_SCHEMA' })
  t.throws(() => handle.update({ timeout: -1, handler: () => 'b' }), { code: 'MCP_ERR_INVALID_DEFINITION' })
  t.strictSame(await client.callTool(server, 'add', { a: 1 }), said('1'))

  handle.update({ description: 'Adds.', handler: () => 'b' })

  t.strictSame(await client.callTool(server, 'add', { a: 1 }), said('b'))
  t.match(await client.ask(server, 'tools/list'), {
    result: {
      tools: [
        { name: 'add', title: 'Add', description: 'Adds.', inputSchema: { properties: { a: { type: 'number' } } } }
      ]
    }
  })
})

t.test('an invalid tool is refused at registration', async (t) => {
  const server = createNotes()
  const refusals: ReadonlyArray<readonly [name: string, config: object, code: string, message: string]> = [
    ['', {}, 'MCP_ERR_INVALID_DEFINITION', "tool '' must have a name that is not empty"],
    [
      'a b',
      {},
      'MCP_ERR_INVALID_DEFINITION',
      "tool 'a b' has a name with other characters than the allowed A-Z, a-z, 0-9, '_', '-' and '.'"
    ],
    [
      'a',
      { timeout: 1.5 },
      'MCP_ERR_INVALID_DEFINITION',
      "tool 'a' has a 'timeout' that must be a whole number of milliseconds from 0 (none) to 2147483647"
    ],
    [
      'a',
      { inputSchema: { type: 'array' } },
      'MCP_ERR_INVALID_SCHEMA',
      "inputSchema of tool 'a' must describe an object: its root needs type 'object'"
    ],
    [
      'a',
      { inputSchema: { type: 'object', properties: { b: { type: 'number', 'x-mcp-header': 'B' } } } },
      'MCP_ERR_INVALID_SCHEMA',
      "inputSchema of tool 'a' is invalid: the 'x-mcp-header' annotation at '#/properties/b' " +
        "is on a property whose 'type' is not 'string', 'integer' or 'boolean'"
    ]
  ]

  for (const [name, config, code, message] of refusals) {
    t.throws(() => server.registerTool(name, config, () => 'a'), { code, message })
  }
  const remote = { type: 'object', properties: { b: { $ref: 'https://example.com/b.json' } } }
  t.throws(() => server.registerTool('a', { inputSchema: remote }, () => 'a'), {
    code: 'MCP_ERR_INVALID_SCHEMA', message: /^inputSchema of tool 'a' has a \$ref to 'https:/
  })
  t.throws(() => server.registerTool('a', { outputSchema: { type: 'nothing' } }, () => untyped({})),
    { code: 'MCP_ERR_INVALID_SCHEMA', message: /^outputSchema of tool 'a' is not a valid JSON Schema/ })
  t.throws(() => server.registerTool('a', {}, untyped<() => string>('a')), {
    message: "tool 'a' needs a handler: a function"
  })
  t.throws(() => server.registerTool('a', untyped<ToolConfig>(() => 'a'), untyped<() => string>(undefined)), {
    code: 'MCP_ERR_INVALID_DEFINITION'
  })
  t.strictSame(await new Client().ask(server, 'tools/list'), refused(-32601, 'Method not found: tools/list'))
})

/** Creates a client whose requests have these headers. */
function createSending (headers: { readonly [name: string]: string }, options: ClientOptions = {}): Client {
  // Only the headers of the HTTP request matter here.
  return new Client({ ...options, channel: { ...options.channel, request: untyped<FastifyRequest>({ headers }) } })
}

t.test('Mcp-Param headers must equal the arguments that they repeat', async (t) => {
  const server = createNotes()
  const region = { type: 'string', 'x-mcp-header': 'Region' }
  server.registerTool('query', { inputSchema: { type: 'object', properties: { region } } }, () => 'a')
  server.registerTool('plain', {}, () => 'a')
  const us = createSending({ 'mcp-param-region': 'us' })
  const mismatch = "Header mismatch: Mcp-Param-Region header value 'us' does not match body value 'eu'"
  const missing = "Header mismatch: Mcp-Param-Region header is missing, but the body has a value at 'region'"

  t.strictSame(await createSending({ 'mcp-param-region': 'eu' }).callTool(server, 'query', { region: 'eu' }), said('a'))
  t.strictSame(await us.callTool(server, 'query', { region: 'eu' }), refused(-32020, mismatch))
  t.strictSame(await createSending({}).callTool(server, 'query', { region: 'eu' }), refused(-32020, missing))
  t.strictSame(await us.callTool(server, 'plain', { region: 'eu' }), said('a'))
})

t.test('Mcp-Param headers are compared only for modern requests over HTTP', async (t) => {
  const server = createNotes()
  const region = { type: 'string', 'x-mcp-header': 'Region' }
  server.registerTool('query', { inputSchema: { type: 'object', properties: { region } } }, () => 'a')

  t.strictSame(await new Client().callTool(server, 'query', { region: 'eu' }), said('a'))
  t.match(await createSending({}, { era: 'legacy' }).callTool(server, 'query', { region: 'eu' }), {
    result: { content: [{ text: 'a' }] }
  })
})

t.test('callers without the scopes of a tool get an error that names the scopes', async (t) => {
  const server = createNotes()
  const handle = server.registerTool('add', { scopes: ['notes:read', 'notes:write'] }, () => 'a')
  const lacking = refused(6750, 'Insufficient scope: the request needs notes:read notes:write', {
    requiredScopes: ['notes:read', 'notes:write']
  })

  t.strictSame(await createScoped(['notes:read', 'notes:write']).callTool(server, 'add'), said('a'))
  for (const era of ['modern', 'legacy'] as const) {
    t.strictSame(await createScoped(['notes:read'], { era }).callTool(server, 'add'), lacking)
    t.strictSame(await new Client({ era }).callTool(server, 'add'), lacking)
  }
  handle.update({ scopes: ['notes:read'] })
  t.strictSame(await createScoped(['notes:read']).callTool(server, 'add'), said('a'))
  handle.update({ scopes: [] })
  t.strictSame(await new Client().callTool(server, 'add'), said('a'))
})

t.test('a hidden tool is unknown, whatever else is wrong with the call', async (t) => {
  const server = createNotes()
  const handle = server.registerTool(
    'add',
    { inputSchema: Type.Object({ n: Type.Number() }), scopes: ['x'], visible: ({ auth }) => auth?.clientId === 'ann' },
    mustNotRun
  )

  for (const client of [new Client(), createScoped(['x']), createScoped([], { era: 'legacy' })]) {
    for (const args of [undefined, { n: 1 }, { n: 'x' }]) {
      t.strictSame(await client.callTool(server, 'add', args), refused(-32602, 'Unknown tool: add'))
    }
    t.strictSame(
      await client.callTool(server, 'add', untyped([])),
      refused(-32602, "Invalid params: 'arguments' must be an object")
    )
    t.strictSame(client.logged, [])
  }
  handle.update({ visible: () => true })
  t.match(await createScoped(['x']).callTool(server, 'add', { n: 'x' }), { result: { isError: true } })
})

t.test('a handler may throw an error for a missing scope', async (t) => {
  const server = createNotes()
  server.registerTool('add', {}, (_args, ctx) => {
    if (ctx.auth?.scopes.includes('notes:write') !== true) throw new InsufficientScopeError(['notes:write'])
    return 'a'
  })

  t.strictSame(await createScoped(['notes:write']).callTool(server, 'add'), said('a'))
  t.strictSame(
    await createScoped([]).callTool(server, 'add'),
    refused(6750, 'Insufficient scope: the request needs notes:write', { requiredScopes: ['notes:write'] })
  )
})

t.test('Mcp-Param headers of a hidden tool are not compared', async (t) => {
  const server = createNotes()
  const region = { type: 'string', 'x-mcp-header': 'Region' }
  const inputSchema = { type: 'object', properties: { region } }
  server.registerTool('hidden', { inputSchema, visible: () => false }, mustNotRun)
  server.registerTool('scoped', { inputSchema, scopes: ['x'] }, () => 'a')
  const args = { region: 'eu' }
  const caller = (value: string, scopes: readonly string[]) =>
    createSending({ 'mcp-param-region': value }, {
      channel: { auth: { token: 'token', clientId: 'client', scopes: [...scopes] } }
    })
  const mismatch = refused(-32020, "Header mismatch: Mcp-Param-Region header value 'us' does not match body value 'eu'")

  t.strictSame(await caller('us', ['x']).callTool(server, 'hidden', args), refused(-32602, 'Unknown tool: hidden'))
  t.match(await caller('us', []).callTool(server, 'scoped', args), { error: { code: 6750 } })
  t.strictSame(await caller('us', ['x']).callTool(server, 'scoped', args), mismatch)
  t.strictSame(await caller('eu', ['x']).callTool(server, 'scoped', args), said('a'))
})

t.test('lists do not show the scopes and visible of a tool', async (t) => {
  const server = createNotes()
  server.registerTool('add', { scopes: ['x'], visible: () => true }, () => 'a')

  t.strictSame(await createScoped(['x']).ask(server, 'tools/list'), complete({
    tools: [{ name: 'add', inputSchema: { type: 'object', properties: {} } }], ttlMs: 0, cacheScope: 'private'
  }))
})
