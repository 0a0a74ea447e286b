import { connect, type Socket } from 'node:net'
import t from 'tap'
import mcpPlugin from '../../../lib/index.ts'
import { createApp, createHost, createServer, modernCall, mount } from '../../support/app.ts'
import { partsOf } from '../../support/parts.ts'
import { createGate, listen, send, until } from '../../support/stream.ts'

const OK = { status: 'ok' }
const UNAVAILABLE = { status: 'unavailable' }

t.test('without the option health, the app has no health checks', async (t) => {
  const { app } = await createApp(t)

  t.equal((await app.inject({ url: '/health' })).statusCode, 404)
})

t.test('health checks answer GET and HEAD at three paths below the prefix, with Cache-Control: no-store', async (t) => {
  const { app } = createHost(t, { exposeHeadRoutes: false })
  app.register(mcpPlugin, { prefix: '/notes', server: createServer(), health: true })

  for (const url of ['/notes/health', '/notes/health/ready', '/notes/health/live']) {
    const got = await app.inject({ url })
    const head = await app.inject({ method: 'HEAD', url })

    t.equal(got.statusCode, 200, url)
    t.same(got.json(), OK)
    t.match(got.headers, { 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-store' })
    t.equal(head.statusCode, 200)
    t.equal(head.body, '')
    t.equal((await app.inject({ method: 'POST', url })).statusCode, 404)
  }
})

t.test('health checks ignore the Host, the Origin, the constraints and the hooks of the endpoint, and log no requests', async (t) => {
  const { app, logLines } = createHost(t)
  app.register(mcpPlugin, {
    server: createServer(),
    health: true,
    constraints: { host: 'api.example.com' },
    allowedHosts: ['api.example.com'],
    hooks: { onRequest: async (_request, reply) => reply.code(401).send() }
  })

  const response = await app.inject({ url: '/health', headers: { host: '10.0.0.7:8000', origin: 'https://evil.example' } })

  t.equal(response.statusCode, 200)
  t.same(logLines.filter(({ req }) => req !== undefined), [])
})

t.test('health: { path } sets the path of the health checks', async (t) => {
  const { app } = await createApp(t, { health: { path: '/up' } })

  t.equal((await app.inject({ url: '/up' })).statusCode, 200)
  t.equal((await app.inject({ url: '/up/live' })).statusCode, 200)
  t.equal((await app.inject({ url: '/health' })).statusCode, 404)
})

t.test('who may see details gets the load of the mount, too', async (t) => {
  const failure = new Error('the list of keys is missing')
  const { app, logLines } = await createApp(t, {
    health: {
      details: async ({ headers }) => {
        if (headers.key === 'broken') throw failure
        return headers.key === 'secret'
      }
    }
  })
  const ask = async (url: string, key: string): Promise<unknown> =>
    (await app.inject({ url, headers: { key } })).json()

  t.match(await ask('/health', 'secret'), { ...OK, sessions: 0, exchanges: 0, streams: 0, outcomes: { ok: 0 } })
  t.strictSame(await ask('/health/live', 'guess'), OK)
  t.strictSame(await ask('/health', 'broken'), OK)
  t.match(logLines.at(-1), { level: 50, err: { message: failure.message }, msg: /'details' of option 'health'/ })
})

t.test('the option ready decides whether the mount is ready, but not whether it is live; a check that throws is logged', async (t) => {
  let check = async (): Promise<boolean> => true
  const { app, logLines } = await createApp(t, { health: { ready: () => check() } })
  const ask = async (): Promise<unknown[]> => {
    const [overall, ready, live] = [
      await app.inject({ url: '/health' }), await app.inject({ url: '/health/ready' }),
      await app.inject({ url: '/health/live' })
    ]
    return [overall.statusCode, overall.json(), ready.statusCode, ready.json(), live.statusCode, live.json()]
  }

  t.same(await ask(), [200, OK, 200, OK, 200, OK])
  check = async () => false
  t.same(await ask(), [503, UNAVAILABLE, 503, UNAVAILABLE, 200, OK])
  check = async () => { throw new Error('the database is gone') }
  t.same(await ask(), [503, UNAVAILABLE, 503, UNAVAILABLE, 200, OK])
  t.match(
    logLines.filter(({ level }) => Number(level) >= 40),
    Array(2).fill({
      mcp: 'Notes',
      err: { message: 'the database is gone' },
      msg: "the check of option 'health' failed"
    })
  )
})

/** Asks over a connection that was open before; an app that closes takes no new ones for long. */
async function ask (socket: Socket, path: string): Promise<string> {
  const reply = createGate<string>()
  let text = ''
  const read = (chunk: Buffer): void => {
    text += String(chunk)
    const length = Number(/content-length: (\d+)/i.exec(text)?.[1] ?? NaN)
    const body = text.split('\r\n\r\n')[1] ?? ''
    if (body.length === length) reply.open(`${text.slice('HTTP/1.1 '.length, 'HTTP/1.1 '.length + 3)} ${body}`)
  }
  socket.on('data', read)
  socket.write(`GET ${path} HTTP/1.1\r\nHost: 10.0.0.7\r\n\r\n`)
  const answer = await reply.promise
  socket.off('data', read)
  return answer
}

t.test('a mount stops being ready when its app begins to close, while its requests are still served', async (t) => {
  const started = createGate()
  const finish = createGate()
  const server = createServer()
  server.registerTool('wait', {}, async () => { started.open(); await finish.promise; return 'done' })
  const { app } = createHost(t, { return503OnClosing: false })
  app.register(mcpPlugin, { server, health: true })
  const address = await listen(app)
  const sockets = await Promise.all(['live', 'ready'].map(async () => {
    const socket = connect(Number(new URL(address).port), '127.0.0.1')
    t.teardown(() => socket.destroy())
    await new Promise((resolve) => socket.once('connect', resolve))
    return socket
  }))
  const [first, second] = sockets
  if (first === undefined || second === undefined) throw new Error('no sockets')
  const called = send(address, modernCall('wait'))
  await started.promise

  t.equal(await ask(first, '/health/ready'), '200 {"status":"ok"}')
  const closed = app.close()
  await until(() => partsOf(app.mcp.get('Notes')).isClosing)

  t.equal(await ask(first, '/health/ready'), '503 {"status":"unavailable"}')
  t.equal(await ask(second, '/health/live'), '200 {"status":"ok"}')
  finish.open()
  t.match(await (await called).json(), { result: { content: [{ text: 'done' }] } })
  for (const socket of sockets) socket.destroy()
  await closed
})

t.test('two mounts with the same path for health checks are refused', async (t) => {
  const { app } = createHost(t)
  await mount(app, { server: createServer('A'), path: '/a', health: true })

  await t.rejects(mount(app, { server: createServer('B'), path: '/b', health: true }), {
    code: 'MCP_ERR_INVALID_OPTION',
    message:
      "option 'health' needs '/health', which the app already serves; give it another 'path', " +
        "such as { path: '/health-2' }"
  })
})

t.test('wrong options of health are refused', async (t) => {
  for (const [health, problem] of [
    [{ paths: '/up' }, "has 'paths', which does not exist; the options are path, ready"],
    [{ path: 'up' }, "has 'path', which must begin with '/' and end with something else"],
    [{ path: '/' }, "has 'path', which must begin with '/' and end with something else"],
    [{ path: 7 }, "has 'path', which must begin with '/' and end with something else"],
    [{ ready: true }, "has 'ready', which must be a function"]
  ] as const) {
    // Wrong values are what this test is about, so they are not typed.
    await t.rejects(mount(createHost(t).app, { server: createServer(), health: health as object }), { code: 'MCP_ERR_INVALID_OPTION', message: `option 'health' ${problem}` })
  }
})
