import t from 'tap'
import { RpcError } from '../../../lib/errors.ts'
import { reportFailure, toRpcError } from '../../../lib/server/call/failure.ts'
import { Client } from '../../support/definition-client.ts'

function report (error: unknown, exposeErrors = false) {
  const { log, logged } = new Client()
  const text = reportFailure(error, 'executing tool add', { log, exposeErrors })
  const [line] = logged
  return { text, line, logged, errorId: line?.errorId ?? '' }
}

t.test('an unexpected error is logged with its stack and an error id, and the client gets only the id', async (t) => {
  const error = new Error('password is 1234')

  const { text, line, logged, errorId } = report(error)

  t.strictSame(logged, [{ level: 'error', msg: 'executing tool add failed', err: error, errorId }])
  t.match(line?.err?.stack, /failure\.test\.ts/)
  t.match(errorId, /^[0-9a-f-]{36}$/)
  t.equal(text, `Error executing tool add (error id ${errorId})`)
})

t.test('every failure has its own error id', async (t) => {
  t.not(report(new Error('a')).errorId, report(new Error('a')).errorId)
})

t.test('exposeErrors adds the message of the error', async (t) => {
  const { text, errorId } = report(new Error('no such table'), true)

  t.equal(text, `Error executing tool add: no such table (error id ${errorId})`)
})

t.test('a thrown value that is not an Error is logged as an Error', async (t) => {
  const hostile = { toString () { throw new Error('gotcha') } }
  const thrown: ReadonlyArray<readonly [value: unknown, text: string]> = [
    [null, 'null'], [undefined, 'undefined'], ['oops', 'oops'], [0, '0'], [Symbol('s'), 'Symbol(s)'],
    [{}, '[object Object]'],
    [hostile, 'object'], [Object.create(null), 'object']
  ]

  for (const [value, shown] of thrown) {
    const { text, line, errorId } = report(value)

    t.equal(line?.err?.message, `a value that is not an Error was thrown: ${shown}`)
    t.equal(text, `Error executing tool add (error id ${errorId})`)
  }
})

t.test('an RpcError of a definition passes, and any other error is logged and hidden', (t) => {
  const { log, logged } = new Client()
  const error = new RpcError(-32602, 'Unknown tool: add')

  t.equal(toRpcError(error, log), error)
  t.same(logged, [])
  t.match(toRpcError(new TypeError('secret'), log), { code: -32603, message: 'Internal error' })
  t.match(logged, [
    { level: 'error', msg: 'a server definition threw something other than an RpcError', err: { message: 'secret' } }
  ])
  t.end()
})
