// The HTTP status depends on where a request was refused, and not on the error code.
import t from 'tap'
import { InsufficientScopeError, RefusedError, RpcError, SessionGoneError, SignInRequiredError } from '../../../lib/errors.ts'
import mcpPlugin, { McpServer } from '../../../lib/index.ts'
import { statusOf } from '../../../lib/http/reply/status.ts'
import { createHost, legacy, modern, modernCall, openSession } from '../../support/app.ts'
import { v2Modern } from '../../support/clients.ts'
import { listen } from '../../support/stream.ts'

const PROTOCOL_CODES = [-32700, -32600, -32601, -32602, -32603, -32002, -32020, -32022]

t.test('a refusal of a modern request has the HTTP status that the specification gives its code', async (t) => {
  for (const [code, status] of [
    [-32700, 400],
    [-32600, 400],
    [-32602, 400],
    [-32020, 400],
    [-32021, 400],
    [-32022, 400],
    [-32601, 404],
    [-32603, 200],
    [1, 200]
  ] as const) {
    t.equal(statusOf(new RefusedError(code, 'no'), 'modern'), status, String(code))
  }
})

t.test('an error that a handler threw has status 200, whatever its code, except for a missing capability', async (t) => {
  for (const code of PROTOCOL_CODES) t.equal(statusOf(new RpcError(code, 'no'), 'modern'), 200, String(code))
  t.equal(statusOf(new RpcError(-32021, 'no'), 'modern'), 400)
})

t.test('a legacy error has status 200, whatever its code', async (t) => {
  for (const code of PROTOCOL_CODES) t.equal(statusOf(new RefusedError(code, 'no'), 'legacy'), 200)
})

t.test('an InsufficientScopeError has status 403 in both eras; another error with its code has not', async (t) => {
  t.equal(statusOf(new InsufficientScopeError(['a']), 'modern'), 403)
  t.equal(statusOf(new InsufficientScopeError(['a']), 'legacy'), 403)
  t.equal(statusOf(new RpcError(6750, 'no'), 'modern'), 200)
})

t.test('a SignInRequiredError has status 401 in both eras; another error with its code has not', async (t) => {
  t.equal(statusOf(new SignInRequiredError('again'), 'modern'), 401)
  t.equal(statusOf(new SignInRequiredError('again'), 'legacy'), 401)
  t.equal(statusOf(new RpcError(9470, 'no'), 'modern'), 200)
})

t.test('an error for a session that is gone has status 404', async (t) => {
  t.equal(statusOf(new SessionGoneError('gone'), 'legacy'), 404)
})

t.test('an error that any handler of a server throws reaches the client with its own code', async (t) => {
  const { app } = createHost(t)
  const server = new McpServer(
    { name: 'Notes', version: '1.0.0' },
    {
      authorizeSubscription: (uri) => {
        throw new RpcError(-32601, uri)
      }
    }
  )
  const fail = (): never => { throw new RpcError(-32601, 'not mine') }
  server.registerTool('tool', {}, fail)
  server.registerPrompt('prompt', {}, fail)
  server.registerResource('resource', 'x://y', {}, fail)
  server.use((ctx, next) => ctx.method === 'resources/templates/list' ? fail() : next())
  await app.register(mcpPlugin, { server })
  const url = `${await listen(app)}/mcp`

  for (const request of [
    modernCall('tool'), modern('prompts/get', { name: 'prompt' }), modern('resources/read', { uri: 'x://y' }), modern('resources/templates/list'),
    modern('subscriptions/listen', { notifications: { resourceSubscriptions: ['x://y'] } }, { headers: { accept: 'text/event-stream' } })
  ]) {
    const response = await app.inject(request)
    t.match([response.statusCode, response.json()], [200, { id: 1, error: { code: -32601 } }], request.payload)
  }
  const client = await v2Modern.connect(url)
  t.teardown(() => client.close())
  await t.rejects(client.callTool('tool'), { code: -32601, message: 'not mine' })
})

t.test('a refusal that a handler rethrows does not refuse the request of that handler', async (t) => {
  const { app } = createHost(t)
  const other = new McpServer({ name: 'Other', version: '1.0.0' })
  const server = new McpServer({ name: 'Notes', version: '1.0.0' })
  server.registerTool('relay', {}, async () => await app.mcp.get('Other').call('nothing') as never)
  server.registerResource('resource', 'x://y', {}, async (_uri, ctx) => { await ctx.readResource('x://nothing'); return 'read' })
  await app.register(mcpPlugin, { server })
  await app.register(mcpPlugin, { server: other, prefix: '/other' })

  for (const [relayed, code] of [[modernCall('relay'), -32601], [modern('resources/read', { uri: 'x://y' }), -32602]] as const) {
    const response = await app.inject(relayed)
    t.match([response.statusCode, response.json()], [200, { error: { code } }])
  }
  const refused = [await app.inject(modern('nothing')), await app.inject(modernCall('nothing')), await app.inject(modern('resources/read', { uri: 'x://nothing' }))]
  t.same(refused.map(({ statusCode }) => statusCode), [404, 400, 400])
  t.equal((await app.inject(legacy('nothing', {}, { headers: await openSession(app) }))).statusCode, 200)
})
