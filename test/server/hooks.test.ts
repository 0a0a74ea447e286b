import t from 'tap'
import type { Hooks } from '../../lib/server/hooks.ts'
import { ToolError } from '../../lib/errors.ts'
import { ResourceTemplate } from '../../lib/server/features/template.ts'
import { completable } from '../../lib/server/features/completable.ts'
import { Type } from '../../lib/index.ts'
import { Client, complete, createNotes, failed, mustNotRun, refused, said, untyped } from '../support/definition-client.ts'

function createAll () {
  const server = createNotes()
  server.registerTool('add', {}, ({ text }: { text?: unknown }) => `added ${String(text)}`)
  server.registerResource('a', 'notes://a', {}, () => 'contents')
  server.registerResource('each', new ResourceTemplate('notes://each/{id}'), {}, () => 'each')
  server.registerPrompt('ask', {
    argsSchema: Type.Object({ what: completable(Type.String(), () => ['this']) })
  }, () => 'Ask')
  return server
}

const REQUESTS = [
  ['callTool', 'tools/call', { name: 'add', arguments: { text: 'a' } }],
  ['readResource', 'resources/read', { uri: 'notes://a' }],
  ['getPrompt', 'prompts/get', { name: 'ask', arguments: { what: 'that' } }],
  ['complete', 'completion/complete', {
    ref: { type: 'ref/prompt', name: 'ask' }, argument: { name: 'what', value: '' }
  }],
  ['listTools', 'tools/list', {}],
  ['listResources', 'resources/list', {}],
  ['listResourceTemplates', 'resources/templates/list', {}],
  ['listPrompts', 'prompts/list', {}]
] as const

for (const [name, method, params] of REQUESTS) {
  t.test(`the hook ${name} runs around ${method} and no other method, in both eras`, async (t) => {
    const seen: unknown[] = []
    const plain = createAll()
    const server = createAll().use(untyped<Hooks>({
      async [name] (ctx: { params: object }, next: () => Promise<object>) {
        seen.push(ctx.params)
        return await next()
      }
    }))

    for (const era of ['modern', 'legacy'] as const) {
      const client = new Client({ era })
      for (const [, each, given] of REQUESTS) {
        t.strictSame(await client.ask(server, each, given), await client.ask(plain, each, given))
      }
    }

    t.strictSame(seen, [params, params])
  })
}

t.test('hooks and middlewares run in the order in which they were added', async (t) => {
  const steps: string[] = []
  const server = createAll()
    .use((_ctx, next) => { steps.push('first'); return next() })
    .use({ callTool: (_ctx, next) => { steps.push('hook'); return next() } })
    .use((_ctx, next) => { steps.push('last'); return next() })
    .use({ callTool: (_ctx, next) => { steps.push('second hook'); return next() } })

  await new Client().callTool(server, 'add', { text: 'a' })
  t.strictSame(steps.splice(0), ['first', 'hook', 'last', 'second hook'])
  await new Client().ask(server, 'tools/list')
  t.strictSame(steps, ['first', 'last'])
})

t.test('a hook may answer in place of the method, or change its result', async (t) => {
  const server = createAll().use({
    callTool: ({ params }, next) => params.arguments?.['text'] === 'x' ? { content: [] } : next(),
    async readResource (_ctx, next) {
      const result = await next()
      return 'contents' in result ? { ...result, contents: [{ uri: 'notes://a', text: 'changed' }] } : result
    }
  })

  t.strictSame(await new Client().callTool(server, 'add', { text: 'x' }), complete({ content: [] }))
  t.strictSame(await new Client().callTool(server, 'add', { text: 'y' }), said('added y'))
  const seen: unknown[] = []
  server.use({ getPrompt: ({ params }, next) => { seen.push(params.arguments); return next() } })
  server.registerPrompt('plain', {}, () => 'Ask')
  await new Client().ask(server, 'prompts/get', { name: 'plain' })
  t.strictSame(seen, [undefined])
  t.match(await new Client().ask(server, 'resources/read', { uri: 'notes://a' }), {
    result: { contents: [{ uri: 'notes://a', text: 'changed' }] }
  })
})

t.test('a ToolError of a hook reaches the model, in both eras', async (t) => {
  const server = createAll().use({ callTool () { throw new ToolError('Not today') } })

  t.strictSame(await new Client().callTool(server, 'add'), failed('Not today'))
  t.match(await new Client({ era: 'legacy' }).callTool(server, 'add'), {
    result: { content: [{ type: 'text', text: 'Not today' }], isError: true }
  })
})

t.test('malformed parameters reach no hook, and are refused as without hooks', async (t) => {
  const hooks = Object.fromEntries(REQUESTS.map(([name]) => [name, mustNotRun]))
  const [plain, server] = [createAll(), createAll().use(untyped<Hooks>(hooks))]

  for (const [method, params] of [
    ['tools/call', {}], ['tools/call', { name: 7 }], ['tools/call', { name: 'add', arguments: [] }],
    ['resources/read', {}], ['prompts/get', {}], ['prompts/get', { name: 'ask', arguments: { what: 1 } }],
    ['prompts/get', { name: 'ask', arguments: 'what' }], ['completion/complete', {}],
    ['completion/complete', { ref: {}, argument: { name: 'a' } }],
    ['completion/complete', { ref: {}, argument: { value: 'a' } }],
    ['completion/complete', { ref: {}, argument: 'a' }],
    ['tools/list', { cursor: 1 }], ['resources/list', { cursor: 1 }], ['resources/templates/list', { cursor: 1 }],
    ['prompts/list', { cursor: 1 }]
  ] as const) {
    const answer = await new Client().ask(server, method, params)
    t.match(answer, { error: { code: -32602 } })
    t.strictSame(answer, await new Client().ask(plain, method, params))
  }
})

t.test('next.again() runs what is inside once more; next() itself may be called once', async (t) => {
  let runs = 0
  const server = createNotes()
    .use({ async callTool (_ctx, next) { await next(); return await next.again() } })
    .use({ callTool: (_ctx, next) => next() })
  server.registerTool('count', {}, () => `run ${++runs}`)

  t.strictSame(await new Client().callTool(server, 'count'), said('run 2'))

  server.use({ async callTool (_ctx, next) { await next(); return await next() } })
  const client = new Client()
  t.match(await client.callTool(server, 'count'), { error: { code: -32603 } })
  t.match(client.logged, [{ err: { message: /next\(\) twice.*next\.again\(\)/ } }])
})

t.test('describeTool changes how a tool is listed, once for all requests', async (t) => {
  const described: string[] = []
  const server = createAll()
  await new Client().ask(server, 'tools/list')
  server
    .use({ describeTool (tool) { described.push(tool.name); return { ...tool, title: 'Title' } } })
    .use({ describeTool: (tool) => ({ ...tool, title: `${tool.title}!` }) })

  for (let n = 0; n < 3; n++) {
    t.match(await new Client().ask(server, 'tools/list'), { result: { tools: [{ name: 'add', title: 'Title!' }] } })
  }
  t.strictSame(described, ['add'])
})

t.test('a sibling of a server shares its hooks, those that are added later included', async (t) => {
  const changes: unknown[] = []
  const server = createNotes()
  const sibling = server.createSibling()
  const tool = sibling.registerTool('other', {}, () => 'a')
  await new Client().ask(sibling, 'tools/list')
  server.use({
    callTool: () => ({ content: [] }),
    describeTool: (tool) => ({ ...tool, title: 'Title' }),
    onChange: (event) => { changes.push(event) }
  })

  t.strictSame(await new Client().callTool(sibling, 'other'), complete({ content: [] }))
  t.match(await new Client().ask(sibling, 'tools/list'), { result: { tools: [{ title: 'Title' }] } })
  tool.disable()
  t.strictSame(changes, [{ kind: 'tools' }])
})

t.test('a server knows its tools by their names', async (t) => {
  t.strictSame([createAll().hasTool('add'), createAll().hasTool('sub'), createAll().hasTool(7)], [true, false, false])
})

t.test('onChange gets the changes of the server, and those that a mount is told of', async (t) => {
  const changes: unknown[] = []
  const server = createAll().use({ onChange: (event) => { changes.push(event) } })
  server.registerTool('write', {}, (_args, ctx) => { ctx.notifyResourceUpdated('notes://a'); return '' })

  await new Client().callTool(server, 'write')
  server.changed({ kind: 'prompts' })

  t.strictSame(changes, [{ kind: 'tools' }, { kind: 'resource', uri: 'notes://a' }, { kind: 'prompts' }])
})

t.test('unknown hooks, and what is no hook, are refused', async (t) => {
  for (const [wrong, message] of [
    [undefined, 'a middleware must be a function (ctx, next) => result, ' +
      'or hooks such as { callTool (ctx, next) { … } }'],
    [null, /^a middleware must be/],
    [{ callTools () {} }, "the hook 'callTools' does not exist; " +
      'the hooks are callTool, readResource, getPrompt, complete, ' +
      'listTools, listResources, listResourceTemplates, listPrompts, describeTool, onChange'],
    [{ callTool: 'x' }, "the hook 'callTool' must be a function"]
  ] as const) {
    t.throws(() => createNotes().use(untyped<Hooks>(wrong)), { code: 'MCP_ERR_INVALID_DEFINITION', message })
  }
  createNotes().use(untyped<Hooks>({ callTool: undefined }))
  t.strictSame(await new Client().callTool(createAll(), 'sub'), refused(-32602, 'Unknown tool: sub'))
})
