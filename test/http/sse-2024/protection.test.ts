import t from 'tap'
import mcpPlugin, { type AuthOptions, type VerifyContext } from '../../../lib/index.ts'
import { createApp, createHost, createServer, mount } from '../../support/app.ts'
import { openSse, opening } from '../../support/sse-client.ts'
import { frameOf, listen } from '../../support/stream.ts'

const PAGE = 'https://app.example.com'
const JSON_TYPE = { 'content-type': 'application/json' }
const PING = '{"jsonrpc":"2.0","id":1,"method":"ping"}'
const URLS = [
  { method: 'GET', url: '/sse' },
  { method: 'POST', url: '/messages?sessionId=a', headers: JSON_TYPE, payload: PING }
] as const

function errorOf (message: string): object {
  return { jsonrpc: '2.0', id: null, error: { code: -32000, message } }
}

t.test('the guard checks requests to both URLs', async (t) => {
  const { app, logLines } = await createApp(t, { legacySse: true, allowedHosts: ['api.example.com'] })

  for (const sent of URLS) {
    const host = await app.inject({ ...sent, headers: { ...JSON_TYPE, host: 'evil.example' } })
    const origin = await app.inject({ ...sent, headers: { ...JSON_TYPE, host: 'api.example.com', origin: 'https://evil.example' } })

    t.equal(host.statusCode, 421)
    t.same(host.json(), errorOf('Invalid Host header'))
    t.match(logLines.find(({ level, host }) => level === 40 && host === 'evil.example'), { msg: /allowedHosts/ })
    t.equal(origin.statusCode, 403)
    t.same(origin.json(), errorOf('Invalid Origin header'))
  }
})

t.test('pages of allowed origins can open streams, post, and read refusals', async (t) => {
  const { app } = await createApp(t, { legacySse: true, cors: true, allowedOrigins: [PAGE] })
  const address = await listen(app)

  for (const { method, url } of URLS) {
    const preflight = await app.inject({
      method: 'OPTIONS',
      url,
      headers: {
        origin: PAGE,
        'access-control-request-method': method,
        'access-control-request-headers': 'content-type, mcp-protocol-version'
      }
    })
    t.equal(preflight.statusCode, 204)
    t.match(preflight.headers, { 'access-control-allow-origin': PAGE, 'access-control-allow-methods': 'GET, POST, DELETE', 'access-control-allow-headers': /Authorization, Content-Type/ })
    const foreign = await app.inject({ method: 'OPTIONS', url, headers: { origin: 'https://evil.example', 'access-control-request-method': method } })
    t.equal(foreign.statusCode, 403)
  }
  const client = await openSse(address, '/sse', { origin: PAGE })
  const posted = await client.post(PING)
  const lost = await app.inject({ ...URLS[1], headers: { ...JSON_TYPE, origin: PAGE } })
  t.equal(client.response.headers.get('access-control-allow-origin'), PAGE)
  t.equal(posted.headers.get('access-control-allow-origin'), PAGE)
  t.equal(lost.statusCode, 404)
  t.equal(lost.headers['access-control-allow-origin'], PAGE)
})

t.test('without cors, a preflight gets 405 before hooks run', async (t) => {
  const { app } = await createApp(t, {
    legacySse: true,
    allowedOrigins: [PAGE],
    hooks: {
      onRequest: async () => {
        throw new Error('no caller')
      }
    }
  })

  for (const { method, url } of URLS) {
    const response = await app.inject({
      method: 'OPTIONS',
      url,
      headers: { origin: PAGE, 'access-control-request-method': method }
    })

    t.equal(response.statusCode, 405)
    t.equal(response.headers.allow, method)
  }
})

t.test('hooks of the mount run at both URLs', async (t) => {
  const seen: string[] = []
  const { app } = await createApp(t, { legacySse: true, hooks: { preHandler: async ({ method, url }) => { seen.push(`${method} ${url.replace(/=.*/, '')}`) } } })

  const client = await openSse(await listen(app))
  await client.post(PING)

  t.same(seen, ['GET /sse', 'POST /messages?sessionId'])
})

t.test('a session of another principal gets the same replies as an unknown session', async (t) => {
  const auth: AuthOptions = {
    authenticate: ({ headers }) =>
      headers['x-user'] === undefined
        ? null
        : { token: '', clientId: 'app', scopes: [], subject: String(headers['x-user']) }
  }
  const server = createServer()
  server.registerTool('who', {}, (_args, ctx) => String(ctx.auth?.subject))
  const { app } = await createApp(t, { legacySse: true, auth, server })
  const address = await listen(app)
  const ann = await openSse(address, '/sse', { 'x-user': 'ann' })
  await ann.ask('initialize', opening())

  const nobody = await app.inject({ url: '/sse' })
  const bob = await ann.post(PING, { 'x-user': 'bob' })
  const unknown = await app.inject({ ...URLS[1], headers: { ...JSON_TYPE, 'x-user': 'bob' } })

  t.equal(nobody.statusCode, 401)
  t.equal(bob.status, 404)
  t.same(await bob.json(), unknown.json())
  t.equal(
    await ann.ask('tools/call', { name: 'who' }, 2),
    frameOf({ jsonrpc: '2.0', id: 2, result: { content: [{ type: 'text', text: 'ann' }] } })
  )
})

t.test('tokens are issued for the URL of the stream and accepted for its messages, for each tenant', async (t) => {
  const asked: string[] = []
  const auth: AuthOptions = {
    authorizationServers: ['https://auth.example.com'],
    verify (token, _request, { resource }: VerifyContext) {
      asked.push(resource)
      return { token, clientId: 'app', scopes: [], resource: new URL(`https://api.example.com/ai/${token}`) }
    }
  }
  const { app } = createHost(t)
  await app.register(mcpPlugin, { server: createServer(), prefix: '/:tenant', name: 'tenants', publicUrl: 'https://api.example.com/ai', auth, legacySse: true, allowedHosts: ['127.0.0.1:*'] })
  await app.register(mcpPlugin, { server: createServer(), prefix: '/one', publicUrl: 'https://api.example.com', auth: { ...auth, wellKnownAlias: true }, legacySse: true })
  const address = await listen(app)
  const headers = { host: 'api.example.com' }
  const token = 'acme/sse'
  const resource = `https://api.example.com/ai/${token}`

  const challenge = await app.inject({ url: '/acme/sse', headers })
  const metadata = await app.inject({ url: '/.well-known/oauth-protected-resource/ai/acme/sse', headers })
  const ofEndpoint = await app.inject({ url: '/.well-known/oauth-protected-resource/ai/acme/mcp', headers })
  const aliased = await app.inject({ url: '/.well-known/oauth-protected-resource', headers })
  const ofOther = await app.inject({ url: '/acme/sse', headers: { ...headers, authorization: 'Bearer other/sse' } })
  const client = await openSse(address, '/acme/sse', { authorization: `Bearer ${token}` })
  const posted = await fetch(`${address}${client.endpoint.replace('/ai', '')}`, { method: 'POST', headers: { ...JSON_TYPE, authorization: `Bearer ${token}` }, body: PING })

  t.equal(challenge.statusCode, 401)
  t.equal(challenge.headers['www-authenticate'], 'Bearer resource_metadata="https://api.example.com/.well-known/oauth-protected-resource/ai/acme/sse"')
  t.match(metadata.json(), { resource, authorization_servers: ['https://auth.example.com'] })
  t.match(ofEndpoint.json(), { resource: 'https://api.example.com/ai/acme/mcp' })
  t.match(aliased.json(), { resource: 'https://api.example.com/one/mcp' })
  t.equal(ofOther.statusCode, 401)
  t.equal(posted.status, 202)
  t.same([...new Set(asked)], [resource])
})

t.test('an error of a hook has the form of the endpoint and reveals no internals', async (t) => {
  const { app } = await createApp(t, {
    legacySse: true,
    hooks: {
      preHandler: async () => {
        throw new Error('password=hunter2')
      }
    }
  })

  for (const sent of URLS) {
    const response = await app.inject(sent)

    t.equal(response.statusCode, 500)
    t.same(response.json(), { jsonrpc: '2.0', id: null, error: { code: -32603, message: 'Internal error' } })
  }
})

t.test('sibling routes are untouched, and the constraints of the mount apply', async (t) => {
  const { app } = createHost(t)
  app.post('/notes/echo', async ({ body }) => body)
  app.get('/notes/sse/more', async () => { throw Object.assign(new Error('the app\'s own'), { statusCode: 418 }) })
  await mount(app, {
    server: createServer(),
    prefix: '/notes',
    legacySse: true,
    constraints: { host: 'mcp.example.com' },
    allowedHosts: ['mcp.example.com']
  })
  app.get('/notes/sse', async () => 'of the app')

  const echoed = await app.inject({ method: 'POST', url: '/notes/echo', headers: { host: 'evil.example', 'content-type': 'text/plain', origin: 'https://evil.example' }, payload: 'text' })
  const failed = await app.inject({ url: '/notes/sse/more' })
  const ofApp = await app.inject({ url: '/notes/sse', headers: { host: 'other.example' } })
  const ofMount = await app.inject({ method: 'POST', url: '/notes/sse', headers: { host: 'mcp.example.com' } })

  t.equal(echoed.body, 'text')
  t.match(failed.json(), { statusCode: 418, message: 'the app\'s own' })
  t.equal(ofApp.body, 'of the app')
  t.equal(ofMount.statusCode, 405)
})
