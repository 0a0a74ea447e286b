import Fastify from 'fastify'
import t, { type Test } from 'tap'
import mcpPlugin, { McpServer, type McpMountOptions } from '../../lib/index.ts'
import { resolveClientOptions } from '../../lib/testing/client-options.ts'
import { findMount, resolveEndpoint } from '../../lib/testing/endpoint.ts'
import { createTestClient, type TestClientOptions } from '../../lib/testing.ts'
import { createServer } from '../support/app.ts'
import { createV1, said } from '../support/sdk-servers.ts'
import { callTool, createMounts, KINDS } from './clients.ts'

async function urlOf (
  t: Test,
  mount: Omit<McpMountOptions, 'server'>,
  options: TestClientOptions = {}
): Promise<string> {
  const { app } = createMounts(t, { server: createServer(), ...mount })
  await app.ready()
  return resolveEndpoint(findMount(app, 'Notes'), resolveClientOptions(options)).href
}

t.test('the host is one that the mount serves, unless the options name another one', async (t) => {
  t.equal(await urlOf(t, {}), 'http://127.0.0.1/mcp')
  t.equal(await urlOf(t, { allowedHosts: ['api.example.com', 'localhost'] }), 'http://api.example.com/mcp')
  t.equal(await urlOf(t, { allowedHosts: ['[::1]:*'] }), 'http://[::1]/mcp')
  t.equal(await urlOf(t, { allowedHosts: [] }), 'http://localhost/mcp')
  t.equal(await urlOf(t, { publicUrl: 'https://api.example.com:8443/base' }), 'https://api.example.com:8443/mcp')
  t.equal(await urlOf(t, { dnsRebindingProtection: false }), 'http://127.0.0.1/mcp')
  t.equal(
    await urlOf(t, { constraints: { host: 'notes.example.com' }, publicUrl: 'https://api.example.com' }),
    'https://notes.example.com/mcp'
  )
  t.equal(
    await urlOf(t, { constraints: { host: /^notes/ }, publicUrl: 'https://notes.example.com' }),
    'https://notes.example.com/mcp'
  )
  t.equal(await urlOf(t, {}, { host: 'evil.example:80' }), 'http://evil.example/mcp')
})

t.test('the parameters of a path are filled in', async (t) => {
  t.equal(await urlOf(t, { prefix: '/:tenant' }, { params: { tenant: 'a b/c' } }), 'http://127.0.0.1/a%20b%2Fc/mcp')
  t.equal(await urlOf(t, { prefix: '/:id(^\\d+(?:a|b)$)/x' }, { params: { id: '7a' } }), 'http://127.0.0.1/7a/x/mcp')
  t.equal(await urlOf(t, { path: '/:from-:to' }, { params: { from: '1', to: '2' } }), 'http://127.0.0.1/1-2')
  await t.rejects(urlOf(t, { prefix: '/:tenant' }, { params: { other: 'a' } }), {
    code: 'MCP_ERR_INVALID_OPTION',
    message: "option 'params' must have 'tenant', a parameter of '/:tenant/mcp', the path of the mount 'Notes'"
  })
})

t.test('the handler of a mount below a path parameter receives its value', async (t) => {
  const server = new McpServer({ name: 'Tenants', version: '1.0.0' })
  server.registerTool('tenant', {}, (_args, { request }) => JSON.stringify(request?.params))
  const { app } = createMounts(t, { server, prefix: '/:tenant' })

  for (const [title, options] of KINDS) {
    const client = await createTestClient(app, 'Tenants', { ...options, params: { tenant: 'acme' } })
    t.match(await callTool(client, 'tenant'), { content: [{ text: '{"tenant":"acme"}' }] }, title)
    await client.close()
  }
})

t.test('a mount is found by its name, wherever it was registered', async (t) => {
  const app = Fastify()
  t.teardown(() => app.close())
  app.register(async (scope) => {
    await scope.register(mcpPlugin, { prefix: '/notes', server: createServer() })
    await scope.register(mcpPlugin, { server: createV1(), prefix: '/tasks' })
  }, { prefix: '/v1' })

  for (const [title, options] of KINDS) {
    const [notes, tasks] = await Promise.all([
      createTestClient(app, 'Notes', options),
      createTestClient(app, 'Tasks', options)
    ])
    t.match(await callTool(notes, 'echo', { text: 'a' }), { content: [{ text: 'a' }] }, title)
    t.match(await callTool(tasks, 'hello'), said('hello'), title)
    await Promise.all([notes.close(), tasks.close()])
  }
})

t.test('a name of no mount is refused with the names that exist', async (t) => {
  const { app } = createMounts(
    t,
    { server: createServer('Notes') },
    { server: createServer('Tasks'), prefix: '/tasks' }
  )

  await t.rejects(createTestClient(app, 'Nodes'), {
    code: 'MCP_ERR_UNKNOWN_MOUNT',
    message: "no mount is named 'Nodes'; registered mounts: Notes, Tasks"
  })
  await t.rejects(createTestClient(app), {
    code: 'MCP_ERR_INVALID_OPTION',
    message: "option 'name' must name one of the mounts: 'Notes', 'Tasks'"
  })
})

t.test('an app without mounts is refused', async (t) => {
  const { app } = createMounts(t)

  await t.rejects(createTestClient(app, 'Notes'), {
    code: 'MCP_ERR_UNKNOWN_MOUNT',
    message: "no mount is named 'Notes'; registered mounts: none"
  })
  await t.rejects(createTestClient(app), { code: 'MCP_ERR_UNKNOWN_MOUNT' })
})
