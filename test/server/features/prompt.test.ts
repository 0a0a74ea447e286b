import t from 'tap'
import { Type } from '@sinclair/typebox'
import { z } from 'zod'
import { RpcError, ToolError } from '../../../lib/errors.ts'
import { Client, complete, createNotes, createScoped, refused, stopClock, untyped, type Params } from '../../support/definition-client.ts'

function message (text: string, role = 'user') {
  return { role, content: { type: 'text', text } }
}

t.test('a prompt gets validated arguments, and a returned text becomes a user message', async (t) => {
  const server = createNotes()
  server.registerPrompt('greet', {
    description: 'Greets.', argsSchema: Type.Object({ name: Type.String(), mood: Type.String({ default: 'kind' }) })
  },
  ({ name, mood }) => `Greet ${name}, be ${mood}`)
  const params = { name: 'greet', arguments: { name: 'Ann' } }

  t.strictSame(await new Client().ask(server, 'prompts/get', params),
    complete({ description: 'Greets.', messages: [message('Greet Ann, be kind')] }))
  t.strictSame(await new Client({ era: 'legacy' }).ask(server, 'prompts/get', params),
    { result: { description: 'Greets.', messages: [message('Greet Ann, be kind')] } })
})

t.test('a call without arguments gets fresh defaults each time', async (t) => {
  const server = createNotes()
  server.registerPrompt(
    'greet', { argsSchema: Type.Object({ mood: Type.String({ default: 'kind' }) }) }, ({ mood }) => mood
  )
  server.registerPrompt('plain', {}, async (args) => JSON.stringify(args))

  for (const name of ['greet', 'greet']) {
    t.strictSame(await new Client().ask(server, 'prompts/get', { name }), complete({ messages: [message('kind')] }))
  }
  t.strictSame(await new Client().ask(server, 'prompts/get', { name: 'plain' }), complete({
    messages: [message('{}')]
  }))
})

t.test('a prompt may return a message, an array of messages or a whole result', async (t) => {
  const image = { role: 'assistant', content: { type: 'image', data: 'AA==', mimeType: 'image/png' } }
  const returned: ReadonlyArray<readonly [returned: unknown, result: object]> = [
    [message('a', 'assistant'), { description: 'D', messages: [message('a', 'assistant')] }],
    [['a', image], { description: 'D', messages: [message('a'), image] }],
    [[], { description: 'D', messages: [] }],
    [{ messages: [image], description: 'Other', more: 1 }, { messages: [image], description: 'Other', more: 1 }],
    [{ messages: [image] }, { messages: [image] }]
  ]

  for (const [value, result] of returned) {
    const server = createNotes()
    server.registerPrompt('p', { description: 'D' }, () => untyped<string>(value))

    t.strictSame(await new Client().ask(server, 'prompts/get', { name: 'p' }), complete(result))
  }
})

t.test('an invalid return value of a prompt is logged and hidden from the client', async (t) => {
  const values = [
    undefined, null, 42, {}, [1], { messages: 'a' }, { messages: [{ role: 'user' }] }, message('a', 'system'),
    { role: 'user', content: 'a' }
  ]

  for (const value of values) {
    const client = new Client()
    const server = createNotes()
    server.registerPrompt('p', {}, () => untyped<string>(value))

    const answer = await client.ask(server, 'prompts/get', { name: 'p' })

    t.strictSame(answer, refused(-32603, `Error rendering prompt p (error id ${client.logged[0]?.errorId})`))
    t.match(client.logged[0]?.err?.message, /^a prompt must return a string, a message/)
  }
})

t.test('an RpcError of a prompt is sent to the client, and any other error is hidden', async (t) => {
  const server = createNotes()
  server.registerPrompt('rpc', {}, () => { throw new RpcError(7, 'No') })
  server.registerPrompt('tool', {}, async () => { throw new ToolError('secret') })
  const client = new Client()

  t.strictSame(await client.ask(server, 'prompts/get', { name: 'rpc' }), refused(7, 'No'))
  const answer = await client.ask(server, 'prompts/get', { name: 'tool' })
  t.strictSame(answer, refused(-32603, `Error rendering prompt tool (error id ${client.logged[0]?.errorId})`))
})

t.test('a prompt that takes longer than the server\'s timeout ends with an error', async (t) => {
  const pass = stopClock(t)
  const server = createNotes({ timeout: 10 })
  server.registerPrompt('slow', {}, () => new Promise<string>(() => {}))

  const answer = new Client().ask(server, 'prompts/get', { name: 'slow' })
  pass(10)

  t.strictSame(await answer, refused(-32603, 'Error rendering prompt slow: timed out after 10 ms'))
})

t.test('a request that names no prompt, or whose arguments are not all strings, is refused in both eras', async (t) => {
  const server = createNotes()
  server.registerPrompt('p', { argsSchema: z.object({ n: z.string().regex(/^\d+$/, 'must be digits') }) }, ({ n }) => n)
  server.registerPrompt('off', {}, () => 'a').disable()

  for (const era of ['modern', 'legacy'] as const) {
    const client = new Client({ era })
    for (const name of ['none', 'off', 'constructor']) t.strictSame(await client.ask(server, 'prompts/get', { name }), refused(-32602, `Unknown prompt: ${name}`))
    for (const name of [undefined, 1]) {
      t.strictSame(
        await client.ask(server, 'prompts/get', { name }),
        refused(-32602, "Invalid params: prompts/get needs 'name', a string")
      )
    }
    for (const args of [null, [], 'a', { n: 1 }, { n: '1', m: null }]) {
      t.strictSame(await client.ask(server, 'prompts/get', { name: 'p', arguments: args }),
        refused(-32602, "Invalid params: 'arguments' must be an object whose values are strings"))
    }
    t.strictSame(await client.ask(server, 'prompts/get', { name: 'p', arguments: { n: 'x' } }),
      refused(-32602, 'Invalid arguments for prompt p: /n: must be digits'))
    t.strictSame(client.logged, [])
  }
})

t.test("a list shows every field of a prompt's configuration", async (t) => {
  const server = createNotes()
  const listed = { title: 'Greet', description: 'Greets.', icons: [{ src: 'https://example.com/i.png' }], _meta: { a: 1 } }
  server.registerPrompt('greet', {
    ...listed,
    argsSchema: {
      type: 'object',
      properties: { name: { type: 'string', title: 'Name', description: 'Who.' }, any: true },
      required: ['name']
    }
  }, () => 'a')
  server.registerPrompt('empty', { argsSchema: { type: 'object' } }, () => 'a')
  server.registerPrompt('plain', {}, () => 'a')
  const prompts = [
    {
      name: 'greet',
      ...listed,
      arguments: [
        { name: 'name', title: 'Name', description: 'Who.', required: true }, { name: 'any', required: false }
      ]
    },
    { name: 'empty', arguments: [] },
    { name: 'plain' }
  ]

  t.strictSame(await new Client().ask(server, 'prompts/list'), complete({ prompts, ttlMs: 0, cacheScope: 'public' }))
  t.strictSame(await new Client({ era: 'legacy' }).ask(server, 'prompts/list'), { result: { prompts } })
})

t.test('a prompt can be updated, and an invalid update leaves it unchanged', async (t) => {
  const server = createNotes()
  const handle = server.registerPrompt('p', { title: 'P' }, () => 'a')
  const client = new Client()

  t.throws(() => handle.update({ argsSchema: { type: 'string' }, handler: () => 'b' }), {
    code: 'MCP_ERR_INVALID_SCHEMA'
  })
  t.strictSame(await client.ask(server, 'prompts/get', { name: 'p' }), complete({ messages: [message('a')] }))

  handle.update({ description: 'D' })
  t.strictSame(await client.ask(server, 'prompts/get', { name: 'p' }), complete({
    description: 'D', messages: [message('a')]
  }))
  handle.update({ handler: () => 'b' })
  t.strictSame(await client.ask(server, 'prompts/get', { name: 'p' }), complete({
    description: 'D', messages: [message('b')]
  }))
  t.match(await client.ask(server, 'prompts/list'), {
    result: { prompts: [{ name: 'p', title: 'P', description: 'D' }] }
  })
})

t.test('an invalid prompt is refused at registration', async (t) => {
  const server = createNotes()

  t.throws(() => server.registerPrompt('', {}, () => 'a'), {
    code: 'MCP_ERR_INVALID_DEFINITION', message: "prompt '' needs a name: a string that is not empty"
  })
  t.throws(() => server.registerPrompt(untyped<string>(1), {}, () => 'a'), { code: 'MCP_ERR_INVALID_DEFINITION' })
  t.throws(() => server.registerPrompt('p', {}, untyped<() => string>(undefined)), {
    message: "prompt 'p' needs a handler: a function"
  })
  t.throws(() => server.registerPrompt('p', { argsSchema: { type: 'array' } }, () => 'a'), {
    code: 'MCP_ERR_INVALID_SCHEMA',
    message: "argsSchema of prompt 'p' must describe an object: its root needs type 'object'"
  })
})

t.test('a prompt is rendered only for callers that see it and have its scopes', async (t) => {
  const server = createNotes()
  const argsSchema = Type.Object({ name: Type.String() })
  const handle = server.registerPrompt(
    'greet', { argsSchema, scopes: ['x'], visible: ({ era }) => era === 'modern' }, ({ name }) => name
  )
  const ask = (client: Client, args: Params = {}) => client.ask(server, 'prompts/get', {
    name: 'greet', arguments: args
  })

  t.match(await ask(createScoped(['x']), { name: 'Ann' }), { result: { messages: [{ content: { text: 'Ann' } }] } })
  t.strictSame(
    await ask(createScoped(['y'])), refused(6750, 'Insufficient scope: the request needs x', { requiredScopes: ['x'] })
  )
  t.strictSame(await ask(createScoped(['x'], { era: 'legacy' })), refused(-32602, 'Unknown prompt: greet'))
  t.match(await createScoped(['x']).ask(server, 'prompts/list'), {
    result: { prompts: [{ name: 'greet', scopes: undefined, visible: undefined }] }
  })

  handle.update({ scopes: [], visible: () => true })
  t.match(await ask(new Client({ era: 'legacy' }), { name: 'Ann' }), {
    result: { messages: [{ content: { text: 'Ann' } }] }
  })
})
