import t from 'tap'
import { createRequestLimit } from '../../lib/auth/request-limit.ts'
import { createGate } from '../support/stream.ts'

t.test('tasks beyond the limit wait, and beyond twice the limit they are refused', async (t) => {
  const limit = createRequestLimit(1)
  const first = createGate()
  const begun: string[] = []

  const running = limit(() => { begun.push('a'); return first.promise.then(() => 'a') })
  const waiting = limit(async () => { begun.push('b'); return 'b' })
  await t.rejects(
    limit(async () => 'c'),
    {
      name: 'VerifierUnavailableError',
      message: '1 requests to the authorization server are running, and as many are waiting'
    }
  )

  t.same(begun, ['a'])
  first.open()
  t.same(await Promise.all([running, waiting]), ['a', 'b'])
  t.equal(await limit(async () => 'd'), 'd')
})

t.test('a task that fails frees its place', async (t) => {
  const limit = createRequestLimit(1)

  await t.rejects(limit(async () => { throw new Error('away') }), { message: 'away' })

  t.equal(await limit(async () => 'next'), 'next')
})
