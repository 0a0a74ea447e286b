import Fastify from 'fastify'
import t from 'tap'
import { McpServer } from '../../lib/server/mcp-server.ts'
import { resultOf } from '../../lib/server/call/result.ts'
import type { McpServerOptions } from '../../lib/server/options.ts'
import { ResourceTemplate } from '../../lib/server/features/template.ts'
import { Client, complete, createMessage, createNotes, refused, said, stopClock, untyped } from '../support/definition-client.ts'

t.test('later changes of its info and options do not change a server', async (t) => {
  const info = { name: 'Notes', version: '1.0.0', title: 'My notes' }
  const options = { instructions: 'Be brief.', timeout: 10 }
  const server = new McpServer(info, options)
  Object.assign(info, { name: 'Other' })
  Object.assign(options, { instructions: 'Be long.', timeout: -1 })

  t.strictSame(server.info, { name: 'Notes', version: '1.0.0', title: 'My notes' })
  t.strictSame(await new Client({ era: 'legacy' }).ask(server, 'initialize'), {
    result: {
      protocolVersion: '2025-11-25',
      capabilities: { logging: {} },
      serverInfo: { name: 'Notes', version: '1.0.0', title: 'My notes' },
      instructions: 'Be brief.'
    }
  })
})

t.test('a server without a name or a version is refused', async (t) => {
  for (const info of [
    undefined,
    null,
    {},
    { name: 'Notes' },
    { name: '', version: '1' },
    { name: 'Notes', version: '' },
    { name: 1, version: '1' }
  ]) {
    t.throws(() => new McpServer(untyped(info)), {
      code: 'MCP_ERR_INVALID_DEFINITION',
      message: "a server needs a name and a version: new McpServer({ name: 'Notes', version: '1.0.0' })"
    })
  }
})

t.test('a wrong option is refused', async (t) => {
  const refusals: ReadonlyArray<readonly [options: unknown, message: string]> = [
    [
      { timeout: -1 },
      "a server has a 'timeout' that must be a whole number of milliseconds from 0 (none) to 2147483647"
    ],
    [
      { questionTimeout: '5' },
      "a server has a 'questionTimeout' that must be a whole number of milliseconds from 0 (none) to 2147483647"
    ],
    [{ requestState: { ttl: 0 } }, "a server has a 'requestState' that has a 'ttl' that must be above 0"],
    [{ pageSize: 0 }, "a server has a 'pageSize' that must be a whole number above 0"],
    [{ pageSize: 1.5 }, "a server has a 'pageSize' that must be a whole number above 0"],
    [{ pageSize: '10' }, "a server has a 'pageSize' that must be a whole number above 0"],
    [{ instructions: 7 }, "a server has an 'instructions' that must be a string"],
    [{ exposeErrors: 'yes' }, "a server has an 'exposeErrors' that must be true or false"],
    [
      { requestState: 'secret' },
      "a server has a 'requestState' that must be an object, such as { keys: [process.env.MCP_STATE_KEY] }"
    ],
    [{ cache: null }, "a server has a 'cache' that must be an object, such as { ttlMs: 60_000, scope: 'private' }"],
    [
      { cache: { ttlMs: -1 } }, "a server has a 'cache' that must have as 'ttlMs' a whole number of milliseconds from 0"
    ],
    [{ cache: { scope: 'shared' } }, "a server has a 'cache' that must have as 'scope' either 'public' or 'private'"],
    [
      { timeuot: 1 },
      "a server has an option 'timeuot', which does not exist; the options are instructions, lifespan, timeout, " +
        'questionTimeout, requestState, pageSize, cache, regExp, exposeErrors, authorizeSubscription'
    ],
    [{ lifespan: {} }, "a server has a 'lifespan' that must be a function (app) => ({ value, close })"],
    [{ regExp: /a/ }, "a server has a 'regExp' that must be a function (pattern, flags) => ({ test (text) { … } })"],
    [
      { authorizeSubscription: true },
      "a server has an 'authorizeSubscription' that must be a function (uri, ctx) => boolean"
    ]
  ]

  for (const [options, message] of refusals) {
    t.throws(() => createNotes(untyped<McpServerOptions<unknown>>(options)), {
      code: 'MCP_ERR_INVALID_DEFINITION', message
    })
  }
})

t.test('a middleware that is not a function is refused', async (t) => {
  t.throws(() => createNotes().use(untyped(undefined)), {
    code: 'MCP_ERR_INVALID_DEFINITION', message: 'a middleware must be a function (ctx, next) => result'
  })
})

t.test('the lifespan is entered once per mount, with the app of the mount', async (t) => {
  const [first, second] = [Fastify(), Fastify()]
  const apps: unknown[] = []
  const close = (): void => {}
  const server = createNotes({
    lifespan: async (app) => {
      apps.push(app)
      return { value: { pool: apps.length }, close }
    }
  })

  t.strictSame(await server.enter(first), { value: { pool: 1 }, close })
  t.strictSame(await server.enter(second), { value: { pool: 2 }, close })
  t.ok(apps[0] === first && apps[1] === second)
  t.strictSame(await createNotes().enter(first), { value: undefined })
})

t.test('a failing lifespan makes the start fail', async (t) => {
  const server = createNotes({ lifespan: () => { throw new Error('no database') } })

  await t.rejects(server.enter(Fastify()), { message: 'no database' })
})

t.test('a definition serves many callers at once and shares nothing between them', async (t) => {
  const server = createNotes()
  const gates: Array<() => void> = []
  server.registerTool('who', {}, async (args, ctx) => {
    await new Promise<void>((resolve) => { gates.push(resolve) })
    await ctx.info(args.n)
    await ctx.reportProgress(Number(args.n))
    return `${ctx.client.info?.name} ${String(ctx.lifespan)} ${String(args.n)}`
  })
  const ann = new Client({ lifespan: 'first mount', logLevel: 'info' })
  const bob = new Client({ era: 'legacy', lifespan: 'second mount' })

  const answers = [ann.callTool(server, 'who', { n: 1 }), bob.callTool(server, 'who', { n: 2 }, { progressToken: 'b' })]
  for (const open of gates.reverse()) open()

  t.strictSame(await Promise.all(answers), [
    said('Ann first mount 1'), { result: { content: [{ type: 'text', text: 'Bob second mount 2' }] } }
  ])
  t.strictSame(ann.sent, [{ method: 'notifications/message', params: { level: 'info', data: 1 } }])
  t.strictSame(bob.sent, [
    { method: 'notifications/message', params: { level: 'info', data: 2 } },
    { method: 'notifications/progress', params: { progressToken: 'b', progress: 2 } }
  ])
})

t.test('all callers of an era get the same list, whichever era asks first', async (t) => {
  const server = createNotes()
  server.registerTool('add', {}, () => 'a')
  const tools = [{ name: 'add', inputSchema: { type: 'object', properties: {} } }]

  for (const round of [1, 2]) {
    t.strictSame(await new Client().ask(server, 'tools/list'), complete({ tools, ttlMs: 0, cacheScope: 'public' }), `round ${round}`)
    t.strictSame(await new Client({ era: 'legacy' }).ask(server, 'tools/list'), { result: { tools } }, `round ${round}`)
  }
})

t.test('a result that JSON cannot represent is logged, and the client gets an error id only', async (t) => {
  const circular: { self?: unknown } = {}
  circular.self = circular

  for (const _meta of [{ big: 1n }, circular]) {
    const client = new Client()
    const server = createNotes()
    server.registerTool('add', {}, () => ({ content: [], _meta }))

    const answer = await client.callTool(server, 'add')

    t.strictSame(answer, refused(-32603, `Error answering tools/call (error id ${client.logged[0]?.errorId})`))
    t.match(client.logged, [{ level: 'error', err: TypeError, msg: 'answering tools/call failed' }])
  }
})

t.test('exposeErrors sends the message of an unexpected error to the client', async (t) => {
  const client = new Client()
  const server = createNotes({ exposeErrors: true }).use(() => { throw new Error('no disk') })

  const answer = await client.ask(server, 'server/discover')

  t.strictSame(answer, refused(-32603, `Error answering server/discover: no disk (error id ${client.logged[0]?.errorId})`))
})

t.test('a call by the app resolves to the result object instead of JSON', async (t) => {
  const server = createNotes()
  const result = { content: [{ type: 'text' as const, text: 'a' }], _meta: { date: new Date(0) } }
  server.registerTool('add', {}, () => result)
  server.registerPrompt('greet', {}, () => 'a')
  const { caller, channel } = new Client({ channel: { takesJson: false } })
  const ask = async (method: string, params = {}) => resultOf(await server.serve({
    message: createMessage(method, params), caller, channel
  }))

  t.equal(await ask('tools/call', { name: 'add' }), result)
  t.match(await ask('prompts/list'), { prompts: [{ name: 'greet' }] })
  await t.rejects(ask('tools/call', { name: 'sub' }), { name: 'RpcError', code: -32602, message: 'Unknown tool: sub' })
})

t.test('a handler reads registered resources and templates', async (t) => {
  const server = createNotes()
  server.registerResource('all', 'notes://all', {}, () => 'all notes')
  server.registerResource('one', new ResourceTemplate('notes://{id}'), {}, (_uri, { id }) => `note ${String(id)}`)
  server.registerTool(
    'read',
    {},
    async (_args, ctx) => JSON.stringify([await ctx.readResource('notes://all'), await ctx.readResource('notes://1')])
  )

  t.strictSame(await new Client().callTool(server, 'read'),
    said(
      '[{"contents":[{"uri":"notes://all","text":"all notes"}]},{"contents":[{"uri":"notes://1","text":"note 1"}]}]'
    ))
})

t.test('every list is paged by pageSize and shows every change', async (t) => {
  const server = createNotes({ pageSize: 1 })
  const client = new Client({ era: 'legacy' })
  const lists = ['tools/list', 'prompts/list', 'resources/list', 'resources/templates/list']
  const handles = ['a', 'b'].map((name) => [
    server.registerTool(name, {}, () => name),
    server.registerPrompt(name, {}, () => name),
    server.registerResource(name, `x://${name}`, {}, () => name),
    server.registerResource(name, new ResourceTemplate(`${name}://{id}`), {}, () => name)
  ])
  const first = []
  for (const method of lists) first.push(await client.ask(server, method))

  for (const handle of handles[1] ?? []) handle.remove()

  const cursors = ['a', 'a', 'x://a', 'a://{id}'].map((key) => Buffer.from(key).toString('base64url'))
  t.match(first, cursors.map((nextCursor) => ({ result: { nextCursor } })))
  for (const method of lists) t.notMatch(await client.ask(server, method), { result: { nextCursor: String } })
})

t.test('the default timeout of a handler is five minutes', async (t) => {
  const pass = stopClock(t)
  const server = createNotes()
  const signals: AbortSignal[] = []
  server.registerTool('slow', {}, (_args, ctx) => {
    signals.push(ctx.signal)
    return new Promise<string>(() => {})
  })

  const answer = new Client().callTool(server, 'slow')
  pass(299_999)
  t.equal(signals[0]?.aborted, false)
  pass(1)

  t.equal(signals[0]?.aborted, true)
  t.match(await answer, { result: { isError: true, content: [{ text: 'Tool slow timed out after 300000 ms' }] } })
})

t.test('every change of a server is published to its mounts', async (t) => {
  const server = createNotes()
  const received: unknown[] = []
  server.registerTool('before', {}, () => 'a')
  const end = server.onChange((event) => received.push(event))

  const tool = server.registerTool('add', {}, (_args, ctx) => {
    ctx.notifyResourceUpdated('notes://all')
    return 'a'
  })
  server.registerPrompt('greet', {}, () => 'a').update({ title: 'Greet' })
  server.registerResource('all', 'notes://all', {}, () => 'a').disable()
  server.registerResource('note', new ResourceTemplate('notes://{id}'), {}, () => 'a').remove()
  await new Client().callTool(server, 'add')
  end()
  tool.remove()

  t.strictSame(received, [
    { kind: 'tools' },
    { kind: 'prompts' }, { kind: 'prompts' },
    { kind: 'resources' }, { kind: 'resources' },
    { kind: 'resources' }, { kind: 'resources' },
    { kind: 'resource', uri: 'notes://all' }
  ])
})
