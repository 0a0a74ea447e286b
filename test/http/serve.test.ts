import t from 'tap'
import { McpServer, RpcError, type ServerDefinition } from '../../lib/index.ts'
import mcpPlugin from '../../lib/plugin.ts'
import { createHost, initialize, modern } from '../app.ts'

function createDefinition (handle: ServerDefinition['handle']): ServerDefinition {
  return {
    info: { name: 'Odd', version: '1' },
    enter: async () => ({ value: undefined }),
    handle,
    serve: async () => ({}),
    onChange: () => () => {},
    findHeaderMismatch: () => undefined
  }
}

t.test('any object of the right shape is a definition', async (t) => {
  const { app } = createHost(t)
  app.register(mcpPlugin, { server: createDefinition(async ({ method }, { era }) => JSON.stringify({ method, era })) })

  const response = await app.inject(modern('tools/list', {}, { id: 'a' }))

  t.equal(response.body, '{"jsonrpc":"2.0","id":"a","result":{"method":"tools/list","era":"modern"}}')
})

t.test('a definition that throws what it must not is logged and answered with an internal error', async (t) => {
  const { app, logLines } = createHost(t)
  app.register(mcpPlugin, { server: createDefinition(async () => { throw new TypeError('secret') }) })

  const response = await app.inject(modern('tools/list', {}, { id: 'a' }))

  t.equal(response.statusCode, 200)
  t.same(response.json(), { jsonrpc: '2.0', id: 'a', error: { code: -32603, message: 'Internal error' } })
  t.match(logLines.filter(({ level }) => level === 50), [{ msg: 'a server definition threw what is no RpcError', err: { type: 'TypeError', message: 'secret' } }])
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

  t.equal(refused.statusCode, 400)
  t.same(refused.json(), { jsonrpc: '2.0', id: 1, error: { code: -32602, message: 'No such note', data: { note: 7 } } })
  t.equal(teapot.statusCode, 200)
  t.same(teapot.json(), { jsonrpc: '2.0', id: 1, error: { code: 418, message: 'I am a teapot' } })
})
