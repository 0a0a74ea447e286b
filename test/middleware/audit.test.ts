import Fastify from 'fastify'
import t from 'tap'
import mcpPlugin, { McpServer, ToolError, Type } from '../../lib/index.ts'
import { audit, limitCalls, retry, timeouts, type AuditEntry, type AuditOptions } from '../../lib/middleware/index.ts'
import { legacy, modern, modernCall, openSession } from '../support/app.ts'
import { untyped } from '../support/definition-client.ts'

async function createAudited (options?: AuditOptions, write?: (entry: AuditEntry) => unknown) {
  const entries: AuditEntry[] = []
  const server = new McpServer({ name: 'Notes', version: '1.0.0' })
  server.registerTool('add', { inputSchema: Type.Object({ text: Type.String() }) }, () => 'added')
  server.registerTool('fail', {}, () => { throw new ToolError('No such note') })
  server.registerTool('limited', {}, () => '')
  server.use(limitCalls({ max: 1, window: '1 hour', tools: ['limited'], how: 'refuse' }))
  server.registerResource('a', 'notes://a', {}, () => 'a')
  const app = Fastify()
  app.register(audit(write ?? ((entry) => { entries.push(entry) }), options))
  const authenticate = ({ headers: { 'x-user': subject } }: { headers: Record<string, unknown> }) =>
    typeof subject === 'string' ? { token: 'secret', clientId: 'app', scopes: [], subject } : null
  app.register(mcpPlugin, { server, auth: { authenticate } })
  await app.ready()
  return { app, entries }
}

const headers = { 'x-user': 'ann' }

t.test('every call is written in the order in which they ended: served, failed and refused ones', async (t) => {
  const { app, entries } = await createAudited()
  const other = await createAudited()
  await app.inject(modernCall('add', { text: 'a' }, { headers }))
  await app.inject(modernCall('add', { text: 7 }, { headers }))
  await app.inject(modernCall('fail', {}, { headers }))
  await app.inject(modernCall('nothing', {}, { headers }))
  await app.inject(modernCall('limited', {}, { headers }))
  await app.inject(modernCall('limited', {}, { headers }))
  await app.inject(modernCall('add', { text: 'a' }))
  await app.inject(modernCall('add', { text: 'a' }, { headers: { ...headers, host: 'evil.example' } }))
  await app.inject(modern('resources/read', { uri: 'notes://a' }, { headers }))
  await app.inject(modern('tools/list', {}, { headers }))
  await app.mcp.get('Notes').call('add', { text: 'a' })
  const session = await openSession(app, undefined, { headers })
  const call = { name: 'add', arguments: { text: 'a' } }
  await app.inject(legacy('tools/call', call, { headers: { ...headers, ...session } }))
  await app.close()

  const principal = { subject: 'ann', clientId: 'app' }
  const ann = { mount: 'Notes', transport: 'http', principal, address: '127.0.0.1' }
  t.match(entries, [
    { ...ann, method: 'tools/call', target: 'add', outcome: 'ok', duration: Number, time: Number, reqId: /./ },
    { ...ann, target: 'add', outcome: 'invalid_arguments' },
    { ...ann, target: 'fail', outcome: 'tool_error', error: 'No such note' },
    { ...ann, target: 'nothing', outcome: 'refused', error: 'Unknown tool: nothing' },
    { ...ann, target: 'limited', outcome: 'ok' },
    { ...ann, target: 'limited', outcome: 'refused', error: /^Too many calls/ },
    { mount: 'Notes', outcome: 'refused', status: 401, principal: undefined, duration: undefined },
    { mount: 'Notes', outcome: 'refused', status: 421 },
    { ...ann, method: 'resources/read', target: 'notes://a', outcome: 'ok' },
    { transport: 'host', target: 'add', outcome: 'ok', address: undefined },
    { ...ann, target: 'add', outcome: 'ok', session: /^[\w-]{16}/ }
  ])
  t.equal(entries.length, 11)
  t.notMatch(JSON.stringify(entries), /secret|"text"/)
  t.strictSame(other.entries, [], 'the calls of another app are not among them')
  await other.app.close()
  t.equal((await createAudited()).entries.length, 0)
})

t.test('other methods, and the arguments, are written if that is asked for', async (t) => {
  const { app, entries } = await createAudited({ methods: ['tools/call', 'tools/list'], arguments: true })
  await app.inject(modernCall('add', { text: 'a' }, { headers }))
  await app.inject(modern('tools/list', {}, { headers }))
  await app.inject(modern('resources/read', { uri: 'notes://a' }, { headers }))
  await app.close()

  t.match(entries, [{ method: 'tools/call', arguments: { text: 'a' } }, { method: 'tools/list', arguments: undefined }])
  t.equal(entries.length, 2)
})

t.test('a writer that fails or hangs harms no call', async (t) => {
  for (const write of [() => { throw new Error('full') }, () => new Promise(() => {})]) {
    const { app } = await createAudited({ timeout: 10 }, write)
    for (let n = 0; n < 3; n++) {
      const reply = await app.inject(modernCall('add', { text: 'a' }, { headers }))
      t.match(reply.json(), { result: { content: [{ text: 'added' }] } })
    }
    await app.close()
  }
})

t.test('wrong options are refused', async (t) => {
  t.throws(() => audit(untyped('file')), {
    code: 'MCP_ERR_INVALID_OPTION', message: "option 'audit.write' must be a function (entry) => …"
  })
  t.throws(() => audit(() => {}, untyped({ methods: 'all' })), { message: /must be an array of methods/ })
})

t.test('a call that took too long is written as such, and one that was repeated without its failure', async (t) => {
  const entries: AuditEntry[] = []
  const server = new McpServer({ name: 'Notes', version: '1.0.0' })
    .use(timeouts({ tools: { slow: 5 } })).use(retry({ delay: 1, tools: ['flaky'] }))
  let runs = 0
  server.registerTool('flaky', {}, () => { if (runs++ === 0) throw new Error('lost'); return 'done' })
  server.registerTool('slow', {}, () => new Promise<string>(() => {}))
  const app = Fastify()
  app.register(audit((entry) => { entries.push(entry) }))
  app.register(mcpPlugin, { server })
  await app.listen({ port: 0 })

  await app.inject(modernCall('flaky'))
  await app.inject(modernCall('slow'))
  await app.close()

  t.match(entries, [{ target: 'flaky', outcome: 'ok', error: undefined }, { target: 'slow', outcome: 'timeout' }])
})
