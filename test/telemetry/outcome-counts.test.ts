import t from 'tap'
import mcpPlugin, { McpServer, RpcError, ToolError, Type } from '../../lib/index.ts'
import { requests } from '../../lib/telemetry/channels.ts'
import { createApp, createHost, modernCall } from '../support/app.ts'

function createServer (name = 'Notes'): McpServer {
  const server = new McpServer({ name, version: '1.0.0' })
  server.registerTool('fine', { inputSchema: Type.Object({ text: Type.Optional(Type.String()) }) }, () => 'done')
  server.registerTool('failing', {}, () => { throw new ToolError('There is no such note') })
  server.registerTool('broken', {}, () => { throw new TypeError('a mistake') })
  server.registerTool('picky', {}, () => { throw new RpcError(-32000, 'not now') })
  return server
}

t.test('stats count how the requests of the mount end, from their first call on', async (t) => {
  const { app } = createHost(t)
  app.register(mcpPlugin, { prefix: '/notes', server: createServer() })
  app.register(mcpPlugin, { prefix: '/tasks', server: createServer('Tasks') })
  await app.ready()
  const call = async (name: string, args = {}, url = '/notes/mcp') => await app.inject(modernCall(name, args, { url }))
  await call('fine')
  t.equal(requests.asyncEnd.hasSubscribers, false, 'nothing is counted before')
  const before = app.mcp.get('Notes').stats().outcomes

  for (const name of ['fine', 'fine', 'failing', 'broken', 'picky']) await call(name)
  await call('fine', { text: 1 })
  await call('fine', {}, '/tasks/mcp')

  t.strictSame(before, {
    ok: 0, input_required: 0, tool_error: 0, invalid_arguments: 0, refused: 0, cancelled: 0, timeout: 0, crash: 0
  })
  t.strictSame(app.mcp.stats()['Notes']?.outcomes, {
    ok: 2, input_required: 0, tool_error: 1, invalid_arguments: 1, refused: 1, cancelled: 0, timeout: 0, crash: 1
  })
  t.equal(app.mcp.stats()['Tasks']?.outcomes.ok, 0, 'each mount counts its own')
})

t.test('a mount that has stopped counts no more', async (t) => {
  const { app } = await createApp(t)
  const mount = app.mcp.get('Notes')
  mount.stats()
  t.equal(requests.asyncEnd.hasSubscribers, true)

  await app.close()
  mount.stats()

  t.equal(requests.asyncEnd.hasSubscribers, false)
})
