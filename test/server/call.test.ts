import t from 'tap'
import { RpcError, ToolError } from '../../lib/errors.ts'
import { runHandler, runRounds, serveAsking } from '../../lib/server/call.ts'
import { InputRequiredError } from '../../lib/server/input-required.ts'
import { TimeoutError } from '../../lib/server/timeout.ts'
import { Client, stopClock } from '../support/definition-client.ts'

t.test('what a handler returns is handed on', async (t) => {
  const call = new Client().createCall()

  t.equal(await runHandler(call, 'reading', () => 'a'), 'a')
  t.equal(await runHandler(call, 'reading', async () => 'b'), 'b')
})

t.test('an RpcError of a handler is the answer', async (t) => {
  const client = new Client()
  const error = new RpcError(42, 'Not today', { retry: true })

  await t.rejects(runHandler(client.createCall(), 'reading', () => { throw error }), { code: 42, message: 'Not today', data: { retry: true } })
  await t.rejects(runHandler(client.createCall(), 'reading', async () => { throw error }), { code: 42 })
  t.strictSame(client.logged, [])
})

t.test('anything else that a handler throws is logged and becomes an internal error', async (t) => {
  for (const thrown of [new TypeError('secret'), new ToolError('secret'), 'secret', null, undefined]) {
    const client = new Client()

    const error: unknown = await runHandler(client.createCall(), 'reading resource x://1', () => { throw thrown }).catch((error: unknown) => error)

    t.ok(error instanceof RpcError)
    t.match(error, { code: -32603, message: `Error reading resource x://1 (error id ${client.logged[0]?.errorId})` })
    t.match(client.logged, [{ level: 'error', msg: 'reading resource x://1 failed' }])
  }
})

t.test('exposeErrors shows what was thrown', async (t) => {
  const client = new Client()

  await t.rejects(runHandler(client.createCall({}, { exposeErrors: true }), 'reading', () => { throw new Error('no disk') }), {
    code: -32603, message: /^Error reading: no disk \(error id [0-9a-f-]{36}\)$/
  })
})

t.test('a handler that takes too long is an internal error, and the app is warned', async (t) => {
  const pass = stopClock(t)
  const client = new Client()
  const call = client.createCall({}, { timeout: 50 })

  const outcome = runHandler(call, 'reading resource x://1', () => new Promise(() => {}))
  pass(50)

  await t.rejects(outcome, { code: -32603, message: 'Error reading resource x://1: timed out after 50 ms' })
  t.equal(call.ctx.signal.aborted, true)
  t.strictSame(client.logged, [{ level: 'warn', what: 'reading resource x://1', msg: 'reading resource x://1 timed out after 50 ms' }])
})

t.test('a handler that asks ends in an error that becomes the result that asks', async (t) => {
  const call = new Client({ capabilities: { roots: {} } }).createCall()
  const ask = () => runHandler(call, 'reading', () => call.ctx.listRoots({ key: 'r' }))

  await t.rejects(ask(), InputRequiredError)
  t.strictSame(await serveAsking(call, () => Promise.reject(new InputRequiredError())), { resultType: 'input_required', inputRequests: { r: { method: 'roots/list', params: {} } } })
})

t.test('what asks nothing is served as it is', async (t) => {
  const call = new Client().createCall()

  t.equal(await serveAsking(call, async () => 'a'), 'a')
  await t.rejects(serveAsking(call, async () => { throw new RpcError(7, 'No') }), { code: 7 })
})

t.test('a handler that takes too long has, whatever it has asked', async (t) => {
  const pass = stopClock(t)
  const call = new Client({ capabilities: { roots: {} } }).createCall()

  const outcome = Promise.resolve(runRounds(call, 50, () => { call.ctx.listRoots(); return new Promise(() => {}) }))
  pass(50)

  await t.rejects(outcome, TimeoutError)
})
