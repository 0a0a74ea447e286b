// Results and errors that JSON cannot carry: each request is still answered, and nothing reaches the process as an
// unhandled error.
import t, { type Test } from 'tap'
import mcpPlugin, { McpServer, RpcError, Type, type RequestContext } from '../../lib/index.ts'
import { createHost, JSON_AND_SSE, legacy, modern, modernCall, openSession } from '../support/app.ts'
import { collectFrames, frameOf, listen, send } from '../support/stream.ts'

const cycle: Record<string, unknown> = {}
cycle.self = cycle
const nothing = { toJSON () {} }
const block = (fields: object): object => ({ type: 'text', text: 'x', ...fields })

const UNSENDABLE: Readonly<Record<string, unknown>> = {
  'a BigInt': { content: [block({ _meta: { n: 5n } })] },
  'a cycle': { content: [], _meta: cycle },
  'a toJSON that throws': { content: [block({ _meta: { toJSON () { throw new Error('no') } } })] },
  'a result whose toJSON returns nothing': { content: [], ...nothing },
  'a block whose toJSON returns nothing': { content: [block(nothing)] },
  'an array with such a block': [block(nothing)],
  'such a block alone': block(nothing)
}

async function createFaulty (t: Test, prepare: (server: McpServer) => void) {
  const { app } = createHost(t)
  const server = new McpServer({ name: 'Notes', version: '1.0.0' })
  prepare(server)
  await app.register(mcpPlugin, { server })
  return app
}

for (const [what, value] of Object.entries(UNSENDABLE)) {
  t.test(`${what} is answered with an error by tools, resources, prompts and middlewares of both eras`, async (t) => {
    const app = await createFaulty(t, (server) => {
      server.registerTool('tool', {}, () => value as string)
      server.registerTool('structured', { outputSchema: Type.Unknown() }, () => value)
      server.registerResource('r', 'r:1', {}, () => value as string)
      server.registerPrompt('prompt', {}, () => value as string)
      server.use(
        (ctx, next) => ctx.params.instead === true
          ? Promise.resolve({
            ...value as object, toJSON: () => undefined
          })
          : next()
      )
    })
    const session = await openSession(app)

    for (const [method, params] of [
      ['tools/call', { name: 'tool' }],
      ['resources/read', { uri: 'r:1' }],
      ['prompts/get', { name: 'prompt' }],
      ['ping', { instead: true }],
      ['tools/list', { instead: true }]
    ] as const) {
      for (const request of [modern(method, params), legacy(method, params, { headers: session })]) {
        const { error, result } = (await app.inject(request)).json()

        t.ok(error !== undefined || result.isError === true, `${method}: ${JSON.stringify(error ?? result)}`)
      }
    }
    const { result, error } = (await app.inject(
      legacy('tools/call', { name: 'structured' }, { headers: session })
    )).json()
    t.ok(error !== undefined || result.isError === true || Array.isArray(result.content))
    t.equal(app.mcp.get('Notes').stats().exchanges, 0)
  })
}

t.test('a value with toJSON is sent as the value that toJSON returns', async (t) => {
  class Note { toJSON () { return block({ text: 'from JSON' }) } }
  const app = await createFaulty(t, (server) => {
    server.registerTool('block', {}, () => new Note() as never)
    server.registerTool('array', {}, () => [new Note()] as never)
    server.registerTool('whole', {}, () => ({ content: [new Note()] }) as never)
    server.registerResource('r', 'r:1', {}, () => ({ toJSON: () => ({ text: 'from JSON' }) }) as never)
    server.registerPrompt(
      'p', {}, () => ({ toJSON: () => ({ role: 'user', content: block({ text: 'from JSON' }) }) }) as never
    )
  })

  for (const name of ['block', 'array', 'whole']) {
    t.match((await app.inject(modern('tools/call', { name }))).json().result.content, [
      { type: 'text', text: 'from JSON' }
    ])
  }
  t.match((await app.inject(modern('resources/read', { uri: 'r:1' }))).json().result.contents, [
    { uri: 'r:1', text: 'from JSON' }
  ])
  t.match((await app.inject(modern('prompts/get', { name: 'p' }))).json().result.messages, [
    { role: 'user', content: { text: 'from JSON' } }
  ])
})

t.test('a text longer than the longest possible string is answered with an error', async (t) => {
  // V8 allocates the memory of a repeated text only when it is read.
  const longest = 'x'.repeat(2 ** 29 - 24)
  const app = await createFaulty(t, (server) => {
    server.registerTool('long', { outputSchema: Type.Unknown() }, () => ({ toJSON: () => ({ length: `${longest}and more`.length }) }))
    server.registerResource('r', 'r:1', {}, () => ({ text: 'x', get _meta () { return { longer: `${longest}and more` } } }))
  })

  const called = await app.inject(modern('tools/call', { name: 'long' }))
  const read = await app.inject(modern('resources/read', { uri: 'r:1' }))

  t.match(called.json(), {
    id: 1, result: { isError: true, content: [{ text: /^Error executing tool long \(error id/ }] }
  })
  t.match(read.json(), { id: 1, error: { code: -32603, message: /^Error reading resource r:1 \(error id/ } })
})

t.test('a lone surrogate in a text is sent as the replacement character', async (t) => {
  const app = await createFaulty(t, (server) => {
    server.registerTool('half', {}, () => 'a\ud800b')
    server.registerTool('value', { outputSchema: Type.Unknown() }, () => ({ 'k\udfff': 'v\ud800' }))
  })

  t.match((await app.inject(modern('tools/call', { name: 'half' }))).body, /"text":"a\uFFFDb"/)
  t.match((await app.inject(modern('tools/call', { name: 'value' }))).json().result.structuredContent, {
    'k\uFFFD': 'v\uFFFD'
  })
})

t.test('error data that JSON cannot represent is left out of the error', async (t) => {
  const errors: readonly unknown[] = [
    new RpcError(5, 'x', 5n), new RpcError(5, 'x', cycle), Object.assign(new RpcError(5, ''), { message: 5n }),
    Object.defineProperty(new RpcError(5, 'x'), 'message', { get () { throw new Error('no') } })
  ]
  const app = await createFaulty(t, (server) => {
    for (const [index, error] of errors.entries()) server.registerTool(`t${index}`, {}, () => { throw error })
  })
  const replies = await Promise.all(errors.map(async (_error, index) => (await app.inject(modern('tools/call', { name: `t${index}` }))).json().error))

  t.same(replies, [
    { code: 5, message: 'x' },
    { code: 5, message: 'x' },
    { code: 5, message: 'Internal error' },
    { code: -32603, message: 'Internal error' }
  ])
})

t.test('each request of a batch is answered with an error if the joined reply exceeds the longest possible string', async (t) => {
  const half = `{"content":[{"type":"text","text":"${'x'.repeat(2 ** 28)}"}]}`
  const { app } = createHost(t)
  const server = new McpServer({ name: 'Notes', version: '1.0.0' })
  const serve = server.serve.bind(server)
  server.serve = async (incoming) => incoming.message.method === 'tools/call' ? half : await serve(incoming)
  await app.register(mcpPlugin, { server })
  const session = await openSession(app, '2025-03-26')
  const payload = JSON.stringify(
    [1, 'b', 3].map((id) => ({ jsonrpc: '2.0', id, method: 'tools/call', params: { name: 'long' } }))
  )

  const response = await app.inject({
    method: 'POST',
    url: '/mcp',
    headers: { ...session, 'content-type': 'application/json', accept: 'application/json' },
    payload
  })

  const error = { code: -32603, message: 'The reply to the batch is too long; send each request on its own' }
  t.same(response.json(), [1, 'b', 3].map((id) => ({ jsonrpc: '2.0', id, error })))
  t.equal(app.mcp.get('Notes').stats().exchanges, 0)
})

t.test('a rejected context call that a handler did not await does not become an unhandled rejection', async (t) => {
  const unhandled: unknown[] = []
  const listenToProcess = (reason: unknown): void => { unhandled.push(reason) }
  process.on('unhandledRejection', listenToProcess)
  t.teardown(() => process.off('unhandledRejection', listenToProcess))
  const careless = (ctx: RequestContext): string => {
    ctx.log('info', cycle)
    ctx.log('info', nothing)
    ctx.log('info', { toJSON () { throw new Error('no') } })
    ctx.reportProgress(1, 2, 5n as never)
    ctx.readResource('nowhere:1')
    ctx.elicit('x', 5 as never)
    ctx.once('x', () => { throw new Error('no') })
    return 'done'
  }
  const app = await createFaulty(t, (server) => {
    server.registerTool('careless', {}, (_args, ctx) => careless(ctx))
  })
  const address = await listen(app)

  const response = await send(
    address,
    modernCall('careless', {}, {
      headers: JSON_AND_SSE, meta: { progressToken: 1, 'io.modelcontextprotocol/logLevel': 'info' }
    })
  )
  const frames = await collectFrames(response)

  t.match(frames.at(-1), /"text":"done"/)
  t.equal(
    frames.includes(frameOf({
      jsonrpc: '2.0', method: 'notifications/message', params: { level: 'info', data: null }
    })),
    true
  )
  t.same(unhandled, [])
})
