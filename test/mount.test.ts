import { networkInterfaces } from 'node:os'
import { setImmediate as nextTurn } from 'node:timers/promises'
import Fastify, { type FastifyListenOptions } from 'fastify'
import t, { type Test } from 'tap'
import mcpPlugin, { McpServer, RpcError, Type } from '../lib/index.ts'
import { Subscription } from '../lib/notify/subscriptions.ts'
import {
  createApp,
  createHost,
  createServer,
  createSocketPath,
  initialize,
  modernCall,
  mount,
  openSession,
  type AppOptions
} from './support/app.ts'
import { partsOf } from './support/parts.ts'
import { createGate, listen, send } from './support/stream.ts'
import { createTalker } from './support/talk.ts'

const hasIpv6 = Object.values(networkInterfaces()).flat().some((address) => address?.address === '::1')

async function urlOf (t: Test, options: AppOptions, listenOptions?: FastifyListenOptions): Promise<string> {
  const { app } = await createApp(t, options)
  if (listenOptions !== undefined) await app.listen(listenOptions)
  return app.mcp.get('Notes').url.replace(/:\d+\//, ':PORT/')
}

t.test('mount.url is only the path until the app listens', async (t) => {
  t.equal(await urlOf(t, {}), '/mcp')
  t.equal(await urlOf(t, { path: '/' }), '/')
  t.equal(await urlOf(t, { prefix: '/notes', path: '/' }), '/notes')
  t.equal(await urlOf(t, { prefix: '/:share([a%]+)' }), '/:share([a%]+)/mcp')
})

t.test('the url names the address that the app listens on', async (t) => {
  t.equal(await urlOf(t, { prefix: '/notes' }, { port: 0, host: '127.0.0.1' }), 'http://127.0.0.1:PORT/notes/mcp')
})

t.test('the url has an IPv6 address in brackets', { skip: !hasIpv6 }, async (t) => {
  t.equal(await urlOf(t, {}, { port: 0, host: '::1' }), 'http://[::1]:PORT/mcp')
  t.equal(await urlOf(t, {}, { port: 0, host: '::' }), 'http://localhost:PORT/mcp')
})

t.test('for an app that listens on all addresses, mount.url names localhost', async (t) => {
  t.equal(await urlOf(t, {}, { port: 0, host: '0.0.0.0' }), 'http://localhost:PORT/mcp')
})

t.test('mount.url begins with publicUrl and its path, without a double slash', async (t) => {
  t.equal(await urlOf(t, { publicUrl: 'https://api.example.com' }), 'https://api.example.com/mcp')
  t.equal(
    await urlOf(t, { publicUrl: 'https://api.example.com/base/' }, { port: 0, host: '127.0.0.1' }),
    'https://api.example.com/base/mcp'
  )
})

t.test('mount.url of an app that listens on a socket file is only the path', async (t) => {
  t.equal(await urlOf(t, {}, { path: createSocketPath(t) }), '/mcp')
})

t.test('mount.url of an app with TLS begins with https', async (t) => {
  const app = Fastify({ https: {} })
  t.teardown(() => app.close())
  app.register(mcpPlugin, { server: createServer() })
  await app.listen({ port: 0, host: '127.0.0.1' })

  t.match(app.mcp.get('Notes').url, /^https:\/\/127\.0\.0\.1:\d+\/mcp$/)
})

t.test('a mount has its name, path and server, and stats() returns its load', async (t) => {
  const started = createGate()
  const gate = createGate()
  const { app, server } = await createApp(t)
  server.registerTool('wait', {}, async () => { started.open(); await gate.promise; return 'done' })
  const address = await listen(app)
  const mount = app.mcp.get('Notes')

  await app.inject(initialize())
  const sent = send(address, modernCall('wait'))
  await started.promise

  t.equal(mount.name, 'Notes')
  t.equal(mount.server, server)
  t.match(mount.stats(), { sessions: 1, exchanges: 1, streams: 0 })
  t.same([mount.sessions.size, mount.sessions.max], [1, 10_000])
  gate.open()
  await sent
  t.match(mount.stats(), { sessions: 1, exchanges: 0, streams: 0 })
})

t.test('a call from the host app checks its arguments, and does not modify them', async (t) => {
  const { app, server } = await createApp(t)
  server.registerTool(
    'greet',
    { inputSchema: Type.Object({ name: Type.String({ default: 'you' }) }) },
    async ({ name }, ctx) => {
      await ctx.reportProgress(1)
      await ctx.info('working')
      return `Hello ${name} ${String(ctx.signal.aborted)} ${String(ctx.request)} ${ctx.era}`
    }
  )
  const args = Object.freeze({})

  const result = await app.mcp.get('Notes').call('greet', args)

  t.same(result, { content: [{ type: 'text', text: 'Hello you false undefined modern' }] })
  t.same(args, {})
  t.match(await app.mcp.get('Notes').call('greet', { name: 7 }), { isError: true })
  t.match(await app.mcp.get('Notes').call('greet'), { content: [{ text: /^Hello you/ }] })
  await t.rejects(app.mcp.get('Notes').call('nope'), new RpcError(-32602, 'Unknown tool: nope'))
})

t.test('a call from the host app needs no scopes, and sees all tools and resources', async (t) => {
  const { app, server } = await createApp(t)
  server.registerTool('scoped', { scopes: ['notes:write'], visible: () => false }, async (_args, ctx) => {
    const { contents } = await ctx.readResource('notes://scoped')
    return `${String(ctx.auth)} ${contents.map(({ uri }) => uri).join()}`
  })
  server.registerResource('scoped', 'notes://scoped', { scopes: ['notes:read'], visible: () => false }, () => 'a')

  const result = await app.mcp.get('Notes').call('scoped')

  t.same(result, { content: [{ type: 'text', text: 'undefined notes://scoped' }] })
  t.match((await app.inject(modernCall('scoped'))).json(), { error: { message: 'Unknown tool: scoped' } })
})

t.test('a call from the host app has the lifespan of the mount', async (t) => {
  const server = new McpServer({ name: 'Notes', version: '1' }, { lifespan: () => ({ value: { greeting: 'hi' } }) })
  server.registerTool('greet', {}, (_args, { lifespan }) => lifespan.greeting)
  const app = Fastify()
  t.teardown(() => app.close())
  await app.register(mcpPlugin, { server })
  await app.ready()

  t.match(await app.mcp.get('Notes').call('greet'), { content: [{ text: 'hi' }] })
})

t.test('a change that could not be published is logged with its reason', async (t) => {
  const { app, logLines } = await createApp(t)
  const mounted = app.mcp.get('Notes')
  const subscription = partsOf(mounted).changes.subscriptions.open(1)
  if (subscription instanceof Subscription) {
    subscription.start(new Map([['tools', undefined]]), {
      send () {
        throw new Error('no connection')
      }
    })
  }

  mounted.notify.toolsChanged()
  await nextTurn()

  t.match(logLines.at(-1), {
    level: 50,
    mcp: 'Notes',
    msg: 'changes could not be published',
    err: { message: 'no connection' }
  })
})

t.test('a mount is named by its option, by its server, or else by its path', async (t) => {
  const { info, ...nameless } = createTalker(() => ({}))
  const { app } = createHost(t)

  await mount(app, { server: nameless, prefix: '/nameless' })
  await mount(app, { server: { info: { name: 'Named', version: '1' }, ...nameless }, prefix: '/named' })
  await mount(app, { server: nameless, prefix: '/called', name: 'Called' })

  t.same([...app.mcp].map(({ name }) => name), ['/nameless/mcp', 'Named', 'Called'])
  t.ok(info)
})

t.test('a definition is notified of each session that ends, and the lifespan is left afterwards', async (t) => {
  const events: string[] = []
  const gate = createGate()
  const { app } = createHost(t)
  await mount(app, {
    server: {
      ...createTalker(() => ({})),
      enter: async () => ({ value: undefined, close: async () => { events.push('left') } }),
      async ended (session) {
        events.push(`ends ${Object(session).sessionId}`)
        await gate.promise
        events.push('ended')
      }
    }
  })
  const headers = await openSession(app)

  const deleted = await app.inject({ method: 'DELETE', url: '/mcp', headers })
  const closed = app.close()
  await nextTurn()
  gate.open()
  await closed

  t.equal(deleted.statusCode, 200)
  t.same(events, [`ends ${headers['mcp-session-id']}`, 'ended', 'left'])
})

t.test('a definition whose `ended` throws or rejects is logged', async (t) => {
  for (const fail of [() => { throw new Error('no database') }, async () => { throw new Error('no database') }]) {
    const { app, logLines } = createHost(t)
    await mount(app, { server: { ...createTalker(() => ({})), ended: fail } })
    await openSession(app)

    await app.close()

    t.match(
      logLines.filter(({ level }) => level === 50),
      [{ mcp: 'Talk', msg: "a session's server failed to close", err: { message: 'no database' } }]
    )
    t.equal(app.mcp.get('Talk').sessions.size, 0)
  }
})
