import t from 'tap'
import mcpPlugin from '../lib/plugin.ts'
import { createApp, createHost, createServer, createSocketPath, modern, type AppOptions } from './support/app.ts'
import { listen } from './support/stream.ts'

const LOOPBACK_WARNING =
  'this app listens beyond this machine, but the mount serves only requests addressed to localhost; ' +
    "set 'allowedHosts' or 'publicUrl' to the name that clients use"

t.test('a mount works by inject() without listening', async (t) => {
  const { app } = createHost(t)
  app.register(mcpPlugin, { prefix: '/notes', server: createServer() })

  t.equal((await app.inject(modern('tools/list', {}, { url: '/notes/mcp' }))).statusCode, 200)
})

t.test('several servers are mounted into one app', async (t) => {
  const { app } = createHost(t)
  app.register(mcpPlugin, { prefix: '/notes', server: createServer('Notes') })
  app.register(mcpPlugin, { prefix: '/tasks', server: createServer('Tasks') })

  for (const [url, name] of [['/notes/mcp', 'Notes'], ['/tasks/mcp', 'Tasks']] as const) {
    const response = await app.inject(modern('server/discover', {}, { url }))
    t.equal(response.json().result._meta['io.modelcontextprotocol/serverInfo'].name, name)
  }
})

t.test('the endpoint is logged when the app is ready, and again with its address when it listens', async (t) => {
  const { app, logLines } = await createApp(t, { prefix: '/notes' })

  const address = await listen(app)

  t.match(logLines.filter(({ mcp }) => mcp === 'Notes'), [
    { level: 30, msg: 'MCP server Notes is ready at /notes/mcp' },
    { level: 30, msg: `MCP server Notes listens at ${address}/notes/mcp` }
  ])
  t.notOk(logLines.some(({ level }) => level === 40))
})

t.test('a warning is logged if other machines can connect to the app but its mount serves only localhost', async (t) => {
  const { app, logLines } = await createApp(t)

  await app.listen({ port: 0, host: '0.0.0.0' })

  t.match(logLines.filter(({ level }) => level === 40), [{ mcp: 'Notes', msg: LOOPBACK_WARNING }])
})

t.test('no warning is logged if the mount has a host name, or its own guard is off', async (t) => {
  const settled: AppOptions[] = [
    { allowedHosts: ['api.example.com'] },
    { publicUrl: 'https://api.example.com' },
    { dnsRebindingProtection: false }
  ]
  for (const options of settled) {
    const { app, logLines } = await createApp(t, options)

    await app.listen({ port: 0, host: '0.0.0.0' })

    t.notOk(logLines.some(({ level }) => level === 40))
  }
})

t.test('no warning is logged for an app that listens on a socket file', async (t) => {
  const { app, logLines } = await createApp(t)

  await app.listen({ path: createSocketPath(t) })

  t.notOk(logLines.some(({ level }) => level === 40))
})

t.test('logLevel applies only to the requests of the mount', async (t) => {
  const { app, logLines } = createHost(t)
  app.get('/', async () => 'hello')
  app.register(mcpPlugin, { server: createServer(), logLevel: 'error' })
  await app.ready()
  const before = logLines.length

  await app.inject(modern('tools/list'))
  await app.inject(modern('tools/list', {}, { headers: { host: 'evil.example' } }))
  const ofMount = logLines.length - before
  await app.inject({ url: '/' })

  t.equal(ofMount, 0)
  t.match(logLines.slice(before), [{ msg: 'incoming request' }, { msg: 'request completed' }])
})

t.test('the options may be a function of the app', async (t) => {
  const { app } = createHost(t)
  app.decorate('endpoint', '/rpc')

  app.register(mcpPlugin, (parent) => ({ server: createServer(), path: String(Reflect.get(parent, 'endpoint')) }))

  t.equal((await app.inject(modern('tools/list', {}, { url: '/rpc' }))).statusCode, 200)
})
