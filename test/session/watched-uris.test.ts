import { UnavailableError } from '../../lib/errors.ts'
import t from 'tap'
import { topicOfResource } from '../../lib/protocol/change.ts'
import { WatchBudget } from '../../lib/notify/watch-budget.ts'
import { WatchedUris } from '../../lib/session/watched-uris.ts'

const FULL =
  "Invalid params: the URIs that one client watches may have 10 bytes in all ('maxWatched'); watch fewer resources"

t.test('all spellings of a URI count as one, and the last one is kept', async (t) => {
  const watched = new WatchedUris(new WatchBudget())

  watched.add('docs://café')
  watched.add('docs://caf%c3%a9')
  watched.add('not a URI')

  t.equal(watched.size, 2)
  t.ok(watched.has('DOCS://caf%C3%A9'))
  t.notOk(watched.has('docs://cafe'))
  t.equal(watched.spellingOf(topicOfResource('docs://café')), 'docs://caf%c3%a9')
  t.equal(watched.spellingOf(topicOfResource('docs://cafe')), undefined)
  t.strictSame([...watched], ['docs://caf%c3%a9', 'not a URI'])

  watched.delete('docs://café')
  t.strictSame([...watched], ['not a URI'])
})

t.test('a session counts each resource once, and releases it when it is removed', async (t) => {
  const budget = new WatchBudget()
  const watched = new WatchedUris(budget)

  for (const uri of ['a:1', 'a:2', 'a:1', 'ä:']) watched.add(uri)
  t.strictSame([...watched], ['a:1', 'a:2', 'ä:'])
  t.equal(watched.size, 3)
  t.equal(budget.total, 9)

  watched.delete('a:1')
  watched.delete('never')
  t.equal(watched.has('a:1'), false)
  t.equal(budget.total, 6)

  watched.clear()
  t.equal(watched.size, 0)
  t.equal(budget.total, 0)
})

t.test('a session watches no more bytes than it may', async (t) => {
  const budget = new WatchBudget({ maxWatched: 10 })
  const watched = new WatchedUris(budget)
  watched.add('a:23456')

  t.throws(() => watched.add('b:34'), { code: -32602, message: FULL })
  watched.add('b:3')
  watched.add('b:3')
  t.throws(() => watched.add('c'), { message: FULL })
  watched.delete('b:3')
  watched.add('c')

  t.strictSame([...watched], ['a:23456', 'c'])
})

t.test('all sessions together watch no more bytes than they may', async (t) => {
  const budget = new WatchBudget({ maxWatched: 10, maxWatchedTotal: 15 })
  const [first, second] = [new WatchedUris(budget), new WatchedUris(budget)]
  first.add('a:34567890')

  t.throws(
    () => second.add('b:3456'),
    new UnavailableError('Too many resources are being watched by all clients together; try again later')
  )
  second.add('b:345')
  first.clear()
  second.add('b:34')

  t.equal(budget.total, 9)
})

t.test('resources from other nodes are counted without a limit', async (t) => {
  const budget = new WatchBudget({ maxWatched: 10, maxWatchedTotal: 10 })
  const watched = new WatchedUris(budget)

  watched.note('a:34567890123')
  watched.note('a:34567890123')

  t.equal(budget.total, 13)
  t.throws(() => watched.add('b:'), { message: FULL })
})
