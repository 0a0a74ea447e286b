import t from 'tap'
import { findTopics } from '../../lib/notify/topics.ts'

t.test('the topics of a filter have the URIs as the client spells them', async (t) => {
  t.strictSame([...await findTopics({})], [])
  t.strictSame(
    [...await findTopics({ toolsListChanged: true, resourceSubscriptions: ['docs://café', 'docs://b'] })],
    [['tools', undefined], ['resource docs://caf%C3%A9', 'docs://café'], ['resource docs://b', 'docs://b']]
  )
})

t.test('finding many topics does not block the event loop', async (t) => {
  const resourceSubscriptions = Array.from({ length: 500 }, (_none, number) => `docs://${number}/${'%c3'.repeat(2000)}`)
  let turns = 0
  const counting = setInterval(() => turns++, 0)

  await findTopics({ resourceSubscriptions })
  clearInterval(counting)

  t.ok(turns > 1, `${turns} turns`)
})
