import t from 'tap'
import * as errors from '../lib/errors.ts'
import mcpPlugin, {
  InsufficientScopeError,
  McpServer,
  RpcError,
  ToolError,
  type McpMountOptions
} from '../lib/index.ts'
import { createAccounts } from '../lib/oauth/accounts.ts'
import { custom } from '../lib/oauth/index.ts'
import { resolveSettings } from '../lib/oauth/settings.ts'
import { createUpstream } from '../lib/oauth/upstream/upstream.ts'
import { loadRedis } from '../lib/redis/connections.ts'
import { createHost, createServer, modern, modernCall, mount } from './support/app.ts'

// One function per code that throws it. The names must be those that errors.ts exports.
const THROWERS: { readonly [code: string]: () => unknown } = {
  MCP_ERR_INVALID_OPTION: () => register({ server: createServer(), path: 'mcp' }),
  // The wrong type is what the test is about.
  MCP_ERR_INVALID_SERVER: () => register({ server: 'Notes' } as unknown as McpMountOptions),
  MCP_ERR_DUPLICATE_MOUNT: () =>
    register({ server: createServer(), path: '/a' }, { server: createServer(), path: '/b' }),
  MCP_ERR_DUPLICATE_ENDPOINT: () => register({ server: createServer('A') }, { server: createServer('B') }),
  MCP_ERR_UNKNOWN_MOUNT: async () => (await register({ server: createServer() })).mcp.get('Tasks'),
  MCP_ERR_INVALID_DEFINITION: () => new McpServer({ name: '', version: '' }),
  MCP_ERR_DUPLICATE_DEFINITION: () => createServer().registerTool('echo', {}, () => 'again'),
  MCP_ERR_INVALID_SCHEMA: () => createServer().registerTool('other', { inputSchema: { type: 'string' } }, () => 'no'),
  MCP_ERR_INVALID_ROUTE: async () => {
    const { app } = createHost(t)
    app.get('/', { config: { mcp: { name: '' } } }, async () => '')
    await mount(app, { server: createServer(), expose: true })
    await app.ready()
  },
  MCP_ERR_NO_UPSTREAM_TOKEN: async () => {
    const identify = (): { subject: string, label: string } => ({ subject: 'ada', label: 'Ada' })
    const signIn = custom({ start: () => ({ url: '/' }), finish: () => ({}), identify })
    const settings = resolveSettings({ publicUrl: 'https://api.example.com', signIn, keys: ['k'.repeat(32)] })
    const accounts = createAccounts(settings)
    await accounts.renew(await accounts.admit({}))
    await createUpstream(settings, accounts).get('ada')
  },
  // Where nothing is installed.
  MCP_ERR_MISSING_PACKAGE: () => loadRedis('file:///nowhere/index.js')
}

async function register (...mounts: readonly McpMountOptions[]) {
  const { app } = createHost(t)
  for (const options of mounts) await mount(app, options)
  return app
}

t.test('every coded error is thrown by some function, with a message without placeholders', async (t) => {
  const codes = Object.keys(errors).filter((name) => name.startsWith('MCP_ERR_'))

  t.same(Object.keys(THROWERS).sort(), codes.sort())
  for (const [code, thrower] of Object.entries(THROWERS)) {
    await t.rejects(async () => { await thrower() }, { code, message: /^[^%]+$/ }, code)
  }
})

t.test('coded errors have their code in the text, and status 500', async (t) => {
  for (const [code, thrower] of Object.entries(THROWERS)) {
    const error = await Promise.resolve().then(thrower).catch((error: unknown) => error)

    t.match(error, { statusCode: 500, code })
    t.ok(error instanceof Error)
    t.match(String(error), code)
  }
})

t.test('an RpcError carries its code, message and data', async (t) => {
  const error = new RpcError(-32602, 'No such note', { id: 7 })

  t.ok(error instanceof Error)
  t.match(error, { name: 'RpcError', code: -32602, message: 'No such note', data: { id: 7 } })
})

t.test('an InsufficientScopeError carries the scopes that are needed, and is an RpcError', async (t) => {
  const scopes = ['notes:read', 'notes:write']
  const error = new InsufficientScopeError(scopes)
  scopes.pop()

  t.ok(error instanceof RpcError)
  t.match(error, {
    name: 'InsufficientScopeError',
    code: 6750,
    message: 'Insufficient scope: the request needs notes:read notes:write',
    data: { requiredScopes: ['notes:read', 'notes:write'] },
    requiredScopes: ['notes:read', 'notes:write']
  })
})

t.test('an InsufficientScopeError without scopes or with an invalid one throws a TypeError', async (t) => {
  for (const scopes of [[], [''], ['a b'], ['a', 'b"']]) {
    t.throws(
      () => new InsufficientScopeError(scopes),
      new TypeError("InsufficientScopeError needs an array of scopes, such as ['notes:write']")
    )
  }
})

t.test('a ToolError becomes a result that the model sees', async (t) => {
  const { app } = createHost(t)
  const server = createServer()
  server.registerTool('fail', {}, () => { throw new ToolError('The date must lie in the future') })
  app.register(mcpPlugin, { server })

  const response = await app.inject(modernCall('fail'))

  t.equal(new ToolError('a').name, 'ToolError')
  t.equal(response.statusCode, 200)
  t.match(response.json().result, {
    isError: true,
    content: [{ type: 'text', text: 'The date must lie in the future' }]
  })
  t.equal((await app.inject(modern('tools/list'))).statusCode, 200)
})

t.test('the error about a missing capability names the method of an unknown question', async (t) => {
  t.match(errors.noWayToAsk('custom/ask'), {
    code: -32603,
    message:
      'This needs to send custom/ask, and this connection cannot carry a question before the reply. Do without it, ' +
        'or tell the user.'
  })
})
