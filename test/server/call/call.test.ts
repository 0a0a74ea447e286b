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

t.test('a handler does not run with invalid arguments', async (t) => {
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

t.test('attempt() resolves to the value of its function', async (t) => {
  const call = new Client().createCall()

  t.equal(await call.attempt('reading', () => 'a'), 'a')
  t.equal(await call.attempt('reading', async () => 'b'), 'b')
})

t.test('an RpcError that a handler throws is sent unchanged', async (t) => {
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

t.test('exposeErrors sends the message of the thrown error', async (t) => {
  const client = new Client()

  await t.rejects(client.createCall({}, { exposeErrors: true }).attempt('reading', () => {
    throw new Error('no disk')
  }), {
    code: -32603, message: /^Error reading: no disk \(error id [0-9a-f-]{36}\)$/
  })
})

t.test('a handler that exceeds its timeout is an internal error, and a warning is logged', async (t) => {
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

t.test('a question ends the handler with an error that becomes an input_required result', async (t) => {
  const call = new Client({ capabilities: { roots: {} } }).createCall()
  const error: unknown = await call.run({ handler: () => call.ctx.listRoots({ key: 'r' }) }, {})
    .catch((error: unknown) => error)

  t.ok(error instanceof InputRequiredError)
  t.equal(call.explain(error, 'reading'), error)
  t.strictSame(await call.askBack(error), {
    resultType: 'input_required', inputRequests: { r: { method: 'roots/list', params: {} } }
  })
})

t.test('a call that has asked ends with the question, even if its handler returned or threw', async (t) => {
  const client = new Client({ capabilities: { roots: {} } })
  const handlers = [
    async (_args: unknown, ctx: RequestContext) => await ctx.listRoots().catch(() => 'caught'),
    async (_args: unknown, ctx: RequestContext) => { await ctx.listRoots().catch(() => { throw new Error('other') }) }
  ]

  for (const handler of handlers) await t.rejects(client.createCall().run<unknown>({ handler }, {}), InputRequiredError)
})

t.test('a handler that returns inputRequired() runs again with the answers of a legacy client', async (t) => {
  const answer = () => ({ roots: [] })
  const call = new Client({ era: 'legacy', capabilities: { roots: {} }, answer }).createCall()
  const ask = inputRequired({ inputRequests: { r: { method: 'roots/list', params: {} } } })
  const handler = (_args: unknown, { inputResponses }: RequestContext) => 'r' in inputResponses ? inputResponses : ask

  t.strictSame(await call.run({ handler }, {}), { r: { roots: [] } })
})

t.test('askBack() rethrows every error that is not a question', async (t) => {
  const error = new RpcError(7, 'No')

  await t.rejects(new Client().createCall().askBack(error), error)
})

t.test('a handler that exceeds its timeout ends with a timeout, even if it has asked', async (t) => {
  const pass = stopClock(t)
  const call = new Client({ capabilities: { roots: {} } }).createCall()
  const handler = () => { call.ctx.listRoots(); return new Promise(() => {}) }

  const outcome = call.run({ handler, timeout: 50 }, {})
  pass(50)

  await t.rejects(outcome, TimeoutError)
})

t.test('inputResponses are read from modern requests only', async (t) => {
  const handler = (_args: unknown, ctx: RequestContext): unknown => ctx.inputResponses
  const params = { inputResponses: { a: 1 } }

  t.strictSame(await new Client().createCall(params).run({ handler }, {}), { a: 1 })
  t.strictSame(await new Client({ era: 'legacy' }).createCall(params).run({ handler }, {}), {})
  await t.rejects(new Client().createCall({ requestState: 'forged' }).run({ handler }, {}), { code: -32602 })
})

t.test('a call without questions creates no Asker', async (t) => {
  const call = new Client().createCall()

  await call.run({ handler: () => 'a' }, {})

  t.equal(call.asker, undefined)
})

t.test('only a modern caller or a session over a listening channel can be notified of changes', async (t) => {
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

t.test('inTime() returns a value that is not a promise synchronously', async (t) => {
  const call = new Client().createCall()
  const values = ['a', 0, null, undefined, { then: 'later' }]

  for (const value of values) t.equal(call.inTime(value, 5), value)
})

t.test('inTime() returns the same promise if there is no timeout', async (t) => {
  const pending = Promise.resolve('a')

  t.equal(new Client().createCall().inTime(pending, 0), pending)
})

t.test('a promise that settles in time keeps its outcome, and the timer is stopped', async (t) => {
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

t.test('after the timeout the signal is aborted and nothing more is sent', async (t) => {
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

t.test('a rejection after the timeout is ignored', async (t) => {
  const pass = stopClock(t)
  const { promise, reject } = createDeferred()
  const outcome = Promise.resolve(new Client().createCall().inTime(promise, 5))
  pass(5)

  reject(new Error('late'))

  await t.rejects(outcome, TimeoutError)
})

t.test('the time that a legacy client takes to answer does not count against the timeout', async (t) => {
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

t.test('the remaining time of a handler continues after the answer of a client', async (t) => {
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

t.test('a call that ended while its client was being asked does not time out later', async (t) => {
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
