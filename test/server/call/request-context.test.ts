import t from 'tap'
import type { LogLevel } from '../../../lib/protocol/log-level.ts'
import { Client, createNotes, createScoped, untyped, type Params } from '../../support/definition-client.ts'

const LEVELS: readonly LogLevel[] = ['debug', 'info', 'notice', 'warning', 'error', 'critical', 'alert', 'emergency']

function createProgressing (progressToken: unknown = 'p') {
  const client = new Client()
  const call = client.createCall({ _meta: { progressToken } })
  const values = () => client.sent.map(({ params }) => Object(params).progress)
  return { client, call, ctx: call.ctx, values }
}

t.test('ctx describes the request of the handler', async (t) => {
  const params: Params = { name: 'add', _meta: { 'example.com/a': 1 } }
  const modern = new Client({ lifespan: { pool: 1 } }).createContext('tools/call', params)
  const legacy = new Client({ era: 'legacy' }).createContext('prompts/get')

  t.equal(modern.method, 'tools/call')
  t.equal(modern.params, params)
  t.equal(modern.requestId, 1)
  t.strictSame(modern.meta, { 'example.com/a': 1 })
  t.equal(modern.era, 'modern')
  t.equal(modern.protocolVersion, '2026-07-28')
  t.strictSame(modern.client, { info: { name: 'Ann', version: '2' }, capabilities: {} })
  t.equal(modern.sessionId, undefined)
  t.equal(modern.request, undefined)
  t.strictSame(modern.lifespan, { pool: 1 })

  t.equal(legacy.era, 'legacy')
  t.equal(legacy.protocolVersion, '2025-11-25')
  t.equal(legacy.sessionId, 'session-1')
  t.strictSame(legacy.meta, {})
})

t.test('ctx.auth is the verified identity of the caller, if the mount has auth', async (t) => {
  t.strictSame(createScoped(['notes:read']).createContext().auth, {
    token: 'token', clientId: 'client', scopes: ['notes:read']
  })
  t.equal(new Client().createContext().auth, undefined)
})

t.test("ctx.readResource reads the resources of the handler's own server", async (t) => {
  const ctx = new Client().createContext()

  t.strictSame(await ctx.readResource('x://1'), { contents: [{ uri: 'x://1', text: 'read' }] })
})

t.test('progress notifications omit unknown totals and messages', async (t) => {
  const { client, ctx } = createProgressing(0)

  await ctx.reportProgress(1)
  await ctx.reportProgress(2, 4)
  await ctx.reportProgress(3, undefined, 'almost')
  await ctx.reportProgress(4, 4, '')

  const method = 'notifications/progress'
  t.strictSame(client.sent, [
    { method, params: { progressToken: 0, progress: 1 } },
    { method, params: { progressToken: 0, progress: 2, total: 4 } },
    { method, params: { progressToken: 0, progress: 3, message: 'almost' } },
    { method, params: { progressToken: 0, progress: 4, total: 4, message: '' } }
  ])
})

t.test('progress that does not increase is dropped', async (t) => {
  const { ctx, values } = createProgressing()

  for (const progress of [-1, -2, 0, 0, 2, 1, 2, 2.5]) await ctx.reportProgress(progress)

  t.strictSame(values(), [-1, 0, 2, 2.5])
})

t.test('progress that JSON cannot represent is dropped, and later progress is sent', async (t) => {
  const { client, ctx, values } = createProgressing()

  for (const progress of [NaN, Infinity, -Infinity, untyped<number>('5'), 1]) await ctx.reportProgress(progress, NaN)

  t.strictSame(values(), [1])
  t.strictSame(client.sent[0]?.params, { progressToken: 'p', progress: 1 })
})

t.test('a client without a progress token gets no progress', async (t) => {
  for (const progressToken of [undefined, null, {}, 1.5]) {
    const client = new Client()
    await client.createContext('tools/call', { _meta: { progressToken } }).reportProgress(1)
    t.strictSame(client.sent, [])
  }
  const client = new Client()
  await client.createContext().reportProgress(1)
  t.strictSame(client.sent, [])
})

t.test('log messages below the level that the client asked for are not sent', async (t) => {
  for (const [severity, logLevel] of LEVELS.entries()) {
    for (const era of ['modern', 'legacy'] as const) {
      const client = new Client({ era, logLevel })
      const ctx = client.createContext()

      for (const level of LEVELS) await ctx.log(level, 'a')

      t.strictSame(client.sent.map(({ params }) => Object(params).level), LEVELS.slice(severity))
    }
  }
})

t.test('without a level, a modern client gets no log messages and a legacy client gets all', async (t) => {
  const modern = new Client()
  const legacy = new Client({ era: 'legacy' })

  await modern.createContext().log('emergency', 'a')
  await legacy.createContext().log('debug', 'a')

  t.strictSame(modern.sent, [])
  t.strictSame(legacy.sent, [{ method: 'notifications/message', params: { level: 'debug', data: 'a' } }])
})

t.test('ctx.log.info and the like send messages of that level', async (t) => {
  const client = new Client({ era: 'legacy' })
  const ctx = client.createContext()

  await ctx.debug({ a: 1 })
  await ctx.info('b', 'db')
  await ctx.warning(null)
  await ctx.error(undefined, '')

  const method = 'notifications/message'
  t.strictSame(client.sent, [
    { method, params: { level: 'debug', data: { a: 1 } } },
    { method, params: { level: 'info', logger: 'db', data: 'b' } },
    { method, params: { level: 'warning', data: null } },
    { method, params: { level: 'error', logger: '', data: null } }
  ])
})

t.test('a log message that JSON cannot represent is logged by the app and does not fail the call', async (t) => {
  const client = new Client({ era: 'legacy' })

  await client.createContext().info({ big: 1n })

  t.strictSame(client.sent, [])
  t.match(client.logged, [{ level: 'warn', err: TypeError, msg: 'notifications/message could not be sent' }])
})

t.test('nothing is sent for a request that has ended', async (t) => {
  const { client, call, ctx } = createProgressing()

  call.end()
  await ctx.reportProgress(1)
  await ctx.log('emergency', 'a')

  t.strictSame(client.sent, [])
  t.equal(ctx.signal.aborted, false)
})

t.test('the signal is aborted when the client disconnects', async (t) => {
  const client = new Client()
  const ctx = client.createContext()
  const { signal } = ctx
  t.equal(signal.aborted, false)

  client.disconnect()

  t.equal(ctx.signal, signal)
  t.match(signal, { aborted: true, reason: { message: 'The client closed the connection' } })
})

t.test('the signal keeps its first reason, even if it is first read after the abort', async (t) => {
  const client = new Client()
  const [early, late] = [client.createCall(), client.createCall()]
  const { signal } = early.ctx

  for (const call of [early, late]) {
    call.end(new Error('first'))
    call.end(new Error('second'))
  }
  client.disconnect()

  t.match(signal, { aborted: true, reason: { message: 'first' } })
  t.match(late.ctx.signal, { aborted: true, reason: { message: 'first' } })
})

t.test('notifications after the result are dropped', async (t) => {
  const server = createNotes()
  const rest: Array<() => Promise<void>> = []
  server.registerTool('add', {}, async (_args, ctx) => {
    await ctx.reportProgress(1)
    rest.push(() => ctx.reportProgress(2), () => ctx.error('late'))
    return 'a'
  })
  const client = new Client({ era: 'legacy' })

  await client.callTool(server, 'add', {}, { progressToken: 'p' })
  for (const send of rest) await send()

  t.strictSame(client.sent, [{ method: 'notifications/progress', params: { progressToken: 'p', progress: 1 } }])
})

t.test('reporting progress and logging wait for a client that reads slowly', async (t) => {
  let read = (): void => {}
  const client = new Client({ era: 'legacy', channel: { drained: () => new Promise((resolve) => { read = resolve }) } })
  const ctx = client.createContext('tools/call', { _meta: { progressToken: 'p' } })

  for (const send of [() => ctx.reportProgress(1), () => ctx.info('a')]) {
    let isDone = false
    const sent = send().then(() => { isDone = true })
    await new Promise((resolve) => { setImmediate(resolve) })
    t.equal(isDone, false)
    read()
    await sent
  }
  t.equal(client.sent.length, 2)
})

t.test('closing the stream has an effect only if the channel supports it', async (t) => {
  let closed = 0

  new Client().createContext().closeStream()
  new Client({ channel: { closeStream: () => { closed++ } } }).createContext().closeStream()

  t.equal(closed, 1)
})

t.test('a context has no answers and no state if the request brings none', async (t) => {
  const ctx = new Client().createContext()

  t.strictSame(ctx.inputResponses, {})
  t.equal(ctx.inputState, undefined)
})

t.test('ctx can publish a resource change even after its handler has returned', async (t) => {
  const client = new Client()
  const call = client.createCall()
  const { ctx } = call

  t.equal(ctx.notifyResourceUpdated('notes://a'), undefined)
  call.end()
  ctx.notifyResourceUpdated('notes://b')

  t.strictSame(client.updated, ['notes://a', 'notes://b'])
})
