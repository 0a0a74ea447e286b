import Fastify, { type FastifyRequest } from 'fastify'
import t from 'tap'
import { InsufficientScopeError, McpServer, ToolError, Type, type McpMountOptions } from '../../../lib/index.ts'
import { hashSessionId } from '../../../lib/telemetry/session-hash.ts'
import {
  createApp, createHost, legacy, modern, modernCall, mount, openSession, type LogLine
} from '../../support/app.ts'

function createShop (): McpServer {
  const server = new McpServer({ name: 'Shop', version: '1.0.0' })
  const card = Type.Optional(Type.Object({ number: Type.String() }))
  const inputSchema = Type.Object({ id: Type.Integer(), card })
  server.registerTool('get_order', { inputSchema }, ({ id, card }) => {
    if (id === 0) throw new ToolError('There is no such order')
    return String(card?.number)
  })
  server.registerTool('refund', {}, () => { throw new InsufficientScopeError(['orders:write']) })
  server.registerResource('order', 'order://1', {}, () => 'a')
  server.registerPrompt('ask', {}, () => 'a')
  return server
}

const AUTH = { authenticate: () => ({ token: 'secret-token', subject: 'ann', clientId: 'claude', scopes: [] }) }
const CLIENT = { 'io.modelcontextprotocol/clientInfo': { name: 'test', version: '1' } }

function callLines (lines: readonly LogLine[]): readonly LogLine[] {
  return lines.filter(({ outcome }) => outcome !== undefined)
}

// Fastify logs each request, and each error that reaches the app's own error handler.
function isOwnLine ({ msg, err }: LogLine): boolean {
  return err === undefined && !/^incoming request|^request completed/.test(String(msg))
}

t.test('a call is a line with its outcome, its time, its user and its client', async (t) => {
  const { app, logLines } = await createApp(t, { server: createShop(), log: 'calls', auth: AUTH })

  await app.inject(modernCall('get_order', { id: 1 }, { meta: CLIENT, headers: { cookie: 'sid=secret' } }))
  await app.inject(modernCall('get_order', { id: 0 }))
  await app.inject(modernCall('refund'))
  await app.inject(modern('resources/read', { uri: 'order://1' }))
  await app.inject(modern('prompts/get', { name: 'ask' }))
  await app.inject(modern('tools/list'))

  const [first, ...others] = callLines(logLines)
  const { time, pid, hostname, ms, ...line } = { ...first }
  t.strictSame(line, {
    level: 30,
    reqId: 'req-1',
    mcp: 'Shop',
    method: 'tools/call',
    target: 'get_order',
    outcome: 'ok',
    subject: 'ann',
    clientId: 'claude',
    transport: 'http',
    client: 'test 1',
    era: 'modern',
    msg: 'get_order: ok'
  })
  t.ok(Number(ms) >= 0)
  t.match(others, [
    { outcome: 'tool_error', error: 'There is no such order', msg: 'get_order: tool_error' },
    { outcome: 'refused', msg: 'refund: refused' },
    { method: 'resources/read', target: 'order://1' },
    { method: 'prompts/get', target: 'ask' }
  ])
  t.equal(others.length, 4)
  t.notMatch(JSON.stringify(logLines), /secret/)
})

t.test('arguments are logged if they shall be, without those that are redacted', async (t) => {
  const log = { level: 'warn', arguments: true, redact: ['card.number'] }
  const { app, logLines } = await createApp(t, { server: createShop(), log })

  const response = await app.inject(modernCall('get_order', { id: 1, card: { number: '4242' } }))
  await app.inject(modern('prompts/get', { name: 'ask' }))

  t.match(response.body, /4242/)
  t.match(callLines(logLines), [{ level: 40, arguments: { id: 1, card: { number: '[Redacted]' } } }, { target: 'ask' }])
  t.notMatch(JSON.stringify(logLines), /4242/)
})

t.test('a refused request is a line of the same shape', async (t) => {
  const { app, logLines } = await createApp(t, { server: createShop(), log: {} })
  const headers = await openSession(app)

  await app.inject(modernCall('get_order', {}, { headers: { 'mcp-name': 'other' } }))
  await app.inject(legacy('tools/list', {}, { headers: { 'mcp-session-id': 'gone' } }))
  await app.inject({ method: 'GET', url: '/mcp', headers: { host: 'evil.example' } })
  await app.inject(legacy('tools/call', { name: 'get_order', arguments: { id: 1 } }, { headers }))

  t.match(callLines(logLines), [
    { mcp: 'Shop', target: 'get_order', reason: 'header_mismatch', status: 400, error: /Mcp-Name/ },
    { method: 'tools/list', reason: 'session', session: hashSessionId('gone'), msg: 'tools/list: refused (session)' },
    { reason: 'host', status: 421, msg: 'request: refused (host)' },
    { outcome: 'ok', session: hashSessionId(String(headers['mcp-session-id'])) }
  ])
})

t.test('a request that is refused for its Host, Origin, token or session has no other line', async (t) => {
  const authenticate = ({ headers }: FastifyRequest) => headers.cookie === undefined ? null : AUTH.authenticate()
  const routes: McpMountOptions['routes'] = async (scope) => { scope.get('/own', async () => 'a') }
  const { app, logLines } = await createApp(t, { server: createShop(), log: 'calls', auth: { authenticate }, routes })
  const cookie = 'a=b'
  const origin = 'https://evil.example'
  const { length: before } = logLines

  await app.inject({ method: 'GET', url: '/mcp', headers: { host: 'evil.example' } })
  await app.inject(modernCall('get_order', {}, { headers: { origin, cookie } }))
  await app.inject({ method: 'OPTIONS', url: '/mcp', headers: { 'access-control-request-method': 'POST', origin } })
  await app.inject(modernCall('get_order'))
  await app.inject(legacy('ping', {}, { headers: { 'mcp-session-id': 'gone', cookie } }))
  await app.inject({ url: '/own', headers: { host: 'evil.example' } })
  await app.inject({ url: '/own' })

  const own = logLines.slice(before).filter(isOwnLine)
  t.match(own, [
    { level: 40, reason: 'host', status: 421, advice: /for Host 'evil\.example' refused.*'allowedHosts'/ },
    { level: 40, reason: 'origin', status: 403, advice: /'https:\/\/evil\.example' refused.*'allowedOrigins'/ },
    { level: 40, reason: 'origin', status: 403 },
    { level: 30, reason: 'token', status: 401 },
    { level: 30, reason: 'session', status: 404 },
    { level: 40, reason: 'host', status: 421 },
    { level: 30, reason: 'token', status: 401 }
  ])
  t.equal(own.length, 7)
})

t.test('a refused preflight is one line that says what pages need', async (t) => {
  const { app, logLines } = await createApp(t, { server: createShop(), log: 'calls', allowedOrigins: '*' })
  const headers = { 'access-control-request-method': 'POST', origin: 'https://page.example' }
  const { length: before } = logLines

  await app.inject({ method: 'OPTIONS', url: '/mcp', headers })

  const own = logLines.slice(before).filter(isOwnLine)
  t.match(own, [{ level: 40, reason: 'http', status: 405, advice: /preflight from Origin 'https:\/\/page\.example'/ }])
  t.equal(own.length, 1)
})

t.test('a mount logs its own calls, until the app closes', async (t) => {
  const { app, logLines } = createHost(t)
  await mount(app, { server: createShop(), prefix: '/a', name: 'a', log: 'calls' })
  await mount(app, { server: createShop(), prefix: '/b', name: 'b' })
  const other = await createApp(t, { server: createShop(), name: 'a' })
  await app.ready()

  await app.inject(modernCall('refund', {}, { url: '/b/mcp' }))
  await other.app.inject(modernCall('refund'))
  await app.inject(modernCall('refund', {}, { url: '/a/mcp' }))
  await app.inject(modernCall('refund', {}, { url: '/b/mcp', headers: { 'mcp-name': 'x' } }))
  await app.mcp.get('a').call('get_order', { id: 1 })
  await app.close()
  await other.app.inject(modernCall('refund'))

  t.match(callLines(logLines), [{ mcp: 'a', outcome: 'refused' }, { mcp: 'a', transport: 'host' }])
  t.equal(callLines(logLines).length, 2)
})

t.test('a logger that throws does not harm the call', async (t) => {
  const stream = {
    write (line: string) { if (line.includes('outcome')) throw new Error('the disk is full') }
  }
  const app = Fastify({ logger: { level: 'info', stream } })
  t.teardown(() => app.close())
  await mount(app, { server: createShop(), log: 'calls' })

  const response = await app.inject(modernCall('get_order', { id: 1 }))

  t.equal(response.statusCode, 200)
})

t.test('wrong options are refused with what to write', async (t) => {
  const wrong: ReadonlyArray<readonly [log: unknown, message: RegExp]> = [
    [true, /option 'log' must be 'calls', false or an object, such as/],
    [{ redact: 'a' }, /'log' has a 'redact' that must be an array of paths/],
    [{ redact: [1] }, /must be an array of paths/],
    [{ level: '' }, /'level' that must be the name of a level/],
    [{ args: true }, /'args'/],
    [{ level: 'nonsense' }, /'level' that the app's logger does not have: nonsense/],
    [{ arguments: true, redact: ['a['] }, /'log' has a path in 'redact' that is wrong/]
  ]
  for (const [log, message] of wrong) {
    const options = { log } as Pick<McpMountOptions, 'log'>
    await t.rejects(createApp(t, { server: createShop(), ...options }), { code: 'MCP_ERR_INVALID_OPTION', message })
  }
})
