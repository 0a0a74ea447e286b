import { request } from 'node:http'
import t from 'tap'
import mcpPlugin, { type MountHooks } from '../../../lib/index.ts'
import { createApp, createHost, createServer, modern, modernCall, mount } from '../../support/app.ts'
import { collectFrames, createGate, listen, send } from '../../support/stream.ts'

t.test("the hooks of a mount run for its endpoint only, in Fastify's order, one or several of a kind", async (t) => {
  const seen: string[] = []
  const note = (name: string) => async (): Promise<void> => { seen.push(name) }
  const { app } = createHost(t)
  app.addHook('onRequest', note('onRequest of the app'))
  app.register(mcpPlugin, {
    prefix: '/notes',
    server: createServer(),
    health: true,
    routes: async (scope) => { scope.get('/side', async () => 'side') },
    hooks: {
      onResponse: note('onResponse'),
      onSend: async (_request, _reply, payload) => { seen.push('onSend'); return payload },
      preHandler: [note('preHandler 1'), note('preHandler 2')],
      preValidation: (_request, _reply, done) => { seen.push('preValidation'); done() },
      preParsing: async (_request, _reply, payload) => { seen.push('preParsing'); return payload },
      onRequest: note('onRequest')
    }
  })
  app.register(mcpPlugin, { prefix: '/tasks', server: createServer('Tasks') })
  app.get('/', async () => 'hello')

  for (const url of ['/', '/notes/side', '/notes/health']) t.equal((await app.inject({ url })).statusCode, 200)
  t.equal((await app.inject(modern('tools/list', {}, { url: '/tasks/mcp' }))).statusCode, 200)
  const others = seen.splice(0)
  t.equal((await app.inject(modern('tools/list', {}, { url: '/notes/mcp' }))).statusCode, 200)

  t.same(others, Array(4).fill('onRequest of the app'))
  t.same(seen, [
    'onRequest of the app', 'onRequest', 'preParsing', 'preValidation', 'preHandler 1', 'preHandler 2', 'onSend',
    'onResponse'
  ])
})

t.test('a hook can reply instead of the endpoint, and an error that it throws becomes a JSON-RPC error', async (t) => {
  const failures: string[] = []
  const { app } = await createApp(t, {
    hooks: {
      onRequest: async (request, reply) => {
        if (request.headers['x-key'] === undefined) return reply.code(401).send({ error: 'no key' })
        if (request.headers['x-key'] === 'bad') throw Object.assign(new Error('The key is bad'), { statusCode: 403 })
      },
      onError: async (_request, _reply, error) => { failures.push(error.message) }
    }
  })

  const answered = await app.inject(modern('tools/list'))
  const thrown = await app.inject(modern('tools/list', {}, { headers: { 'x-key': 'bad' } }))
  const served = await app.inject(modern('tools/list', {}, { headers: { 'x-key': 'good' } }))

  t.same([answered.statusCode, answered.json()], [401, { error: 'no key' }])
  t.same(
    [thrown.statusCode, thrown.json()],
    [403, { jsonrpc: '2.0', id: null, error: { code: -32600, message: 'The key is bad' } }]
  )
  t.equal(served.statusCode, 200)
  t.same(failures, ['The key is bad'])
})

t.test('a handler reads what a hook has set on the request', async (t) => {
  const server = createServer()
  server.registerTool('who', {}, (_args, { request }) => String(request?.getDecorator('user')))
  const { app } = createHost(t)
  app.decorateRequest('user', 'nobody')
  app.register(mcpPlugin, { server, hooks: { preHandler: async (request) => { request.setDecorator('user', 'Ann') } } })

  t.match((await app.inject(modernCall('who'))).json(), { result: { content: [{ text: 'Ann' }] } })
})

t.test('onSend hooks run for streams and for requests that the guard refuses', async (t) => {
  const statuses: number[] = []
  const server = createServer()
  server.registerTool('report', {}, async (_args, ctx) => { await ctx.reportProgress(1); return 'done' })
  const { app } = await createApp(t, {
    server,
    hooks: {
      onSend: async (_request, reply, payload) => {
        statuses.push(reply.statusCode)
        reply.header('x-mine', 'yes')
        return payload
      }
    }
  })
  const address = await listen(app)

  const refused = await app.inject(modern('tools/list', {}, { headers: { host: 'evil.example' } }))
  const streamed = await send(
    address,
    modernCall('report', {}, { headers: { accept: 'text/event-stream' }, meta: { progressToken: 1 } })
  )

  t.equal(refused.headers['x-mine'], 'yes')
  t.equal(streamed.headers.get('x-mine'), 'yes')
  t.equal((await collectFrames(streamed)).length, 3)
  t.same(statuses, [421, 200])
})

t.test('onRequestAbort runs when a client disconnects in the middle of its request', async (t) => {
  const begun = createGate()
  const aborted = createGate()
  const { app } = await createApp(t, {
    hooks: {
      onRequest: async () => {
        begun.open()
      },
      onRequestAbort: async (_request) => {
        aborted.open()
      }
    }
  })
  const { headers } = modern('tools/list')

  const sent = request(`${await listen(app)}/mcp`, { method: 'POST', headers: { ...headers, 'content-length': 1000 }, agent: false })
  sent.on('error', () => {})
  sent.write('{')
  await begun.promise
  sent.destroy()

  await t.resolves(aborted.promise)
})

t.test('hooks that do not run in a mount, and values that are not hooks, are refused', async (t) => {
  const names =
    'onRequest, preParsing, preValidation, preHandler, onSend, onResponse, onError, onTimeout, onRequestAbort'

  for (const [hooks, problem] of [
    [{ preSerialization: async () => {} }, `has 'preSerialization', which does not run here; the hooks are ${names}`],
    [{ onReady: async () => {} }, `has 'onReady', which does not run here; the hooks are ${names}`],
    [{ onSend: 'yes' }, "has 'onSend', which must be a function or an array of functions"],
    [{ onRequest: [async () => {}, null] }, "has 'onRequest', which must be a function or an array of functions"]
  ] as const) {
    // Wrong values are what this test is about, so they are not typed.
    await t.rejects(mount(createHost(t).app, { server: createServer(), hooks: hooks as MountHooks }), { code: 'MCP_ERR_INVALID_OPTION', message: `option 'hooks' ${problem}` })
  }
  await t.resolves(mount(createHost(t).app, { server: createServer(), hooks: { onSend: [] } }))
})
