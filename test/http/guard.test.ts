import http2 from 'node:http2'
import { once } from 'node:events'
import { connect as connectSocket } from 'node:net'
import { json, text } from 'node:stream/consumers'
import Fastify from 'fastify'
import t, { type Test } from 'tap'
import mcpPlugin from '../../lib/index.ts'
import { createApp, createHost, createServer, modern, type Post } from '../app.ts'

const INVALID_HOST = { jsonrpc: '2.0', id: null, error: { code: -32600, message: 'Invalid Host header' } }
const INVALID_ORIGIN = { jsonrpc: '2.0', id: null, error: { code: -32600, message: 'Invalid Origin header' } }

function discover (headers: Record<string, string>): Post {
  return modern('server/discover', {}, { headers })
}

t.test('by default requests addressed to localhost pass, on any port', async (t) => {
  const { app } = await createApp(t)

  for (const host of ['localhost', 'localhost:8000', '127.0.0.1', '127.0.0.1:65535', '[::1]', '[::1]:3000']) {
    t.equal((await app.inject(discover({ host }))).statusCode, 200, host)
  }
})

t.test('a Host that is not listed gets 421 and one warning that names it and the option', async (t) => {
  const { app, logLines } = await createApp(t)

  const response = await app.inject(discover({ host: 'evil.example:8000' }))

  t.equal(response.statusCode, 421)
  t.equal(response.headers['content-type'], 'application/json; charset=utf-8')
  t.same(response.json(), INVALID_HOST)
  const warnings = logLines.filter(({ level }) => level === 40)
  t.equal(warnings.length, 1)
  t.match(warnings, [{
    host: 'evil.example:8000',
    msg: "request for Host 'evil.example:8000' refused; if this app is meant to be reached by that name, add it to the mount's 'allowedHosts' or set 'publicUrl'"
  }])
})

t.test('no trick makes a foreign Host pass', async (t) => {
  const { app } = await createApp(t)

  for (const host of ['localhost.evil.example', 'evil.example#localhost', 'user@localhost', 'localhost,evil.example', '0.0.0.0', '127.0.0.2', '[::]', '::1', '2130706433', 'LOCALHOST.']) {
    const response = await app.inject(discover({ host }))

    t.equal(response.statusCode, 421, host)
    t.same(response.json(), INVALID_HOST)
  }
})

t.test('a request without Host, as HTTP/1.0 allows, gets 421', async (t) => {
  const { app } = await createApp(t)
  const { port } = new URL(await app.listen({ port: 0, host: '127.0.0.1' }))

  const socket = connectSocket(Number(port), '127.0.0.1')
  socket.end('POST /mcp HTTP/1.0\r\n\r\n')
  const reply = await text(socket)

  t.match(reply, /^HTTP\/1.1 421 /)
  t.same(JSON.parse(reply.slice(reply.indexOf('{'))), INVALID_HOST)
})

t.test('an Origin that is not listed gets 403 and one warning that names it and the option', async (t) => {
  const { app, logLines } = await createApp(t)

  const response = await app.inject(discover({ origin: 'https://evil.example' }))

  t.equal(response.statusCode, 403)
  t.same(response.json(), INVALID_ORIGIN)
  const warnings = logLines.filter(({ level }) => level === 40)
  t.equal(warnings.length, 1)
  t.match(warnings, [{
    origin: 'https://evil.example',
    msg: "request from Origin 'https://evil.example' refused; if pages of that origin may use this server, add it to the mount's 'allowedOrigins'"
  }])
})

t.test('by default pages of localhost pass by http only', async (t) => {
  const { app } = await createApp(t)

  for (const origin of ['http://localhost', 'http://localhost:5173', 'http://127.0.0.1:80', 'http://[::1]:3000']) {
    t.equal((await app.inject(discover({ origin }))).statusCode, 200, origin)
  }
  for (const origin of ['https://localhost', 'null', '', 'http://localhost.evil.example', 'http://localhost/', 'file://']) {
    t.equal((await app.inject(discover({ origin }))).statusCode, 403, origin)
  }
})

t.test('allowedHosts and allowedOrigins take the place of the defaults', async (t) => {
  const { app } = await createApp(t, { allowedHosts: ['api.example.com', 'dev.example.com:*'], allowedOrigins: ['https://app.example.com', 'null'] })

  for (const host of ['api.example.com', 'dev.example.com', 'dev.example.com:1']) t.equal((await app.inject(discover({ host }))).statusCode, 200, host)
  for (const host of ['localhost', 'api.example.com:443', 'API.example.com']) t.equal((await app.inject(discover({ host }))).statusCode, 421, host)
  for (const origin of ['https://app.example.com', 'null']) {
    t.equal((await app.inject(discover({ host: 'api.example.com', origin }))).statusCode, 200, origin)
  }
  t.equal((await app.inject(discover({ host: 'api.example.com', origin: 'http://localhost' }))).statusCode, 403)
})

t.test('publicUrl is served besides the defaults', async (t) => {
  const { app } = await createApp(t, { publicUrl: 'https://API.example.com:8443/base/' })

  for (const host of ['api.example.com:8443', 'localhost:3000']) t.equal((await app.inject(discover({ host }))).statusCode, 200, host)
  t.equal((await app.inject(discover({ origin: 'https://api.example.com:8443' }))).statusCode, 200)
  t.equal((await app.inject(discover({ host: 'api.example.com' }))).statusCode, 421)
})

t.test('forwarded headers never count, even where the app trusts its proxy', async (t) => {
  const { app } = createHost(t, { trustProxy: true })
  app.register(mcpPlugin, { server: createServer() })

  const outside = await app.inject(discover({ host: 'evil.example', 'x-forwarded-host': 'localhost', forwarded: 'host=localhost' }))
  const inside = await app.inject(discover({ host: 'localhost', 'x-forwarded-host': 'evil.example' }))

  t.equal(outside.statusCode, 421)
  t.equal(inside.statusCode, 200)
})

t.test('dnsRebindingProtection: false lets every Host and Origin pass', async (t) => {
  const { app } = await createApp(t, { dnsRebindingProtection: false })

  t.equal((await app.inject(discover({ host: 'evil.example', origin: 'https://evil.example' }))).statusCode, 200)
})

t.test('the guard comes before all else, whatever the method and the body', async (t) => {
  const { app } = await createApp(t)

  for (const method of ['GET', 'PUT', 'DELETE', 'OPTIONS', 'POST'] as const) {
    const response = await app.inject({ method, url: '/mcp', headers: { host: 'evil.example', 'content-type': 'text/plain' }, payload: 'x' })

    t.equal(response.statusCode, 421, method)
  }
})

t.test('sibling routes are not guarded', async (t) => {
  const { app } = createHost(t)
  app.get('/', async () => 'hello')
  app.register(mcpPlugin, { server: createServer() })

  const response = await app.inject({ url: '/', headers: { host: 'evil.example', origin: 'https://evil.example' } })

  t.equal(response.statusCode, 200)
})

async function connect (t: Test): Promise<http2.ClientHttp2Session> {
  const app = Fastify({ http2: true })
  app.register(mcpPlugin, { server: createServer() })
  t.teardown(() => app.close())
  const client = http2.connect(await app.listen({ port: 0, host: '127.0.0.1' }))
  t.teardown(() => client.close())
  return client
}

async function sendHttp2 (client: http2.ClientHttp2Session, headers: http2.OutgoingHttpHeaders): Promise<{ status: unknown, body: unknown }> {
  const { headers: metadata, payload } = modern('server/discover')
  const stream = client.request({ ...metadata, ':method': 'POST', ':path': '/mcp', ...headers })
  stream.end(payload)
  const [received] = await once(stream, 'response')
  return { status: received[':status'], body: await json(stream) }
}

t.test('over HTTP/2 the authority is the host', async (t) => {
  const client = await connect(t)

  const inside = await sendHttp2(client, { ':authority': 'localhost:8000' })
  const outside = await sendHttp2(client, { ':authority': 'evil.example' })

  t.equal(inside.status, 200)
  t.same(outside, { status: 421, body: INVALID_HOST })
})

t.test('over HTTP/2 a Host header beside the authority does not count', async (t) => {
  const client = await connect(t)

  t.same(await sendHttp2(client, { ':authority': 'evil.example', host: 'localhost' }), { status: 421, body: INVALID_HOST })
})

t.test('over HTTP/2 a Host header counts where there is no authority', async (t) => {
  const client = await connect(t)

  const inside = await sendHttp2(client, { host: 'localhost' })
  const outside = await sendHttp2(client, { host: 'evil.example' })

  t.equal(inside.status, 200)
  t.same(outside, { status: 421, body: INVALID_HOST })
})
