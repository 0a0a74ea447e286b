import t from 'tap'
import mcpPlugin from '../lib/index.ts'
import { findRegistry, McpRegistry } from '../lib/registry.ts'
import { createHost, createServer, modern, mount } from './support/app.ts'

t.test('app.mcp holds every mount in the order of registration', async (t) => {
  const { app } = createHost(t)
  await app.register(mcpPlugin, { prefix: '/a', server: createServer('A') })
  await app.register(mcpPlugin, { prefix: '/b', server: createServer('B') })

  t.equal(app.mcp.size, 2)
  t.same([...app.mcp].map(({ name, path }) => [name, path]), [['A', '/a/mcp'], ['B', '/b/mcp']])
  t.ok(app.mcp.has('A'))
  t.notOk(app.mcp.has('C'))
  t.equal(app.mcp.get('B').path, '/b/mcp')
})

t.test('get() of an unknown mount throws a coded error that lists the known ones', async (t) => {
  const { app } = createHost(t)
  await app.register(mcpPlugin, { prefix: '/a', server: createServer('A') })
  await app.register(mcpPlugin, { prefix: '/b', server: createServer('B') })

  t.throws(() => app.mcp.get('C'), {
    code: 'MCP_ERR_UNKNOWN_MOUNT',
    message: "no mount is named 'C'; registered mounts: A, B"
  })
})

t.test('app.mcp is a decorator of the root app, even if the mount is in a nested scope', async (t) => {
  const { app } = createHost(t)
  t.equal(findRegistry(app), undefined)

  await app.register(async (scope) => { await scope.register(mcpPlugin, { server: createServer('A') }) })

  t.equal(findRegistry(app), app.mcp)
  t.same([...findRegistry(app) ?? []].map(({ name }) => name), ['A'])
})

t.test('an app.mcp that something else has decorated is left as it is, and logged', async (t) => {
  const { app, logLines } = createHost(t)
  const own = {}
  app.decorate('mcp' as never, own as never)
  await mount(app, { server: createServer('A') })

  t.equal(app.mcp, own)
  t.same([...findRegistry(app) ?? []].map(({ name }) => name), ['A'])
  t.match(logLines.filter(({ level }) => level === 40), [{ msg: /^app\.mcp is not the registry of MCP mounts: / }])
})

t.test('get() without any mount throws an error that says so', async (t) => {
  t.throws(() => new McpRegistry(createHost(t).app).get('C'), {
    code: 'MCP_ERR_UNKNOWN_MOUNT',
    message: "no mount is named 'C'; registered mounts: none"
  })
})

t.test('nested scopes share one registry, and their prefixes add up', async (t) => {
  const { app } = createHost(t)
  app.register(async (outer) => {
    outer.register(async (inner) => {
      await inner.register(mcpPlugin, { server: createServer('Inner') })
      t.equal(inner.mcp.get('Inner').path, '/outer/inner/mcp')
    }, { prefix: '/inner' })
  }, { prefix: '/outer' })
  app.register(mcpPlugin, { server: createServer('Root') })
  await app.ready()

  t.same([...app.mcp].map(({ path }) => path), ['/outer/inner/mcp', '/mcp'])
  for (const { path } of app.mcp) t.equal((await app.inject(modern('tools/list', {}, { url: path }))).statusCode, 200)
})

t.test('mounts of nested scopes are found from the root and from scopes beside them', async (t) => {
  const { app } = createHost(t)
  app.register(async (scope) => { scope.register(mcpPlugin, { server: createServer() }) }, { prefix: '/nested' })
  app.register(async (scope) => {
    scope.get('/', async () => (await scope.mcp.get('Notes').call('echo', { text: 'hi' })).content)
  })
  await app.ready()

  t.same((await app.inject('/')).json(), [{ type: 'text', text: 'hi' }])
  t.equal(app.mcp.get('Notes').path, '/nested/mcp')
})

t.test('each app of a process has its own registry', async (t) => {
  const [first, second] = [createHost(t).app, createHost(t).app]
  await first.register(mcpPlugin, { server: createServer() })
  await second.register(mcpPlugin, { server: createServer() })

  t.not(first.mcp, second.mcp)
  for (const app of [first, second]) t.equal((await app.inject(modern('tools/list'))).statusCode, 200)
})

t.test('one definition can serve two mounts with different names', async (t) => {
  const { app } = createHost(t)
  const server = createServer()
  await app.register(mcpPlugin, { prefix: '/a', server })
  await app.register(mcpPlugin, { prefix: '/b', server, name: 'Again' })

  t.equal(app.mcp.get('Notes').server, app.mcp.get('Again').server)
  for (const url of ['/a/mcp', '/b/mcp']) t.equal((await app.inject(modern('tools/list', {}, { url }))).statusCode, 200)
})

t.test('a second mount of one name is refused', async (t) => {
  const { app } = createHost(t)
  await app.register(mcpPlugin, { prefix: '/a', server: createServer() })

  await t.rejects(mount(app, { prefix: '/b', server: createServer() }), {
    code: 'MCP_ERR_DUPLICATE_MOUNT',
    message: "a mount named 'Notes' is already registered; give each mount its own 'name' option"
  })
})

t.test('a second mount at one endpoint is refused, however it is spelt', async (t) => {
  for (const options of [{ prefix: '/a', path: '/b' }, { prefix: '/a/', path: '/b/' }, { path: '/a/b' }]) {
    const { app } = createHost(t)
    await app.register(mcpPlugin, { prefix: '/a', path: '/b', server: createServer('A') })

    await t.rejects(mount(app, { ...options, server: createServer('B') }), {
      code: 'MCP_ERR_DUPLICATE_ENDPOINT',
      message: "endpoint '/a/b' already serves the mount 'A'; give each mount its own 'prefix', 'path' or 'constraints'"
    })
  }
})

t.test('mounts with different constraints can share a path', async (t) => {
  const { app } = createHost(t)
  await app.register(mcpPlugin, {
    server: createServer('A'),
    constraints: { host: /^a\./ },
    allowedHosts: ['a.example']
  })
  await app.register(mcpPlugin, {
    server: createServer('B'),
    constraints: { host: /^b\./ },
    allowedHosts: ['b.example']
  })

  for (const host of ['a.example', 'b.example']) {
    t.equal((await app.inject(modern('tools/list', {}, { headers: { host } }))).statusCode, 200)
  }
})

t.test('two mounts with the same pattern as a constraint are refused', async (t) => {
  const { app } = createHost(t)
  await app.register(mcpPlugin, { server: createServer('A'), constraints: { host: /^a\./ } })

  await t.rejects(mount(app, { server: createServer('B'), constraints: { host: /^a\./ } }), {
    code: 'MCP_ERR_DUPLICATE_ENDPOINT'
  })
})
