import t from 'tap'
import { RpcError, ToolError } from '../../../lib/errors.ts'
import { Call, InvalidArgumentsError } from '../../../lib/server/call/call.ts'
import { TimeoutError } from '../../../lib/server/call/deadlines.ts'
import { inputRequired, InputRequiredError } from '../../../lib/server/call/input-required.ts'
import type { RequestContext } from '../../../lib/server/call/request-context.ts'
import { Client, mustNotRun, stopClock } from '../../support/definition-client.ts'

t.test('a handler gets the arguments that its check returns, and the context', async (t) => {
  const call = new Client().createCall()
  const handler = (...given: unknown[]) => given

  t.strictSame(await call.run({ handler }, 'a'), ['a', call.ctx])
  for (const check of [
    () => ({ valid: true, value: 'b' } as const), async () => ({ valid: true, value: 'b' } as const)
  ]) {
    t.strictSame(await call.run({ handler, check }, 'a'), ['b', call.ctx])
  }
})

t.test('a handler does not run with arguments that do not fit', async (t) => {
  const check = (value: unknown) => ({ valid: false, problem: `${String(value)} is not b` } as const)

  await t.rejects(
    new Client().createCall().run({ handler: mustNotRun, check }, 'a'), new InvalidArgumentsError('a is not b')
  )
})

t.test('a check that takes too long ends the call', async (t) => {
  const pass = stopClock(t)
  const call = new Client().createCall()

  const outcome = call.run({ handler: mustNotRun, check: () => new Promise(() => {}), timeout: 50 }, 'a')
  pass(50)

  await t.rejects(outcome, TimeoutError)
  t.equal(call.ctx.signal.aborted, true)
})

t.test('what is served by an attempt is returned', async (t) => {
  const call = new Client().createCall()

  t.equal(await call.attempt('reading', () => 'a'), 'a')
  t.equal(await call.attempt('reading', async () => 'b'), 'b')
})

t.test('an RpcError of a handler is the answer', async (t) => {
  const client = new Client()
  const error = new RpcError(42, 'Not today', { retry: true })

  await t.rejects(client.createCall().attempt('reading', () => { throw error }), {
    code: 42, message: 'Not today', data: { retry: true }
  })
  await t.rejects(client.createCall().attempt('reading', async () => { throw error }), { code: 42 })
  t.strictSame(client.logged, [])
})

t.test('anything else that a handler throws is logged and becomes an internal error', async (t) => {
  for (const thrown of [new TypeError('secret'), new ToolError('secret'), 'secret', null, undefined]) {
    const client = new Client()

    const error: unknown = await client.createCall().attempt('reading resource x://1', () => { throw thrown })
      .catch((error: unknown) => error)

    t.ok(error instanceof RpcError)
    t.match(error, { code: -32603, message: `Error reading resource x://1 (error id ${client.logged[0]?.errorId})` })
    t.match(client.logged, [{ level: 'error', msg: 'reading resource x://1 failed' }])
  }
})

t.test('exposeErrors shows what was thrown', async (t) => {
  const client = new Client()

  await t.rejects(client.createCall({}, { exposeErrors: true }).attempt('reading', () => {
    throw new Error('no disk')
  }), {
    code: -32603, message: /^Error reading: no disk \(error id [0-9a-f-]{36}\)$/
  })
})

t.test('a handler that takes too long is an internal error, and the app is warned', async (t) => {
  const pass = stopClock(t)
  const client = new Client()
  const call = client.createCall({}, { timeout: 50 })

  const outcome = call.attempt('reading resource x://1', () => new Promise(() => {}))
  pass(50)

  await t.rejects(outcome, { code: -32603, message: 'Error reading resource x://1: timed out after 50 ms' })
  t.equal(call.ctx.signal.aborted, true)
  t.strictSame(client.logged, [
    { level: 'warn', what: 'reading resource x://1', msg: 'reading resource x://1 timed out after 50 ms' }
  ])
})

t.test('a handler that asks ends in an error that becomes the result that asks', async (t) => {
  const call = new Client({ capabilities: { roots: {} } }).createCall()
  const error: unknown = await call.run({ handler: () => call.ctx.listRoots({ key: 'r' }) }, {})
    .catch((error: unknown) => error)

  t.ok(error instanceof InputRequiredError)
  t.equal(call.explain(error, 'reading'), error)
  t.strictSame(await call.askBack(error), {
    resultType: 'input_required', inputRequests: { r: { method: 'roots/list', params: {} } }
  })
})

t.test('a call that asked ends in the question, whatever else its handler did', async (t) => {
  const client = new Client({ capabilities: { roots: {} } })
  const handlers = [
    async (_args: unknown, ctx: RequestContext) => await ctx.listRoots().catch(() => 'caught'),
    async (_args: unknown, ctx: RequestContext) => { await ctx.listRoots().catch(() => { throw new Error('other') }) }
  ]

  for (const handler of handlers) await t.rejects(client.createCall().run<unknown>({ handler }, {}), InputRequiredError)
})

t.test('a handler that asks by hand runs again with the answers of a legacy client', async (t) => {
  const answer = () => ({ roots: [] })
  const call = new Client({ era: 'legacy', capabilities: { roots: {} }, answer }).createCall()
  const ask = inputRequired({ inputRequests: { r: { method: 'roots/list', params: {} } } })
  const handler = (_args: unknown, { inputResponses }: RequestContext) => 'r' in inputResponses ? inputResponses : ask

  t.strictSame(await call.run({ handler }, {}), { r: { roots: [] } })
})

t.test('an error that asks nothing is thrown instead of a result that asks', async (t) => {
  const error = new RpcError(7, 'No')

  await t.rejects(new Client().createCall().askBack(error), error)
})

t.test('a handler that takes too long ends in a timeout, whatever it has asked', async (t) => {
  const pass = stopClock(t)
  const call = new Client({ capabilities: { roots: {} } }).createCall()
  const handler = () => { call.ctx.listRoots(); return new Promise(() => {}) }

  const outcome = call.run({ handler, timeout: 50 }, {})
  pass(50)

  await t.rejects(outcome, TimeoutError)
})

t.test('the answers of a modern request are taken, those of a legacy one are not', async (t) => {
  const handler = (_args: unknown, ctx: RequestContext): unknown => ctx.inputResponses
  const params = { inputResponses: { a: 1 } }

  t.strictSame(await new Client().createCall(params).run({ handler }, {}), { a: 1 })
  t.strictSame(await new Client({ era: 'legacy' }).createCall(params).run({ handler }, {}), {})
  await t.rejects(new Client().createCall({ requestState: 'forged' }).run({ handler }, {}), { code: -32602 })
})

t.test('a call without questions makes nothing to ask with', async (t) => {
  const call = new Client().createCall()

  await call.run({ handler: () => 'a' }, {})

  t.equal(call.asker, undefined)
})

t.test('only a caller with a stream can be told of changes', async (t) => {
  const session = new Client({ era: 'legacy' })
  const { sessionId, ...sessionless } = session.caller
  const canListen = (client: Client, caller = client.caller): boolean =>
    new Call(
      { ...client.createCall(), caller, channel: { ...client.channel, canListen: true } }, client.createCall().server
    ).canListen

  t.equal(canListen(new Client()), true)
  t.equal(canListen(session), true)
  t.equal(canListen(session, sessionless), false)
  t.equal(new Client().createCall().canListen, false)
})

t.test('a value that needs no waiting is returned as it is', async (t) => {
  const call = new Client().createCall()
  const values = ['a', 0, null, undefined, { then: 'later' }]

  for (const value of values) t.equal(call.inTime(value, 5), value)
})

t.test('without a timeout a promise is returned as it is', async (t) => {
  const pending = Promise.resolve('a')

  t.equal(new Client().createCall().inTime(pending, 0), pending)
})

t.test('what comes in time is returned or thrown, and the timer is stopped', async (t) => {
  const pass = stopClock(t)
  const client = new Client()
  const call = client.createCall({ _meta: { progressToken: 'p' } })
  const { ctx } = call

  t.equal(await call.inTime(Promise.resolve('a'), 5), 'a')
  await t.rejects(Promise.resolve(call.inTime(Promise.reject(new Error('no')), 5)), { message: 'no' })

  pass(5)
  t.equal(ctx.signal.aborted, false)
  await ctx.reportProgress(1)
  t.equal(client.sent.length, 1)
})

t.test('what comes too late is lost: the signal is aborted and nothing is sent any more', async (t) => {
  const pass = stopClock(t)
  const client = new Client()
  const call = client.createCall({ _meta: { progressToken: 'p' } })
  const { ctx } = call
  const { promise, resolve } = createDeferred()

  const outcome = Promise.resolve(call.inTime(promise, 5))
  pass(4)
  t.equal(ctx.signal.aborted, false)
  pass(1)

  await t.rejects(outcome, new TimeoutError('timed out after 5 ms'))
  t.match(ctx.signal.reason, { name: 'TimeoutError', message: 'timed out after 5 ms' })
  await ctx.reportProgress(1)
  resolve('late')
  await t.rejects(outcome, TimeoutError)
  t.strictSame(client.sent, [])
})

t.test('an error that comes too late is dropped', async (t) => {
  const pass = stopClock(t)
  const { promise, reject } = createDeferred()
  const outcome = Promise.resolve(new Client().createCall().inTime(promise, 5))
  pass(5)

  reject(new Error('late'))

  await t.rejects(outcome, TimeoutError)
})

t.test('the time in which a legacy client is asked does not count', async (t) => {
  const pass = stopClock(t)
  const { promise: answered, resolve: answer } = createDeferred()
  const client = new Client({ era: 'legacy', capabilities: { roots: {} }, answer: () => answered })
  const call = client.createCall()
  const { ctx } = call
  const { promise } = createDeferred()
  const outcome = Promise.resolve(call.inTime(promise, 50))

  pass(20)
  const roots = ctx.listRoots()
  pass(30)
  pass(1000)
  t.equal(ctx.signal.aborted, false)
  answer({ roots: [] })
  t.strictSame(await roots, [])
  pass(29)
  t.equal(ctx.signal.aborted, false)
  pass(1)

  await t.rejects(outcome, new TimeoutError('timed out after 50 ms'))
})

t.test('what was waited for an answer in time is added at the end', async (t) => {
  const pass = stopClock(t)
  const { promise: answered, resolve: answer } = createDeferred()
  const call = new Client({ era: 'legacy', capabilities: { roots: {} }, answer: () => answered }).createCall()
  const { ctx } = call
  const outcome = Promise.resolve(call.inTime(createDeferred().promise, 50))

  const roots = Promise.all([ctx.listRoots(), ctx.listRoots({ key: 'other' })])
  pass(30)
  answer({ roots: [] })
  await roots
  pass(20)
  pass(29)
  t.equal(ctx.signal.aborted, false)
  pass(1)

  await t.rejects(outcome, TimeoutError)
})

t.test('a call that ends while its client is being asked is not ended again', async (t) => {
  const pass = stopClock(t)
  const { promise: answered, resolve: answer } = createDeferred()
  const call = new Client({ era: 'legacy', capabilities: { roots: {} }, answer: () => answered }).createCall()
  const { ctx } = call
  const { promise, resolve } = createDeferred()
  const outcome = Promise.resolve(call.inTime(promise, 50))
  const roots = ctx.listRoots()
  pass(50)

  resolve('done')
  t.equal(await outcome, 'done')
  answer({ roots: [] })
  await roots
  pass(1000)

  t.equal(ctx.signal.aborted, false)
})

function createDeferred () {
  let resolve: (value: unknown) => void = () => {}
  let reject: (error: unknown) => void = () => {}
  const promise = new Promise((_resolve, _reject) => { resolve = _resolve; reject = _reject })
  return { promise, resolve, reject }
}
