import { once } from 'node:events'
import Fastify, { type FastifyInstance } from 'fastify'
import t, { type Test } from 'tap'
import mcpPlugin, { McpServer, type RequestContext } from '../lib/index.ts'
import { createApp, createHost, createServer, JSON_AND_SSE, legacy, modernCall, openSession } from './support/app.ts'
import { createGate, frameOf, listen, readFrames, send } from './support/stream.ts'

const SHUTTING_DOWN = { code: -32603, message: 'The server is shutting down; send the request again' }

/** Creates a server that records when its lifespan is entered and left, and throws at that point if it is failing. */
function createWitness (
  name: string, events: string[], failing: 'enter' | 'close' | undefined = undefined
): McpServer<string> {
  const note = (event: string, fails: boolean): void => {
    events.push(`${event} ${name}`)
    if (fails) throw new Error(`${name} cannot ${event}`)
  }
  const server = new McpServer({ name, version: '1' }, {
    lifespan: async () => {
      note('enter', failing === 'enter')
      return { value: name, close: async () => { note('close', failing === 'close') } }
    }
  })
  server.registerTool('call', {}, (_args, { lifespan }) => { events.push(`call ${lifespan}`); return lifespan })
  return server
}

t.test(
  'a lifespan is entered once per mount before its first request and left when the app closes, last one first',
  async (t) => {
    const events: string[] = []
    const { app } = createHost(t)
    app.register(mcpPlugin, { prefix: '/a', server: createWitness('A', events) })
    const server = createWitness('B', events)
    app.register(mcpPlugin, { prefix: '/b', server })
    app.register(mcpPlugin, { prefix: '/c', server, name: 'C' })

    await app.inject(modernCall('call', {}, { url: '/b/mcp' }))
    await app.inject(modernCall('call', {}, { url: '/b/mcp' }))
    await app.close()

    t.same(events, ['enter A', 'enter B', 'enter B', 'call B', 'call B', 'close B', 'close B', 'close A'])
  }
)

t.test(
  'lifespans of nested scopes are left in reverse order of entering too, whichever was registered first',
  async (t) => {
    const events: string[] = []
    const { app } = createHost(t)
    app.register(async (scope) => {
      scope.register(mcpPlugin, { prefix: '/a', server: createWitness('A', events) })
    })
    app.register(mcpPlugin, { prefix: '/b', server: createWitness('B', events) })
    app.register(mcpPlugin, { prefix: '/c', server: createWitness('C', events) })

    await app.ready()
    await app.close()

    const entered = events.slice(0, 3).map((event) => event.slice('enter '.length))
    t.same(entered.toSorted(), ['A', 'B', 'C'])
    t.same(
      events.slice(3),
      entered.toReversed().map((name) => `close ${name}`)
    )
  }
)

t.test('a lifespan gets the app, and is left before onClose hooks of the app run', async (t) => {
  const events: string[] = []
  const { app } = createHost(t)
  app.addHook('onClose', async () => { events.push('close database') })
  const server = new McpServer({ name: 'A', version: '1' }, {
    lifespan: (app: FastifyInstance) => ({
      value: app.hasRoute({ method: 'POST', url: '/mcp' }),
      close: () => { events.push('close A') }
    })
  })
  server.registerTool('call', {}, (_args, { lifespan }) => String(lifespan))
  app.register(mcpPlugin, { server })

  const response = await app.inject(modernCall('call'))
  await app.close()

  t.equal(response.json().result.content[0].text, 'true')
  t.same(events, ['close A', 'close database'])
})

t.test('a lifespan that throws fails ready(), inject() and listen(), and the lifespans entered before are left', async (t) => {
  for (const start of [
    (app: FastifyInstance) => app.ready(),
    (app: FastifyInstance) => app.inject('/'),
    (app: FastifyInstance) => app.listen({ port: 0 })
  ]) {
    const events: string[] = []
    const { app, logLines } = createHost(t)
    app.register(mcpPlugin, { prefix: '/a', server: createWitness('A', events) })
    app.register(mcpPlugin, { prefix: '/b', server: createWitness('B', events, 'close') })
    app.register(mcpPlugin, { prefix: '/c', server: createWitness('C', events, 'enter') })

    await t.rejects(async () => {
      await start(app)
    }, new Error('C cannot enter'))
    await app.close()

    t.same(events, ['enter A', 'enter B', 'enter C', 'close B', 'close A'])
    t.match(
      logLines.filter(({ level }) => level === 50),
      [{ mcp: 'B', msg: 'a lifespan failed to close', err: { message: 'B cannot close' } }]
    )
  }
})

t.test('a lifespan that fails to close fails close(), and the others are left all the same', async (t) => {
  const events: string[] = []
  const app = Fastify()
  app.register(mcpPlugin, { prefix: '/a', server: createWitness('A', events) })
  app.register(mcpPlugin, { prefix: '/b', server: createWitness('B', events, 'close') })
  await app.ready()

  await t.rejects(async () => { await app.close() }, new Error('B cannot close'))

  t.same(events, ['enter A', 'enter B', 'close B', 'close A'])
})

t.test('an app that closes before it is ready leaves every lifespan that it has entered', async (t) => {
  const events: string[] = []
  const app = Fastify()
  app.register(mcpPlugin, { server: createWitness('A', events) })

  await app.close()

  t.same(
    events.filter((event) => event.startsWith('enter')).length,
    events.filter((event) => event.startsWith('close')).length
  )
})

t.test('closing ends the sessions', async (t) => {
  const { app } = await createApp(t)
  await openSession(app)

  await app.close()

  t.equal(app.mcp.get('Notes').sessions.size, 0)
})

function createWaiter (handler: (ctx: RequestContext) => Promise<string>): McpServer {
  const server = createServer()
  server.registerTool('wait', {}, (_args, ctx) => handler(ctx))
  return server
}

async function startClosing (t: Test, app: FastifyInstance): Promise<() => Promise<void>> {
  const closing = createGate()
  // Hooks run in order, so this one runs after those of the mounts have begun.
  app.addHook('preClose', async () => { closing.open() })
  return async () => { await closing.promise; t.pass('closing has begun') }
}

t.test('a request in flight is finished before the lifespan is left', async (t) => {
  const started = createGate()
  const gate = createGate()
  const { app } = createHost(t)
  app.register(mcpPlugin, { server: createWaiter(async () => { started.open(); await gate.promise; return 'done' }) })
  const closing = await startClosing(t, app)
  const address = await listen(app)

  const sent = send(address, modernCall('wait'))
  await started.promise
  const closed = app.close()
  await closing()
  gate.open()

  t.match(await (await sent).json(), { result: { content: [{ text: 'done' }] } })
  await closed
})

t.test('a request that outlives closeGracePeriod gets 503, and its ctx.signal is aborted', async (t) => {
  const started = createGate()
  const aborted = createGate<string>()
  const { app } = await createApp(t, {
    closeGracePeriod: 1,
    server: createWaiter(async ({ signal }) => {
      started.open()
      await once(signal, 'abort')
      aborted.open(String(signal.reason))
      return 'too late'
    })
  })
  const address = await listen(app)

  const sent = send(address, modernCall('wait', {}, { id: 'x' }))
  await started.promise
  await app.close()
  const response = await sent

  t.equal(response.status, 503)
  t.same(await response.json(), { jsonrpc: '2.0', id: 'x', error: SHUTTING_DOWN })
  t.ok(await aborted.promise)
})

t.test('a stream that outlives closeGracePeriod ends with an error event', async (t) => {
  const never = createGate<string>()
  const { app } = await createApp(t, {
    closeGracePeriod: 1,
    server: createWaiter(async (ctx) => {
      await ctx.info('working')
      return await never.promise
    })
  })
  const address = await listen(app)

  const frames = readFrames(
    await send(
      address,
      modernCall('wait', {}, { headers: JSON_AND_SSE, meta: { 'io.modelcontextprotocol/logLevel': 'info' } })
    )
  )
  await frames.next()
  const closed = app.close()
  const rest: string[] = []
  for await (const frame of frames) rest.push(frame)
  await closed

  t.equal(rest.at(-1), frameOf({ jsonrpc: '2.0', id: 1, error: SHUTTING_DOWN }))
})

t.test('ctx.signal is aborted even if a handler reads it only after closeGracePeriod', async (t) => {
  const started = createGate()
  const gate = createGate()
  const seen = createGate<boolean>()
  const { app } = await createApp(t, {
    closeGracePeriod: 1,
    server: createWaiter(async (ctx) => {
      started.open()
      await gate.promise
      await ctx.info('void')
      seen.open(ctx.signal.aborted)
      return 'too late'
    })
  })
  const address = await listen(app)

  const sent = send(address, modernCall('wait'))
  await started.promise
  await app.close()
  gate.open()

  t.equal((await sent).status, 503)
  t.ok(await seen.promise)
})

t.test('a batch that outlives closeGracePeriod is answered with the results so far', async (t) => {
  const started = createGate()
  const never = createGate<string>()
  const { app } = await createApp(t, {
    closeGracePeriod: 1,
    server: createWaiter(async () => {
      started.open()
      return await never.promise
    })
  })
  const address = await listen(app)
  const { url, method, headers } = legacy('', {}, { headers: await openSession(app, '2025-03-26') })

  const sent = send(address, {
    url,
    method,
    headers,
    payload: JSON.stringify([
      { jsonrpc: '2.0', id: 1, method: 'ping' },
      { jsonrpc: '2.0', id: 2, method: 'tools/call', params: { name: 'wait' } }
    ])
  })
  await started.promise
  await app.close()

  t.same(await (await sent).json(), [
    { jsonrpc: '2.0', id: 1, result: {} },
    { jsonrpc: '2.0', id: null, error: SHUTTING_DOWN }
  ])
})

t.test('requests of several mounts are all ended after closeGracePeriod', async (t) => {
  const started = createGate()
  let waiting = 0
  const server = createWaiter(async ({ signal }) => {
    if (++waiting === 3) started.open()
    await once(signal, 'abort')
    return 'too late'
  })
  const { app } = createHost(t)
  for (const name of ['A', 'B', 'C']) app.register(mcpPlugin, { prefix: `/${name}`, name, server, closeGracePeriod: 1 })
  const address = await listen(app)

  const sent = ['A', 'B', 'C'].map((name) =>
    send(address, modernCall('wait', {}, { url: `/${name}/mcp`, headers: JSON_AND_SSE }))
  )
  await started.promise
  await app.close()

  for (const response of await Promise.all(sent)) t.equal(response.status, 503)
})

t.test('an app whose lifespan throws a value that is not an Error does not start', async (t) => {
  for (const nothing of [null, undefined]) {
    const { app } = createHost(t)
    app.register(mcpPlugin, {
      server: new McpServer(
        { name: 'Notes', version: '1.0.0' },
        {
          lifespan: () => { throw nothing }
        }
      )
    })

    await t.rejects(async () => app.ready(), { message: `a lifespan threw ${String(nothing)}; throw an Error` })
  }
})
