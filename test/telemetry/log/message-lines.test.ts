// The lines of messages, which the call log has at the level `trace`.
import Fastify, { type FastifyInstance } from 'fastify'
import { McpServer as SdkServer } from '@modelcontextprotocol/sdk/server/mcp.js'
import t, { type Test } from 'tap'
import mcpPlugin, { McpServer, Type, type McpMountOptions } from '../../../lib/index.ts'
import {
  JSON_AND_SSE, legacy, modern, modernCall, openSession, openSessionAs, post, type LogLine
} from '../../support/app.ts'

type Log = NonNullable<McpMountOptions['log']>

function createShop (): McpServer {
  const server = new McpServer({ name: 'Shop', version: '1.0.0' })
  const inputSchema = Type.Object({ card: Type.Object({ number: Type.String() }), note: Type.Optional(Type.String()) })
  server.registerTool('pay', { inputSchema }, async ({ card }, ctx) => {
    await ctx.reportProgress(1)
    return { content: [{ type: 'text', text: JSON.stringify({ card }) }], structuredContent: { card } }
  })
  server.registerTool('ask', {}, async (_args, ctx) => {
    const { action } = await ctx.elicit('Which?', Type.Object({ a: Type.String() }))
    return action
  })
  return server
}

interface Traced {
  readonly app: FastifyInstance
  /** The lines of messages since the last call. */
  take (): LogLine[]
}

async function createTraced (
  t: Test, options: Partial<McpMountOptions> & { log: Log }, level = 'trace'
): Promise<Traced> {
  const lines: LogLine[] = []
  const app = Fastify({ logger: { level, stream: { write (line: string) { lines.push(JSON.parse(line)) } } } })
  t.teardown(() => app.close())
  await app.register(mcpPlugin, { server: createShop(), ...options } as McpMountOptions)
  await app.ready()
  return { app, take: () => lines.splice(0).filter(({ direction }) => direction !== undefined) }
}

/** Reads a reply piece by piece. */
function readerOf ({ body }: Response): { until (text: string): Promise<string> } {
  const reader = body?.pipeThrough(new TextDecoderStream()).getReader()
  let read = ''
  return {
    async until (text) {
      while (!read.includes(text)) read += String((await reader?.read())?.value)
      return read
    }
  }
}

const ARGUMENTS = { card: { number: '4242' } }

t.test('each message in and out is a line, in the modern era', async (t) => {
  const { app, take } = await createTraced(t, { log: 'calls' })
  const request = modernCall('pay', ARGUMENTS, { id: 7, headers: JSON_AND_SSE, meta: { progressToken: 'p' } })

  const { body } = await app.inject(request)

  const [first, ...others] = take()
  const { time, pid, hostname, ...line } = { ...first }
  t.strictSame(line, {
    level: 10,
    reqId: 'req-1',
    mcp: 'Shop',
    direction: 'in',
    kind: 'request',
    method: 'tools/call',
    id: 7,
    bytes: Buffer.byteLength(request.payload),
    transport: 'http',
    msg: 'in: tools/call'
  })
  const sent = body.split('\n').filter((text) => text.startsWith('data: ')).map((text) => text.slice('data: '.length))
  t.match(others, [
    { direction: 'out', kind: 'notification', method: 'notifications/progress', bytes: sent[0]?.length },
    { reqId: 'req-1', direction: 'out', kind: 'result', id: 7, bytes: sent[1]?.length, msg: 'out: result' }
  ])
  t.equal(others.length, 2)
})

t.test('refusals, errors, batches and values that are no messages are lines, too', async (t) => {
  const { app, take } = await createTraced(t, { log: 'calls' })
  const headers = await openSession(app, '2025-03-26')
  take()

  await app.inject(modern('nonsense', {}, { id: 'a' }))
  await post(app, [{ jsonrpc: '2.0', id: 1, method: 'ping' }, { jsonrpc: '2.0', method: 'b'.repeat(200) }], headers)
  await post(app, '[1', headers)
  await post(app, Array(101).fill(1), headers)
  await post(app, {}, headers)

  t.match(take(), [
    { direction: 'in', kind: 'request', method: 'nonsense', id: 'a' },
    { direction: 'out', kind: 'error', id: 'a', code: -32601 },
    { direction: 'in', kind: 'request', method: 'ping', id: 1, bytes: 40 },
    { direction: 'in', kind: 'notification', method: /^b{128}…$/ },
    { direction: 'out', kind: 'result', id: 1 },
    { direction: 'out', kind: 'error', code: -32700, msg: 'out: error' },
    { direction: 'in', kind: 'unknown', bytes: 203 },
    { direction: 'out', kind: 'error', code: -32600 },
    { direction: 'in', kind: 'unknown', bytes: 2 },
    { direction: 'out', kind: 'error', code: -32600 }
  ])
})

t.test('questions, their answers and the messages of a GET stream are lines', async (t) => {
  const { app, take } = await createTraced(t, { log: 'calls' })
  const headers = await openSessionAs(app, 'test', { elicitation: {} })
  const url = await app.listen({ port: 0 })
  const own = { ...headers, ...JSON_AND_SSE, 'content-type': 'application/json' }
  const stream = readerOf(await fetch(`${url}/mcp`, { headers: { ...headers, accept: 'text/event-stream' } }))
  await stream.until('open')
  take()

  const { payload } = legacy('tools/call', { name: 'ask' })
  const call = readerOf(await fetch(`${url}/mcp`, { method: 'POST', headers: own, body: payload }))
  const [, id] = /"id":"(ask-[^"]*)"/.exec(await call.until('elicitation/create')) ?? []
  const answer = JSON.stringify({ jsonrpc: '2.0', id, result: { action: 'decline' } })
  await fetch(`${url}/mcp`, { method: 'POST', headers: own, body: answer })
  await call.until('"result"')
  app.mcp.get('Shop').notify.toolsChanged()
  await stream.until('list_changed')

  t.match(take(), [
    { direction: 'in', method: 'tools/call' },
    { direction: 'out', kind: 'request', method: 'elicitation/create', id },
    { direction: 'in', kind: 'result', id },
    { direction: 'out', kind: 'result', id: 1 },
    { direction: 'out', kind: 'notification', method: 'notifications/tools/list_changed' }
  ])
})

t.test('messages of HTTP+SSE and of servers of the SDK are lines', async (t) => {
  const sdk = (): SdkServer => {
    const server = new SdkServer({ name: 'Shop', version: '1.0.0' })
    server.registerTool('hello', {}, () => ({ content: [] }))
    return server
  }
  const { app, take } = await createTraced(t, { log: 'calls', server: sdk, legacySse: true })
  const url = await app.listen({ port: 0 })
  const stream = readerOf(await fetch(`${url}/sse`, { headers: { accept: 'text/event-stream' } }))
  const [, path] = /data: (\S+)/.exec(await stream.until('sessionId')) ?? []

  const { method, headers, payload } = legacy('tools/call', { name: 'hello' })
  await fetch(`${url}${path}`, { method, headers, body: payload })
  await stream.until('"result"')

  t.match(take(), [{ direction: 'in', method: 'tools/call' }, { direction: 'out', kind: 'result', id: 1 }])
  t.notMatch(take(), /sessionId/)
})

t.test('bodies are logged if they shall be, up to a length, without what is redacted', async (t) => {
  const { app, take } = await createTraced(t, { log: { bodies: true, redact: ['card.number'] } })

  await app.inject(modernCall('pay', ARGUMENTS))
  await app.inject(modernCall('pay', { ...ARGUMENTS, note: 'a'.repeat(20_000) }))

  const lines = take()
  t.match(lines, [
    { body: { id: 1, params: { arguments: { card: { number: '[Redacted]' } } } } },
    {
      body: {
        result: {
          content: [{ text: '{"card":{"number":"[Redacted]"}}' }],
          structuredContent: { card: { number: '[Redacted]' } }
        }
      }
    },
    { direction: 'in', bytes: Number },
    { direction: 'out', body: Object }
  ])
  t.notOk(lines[2] !== undefined && 'body' in lines[2])
  t.notMatch(JSON.stringify(lines), /4242/)
})

t.test('the state of a request, and the URL of a question, are never in a body', async (t) => {
  const { app, take } = await createTraced(t, { log: { bodies: true } })
  const url = { mode: 'url', url: 'https://login.example?code=secret' }

  await app.inject(modern('tools/call', { name: 'ask', requestState: 'secret', inputResponses: { a: url } }))

  t.match(take()[0], { body: { params: { requestState: '[Redacted]', inputResponses: { a: { url: '[Redacted]' } } } } })
})

t.test('a level that changes while the app runs is followed, and other levels have no such lines', async (t) => {
  const { app, take } = await createTraced(t, { log: 'calls' }, 'info')

  await app.inject(modernCall('pay', ARGUMENTS))
  const atInfo = take()
  app.log.level = 'trace'
  await app.inject(modernCall('pay', ARGUMENTS))

  t.equal(atInfo.length, 0)
  t.equal(take().length, 2)
})

t.test('the level of the mount decides, and a mount without a call log has no such lines', async (t) => {
  const traced = await createTraced(t, { log: 'calls', logLevel: 'trace' }, 'info')
  const silent = await createTraced(t, { log: false })

  await traced.app.inject(modernCall('pay', ARGUMENTS))
  await silent.app.inject(modernCall('pay', ARGUMENTS))

  t.equal(traced.take().length, 2)
  t.equal(silent.take().length, 0)
})

t.test('a logger that only has a level is asked for it', async (t) => {
  const texts: string[] = []
  const create = (level: string): FastifyInstance['log'] => {
    const ignore = (): void => {}
    const trace = (_fields: object, text: string): void => { texts.push(text) }
    const silent = { silent: ignore, fatal: ignore, error: ignore, warn: ignore, info: ignore, debug: ignore }
    return { ...silent, level, trace, child: () => create(level) } as unknown as FastifyInstance['log']
  }
  for (const level of ['info', 'trace']) {
    const app = Fastify({ loggerInstance: create(level) })
    t.teardown(() => app.close())
    await app.register(mcpPlugin, { server: createShop(), log: 'calls' })
    await app.inject(modernCall('pay', ARGUMENTS))
  }

  t.same(texts.filter((text) => /^(?:in|out): /.test(text)), ['in: tools/call', 'out: result'])
})
