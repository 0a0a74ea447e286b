import { once } from 'node:events'
import http2 from 'node:http2'
import { text } from 'node:stream/consumers'
import Fastify from 'fastify'
import t, { type Test } from 'tap'
import mcpPlugin, { type McpServer, type RequestContext } from '../../../lib/index.ts'
import { createApp, createServer, initialize, JSON_AND_SSE, modernCall, SERVER_META, type AppOptions } from '../../support/app.ts'
import { partsOf } from '../../support/parts.ts'
import { collectFrames, createGate, frameOf, listen, readFrames, send, sendAlone } from '../../support/stream.ts'

type Handler = (ctx: RequestContext) => string | Promise<string>

const DONE = frameOf({
  jsonrpc: '2.0',
  id: 1,
  result: { resultType: 'complete', content: [{ type: 'text', text: 'done' }], _meta: SERVER_META }
})
const WORKING = frameOf({ jsonrpc: '2.0', method: 'notifications/message', params: { level: 'info', data: 'working' } })
const CALL = modernCall(
  'work',
  {},
  { headers: JSON_AND_SSE, meta: { progressToken: 'p', 'io.modelcontextprotocol/logLevel': 'info' } }
)

function createWorker (handler: Handler): McpServer {
  const server = createServer()
  server.registerTool('work', {}, (_args, ctx) => handler(ctx))
  return server
}

async function createListening (t: Test, handler: Handler, options: AppOptions = {}) {
  const { app, logLines } = await createApp(t, { ...options, server: createWorker(handler) })
  return { app, logLines, address: await listen(app), beat: () => partsOf(app.mcp.get('Notes')).exchanges.beat() }
}

function whenAborted (signal: AbortSignal): Promise<unknown> {
  return signal.aborted ? Promise.resolve() : once(signal, 'abort')
}

t.test('a call that sends no messages is answered with one JSON body', async (t) => {
  const { address } = await createListening(t, () => 'done')

  const response = await send(address, CALL)

  t.equal(response.headers.get('content-type'), 'application/json; charset=utf-8')
  t.notOk(response.headers.has('x-accel-buffering'))
})

t.test('progress and log messages make the reply a stream that ends with the result', async (t) => {
  const { address } = await createListening(t, async (ctx) => {
    await ctx.reportProgress(1, 2, 'half')
    await ctx.info('working')
    return 'done'
  })

  const response = await send(address, CALL)

  t.equal(response.status, 200)
  t.match(Object.fromEntries(response.headers), {
    'content-type': 'text/event-stream',
    'cache-control': 'no-cache, no-transform',
    'x-accel-buffering': 'no'
  })
  t.same(await collectFrames(response), [
    ': open',
    frameOf({
      jsonrpc: '2.0',
      method: 'notifications/progress',
      params: { progressToken: 'p', progress: 1, total: 2, message: 'half' }
    }),
    WORKING,
    DONE
  ])
})

t.test('an event arrives while the handler is still busy', async (t) => {
  const gate = createGate()
  const { address } = await createListening(t, async (ctx) => {
    await ctx.info('working')
    await gate.promise
    return 'done'
  })

  const frames = readFrames(await send(address, CALL))
  const early = [(await frames.next()).value, (await frames.next()).value]
  gate.open()

  t.same(early, [': open', WORKING])
  t.equal((await frames.next()).value, DONE)
  t.ok((await frames.next()).done)
})

t.test('jsonResponse drops progress and log messages, and nothing becomes a stream', async (t) => {
  const { address, beat } = await createListening(
    t,
    async (ctx) => {
      await ctx.info('working')
      beat()
      beat()
      beat()
      return 'done'
    },
    { jsonResponse: true }
  )

  const response = await send(address, CALL)

  t.equal(response.headers.get('content-type'), 'application/json; charset=utf-8')
  t.match(await response.json(), { id: 1, result: { content: [{ text: 'done' }] } })
})

t.test('a client that does not accept streams gets no notifications', async (t) => {
  const { address } = await createListening(t, async (ctx) => { await ctx.info('working'); return 'done' })

  const response = await send(address, { ...CALL, headers: { ...CALL.headers, accept: 'application/json' } })

  t.match(await response.json(), { id: 1, result: { content: [{ text: 'done' }] } })
})

t.test('an error after the stream has begun is its last event', async (t) => {
  const { address } = await createListening(t, async (ctx) => { await ctx.info('working'); throw new Error('no') })

  const frames = await collectFrames(await send(address, CALL))

  t.equal(frames.length, 3)
  t.match(frames[2], /"isError":true/)
})

t.test('a notification that JSON cannot carry is dropped and the call goes on', async (t) => {
  const { address, logLines } = await createListening(t, async (ctx) => { await ctx.info({ no: 1n }); return 'done' })

  const frames = await collectFrames(await send(address, CALL))

  t.equal(frames.at(-1), DONE)
  t.match(
    logLines.filter(({ level }) => level === 40),
    [{ msg: 'notifications/message could not be sent', err: { type: 'TypeError' } }]
  )
})

t.test('a quiet exchange becomes a stream on its second beat and is kept alive by comments', async (t) => {
  const started = createGate()
  const gate = createGate()
  const { address, beat } = await createListening(
    t,
    async () => {
      started.open()
      await gate.promise
      return 'done'
    },
    { keepAliveInterval: 0 }
  )

  const sent = send(address, CALL)
  await started.promise
  beat()
  beat()
  const frames = readFrames(await sent)
  const early = [(await frames.next()).value]
  beat()
  early.push((await frames.next()).value)
  gate.open()

  t.same(early, [': open', ': keep-alive'])
  t.equal((await frames.next()).value, DONE)
})

t.test('keepAliveInterval turns a silent reply into a stream, also for legacy requests', async (t) => {
  const gate = createGate()
  const { app, server } = await createApp(t, { keepAliveInterval: 2 })
  server.use(async (_ctx, next) => { await gate.promise; return next() })
  const address = await listen(app)

  const response = await send(address, initialize('2025-11-25', { headers: JSON_AND_SSE }))
  const frames = readFrames(response)
  t.same([(await frames.next()).value, (await frames.next()).value], [': open', ': keep-alive'])
  gate.open()

  t.equal(response.headers.get('content-type'), 'text/event-stream')
  t.ok(response.headers.get('mcp-session-id'))
})

t.test('a client that leaves before the reply has begun aborts ctx.signal', async (t) => {
  const started = createGate()
  const aborted = createGate<unknown>()
  const { address, app } = await createListening(t, async ({ signal }) => {
    started.open()
    await whenAborted(signal)
    aborted.open(signal.reason)
    return 'done'
  })

  const sent = sendAlone(address, CALL)
  await started.promise
  sent.destroy()

  t.match(await aborted.promise, new Error('The client closed the connection'))
  t.match(app.mcp.get('Notes').stats(), { sessions: 0, exchanges: 0, streams: 0 })
})

t.test('a client that leaves an open stream aborts ctx.signal, and what is sent to it is dropped', async (t) => {
  const finished = createGate<boolean>()
  const { address, app } = await createListening(t, async (ctx) => {
    await ctx.info('working')
    const { signal } = ctx
    await whenAborted(signal)
    await ctx.info('still working')
    finished.open(ctx.signal.aborted)
    return 'done'
  })

  const sent = sendAlone(address, CALL)
  await once(sent, 'response')
  sent.destroy()

  t.ok(await finished.promise)
  t.match(app.mcp.get('Notes').stats(), { sessions: 0, exchanges: 0, streams: 0 })
})

t.test('a handler that looks at ctx.signal only after the client has left finds it aborted', async (t) => {
  const started = createGate()
  const seen = createGate<boolean>()
  const { address } = await createListening(t, async (ctx) => {
    started.open()
    if (ctx.request !== undefined) await once(ctx.request.raw.socket, 'close')
    await ctx.info('into the void')
    seen.open(ctx.signal.aborted)
    return 'done'
  })

  const sent = sendAlone(address, { ...CALL, headers: { ...CALL.headers, accept: 'application/json' } })
  await started.promise
  sent.destroy()

  t.ok(await seen.promise)
})

t.test('over HTTP/2 a client that leaves aborts ctx.signal, whenever the handler looks at it', async (t) => {
  for (const late of [false, true]) {
    const started = createGate<RequestContext>()
    const gone = createGate()
    const aborted = createGate()
    const app = Fastify({ http2: true })
    const server = createWorker(async (ctx) => {
      if (!late) whenAborted(ctx.signal).then(() => aborted.open())
      started.open(ctx)
      await gone.promise
      if (ctx.signal.aborted) aborted.open()
      return 'done'
    })
    app.addHook('onRequest', async ({ raw }) => { raw.stream.once('close', () => gone.open()) })
    app.register(mcpPlugin, { server })
    t.teardown(() => app.close())
    const client = http2.connect(await app.listen({ port: 0, host: '127.0.0.1' }))
    t.teardown(() => client.close())

    const stream = client.request({ ...CALL.headers, ':method': 'POST', ':path': '/mcp', ':authority': 'localhost' })
    stream.end(CALL.payload)
    await started.promise
    stream.close(http2.constants.NGHTTP2_CANCEL)

    await t.resolves(aborted.promise)
  }
})

t.test('a client that does not read is cut once more than maxBuffered waits, if the handler does not wait for it', async (t) => {
  const cut = createGate()
  const { address, logLines } = await createListening(t, async (ctx) => {
    const { signal } = ctx
    const line = 'x'.repeat(100_000)
    while (!signal.aborted) {
      ctx.info(line)
      await new Promise(setImmediate)
    }
    cut.open()
    return 'done'
  }, { maxBuffered: 200_000 })

  const sent = sendAlone(address, CALL)
  const [response] = await once(sent, 'response')
  await cut.promise

  await t.rejects(text(response))
  t.match(
    logLines.filter(({ level }) => level === 40),
    [{ msg: 'stream cut: its client left more than 200000 bytes unread' }]
  )
})

t.test('a long result after a notification reaches a client that reads', async (t) => {
  const { address } = await createListening(
    t,
    async (ctx) => {
      await ctx.info('working')
      return 'x'.repeat(100_000)
    },
    { maxBuffered: 1000 }
  )

  const frames = await collectFrames(await send(address, CALL))

  t.equal(frames.length, 3)
  t.ok(String(frames[2]).length > 100_000)
})
