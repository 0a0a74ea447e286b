import http2 from 'node:http2'
import { once } from 'node:events'
import { connect as connectSocket } from 'node:net'
import { json, text } from 'node:stream/consumers'
import Fastify from 'fastify'
import t, { type Test } from 'tap'
import mcpPlugin from '../../../lib/index.ts'
import { createApp, createHost, createServer, modern, type AppOptions, type Post } from '../../support/app.ts'

const INVALID_HOST = { jsonrpc: '2.0', id: null, error: { code: -32600, message: 'Invalid Host header' } }
const TWO_HOSTS = {
  jsonrpc: '2.0',
  id: null,
  error: { code: -32600, message: 'Invalid Host header: there are several' }
}
const INVALID_ORIGIN = { jsonrpc: '2.0', id: null, error: { code: -32600, message: 'Invalid Origin header' } }

function discover (headers: Record<string, string>): Post {
  return modern('server/discover', {}, { headers })
}

t.test('by default, localhost and the loopback addresses are served with any port', async (t) => {
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
  t.match(warnings, [
    {
      host: 'evil.example:8000',
      msg: "request for Host 'evil.example:8000' refused; if this app is meant to be reached by that name, " +
        "add it to the mount's 'allowedHosts' or set 'publicUrl'"
    }
  ])
})

t.test('a foreign Host in any disguise gets 421', async (t) => {
  const { app } = await createApp(t)

  for (const host of [
    'localhost.evil.example', 'evil.example#localhost', 'user@localhost', 'localhost,evil.example', '0.0.0.0',
    '127.0.0.2', '[::]', '::1', '2130706433', 'LOCALHOST.', '*', '*:*', 'localhost:*', 'localhost:65536',
    'l\u00f6calhost', 'loc\u0251lhost', '\u212aocalhost'
  ]) {
    const response = await app.inject(discover({ host }))

    t.equal(response.statusCode, 421, host)
    t.same(response.json(), INVALID_HOST)
  }
})

/** Sends the head of a request as it is written, which no client would do; its reply. */
async function sendHead (
  t: Test,
  head: readonly string[],
  options: AppOptions = {}
): Promise<{ readonly status: number, readonly body: unknown }> {
  const { app } = await createApp(t, options)
  const { port } = new URL(await app.listen({ port: 0, host: '127.0.0.1' }))
  const { headers, payload } = modern('server/discover')
  const lines = [
    ...head,
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
    `content-length: ${Buffer.byteLength(payload)}`,
    'connection: close'
  ]

  const socket = connectSocket(Number(port), '127.0.0.1')
  socket.write(`${lines.join('\r\n')}\r\n\r\n${payload}`)
  const reply = await text(socket)

  const body = reply.slice(reply.indexOf('\r\n\r\n') + 4)
  return { status: Number(reply.split(' ')[1]), body: body === '' ? undefined : JSON.parse(body) }
}

t.test('a request without Host gets 421 over HTTP/1.0, and 400 over HTTP/1.1', async (t) => {
  t.same(await sendHead(t, ['POST /mcp HTTP/1.0']), { status: 421, body: INVALID_HOST })
  t.match(await sendHead(t, ['POST /mcp HTTP/1.1']), { status: 400 })
  t.same(await sendHead(t, ['POST /mcp HTTP/1.1', 'Host:']), { status: 421, body: INVALID_HOST })
})

t.test('a request with two Host headers gets 400, even if both are allowed', async (t) => {
  for (const [first, second] of [
    ['localhost', 'evil.example'],
    ['evil.example', 'localhost'],
    ['localhost', 'localhost']
  ]) {
    t.same(
      await sendHead(t, ['POST /mcp HTTP/1.1', `Host: ${first}`, `hOST: ${second}`]),
      { status: 400, body: TWO_HOSTS },
      `${first}, ${second}`
    )
  }
})

t.test('both the host in the request line and the Host header must be allowed', async (t) => {
  for (const [target, host, status] of [
    ['http://localhost/mcp', 'localhost', 200],
    ['http://localhost:8000/mcp', 'localhost:8000', 200],
    ['HTTP://localhost/mcp', 'localhost', 200],
    ['http://evil.example/mcp', 'localhost', 421],
    ['https://evil.example/mcp', 'localhost', 421],
    ['http://localhost@evil.example/mcp', 'localhost', 421],
    ['http://localhost/mcp', 'evil.example', 421]
  ] as const) {
    t.equal((await sendHead(t, [`POST ${target} HTTP/1.1`, `Host: ${host}`])).status, status, `${target} to ${host}`)
  }
})

t.test('a Host is compared without regard to case and to a trailing dot', async (t) => {
  const options = { allowedHosts: ['api.example.com', 'dev.example.com:*'] }

  for (const host of ['API.Example.com', 'api.example.com.', 'dev.example.com.', 'DEV.example.com.:80']) {
    t.equal((await sendHead(t, ['POST /mcp HTTP/1.1', `Host: ${host}`], options)).status, 200, host)
  }
  for (const host of ['api.example.com..', '.api.example.com', 'api..example.com', 'api.example.com.:']) {
    t.same(await sendHead(t, ['POST /mcp HTTP/1.1', `Host: ${host}`], options), { status: 421, body: INVALID_HOST }, host)
  }
})

t.test('a request with two Origin headers gets 403', async (t) => {
  for (const origins of [['http://localhost', 'https://evil.example'], ['http://localhost:80', 'https://evil.example'], ['http://localhost:80', 'http://localhost:80']]) {
    t.same(await sendHead(t, ['POST /mcp HTTP/1.1', 'Host: localhost', ...origins.map((origin) => `Origin: ${origin}`)]), { status: 403, body: INVALID_ORIGIN }, origins.join())
  }
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

t.test('by default, pages of localhost are served if their scheme is http', async (t) => {
  const { app } = await createApp(t)

  for (const origin of ['http://localhost', 'http://localhost:5173', 'http://127.0.0.1:80', 'http://[::1]:3000']) {
    t.equal((await app.inject(discover({ origin }))).statusCode, 200, origin)
  }
  for (const origin of ['https://localhost', 'null', '', '*', 'http://*', 'http://localhost:*', 'http://localhost.evil.example', 'http://localhost/', 'file://']) {
    t.equal((await app.inject(discover({ origin }))).statusCode, 403, origin)
  }
})

t.test('an Origin is served only if its scheme, host and port are listed', async (t) => {
  const { app } = await createApp(t, { allowedOrigins: ['https://app.example.com', 'http://localhost:*'] })

  for (const origin of [
    'null', 'NULL', 'https://app.example.com/', 'https://app.example.com/mcp', 'http://app.example.com', 'https://app.example.com:80', 'http://app.example.com:443',
    'https://app.example.com:8443', 'https://user@app.example.com', 'https://user:secret@app.example.com', 'https://app.example.com@evil.example', 'https://app.example.com..', 'https://app%2eexample.com',
    'http://localhost:80/', 'http://user@localhost', 'http://localhost:secret@evil.example', 'http://localhost:80@evil.example', 'http://localhost:', 'http://localhost.', 'http://localhost:65536'
  ]) {
    const response = await app.inject(discover({ origin }))

    t.equal(response.statusCode, 403, origin)
    t.same(response.json(), INVALID_ORIGIN)
  }
  for (const origin of ['https://app.example.com', 'HTTPS://APP.EXAMPLE.COM', 'https://app.example.com.', 'https://app.example.com:443', 'http://localhost', 'http://localhost:80', 'http://LOCALHOST']) t.equal((await app.inject(discover({ origin }))).statusCode, 200, origin)
})

t.test('allowedHosts and allowedOrigins replace the defaults', async (t) => {
  const { app } = await createApp(t, { allowedHosts: ['api.example.com', 'dev.example.com:*'], allowedOrigins: ['https://app.example.com', 'null'] })

  for (const host of [
    'api.example.com', 'API.example.com', 'api.example.com:443', 'dev.example.com', 'dev.example.com:1'
  ]) {
    t.equal((await app.inject(discover({ host }))).statusCode, 200, host)
  }
  for (const host of ['localhost', 'api.example.com:444']) {
    t.equal((await app.inject(discover({ host }))).statusCode, 421, host)
  }
  for (const origin of ['https://app.example.com', 'null']) {
    t.equal((await app.inject(discover({ host: 'api.example.com', origin }))).statusCode, 200, origin)
  }
  t.equal((await app.inject(discover({ host: 'api.example.com', origin: 'http://localhost' }))).statusCode, 403)
})

t.test('publicUrl adds its host and origin to the defaults', async (t) => {
  const { app } = await createApp(t, { publicUrl: 'https://API.example.com:8443/base/' })

  for (const host of ['api.example.com:8443', 'localhost:3000']) {
    t.equal((await app.inject(discover({ host }))).statusCode, 200, host)
  }
  t.equal((await app.inject(discover({ origin: 'https://api.example.com:8443' }))).statusCode, 200)
  t.equal((await app.inject(discover({ host: 'api.example.com' }))).statusCode, 421)
})

t.test('the default port of publicUrl is optional, and the default port of the other scheme is refused', async (t) => {
  const { app: secure } = await createApp(t, { publicUrl: 'https://api.example.com' })
  const { app: plain } = await createApp(t, { publicUrl: 'http://Api.example.com.:80' })

  for (const [app, host, origin] of [[secure, 'api.example.com:443', 'https://api.example.com:443'], [plain, 'api.example.com:80', 'http://api.example.com:80']] as const) {
    for (const one of [host, 'API.example.com', 'api.example.com.']) {
      t.equal((await app.inject(discover({ host: one }))).statusCode, 200, one)
    }
    for (const one of [origin, origin.toUpperCase()]) {
      t.equal((await app.inject(discover({ host, origin: one }))).statusCode, 200, one)
    }
  }
  for (const [app, host, origin] of [[secure, 'api.example.com:80', 'https://api.example.com:80'], [plain, 'api.example.com:443', 'http://api.example.com:443']] as const) {
    t.equal((await app.inject(discover({ host }))).statusCode, 421)
    t.equal((await app.inject(discover({ origin }))).statusCode, 403)
  }
})

t.test("allowedOrigins: '*' serves every page and logs a warning, and the Host is still checked", async (t) => {
  const { app, logLines } = await createApp(t, { allowedOrigins: '*', publicUrl: 'https://api.example.com' })

  for (const origin of ['https://evil.example', 'null', 'http://localhost:3000', 'vscode-webview://a1b2']) {
    t.equal((await app.inject(discover({ origin }))).statusCode, 200, origin)
    t.same((await app.inject(discover({ origin, host: 'evil.example' }))).json(), INVALID_HOST)
  }
  t.match(logLines.filter(({ level }) => level === 40)[0], {
    mcp: 'Notes',
    msg: "allowedOrigins is '*': pages of every website may send requests to this mount, " +
      "so only 'auth' can keep strangers out; list the origins if you know them"
  })
})

t.test('forwarded headers are ignored, even with trustProxy', async (t) => {
  const { app } = createHost(t, { trustProxy: true })
  app.register(mcpPlugin, { server: createServer() })

  const outside = await app.inject(
    discover({ host: 'evil.example', 'x-forwarded-host': 'localhost', forwarded: 'host=localhost' })
  )
  const inside = await app.inject(discover({ host: 'localhost', 'x-forwarded-host': 'evil.example' }))

  const page = await app.inject(discover({ host: 'localhost', origin: 'https://localhost', 'x-forwarded-proto': 'http', 'x-forwarded-for': '127.0.0.1', 'x-forwarded-host': 'localhost' }))
  const own = await app.inject(discover({ host: 'localhost', origin: 'https://evil.example', 'x-forwarded-proto': 'https', 'x-forwarded-host': 'evil.example' }))
  const address = await app.inject(
    discover({
      host: 'evil.example',
      'x-forwarded-for': '127.0.0.1',
      'x-forwarded-server': 'localhost',
      'x-original-host': 'localhost',
      'x-real-ip': '127.0.0.1'
    })
  )

  t.same([outside, inside, page, own, address].map(({ statusCode }) => statusCode), [421, 200, 403, 403, 421])
})

t.test('dnsRebindingProtection: false serves every Host and Origin', async (t) => {
  const { app } = await createApp(t, { dnsRebindingProtection: false })

  t.equal((await app.inject(discover({ host: 'evil.example', origin: 'https://evil.example' }))).statusCode, 200)
})

t.test('the guard refuses a foreign Host before the method and the body are checked', async (t) => {
  const { app } = await createApp(t)

  for (const method of ['GET', 'PUT', 'DELETE', 'OPTIONS', 'POST'] as const) {
    const response = await app.inject({
      method,
      url: '/mcp',
      headers: { host: 'evil.example', 'content-type': 'text/plain' },
      payload: 'x'
    })

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

async function sendHttp2 (
  client: http2.ClientHttp2Session,
  headers: http2.OutgoingHttpHeaders
): Promise<{ status: unknown, body: unknown }> {
  const { headers: metadata, payload } = modern('server/discover')
  const stream = client.request({ ...metadata, ':method': 'POST', ':path': '/mcp', ...headers })
  stream.end(payload)
  const [received] = await once(stream, 'response')
  return { status: received[':status'], body: await json(stream) }
}

t.test('over HTTP/2 the authority is checked as the Host', async (t) => {
  const client = await connect(t)

  const inside = await sendHttp2(client, { ':authority': 'localhost:8000' })
  const outside = await sendHttp2(client, { ':authority': 'evil.example' })

  t.equal(inside.status, 200)
  t.same(outside, { status: 421, body: INVALID_HOST })
})

t.test('over HTTP/2 both the authority and a Host header must be allowed', async (t) => {
  const client = await connect(t)

  t.same(await sendHttp2(client, { ':authority': 'evil.example', host: 'localhost' }), {
    status: 421,
    body: INVALID_HOST
  })
  t.same(await sendHttp2(client, { ':authority': 'localhost', host: 'evil.example' }), {
    status: 421,
    body: INVALID_HOST
  })
  t.equal((await sendHttp2(client, { ':authority': 'localhost', host: '127.0.0.1' })).status, 200)
})

t.test('over HTTP/2 a Host header is checked if there is no authority', async (t) => {
  const client = await connect(t)

  const inside = await sendHttp2(client, { host: 'localhost' })
  const outside = await sendHttp2(client, { host: 'evil.example' })

  t.equal(inside.status, 200)
  t.same(outside, { status: 421, body: INVALID_HOST })
})
