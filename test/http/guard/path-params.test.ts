import { once } from 'node:events'
import { request, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import type { FastifyInstance, FastifyServerOptions } from 'fastify'
import t, { type Test } from 'tap'
import mcpPlugin, { type AuthInfo, type McpMountOptions } from '../../../lib/index.ts'
import { hasDotSegment } from '../../../lib/http/guard/path-params.ts'
import { createHost, createServer, initialize, legacy, modernCall, type Post } from '../../support/app.ts'

const ORIGIN = 'https://api.example.com'
const REFUSAL = {
  jsonrpc: '2.0',
  id: null,
  error: { code: -32600, message: "Invalid path: '.' and '..' are refused as values of its parameters" }
}

// Values that are '.', '..' or contain such a segment if they are used unchanged, decoded, resolved as a URL, or used
// as a path on Windows.
const HOSTILE = [
  '..',
  '.',
  '%2e%2e',
  '%2E%2e',
  '.%2e',
  '%2e.',
  '%2e',
  '%252e%252e',
  '%25252e.',
  '%25252525252525252e',
  `%${'25'.repeat(9)}61`,
  'a%2f..',
  '..%2fa',
  'a%2f%2e%2e%2fb',
  'a%5c..',
  '..%5ca',
  'a%252f..%252fb',
  'a%2f.',
  '.%09.',
  '..%0a',
  '%0d..',
  '..%20',
  '%20..',
  '.%2520.',
  '%00..',
  '.%2500.',
  '%252%65.'
]
const HARMLESS = [
  'acme', '...', 'a.b', '.a', 'a..', '..a', 'a%2fb', '%20', 'a%20b', '%25', '100%2525', 'a%2f...', 'a%2f..b',
  '%e2%80%a6', '%ef%bc%8e%ef%bc%8e', 'v1.2'
]

interface Answer { readonly status: number, readonly body: string }

/** Sends a request whose target is not touched: app.inject() and fetch() resolve dot segments by themselves. */
async function sendTo (
  app: FastifyInstance,
  path: string,
  {
    method,
    headers,
    payload = ''
  }: { readonly method: string, readonly headers?: Readonly<Record<string, string>>, readonly payload?: string }
): Promise<Answer> {
  // It listens on a port.
  const { port } = app.server.address() as AddressInfo
  const sent = request({ port, path, method, headers: { ...headers, connection: 'close' } }).end(payload)
  const [response] = (await once(sent, 'response')) as [IncomingMessage]
  return { status: Number(response.statusCode), body: await text(response) }
}

interface ParamsApp {
  readonly app: FastifyInstance
  readonly get: (path: string) => Promise<Answer>
  readonly call: (path: string) => Promise<Answer>
  readonly seen: unknown[]
}

async function createParamsApp (
  t: Test,
  options: Partial<McpMountOptions>,
  settings: FastifyServerOptions = {}
): Promise<ParamsApp> {
  const { app } = createHost(t, settings)
  const seen: unknown[] = []
  const server = createServer()
  server.registerTool('where', {}, (_args, ctx) => {
    seen.push(ctx.request?.params)
    return 'here'
  })
  await app.register(mcpPlugin, { server, ...options, allowedHosts: ['localhost:*', 'api.example.com'] })
  await app.listen({ port: 0, host: '127.0.0.1' })
  return {
    app,
    seen,
    get: (path) => sendTo(app, path, { method: 'GET', headers: { accept: 'text/event-stream, application/json' } }),
    call: (path) => sendTo(app, path, modernCall('where', {}, { headers: { authorization: 'Bearer a' } }))
  }
}

t.test('a path parameter that is a dot segment gets 400 before auth and hooks run', async (t) => {
  let asked = 0
  const { call, seen } = await createParamsApp(t, {
    prefix: '/base/:tenant',
    publicUrl: ORIGIN,
    auth: { verify: () => { asked++; return null }, authorizationServers: ['https://auth.example.com'] },
    hooks: { onRequest: async () => { asked++ } }
  })

  for (const value of HOSTILE) {
    const { status, body } = await call(`/base/${value}/mcp`)

    t.equal(status, 400, value)
    t.same(JSON.parse(body), REFUSAL, value)
  }
  t.same([asked, seen], [0, []])
})

t.test('every other value of a path parameter reaches the handler, decoded', async (t) => {
  const { call, seen } = await createParamsApp(t, { prefix: '/base/:tenant' })

  for (const value of HARMLESS) t.equal((await call(`/base/${value}/mcp`)).status, 200, value)
  t.same(seen, HARMLESS.map((value) => ({ tenant: decodeURIComponent(value) })))
})

t.test('a dot segment in any parameter or in a wildcard gets 400', async (t) => {
  const several = await createParamsApp(t, { prefix: '/:org/:team' })
  const wild = await createParamsApp(t, { path: '/files/*' }, { routerOptions: { ignoreTrailingSlash: true } })

  for (const path of ['/../a/mcp', '/a/../mcp', '/a/%2e/mcp', '/%2e%2e/%2e%2e/mcp']) {
    t.equal((await several.call(path)).status, 400, path)
  }
  for (const path of ['/files/..', '/files/a/../b', '/files/a/%2e%2e', '/files/a/%252e%252e/b', '/files/./a']) {
    t.equal((await wild.call(path)).status, 400, path)
  }
  t.equal((await several.call('/a/b/mcp')).status, 200)
  t.equal((await wild.call('/files/a/b')).status, 200)
})

t.test('a dot segment in the prefix gets 400 at side routes and at the URLs of HTTP+SSE, too', async (t) => {
  const { get } = await createParamsApp(t, {
    prefix: '/:tenant',
    legacySse: true,
    routes: async (scope) => { scope.get('/export', async ({ params }) => params) }
  })

  for (const path of ['/../export', '/%2e%2e/export', '/%2e/sse']) t.equal((await get(path)).status, 400, path)
  t.equal(JSON.parse((await get('/../export')).body).message, REFUSAL.error.message)
  t.same(JSON.parse((await get('/acme/export')).body), { tenant: 'acme' })
})

t.test('metadata of a path with a dot segment gets 404', async (t) => {
  const { get } = await createParamsApp(t, { prefix: '/base/:tenant', publicUrl: ORIGIN, auth: { verify: () => null, authorizationServers: ['https://auth.example.com'] } })

  for (const value of HOSTILE) t.equal((await get(`/.well-known/oauth-protected-resource/base/${value}/mcp`)).status, 404, value)
  t.equal(JSON.parse((await get('/.well-known/oauth-protected-resource/base/acme/mcp')).body).resource, `${ORIGIN}/base/acme/mcp`)
})

t.test('a token of one tenant is refused at every path that looks similar', async (t) => {
  const audience = { value: '' }
  const verify = (): AuthInfo => ({ token: 'a', clientId: 'app', scopes: [], audience: audience.value })
  const { call, seen } = await createParamsApp(t, { prefix: '/base/:tenant', publicUrl: ORIGIN, auth: { verify, authorizationServers: ['https://auth.example.com'] } })
  const statusWith = async (path: string, aud: string) => { audience.value = aud; return (await call(path)).status }

  for (const path of [
    '/base/ACME/mcp', '/base/acme%20/mcp', '/base/acme%09/mcp', '/base/acme%00/mcp', '/base/acme%2f/mcp',
    '/base/acme%3f/mcp', '/base/acme%23/mcp', '/base/acme%5c/mcp', '/base/acme%2561/mcp', '/base/acm%ef%bd%85/mcp',
    '/base//mcp'
  ]) {
    const status = await statusWith(path, `${ORIGIN}/base/acme/mcp`)
    t.ok(status === 401 || status === 404, `${path}: ${status}`)
  }
  t.same(seen, [])
  t.equal(await statusWith('/base/acme/mcp', `${ORIGIN}/base/acme/mcp`), 200)
  t.equal(await statusWith('/base/%61cme/mcp', `${ORIGIN}/base/acme/mcp`), 200, 'one tenant, and so one resource')
})

t.test('with authenticate, too, a session is bound to the values of its path parameters', async (t) => {
  const { app } = createHost(t)
  await app.register(mcpPlugin, {
    prefix: '/:org/:team',
    server: createServer(),
    auth: { authenticate: () => ({ token: '', clientId: 'app', scopes: [] }) }
  })
  const at = (
    url: string,
    make: (envelope: { url: string, headers: Record<string, string> }) => Post,
    headers = {}
  ) => app.inject(make({ url, headers }))

  const { headers } = await at('/a/b/mcp', (envelope) => initialize('2025-11-25', envelope))
  const session = { 'mcp-session-id': String(headers['mcp-session-id']) }
  const ping = async (url: string) => (await at(url, (envelope) => legacy('ping', {}, envelope), session)).statusCode

  t.equal(await ping('/a/b/mcp'), 200)
  for (const url of ['/a/c/mcp', '/b/a/mcp', '/a%22%2c%22b/b/mcp', '/a%2fb/b/mcp']) t.equal(await ping(url), 404, url)
})

t.test('an optional parameter without a value is not a dot segment', async (t) => {
  t.equal(hasDotSegment({ params: {} } as Parameters<typeof hasDotSegment>[0], ['tenant']), false)
})
