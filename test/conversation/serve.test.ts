import t from 'tap'
import { InsufficientScopeError, McpServer, RpcError, type ServerDefinition } from '../../lib/index.ts'
import mcpPlugin from '../../lib/plugin.ts'
import {
  createApp,
  createHost,
  initialize,
  JSON_AND_SSE,
  legacy,
  modern,
  modernCall,
  openSession
} from '../support/app.ts'

function createDefinition (serve: ServerDefinition['serve']): ServerDefinition {
  return { info: { name: 'Odd', version: '1' }, serve }
}

t.test('any object with a serve method is a definition', async (t) => {
  const { app } = createHost(t)
  app.register(mcpPlugin, {
    server: createDefinition(async ({ message: { method }, caller: { era } }) => ({ method, era }))
  })

  const response = await app.inject(modern('tools/list', {}, { id: 'a' }))

  t.equal(response.body, '{"jsonrpc":"2.0","id":"a","result":{"method":"tools/list","era":"modern"}}')
})

t.test('a definition that throws what it must not is logged and answered with an internal error', async (t) => {
  const { app, logLines } = createHost(t)
  app.register(mcpPlugin, { server: createDefinition(async () => { throw new TypeError('secret') }) })

  const response = await app.inject(modern('tools/list', {}, { id: 'a' }))

  t.equal(response.statusCode, 200)
  t.same(response.json(), { jsonrpc: '2.0', id: 'a', error: { code: -32603, message: 'Internal error' } })
  t.match(
    logLines.filter(({ level }) => level === 50),
    [{
      msg: 'a server definition threw something other than an RpcError',
      err: { type: 'TypeError', message: 'secret' }
    }]
  )
})

t.test('a definition that throws at once does no more harm', async (t) => {
  const { app } = createHost(t)
  app.register(mcpPlugin, { server: createDefinition(() => { throw new TypeError('secret') }) })

  const response = await app.inject(initialize())

  t.same(response.json(), { jsonrpc: '2.0', id: 1, error: { code: -32603, message: 'Internal error' } })
  t.equal(app.mcp.get('Odd').sessions.size, 0)
})

t.test('an RpcError reaches the client as it is', async (t) => {
  const { app } = createHost(t)
  const server = new McpServer({ name: 'Odd', version: '1' })
  server.registerTool('refuse', {}, () => { throw new RpcError(-32602, 'No such note', { note: 7 }) })
  server.registerTool('teapot', {}, () => { throw new RpcError(418, 'I am a teapot') })
  app.register(mcpPlugin, { server })

  const refused = await app.inject(modern('tools/call', { name: 'refuse' }))
  const teapot = await app.inject(modern('tools/call', { name: 'teapot' }))

  t.equal(refused.statusCode, 200)
  t.same(refused.json(), { jsonrpc: '2.0', id: 1, error: { code: -32602, message: 'No such note', data: { note: 7 } } })
  t.equal(teapot.statusCode, 200)
  t.same(teapot.json(), { jsonrpc: '2.0', id: 1, error: { code: 418, message: 'I am a teapot' } })
})

const LACKING = {
  jsonrpc: '2.0',
  id: 1,
  error: {
    code: 6750,
    message: 'Insufficient scope: the request needs notes:write',
    data: { requiredScopes: ['notes:write'] }
  }
}

t.test('a caller that lacks a scope gets 403 in both eras, as everybody does where there is no auth', async (t) => {
  const server = new McpServer({ name: 'Odd', version: '1' })
  server.registerTool('write', { scopes: ['notes:write'] }, () => 'a')
  const { app } = await createApp(t, { server })
  const session = await openSession(app)

  const answers = [
    await app.inject(modernCall('write')),
    await app.inject(modernCall('write', {}, { headers: { accept: 'text/event-stream' } })),
    await app.inject(legacy('tools/call', { name: 'write' }, { headers: session }))
  ]

  for (const answer of answers) {
    t.equal(answer.statusCode, 403)
    t.same(answer.json(), LACKING)
  }
})

t.test('in a stream that has begun a lacking scope is an error like any other', async (t) => {
  const server = new McpServer({ name: 'Odd', version: '1' })
  server.registerTool('write', {}, async (_args, ctx) => {
    await ctx.reportProgress(1)
    throw new InsufficientScopeError(['notes:write'])
  })
  const { app } = await createApp(t, { server })

  const answer = await app.inject(modernCall('write', {}, { headers: JSON_AND_SSE, meta: { progressToken: 1 } }))

  t.equal(answer.statusCode, 200)
  t.ok(answer.body.includes(`data: ${JSON.stringify(LACKING)}\n`))
})

t.test('a tool that the caller does not see is answered as one that does not exist, byte by byte', async (t) => {
  const server = new McpServer({ name: 'Odd', version: '1' })
  const inputSchema = { type: 'object', properties: { region: { type: 'string', 'x-mcp-header': 'Region' } } }
  const handle = server.registerTool(
    'query',
    { inputSchema, visible: ({ request }) => request?.headers['x-user'] === 'ann' },
    () => 'a'
  )
  const { app } = await createApp(t, { server })
  const ask = async (headers: Readonly<Record<string, string>>) => {
    const {
      statusCode,
      body,
      headers: { date, ...answered }
    } = await app.inject(modernCall('query', { region: 'eu' }, { headers }))
    return { statusCode, body, answered }
  }

  t.match(await ask({ 'x-user': 'ann', 'mcp-param-region': 'eu' }), { statusCode: 200 })
  t.match(await ask({ 'x-user': 'ann', 'mcp-param-region': 'us' }), { statusCode: 400, body: /-32020/ })
  const hidden = [await ask({ 'mcp-param-region': 'us' }), await ask({ 'mcp-param-region': 'eu' }), await ask({})]
  handle.remove()
  const unknown = [await ask({ 'mcp-param-region': 'us' }), await ask({ 'mcp-param-region': 'eu' }), await ask({})]

  t.match(unknown[0], {
    statusCode: 400,
    body: '{"jsonrpc":"2.0","id":1,"error":{"code":-32602,"message":"Unknown tool: query"}}'
  })
  t.same(hidden, unknown)
})
