import Fastify, { type FastifyRequest } from 'fastify'
import t, { type Test } from 'tap'
import { openEndpoint } from '../../lib/cli/endpoint.ts'
import { runProgram } from '../../lib/cli/program.ts'
import mcpPlugin, {
  McpServer,
  ResourceTemplate,
  ToolError,
  Type,
  type AuthInfo,
  type McpMountOptions,
  type ServerDefinition
} from '../../lib/index.ts'
import { createTestTerminal } from './terminal.ts'

/** Creates a server with items in all lists. */
function createFullNotes (): McpServer {
  const notes = new McpServer({ name: 'Notes', version: '1.0.0' }, { instructions: 'Keep\u001b[2J notes.' })
  notes.registerTool(
    'add',
    {
      description: 'Add two numbers.',
      inputSchema: Type.Object({
        a: Type.Number({ description: 'The first.' }),
        b: Type.Optional(Type.Number()),
        unit: Type.Optional(Type.String())
      }),
      outputSchema: Type.Object({ sum: Type.Number(), unit: Type.String() })
    },
    async ({ a, b = 0, unit = '' }) => ({ sum: a + b, unit })
  )
  notes.registerTool(
    'count',
    {
      inputSchema: {
        type: 'object',
        properties: {
          kind: { enum: ['one', 'two'] },
          what: {},
          either: { type: ['string', 'null'] },
          sort: { anyOf: [{ const: 'price' }, { const: 'title' }] },
          tags: { type: 'array', items: { type: 'string' }, description: 'All of them.' }
        }
      }
    },
    async (args, ctx) => {
      await ctx.reportProgress(1, 2, 'half\u001b[2J way')
      await ctx.reportProgress(2)
      await ctx.info({ counted: 2 }, 'counter')
      await ctx.info('all counted')
      await ctx.debug('not to be seen')
      return JSON.stringify(args)
    }
  )
  notes.registerTool('fail', {}, async () => { throw new ToolError('no\u001b[2J luck') })
  notes.registerTool('show', {}, async () => [
    { type: 'image', data: 'AAAA', mimeType: 'image/png' },
    { type: 'resource', resource: { uri: 'notes://1', text: 'embedded' } },
    { type: 'resource_link', uri: 'notes://2', name: 'Two' }
  ])
  notes.registerTool('structured', {}, async () => ({ content: [], structuredContent: { a: 1 } }))
  notes.registerResource('all', 'notes://all', { description: 'All notes.' }, async () => 'Buy\u001b[2J milk')
  notes.registerResource('bytes', 'notes://bytes', {}, async () => new Uint8Array([1, 2, 3, 4]))
  notes.registerResource(
    'note',
    new ResourceTemplate('notes://{id}', { list: undefined }),
    { description: 'A note.' },
    async () => 'Note'
  )
  notes.registerPrompt('ask', {
    description: 'Ask for something.',
    argsSchema: Type.Object({ what: Type.String({ description: 'Something.' }), how: Type.Optional(Type.String()) })
  }, async ({ what, how = 'Kindly' }) => `${how}: ${what}`)
  return notes
}

/** Listens until the test ends. Resolves to the URL. */
async function serve (t: Test, options: Partial<McpMountOptions> = {}): Promise<string> {
  const app = Fastify()
  app.register(mcpPlugin, { server: createFullNotes(), ...options })
  t.teardown(() => app.close())
  return `${await app.listen({ port: 0, host: '127.0.0.1' })}/mcp`
}

interface Run { readonly code: number, readonly out: string, readonly err: string }

async function inspect (
  url: string,
  args: readonly string[] = [],
  env: { readonly [name: string]: string } = {}
): Promise<Run> {
  const test = createTestTerminal({ env })
  const code = await runProgram(['inspect', url, ...args], test.terminal)
  return { code, out: test.out, err: test.err }
}

const LISTS = `
Keep notes.

Tools
  add         Add two numbers.
  count
  fail
  show
  structured

Resources
  notes://all    All notes.
  notes://bytes

Resource templates
  notes://{id}  A note.

Prompts
  ask  Ask for something.
`

t.test('all that a server offers is listed, in both eras', async (t) => {
  const url = await serve(t)

  const modern = { code: 0, out: `Notes 1.0.0 revision 2026-07-28, modern era\n${LISTS}`, err: '' }
  t.same(await inspect(url), modern)
  t.same(await inspect(url, ['--era', 'modern']), modern)
  t.same(await inspect(url, ['--era', 'legacy']), {
    code: 0,
    out: `Notes 1.0.0 revision 2025-11-25, legacy era\n${LISTS}`,
    err: ''
  })
})

t.test('a single list includes the arguments', async (t) => {
  const url = await serve(t)

  t.equal((await inspect(url, ['tools'])).out, `Tools
  add         Add two numbers.
              a: number - The first.
              b: number (optional)
              unit: string (optional)
  count       kind: "one" | "two" (optional)
              what: any (optional)
              either: string | null (optional)
              sort: "price" | "title" (optional)
              tags: string[] (optional) - All of them.
  fail
  show
  structured
`)
  t.equal(
    (await inspect(url, ['prompts'])).out,
    'Prompts\n  ask  Ask for something.\n       what - Something.\n       how (optional)\n'
  )
  t.equal(
    (await inspect(url, ['resources'])).out,
    'Resources\n  notes://all    All notes.\n  notes://bytes\n\nResource templates\n  notes://{id}  A note.\n'
  )
})

t.test('an argument with a default is shown with it, even if the server lists it as required', async (t) => {
  const server = new McpServer({ name: 'Defaults', version: '1' })
  server.registerTool(
    'find',
    { inputSchema: Type.Object({ limit: Type.Integer({ default: 10, description: 'How many.' }) }) },
    async () => 'none'
  )
  const inputSchema = { type: 'object', properties: { limit: { default: 10 } }, required: ['limit'] }
  const serverInfo = { name: 'Lists it', version: '1' }
  const definition: ServerDefinition = {
    serve: async ({ message: { method }, caller: { protocolVersion } }) => method === 'initialize'
      ? { protocolVersion, capabilities: { tools: {} }, serverInfo }
      : { tools: [{ name: 'find', inputSchema }] }
  }

  t.equal(
    (await inspect(await serve(t, { server }), ['tools'])).out,
    'Tools\n  find  limit: integer = 10 - How many.\n'
  )
  t.equal(
    (await inspect(await serve(t, { server: definition }), ['tools', '--era', 'legacy'])).out,
    'Tools\n  find  limit: any = 10\n'
  )
})

t.test('structured content is printed as indented JSON, and texts that say something else above it', async (t) => {
  const server = new McpServer({ name: 'Structured', version: '1' })
  server.registerTool('count', { outputSchema: Type.Object({ n: Type.Number() }) }, async () => ({
    content: [{ type: 'text', text: 'One order.' }, { type: 'text', text: '{ "n": 1 }' }], structuredContent: { n: 1 }
  }))
  const url = await serve(t, { server })

  t.equal((await inspect(url, ['call', 'count'])).out, 'One order.\n{\n  "n": 1\n}\n')
})

t.test('the output says which lists the server does not have', async (t) => {
  const url = await serve(t, { server: new McpServer({ name: 'Empty', version: '1' }) })

  t.same(await inspect(url, ['tools']), { code: 0, out: 'The server offers no tools.\n', err: '' })
  t.equal((await inspect(url)).out, 'Empty 1 revision 2026-07-28, modern era\n')
})

t.test('all pages of long lists are read', async (t) => {
  const server = new McpServer({ name: 'Long', version: '1' }, { pageSize: 2 })
  for (const name of ['a', 'b', 'c', 'd', 'e']) server.registerTool(name, {}, async () => name)
  const url = await serve(t, { server })

  for (const era of ['modern', 'legacy']) {
    t.equal((await inspect(url, ['tools', '--era', era])).out, 'Tools\n  a\n  b\n  c\n  d\n  e\n')
  }
})

t.test('reading a list that never ends fails', async (t) => {
  const url = await serve(t)
  let pages = 0
  const endpoint = await openEndpoint({
    url: new URL(url),
    era: 'legacy',
    headers: new Headers(),
    timeout: 60_000,
    logLevel: 'info',
    fetch: async (input, init) => {
      const { id, method } = JSON.parse(String(init?.body ?? '{}'))
      if (method !== 'tools/list') return await fetch(input, init)
      pages++
      return Response.json({ jsonrpc: '2.0', id, result: { tools: [], nextCursor: 'again' } })
    },
    onProgress () {},
    onLog () {}
  })
  t.teardown(() => endpoint.close())

  await t.rejects(endpoint.list('tools/list'), {
    message: 'tools/list has more than 1000 pages, or no end; the first 1000 have 0 entries'
  })
  t.equal(pages, 1000)
})

t.test('a tool is called with arguments as JSON or one by one, in both eras', async (t) => {
  const url = await serve(t)

  for (const era of ['modern', 'legacy']) {
    const call = async (...args: string[]): Promise<Run> => await inspect(url, ['call', ...args, '--era', era])

    t.same(await call('add', '{"a":1,"b":2}'), {
      code: 0,
      out: '{\n  "sum": 3,\n  "unit": ""\n}\n',
      err: ''
    })
    t.same(await call('add', '{"a":1,"b":2}', '--arg', 'b=3', '--arg', 'unit=7'), {
      code: 0,
      out: '{\n  "sum": 4,\n  "unit": "7"\n}\n',
      err: ''
    })
    t.match(await call('count', '--arg', 'what=[1]', '--arg', 'kind=one', '--log-level', 'error'), {
      code: 0,
      out: '{"what":[1],"kind":"one"}\n'
    })
    t.same(await call('structured'), { code: 0, out: '{\n  "a": 1\n}\n', err: '' })
    t.same(await call('show'), {
      code: 0,
      out: '[image, image/png, 3 bytes]\nembedded\n[resource_link, notes://2]\n',
      err: ''
    })
  }
})

t.test('progress and log messages go to standard error, in both eras', async (t) => {
  const url = await serve(t)
  const progress = 'progress 1/2 half way\nprogress 2\n'

  for (const era of ['modern', 'legacy']) {
    t.same(await inspect(url, ['call', 'count', '--era', era]), {
      code: 0,
      out: '{}\n',
      err: `${progress}info counter: {"counted":2}\ninfo: all counted\n`
    })
    t.equal((await inspect(url, ['call', 'count', '--era', era, '--log-level', 'error'])).err, progress)
  }
})

t.test('for a tool that fails the exit code is 1, and the reason is printed', async (t) => {
  const url = await serve(t)

  t.same(await inspect(url, ['call', 'fail']), { code: 1, out: 'no luck\n', err: '' })
  t.match(await inspect(url, ['call', 'fail', '--json']), { code: 1, out: /"isError": true/ })
  for (const era of ['modern', 'legacy']) {
    t.match(await inspect(url, ['call', 'none', '--era', era]), {
      code: 1,
      out: '',
      err: `${url} answered with error -32602: Unknown tool: none\n`
    })
  }
})

t.test('a resource and a prompt are printed', async (t) => {
  const url = await serve(t)

  for (const era of ['modern', 'legacy']) {
    t.same(await inspect(url, ['read', 'notes://all', '--era', era]), { code: 0, out: 'Buy milk\n', err: '' })
    t.same(await inspect(url, ['read', 'notes://bytes', '--era', era]), {
      code: 0,
      out: '[resource, notes://bytes, 4 bytes]\n',
      err: ''
    })
    t.same(await inspect(url, ['prompt', 'ask', '--arg', 'what=7', '--era', era]), {
      code: 0,
      out: 'user: Kindly: 7\n',
      err: ''
    })
    t.same(await inspect(url, ['prompt', 'ask', '{"what":"a"}', '--arg', 'how=Now', '--era', era]), {
      code: 0,
      out: 'user: Now: a\n',
      err: ''
    })
  }
})

t.test('with --json results are printed as JSON', async (t) => {
  const url = await serve(t)
  const ask = async (...args: string[]): Promise<unknown> =>
    JSON.parse((await inspect(url, [...args, '--json', '--era', 'legacy'])).out)

  t.match(await ask(), {
    era: 'legacy',
    protocolVersion: '2025-11-25',
    serverInfo: { name: 'Notes', version: '1.0.0' },
    instructions: 'Keep\u001b[2J notes.',
    tools: [{ name: 'add' }, { name: 'count' }, { name: 'fail' }, { name: 'show' }, { name: 'structured' }],
    resources: [{ uri: 'notes://all' }, { uri: 'notes://bytes' }],
    resourceTemplates: [{ uriTemplate: 'notes://{id}' }],
    prompts: [{ name: 'ask' }]
  })
  t.match(await ask('tools'), { tools: [{ name: 'add' }] })
  t.same(await ask('call', 'add', '{"a":1}'), {
    content: [{ type: 'text', text: '{"sum":1,"unit":""}' }],
    structuredContent: { sum: 1, unit: '' }
  })
  t.same(await ask('read', 'notes://all'), { contents: [{ uri: 'notes://all', text: 'Buy\u001b[2J milk' }] })
  t.match(await ask('prompt', 'ask', '{"what":"a"}'), {
    messages: [{ role: 'user', content: { type: 'text', text: 'Kindly: a' } }]
  })
})

t.test('the session is ended', async (t) => {
  const app = Fastify()
  app.register(mcpPlugin, { server: createFullNotes() })
  t.teardown(() => app.close())
  const url = `${await app.listen({ port: 0, host: '127.0.0.1' })}/mcp`

  t.equal((await inspect(url, ['--era', 'legacy'])).code, 0)

  t.equal(app.mcp.get('Notes').stats().sessions, 0)
})

t.test('a server that refuses a log level or the end of a session can be inspected', async (t) => {
  const app = Fastify()
  app.addHook('onRequest', (request, _reply, done) => { if (request.method !== 'DELETE') done() })
  app.register(mcpPlugin, {
    server: createFullNotes(),
    hooks: {
      preHandler: async (request) => {
        if ((request.body as { readonly method?: string } | undefined)?.method === 'logging/setLevel') {
          throw new Error('no')
        }
      }
    }
  })
  t.teardown(() => app.close())
  const url = `${await app.listen({ port: 0, host: '127.0.0.1' })}/mcp`

  t.same(await inspect(url, ['read', 'notes://all', '--era', 'legacy']), { code: 0, out: 'Buy milk\n', err: '' })
})

t.test('headers and the token, also from the environment, are sent with each request', async (t) => {
  const authenticate = ({ headers }: FastifyRequest): AuthInfo | undefined =>
    headers.authorization === 'Bearer secret' && headers['x-team'] === 'one'
      ? { token: 'secret', clientId: 'me', scopes: [] }
      : undefined
  const url = await serve(t, { auth: { authenticate } })

  t.equal((await inspect(url, ['--token', 'secret', '--header', 'X-Team: one', 'tools'])).code, 0)
  t.equal((await inspect(url, ['--header', 'X-Team: one', 'tools'], { MCP_TOKEN: 'secret' })).code, 0)
  t.equal(
    (
      await inspect(url, ['--header', 'Authorization: Bearer secret', '--header', 'X-Team: one', 'tools'], {
        MCP_TOKEN: 'other'
      })
    ).code,
    0
  )
  t.equal((await inspect(url, ['--token', 'secret', 'tools'])).code, 1)
})

t.test('without the client v2 the legacy era is spoken, and --era modern says what to install', async (t) => {
  const url = await serve(t)
  const messages: string[] = []
  const open = async (era: 'modern' | undefined, server = url) => await openEndpoint({
    url: new URL(server),
    era,
    headers: new Headers(),
    timeout: 60_000,
    logLevel: 'info',
    fetch,
    onProgress: ({ progress }) => { messages.push(`progress ${progress}`) },
    onLog: ({ data }) => { messages.push(String(data)) }
  }, async () => { throw new Error("Cannot find package '@modelcontextprotocol/client'") })

  const endpoint = await open(undefined)

  t.same(
    [endpoint.era, endpoint.protocolVersion, endpoint.serverInfo],
    ['legacy', '2025-11-25', { name: 'Notes', version: '1.0.0' }]
  )
  t.equal((await endpoint.list('tools/list')).length, 5)
  t.match(await endpoint.callTool('count', {}), { content: [{ type: 'text', text: '{}' }] })
  t.same(messages, ['progress 1', 'progress 2', '[object Object]', 'all counted'])
  t.match(await endpoint.ask('resources/read', { uri: 'notes://all' }), { contents: [{ uri: 'notes://all' }] })
  await endpoint.close()

  await t.rejects(open('modern'), {
    message:
      '--era modern needs the official client v2, which is not installed: npm install --save-dev ' +
        "@modelcontextprotocol/client. Without it 'inspect' speaks the legacy era."
  })
})

t.test('the JSON of - is read from standard input', async (t) => {
  const url = await serve(t)
  const test = createTestTerminal()
  test.stdin.end('{ "a": 1,\n"b": 2 }\n')

  const code = await runProgram(['inspect', url, 'call', 'add', '-'], test.terminal)

  t.equal(code, 0)
  t.match(test.out, '"sum": 3')
})
