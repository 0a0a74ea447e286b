import t from 'tap'
import { TimeoutError, withTimeout } from '../../lib/server/timeout.ts'
import { Client, stopClock } from '../support/definition-client.ts'

t.test('what is there already is handed on as it is', async (t) => {
  const ctx = new Client().createContext()
  const values = ['a', 0, null, undefined, { then: 'later' }]

  for (const value of values) t.equal(withTimeout(value, ctx, 5), value)
})

t.test('without a timeout a promise is waited for as it is', async (t) => {
  const pending = Promise.resolve('a')

  t.equal(withTimeout(pending, new Client().createContext(), 0), pending)
})

t.test('what comes in time is handed on, good or bad, and the timer is stopped', async (t) => {
  const pass = stopClock(t)
  const client = new Client()
  const ctx = client.createContext('tools/call', { _meta: { progressToken: 'p' } })

  t.equal(await withTimeout(Promise.resolve('a'), ctx, 5), 'a')
  await t.rejects(Promise.resolve(withTimeout(Promise.reject(new Error('no')), ctx, 5)), { message: 'no' })

  pass(5)
  t.equal(ctx.signal.aborted, false)
  await ctx.reportProgress(1)
  t.equal(client.sent.length, 1)
})

t.test('what comes too late is lost: the signal is aborted and nothing is sent any more', async (t) => {
  const pass = stopClock(t)
  const client = new Client()
  const ctx = client.createContext('tools/call', { _meta: { progressToken: 'p' } })
  const { promise, resolve } = createDeferred()

  const outcome = Promise.resolve(withTimeout(promise, ctx, 5))
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

t.test('an error that comes too late is nobody\'s', async (t) => {
  const pass = stopClock(t)
  const { promise, reject } = createDeferred()
  const outcome = Promise.resolve(withTimeout(promise, new Client().createContext(), 5))
  pass(5)

  reject(new Error('late'))

  await t.rejects(outcome, TimeoutError)
})

t.test('the time in which a legacy client is asked does not count', async (t) => {
  const pass = stopClock(t)
  const { promise: answered, resolve: answer } = createDeferred()
  const client = new Client({ era: 'legacy', capabilities: { roots: {} }, answer: () => answered })
  const ctx = client.createContext()
  const { promise } = createDeferred()
  const outcome = Promise.resolve(withTimeout(promise, ctx, 50))

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
  const ctx = new Client({ era: 'legacy', capabilities: { roots: {} }, answer: () => answered }).createContext()
  const outcome = Promise.resolve(withTimeout(createDeferred().promise, ctx, 50))

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
  const ctx = new Client({ era: 'legacy', capabilities: { roots: {} }, answer: () => answered }).createContext()
  const { promise, resolve } = createDeferred()
  const outcome = Promise.resolve(withTimeout(promise, ctx, 50))
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
