import t from 'tap'
import { RunningRequests } from '../../lib/session/running.ts'

t.test('requests are found by id while they wait for an answer, also if several have the same id', async (t) => {
  const requests = new RunningRequests<{ isOver: boolean }>()
  const [a, b, c] = [{ isOver: false }, { isOver: false }, { isOver: false }]
  requests.add(1, a)
  requests.add(1, b)
  requests.add('1', c)

  t.strictSame([requests.awaiting(1), requests.awaiting('1'), requests.awaiting(2)], [[a, b], [c], []])
  a.isOver = true
  t.strictSame(requests.awaiting(1), [b])
  t.strictSame([...requests], [a, b, c])
})

t.test('removing a request keeps the others, and removing it again changes nothing', async (t) => {
  const requests = new RunningRequests<{ readonly isOver: boolean, readonly name: string }>()
  const [a, b] = [{ isOver: false, name: 'a' }, { isOver: false, name: 'b' }]
  requests.add(1, a)
  requests.add(1, b)

  requests.delete(1, a)
  requests.delete(1, a)
  requests.delete(2, b)

  t.strictSame([...requests], [b])
  t.notOk(requests.isEmpty)
  requests.delete(1, b)
  t.ok(requests.isEmpty)
})

t.test('requests may be removed during the iteration', async (t) => {
  const requests = new RunningRequests<{ readonly isOver: boolean }>()
  for (let count = 0; count < 3; count++) requests.add(1, { isOver: false })
  let seen = 0

  for (const request of requests) {
    requests.delete(1, request)
    seen++
  }

  t.equal(seen, 3)
  t.ok(requests.isEmpty)
})
