import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { connect } from 'node:net'
import { promisify } from 'node:util'
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import Fastify from 'fastify'
import t from 'tap'
import mcpPlugin from '../lib/index.ts'
import { createServer, JSON_AND_SSE, legacy, modern, openSession } from './support/app.ts'
import { partsOf } from './support/parts.ts'
import { collectFrames, createGate, openGet, send, until } from './support/stream.ts'
import { createTalk } from './support/talk.ts'

t.setTimeout(120_000)

const COUNT = 200
const SHUTTING_DOWN = /"code":-32603,"message":"The server is shutting down/

t.test('200 streams and 200 calls: calls that finish in time get their answers, and all streams end', async (t) => {
  const started = createGate()
  const finish = createGate()
  let count = 0
  const { app, address, mount } = await createTalk(t, async (channel, { id }) => {
    if (Number(id) % 2 === 0) channel.notify('notifications/message', {})
    if (++count === COUNT) started.open()
    await finish.promise
    return { id }
  }, { keepAliveInterval: 0 })
  const sessions = await Promise.all(Array.from({ length: COUNT }, () => openSession(app)))
  const streams = await Promise.all(sessions.map((headers) => openGet(address, headers)))
  const calls = sessions.map((headers, id) =>
    send(address, legacy('work', {}, { id, headers: { ...JSON_AND_SSE, ...headers } }))
  )
  await started.promise
  const during = mount.stats()

  const closed = app.close()
  const ended = await Promise.all(streams.map(collectFrames))
  finish.open()
  const answers = await Promise.all(calls.map(async (call) => (await call).text()))
  await closed

  t.match(during, { sessions: COUNT, exchanges: COUNT, streams: COUNT })
  t.ok(ended.every((frames) => frames.length === 1))
  for (const [id, answer] of answers.entries()) t.match(answer, `{"jsonrpc":"2.0","id":${id},"result":{"id":${id}}}`)
  t.match(mount.stats(), { sessions: 0, exchanges: 0, streams: 0 })
})

t.test('calls that do not finish in time get an error, in a body or on a stream', async (t) => {
  const started = createGate()
  let count = 0
  const { app, address } = await createTalk(t, async (channel, { id }) => {
    if (Number(id) % 2 === 0) channel.notify('notifications/message', {})
    if (++count === COUNT) started.open()
    await createGate().promise
  }, { closeGracePeriod: 1 })
  const calls = Array.from({ length: COUNT }, (_, id) =>
    send(address, modern('work', {}, { id, headers: JSON_AND_SSE }))
  )
  await started.promise

  await app.close()

  for (const call of calls) t.match(await (await call).text(), SHUTTING_DOWN)
})

t.test('a client that stops reading and stays connected does not prevent the app from closing', async (t) => {
  const started = createGate()
  const finish = createGate()
  const { app, address, mount } = await createTalk(t, async (channel, { params }) => {
    channel.notify('notifications/message', { text: 'x'.repeat(20_000_000) })
    started.open()
    if (params.finishes !== true) await finish.promise
    return {}
  }, { closeGracePeriod: 1, maxBuffered: 2 ** 26 })
  const sockets = [true, false].map((finishes) => {
    const { url, headers, payload } = modern('work', { finishes }, { headers: JSON_AND_SSE })
    const socket = connect(Number(new URL(address).port), '127.0.0.1').pause()
    const lines = Object.entries({ ...headers, host: 'localhost', 'content-length': Buffer.byteLength(payload) }).map(
      ([name, value]) => `${name}: ${value}`
    )
    socket.write([`POST ${url} HTTP/1.1`, ...lines, '', payload].join('\r\n'))
    return socket.on('error', () => {})
  })
  t.teardown(() => { for (const socket of sockets) socket.destroy() })
  await started.promise
  await until(() => mount.stats().exchanges === 2)

  await app.close()
  await until(() => mount.stats().exchanges === 0)

  t.match(mount.stats(), { sessions: 0, exchanges: 0, streams: 0 })
})

t.test('a GET whose client does not read is ended, too', async (t) => {
  const { app, address, mount } = await createTalk(t, () => ({}))
  const headers = await openSession(app)
  const socket = connect(Number(new URL(address).port), '127.0.0.1').pause().on('error', () => {})
  t.teardown(() => socket.destroy())
  socket.write(
    'GET /mcp HTTP/1.1\r\nhost: localhost\r\naccept: text/event-stream\r\nmcp-session-id: ' +
      `${headers['mcp-session-id']}\r\n\r\n`
  )
  await until(() => mount.stats().streams === 1)
  partsOf(mount)
    .sessions.get(String(headers['mcp-session-id']))
    ?.listening?.send(JSON.stringify('x'.repeat(20_000_000)))

  await app.close()
  await until(() => mount.stats().streams === 0)

  t.match(mount.stats(), { sessions: 0, exchanges: 0, streams: 0 })
})

t.test('an app closes at once if only unused connections are left', async (t) => {
  const app = Fastify()
  t.teardown(() => app.close())
  app.register(mcpPlugin, { server: createServer() })
  const url = new URL('/mcp', await app.listen({ port: 0, host: '127.0.0.1' }))
  // After its stream has ended, undici, the implementation of fetch, opens a spare connection.
  const client = new Client({ name: 'test', version: '1.0.0' })
  await client.connect(new StreamableHTTPClientTransport(url))
  await until(() => app.mcp.get('Notes').stats().streams === 1)
  await client.close()
  await until(() => app.mcp.get('Notes').stats().streams === 0)
  const unused = connect(Number(url.port), url.hostname)
  await once(unused, 'connect')

  await app.close()

  t.notOk(app.server.listening)
})

t.test("the app waits for requests longer than Fastify's timeout for hooks", async (t) => {
  const app = Fastify({ pluginTimeout: 1000 })
  t.teardown(() => app.close())
  const server = createServer()
  const started = createGate()
  const [slow, never] = [createGate(), createGate()]
  server.registerTool('slow', {}, async () => {
    await slow.promise
    return 'Done'
  })
  server.registerTool('never', {}, async (_args, { signal }) => {
    started.open()
    signal.addEventListener('abort', () => slow.open())
    await never.promise
    return 'Never'
  })
  let isLeft = false
  app.register(mcpPlugin, { server, closeGracePeriod: 1200 })
  app.register(mcpPlugin, { prefix: '/patient', name: 'patient', server, closeGracePeriod: 60_000 })
  app.addHook('onClose', async () => { isLeft = true })
  const address = await app.listen({ port: 0, host: '127.0.0.1' })
  const answers = Promise.all([
    send(address, modern('tools/call', { name: 'slow' }, { url: '/patient/mcp' })),
    send(address, modern('tools/call', { name: 'never' }))
  ].map(async (reply) => (await reply).text()))
  await started.promise

  await app.close()

  const [patient, impatient] = await answers
  t.match(patient, '"text":"Done"')
  t.match(impatient, SHUTTING_DOWN)
  t.ok(isLeft)
})

t.test('with pluginTimeout: 0, the app waits for requests, too', async (t) => {
  const app = Fastify({ pluginTimeout: 0 })
  t.teardown(() => app.close())
  const server = createServer()
  const [started, finish] = [createGate(), createGate()]
  server.registerTool('slow', {}, async () => {
    started.open()
    await finish.promise
    return 'Done'
  })
  app.register(mcpPlugin, { server })
  const address = await app.listen({ port: 0, host: '127.0.0.1' })
  const answer = send(address, modern('tools/call', { name: 'slow' }))
  await started.promise

  const closed = app.close()
  finish.open()

  t.match(await (await answer).text(), '"text":"Done"')
  await closed
})

t.test('a process whose app is closed under load exits', async (t) => {
  const program = `
    import { get, request } from 'node:http'
    import Fastify from 'fastify'
    import mcpPlugin, { McpServer } from '${new URL('../lib/index.ts', import.meta.url).href}'
    const server = new McpServer({ name: 'Notes', version: '1' })
    let waiting = 0
    const app = Fastify()
    server.registerTool('wait', {}, async (_args, ctx) => {
      if (waiting % 2) await ctx.info('working')
      if (++waiting === 50) app.close().then(() => console.log('closed'))
      await new Promise(() => {})
    })
    app.register(mcpPlugin, { server, closeGracePeriod: 1 })
    const url = await app.listen({ port: 0, host: '127.0.0.1' }) + '/mcp'
    const headers = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' }
    const post = (message, more = {}) => new Promise((resolve) => {
      request(url, { method: 'POST', headers: { ...headers, ...more } }, resolve)
        .on('error', () => {})
        .end(JSON.stringify({ jsonrpc: '2.0', id: 1, ...message }))
    })
    for (let i = 0; i < 50; i++) {
      const opened = await post({
        method: 'initialize',
        params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'a', version: '1' } }
      })
      opened.resume()
      const session = { 'mcp-session-id': opened.headers['mcp-session-id'] }
      get(url, { headers: { accept: 'text/event-stream', ...session } }, (response) => response.resume())
      post({ method: 'tools/call', params: { name: 'wait' } }, session).then((response) => response.resume())
    }`

  const { stdout } = await promisify(execFile)(
    process.execPath,
    [...process.execArgv, '--input-type=module', '--eval', program],
    {
      cwd: process.cwd(),
      timeout: 30_000
    }
  )

  t.equal(stdout, 'closed\n')
})
