import { once } from 'node:events'
import { get } from 'node:http'
import type { Socket } from 'node:net'
import { Readable } from 'node:stream'
import { mock } from 'node:test'
import type { FastifyInstance } from 'fastify'
import t, { type Test } from 'tap'
import mcpExplorer, { type McpExplorerOptions } from '../../lib/explorer/index.ts'
import { Watcher } from '../../lib/explorer/watcher.ts'
import { OpenExchanges } from '../../lib/http/reply/open-exchanges.ts'
import mcpPlugin, { McpServer, ToolError, Type, type McpMountOptions } from '../../lib/index.ts'
import { requests } from '../../lib/telemetry/channels.ts'
import type { WatchedCall, WatchMessage } from '../../lib/explorer/watched.ts'
import { createHost, legacy, modern, modernCall } from '../support/app.ts'
import { readFrames, send, until } from '../support/stream.ts'
import { buildPage } from '../page.js'

t.before(buildPage)

function createShop (): McpServer {
  const server = new McpServer({ name: 'Shop', version: '1.0.0' })
  server.registerTool('buy', { inputSchema: Type.Object({ card: Type.String(), note: Type.Optional(Type.String()) }) },
    () => 'bought')
  server.registerTool('fail', {}, () => { throw new ToolError('out of tea') })
  return server
}

interface Watched { readonly app: FastifyInstance, readonly address: string }

async function createWatched (
  t: Test, watch: McpExplorerOptions['watch'] = true, options: Partial<Omit<McpMountOptions, 'server'>> = {}
): Promise<Watched> {
  const { app } = createHost(t)
  app.register(mcpPlugin, { ...options, server: createShop() })
  app.register(mcpExplorer, { watch })
  return { app, address: await app.listen({ port: 0, host: '127.0.0.1' }) }
}

/** A page that watches: what it has been sent, in order. */
interface TestWatcher {
  readonly response: Response
  /** Resolves to the next message, or to undefined at the end. */
  next (): Promise<WatchMessage | undefined>
  /** Resolves to as many calls. */
  take (count: number): Promise<readonly WatchedCall[]>
  leave (): void
}

function readMessage (frame: string): WatchMessage {
  return JSON.parse(frame.slice(frame.indexOf('{'))) as WatchMessage
}

/** Opens the stream as the page does. */
async function watch (t: Test, address: string, headers: Readonly<Record<string, string>> = {}): Promise<TestWatcher> {
  const controller = new AbortController()
  t.teardown(() => controller.abort())
  const response = await fetch(`${address}/explorer/calls`, { headers, signal: controller.signal })
  const frames = readFrames(response)
  const next = async (): Promise<WatchMessage | undefined> => {
    const { value } = await frames.next()
    if (value?.startsWith(':') === true) return await next()
    return value === undefined ? undefined : readMessage(value)
  }
  return {
    response,
    next,
    async take (count) {
      const calls: WatchedCall[] = []
      while (calls.length < count) calls.push(...(await next())?.calls ?? [])
      return calls
    },
    leave: () => controller.abort()
  }
}

const CLIENT = { 'io.modelcontextprotocol/clientInfo': { name: 'Claude', version: '2.0' } }

t.test('a page that watches sees how the calls of all clients end, without their arguments', async (t) => {
  const { app, address } = await createWatched(t)
  const watcher = await watch(t, address)

  await send(address, modernCall('buy', { card: '4242' }, { meta: CLIENT }))
  await send(address, modernCall('fail'))
  await app.mcp.get('Shop').call('buy', {})
  await send(address, modern('tools/list', {}, { headers: { origin: 'https://evil.example' } }))
  const calls = await watcher.take(4)

  t.match(watcher.response.headers.get('content-type'), 'text/event-stream')
  t.match(watcher.response.headers.get('cache-control'), 'no-transform')
  t.equal(watcher.response.headers.get('x-accel-buffering'), 'no')
  t.match(calls, [
    {
      mount: 'Shop',
      method: 'tools/call',
      target: 'buy',
      outcome: 'ok',
      transport: 'http',
      client: 'Claude 2.0',
      era: 'modern',
      reqId: /^req-/,
      time: Number,
      ms: Number
    },
    { target: 'fail', outcome: 'tool_error', error: 'out of tea' },
    { target: 'buy', outcome: 'invalid_arguments', transport: 'host' },
    { method: 'tools/list', outcome: 'refused', reason: 'origin', status: 403, advice: /allowedOrigins/ }
  ])
  t.notMatch(JSON.stringify(calls), '4242')
  t.notOk(calls.some((call) => 'arguments' in call))
})

t.test('it sees how much is open, and sessions by their hashes', async (t) => {
  const { address } = await createWatched(t)
  const watcher = await watch(t, address)

  t.same(await watcher.next(), { calls: [], dropped: 0, open: { Shop: { sessions: 0, exchanges: 0, streams: 0 } } })
  const opened = await send(address, legacy('initialize', {
    protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'Old', version: '1' }
  }))
  const id = String(opened.headers.get('mcp-session-id'))
  await send(address, legacy('tools/call', { name: 'fail' }, { headers: { 'mcp-session-id': id } }))
  const calls: WatchedCall[] = []
  let sessions = 0
  while (calls.length < 2 || sessions === 0) {
    const message = await watcher.next()
    calls.push(...message?.calls ?? [])
    sessions = message?.open?.['Shop']?.sessions ?? sessions
  }

  t.equal(sessions, 1)
  t.match(calls, [
    { method: 'initialize', client: 'Old 1', era: 'legacy' }, { target: 'fail', session: /^[0-9a-f]{16}$/ }
  ])
  t.notMatch(JSON.stringify(calls), id)
})

t.test('arguments are shown if the app says so, without those that it or the mount redacts', async (t) => {
  const { app, address } = await createWatched(t, { arguments: true, redact: ['note'] }, { log: { redact: ['card'] } })
  const watcher = await watch(t, address)

  await send(address, modernCall('buy', { card: '4242', note: 'n', more: 'm'.repeat(3000) }))
  await send(address, modern('tools/list'))
  // The arguments of calls by the app itself need not be JSON.
  await app.mcp.get('Shop').call('fail', { count: 1n })
  await app.mcp.get('Shop').call('buy', { card: '1' })
  const calls: WatchedCall[] = []
  let missing = 0
  while (calls.length < 3) {
    const message = await watcher.next()
    calls.push(...message?.calls ?? [])
    missing += message?.dropped ?? 0
  }

  t.equal(calls[0]?.arguments?.slice(0, 60), '{"card":"[Redacted]","note":"[Redacted]","more":"mmmmmmmmmmm')
  t.equal(calls[0]?.arguments?.length, 2001)
  t.equal(calls[1]?.arguments, undefined)
  t.equal(calls[2]?.arguments, '{"card":"[Redacted]"}')
  t.equal(missing, 1)
})

t.test('the calls of other apps of the process are not shown', async (t) => {
  const { address } = await createWatched(t, { arguments: true })
  const other = await createWatched(t)
  const watcher = await watch(t, address)

  await send(other.address, modernCall('fail'))
  await send(address, modernCall('buy', { card: '1' }))

  t.match(await watcher.take(1), [{ target: 'buy', arguments: '{"card":"1"}' }])
})

t.test('nothing is recorded while no page watches', async (t) => {
  const { address } = await createWatched(t)

  t.notOk(requests.asyncEnd.hasSubscribers)
  const watchers = [await watch(t, address), await watch(t, address)]
  t.ok(requests.asyncEnd.hasSubscribers)
  for (const watcher of watchers) watcher.leave()

  await until(() => !requests.asyncEnd.hasSubscribers)
})

t.test('a page beyond the limit gets 503 until another one leaves', async (t) => {
  const { address } = await createWatched(t, { maxWatchers: 1 })
  const first = await watch(t, address)

  const { response: refused } = await watch(t, address)
  t.equal(refused.status, 503)
  t.equal(refused.headers.get('retry-after'), '5')
  t.match(await refused.json(), { message: "1 pages watch already, which is the limit 'watch.maxWatchers'." })
  first.leave()
  await until(() => !requests.asyncEnd.hasSubscribers)

  t.equal((await watch(t, address)).response.status, 200)
})

t.test('whoever may not open the page may not watch, and neither may pages of other sites', async (t) => {
  const { app } = createHost(t)
  app.register(mcpExplorer, { watch: true, authorize: ({ headers }) => headers['x-role'] === 'staff' })
  const ask = async (headers: Readonly<Record<string, string>>): Promise<number> => {
    return (await app.inject({ url: '/explorer/calls', headers: { 'x-role': 'staff', ...headers } })).statusCode
  }

  t.equal(await ask({ 'x-role': 'guest' }), 403)
  t.equal(await ask({ 'sec-fetch-site': 'same-site' }), 403)
  t.equal(await ask({ origin: 'https://evil.example' }), 403)
  t.notOk(requests.asyncEnd.hasSubscribers)
})

t.test('without authorize, the host has to be one that a mount serves', async (t) => {
  const { app } = createHost(t)
  app.register(mcpPlugin, { server: createShop(), publicUrl: 'https://shop.example' })
  app.register(mcpExplorer, { watch: { maxWatchers: 1 } })
  const address = await app.listen({ port: 0, host: '127.0.0.1' })
  await watch(t, address)
  const ask = async (host: string) => await app.inject({ url: '/explorer/calls', headers: { host } })

  // The only place is taken, so that whoever may watch gets 503.
  t.equal((await ask('shop.example')).statusCode, 503)
  t.equal((await ask('localhost:8000')).statusCode, 503)
  t.match(await ask('evil.example'), { statusCode: 421, body: /add it to 'allowedHosts'/ })
})

t.test('any host may be served by an app that allows any host, and by one whose authorize decides', async (t) => {
  for (const [options, explorer] of [[{ dnsRebindingProtection: false }, {}], [{}, { authorize: () => true }]]) {
    const { app } = createHost(t)
    app.register(mcpPlugin, { server: createShop(), ...options })
    app.register(mcpExplorer, { watch: { maxWatchers: 1 }, ...explorer })
    await watch(t, await app.listen({ port: 0, host: '127.0.0.1' }))

    t.equal((await app.inject({ url: '/explorer/calls', headers: { host: 'any.example' } })).statusCode, 503)
  }
})

t.test('closing the app ends what pages watch, and does not wait for them', async (t) => {
  const { app, address } = await createWatched(t)
  const watcher = await watch(t, address)
  await watcher.next()

  await app.close()

  t.equal(await watcher.next(), undefined)
  t.notOk(requests.asyncEnd.hasSubscribers)
})

t.test('closing the app does not wait for a page that has stopped reading', async (t) => {
  const { app, address } = await createWatched(t, { arguments: true })
  const connected = once(app.server, 'connection') as Promise<[Socket]>
  const request = get(`${address}/explorer/calls`)
  request.on('error', () => {})
  t.teardown(() => request.destroy())
  await once(request, 'response')
  const [socket] = await connected
  // Nobody reads the response, so what the system does not take waits in this process.
  const note = 'n'.repeat(2000)
  while (socket.writableLength === 0) {
    for (let count = 0; count < 400; count++) await app.mcp.get('Shop').call('buy', { card: '1', note })
    await new Promise(setImmediate)
  }

  // No time limit passes.
  mock.timers.enable({ apis: ['setTimeout'] })
  t.teardown(() => mock.timers.reset())
  await app.close()

  t.ok(socket.destroyed)
  t.notOk(requests.asyncEnd.hasSubscribers)
})

t.test('after an hour a page has to ask again, so that authorize decides anew', async (t) => {
  mock.timers.enable({ apis: ['Date', 'setInterval'] })
  t.teardown(() => mock.timers.reset())
  const { address } = await createWatched(t)
  const watcher = await watch(t, address)
  await watcher.next()

  mock.timers.tick(3_600_000)
  t.ok(requests.asyncEnd.hasSubscribers)
  mock.timers.tick(1000)

  t.equal(await watcher.next(), undefined)
})

t.test('a page that reads slowly gets a number in place of the calls that do not fit', async (t) => {
  const call = JSON.stringify({ text: 'x'.repeat(100_000) })
  const watcher = new Watcher(new OpenExchanges(0), () => {})
  t.teardown(() => watcher.stream.destroy())

  // The timer of a watcher does not keep the process running, and an app that listens does.
  await createHost(t).app.listen({ port: 0, host: '127.0.0.1' })
  // The stream begins, and then nothing reads it, so the first message fills it.
  await once(watcher.stream, 'readable')
  for (let count = 0; count < 12; count++) watcher.add(call)
  await until(() => watcher.stream.readableLength > call.length)
  for (let count = 0; count < 12; count++) watcher.add(call)
  const messages = []
  const body = Readable.toWeb(watcher.stream) as ReadableStream<Uint8Array>
  for await (const frame of readFrames(new Response(body))) {
    if (frame.startsWith(':')) continue
    messages.push(readMessage(frame))
    if (messages.length === 2) break
  }

  t.same(messages.map(({ calls, dropped }) => [calls.length, dropped]), [[10, 2], [10, 2]])
})

t.test('without the option there is nothing to watch', async (t) => {
  const { app } = createHost(t)
  app.register(mcpExplorer)

  t.equal((await app.inject('/explorer/calls')).statusCode, 404)
  t.equal((await app.inject('/explorer/mounts.json')).json().canWatch, false)
  const { app: watched } = await createWatched(t)
  t.equal((await watched.inject('/explorer/mounts.json')).json().canWatch, true)
})

t.test('wrong options are refused', async (t) => {
  const register = async (watch: unknown): Promise<unknown> => {
    return await createHost(t).app.register(mcpExplorer, { watch } as McpExplorerOptions)
  }

  await t.rejects(register('calls'), {
    message: "option 'watch' must be true, false or an object, such as { arguments: true }"
  })
  await t.rejects(register({ args: true }), {
    message: "option 'watch' has 'args', which does not exist; the options are arguments, redact, maxWatchers"
  })
  await t.rejects(register({ maxWatchers: 0 }), {
    message: "option 'watch' has 'maxWatchers', which must be a whole number above 0"
  })
  await t.rejects(register({ redact: ['a['] }), { message: /^option 'watch' has a path in 'redact' that is wrong/ })
})
