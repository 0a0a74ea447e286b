import t from 'tap'
import { findTopics } from '../../lib/notify/topics.ts'

t.test('the topics of a filter are found, with the URIs as the client spells them', async (t) => {
  t.strictSame([...await findTopics({})], [])
  t.strictSame(
    [...await findTopics({ toolsListChanged: true, resourceSubscriptions: ['docs://café', 'docs://b'] })],
    [['tools', undefined], ['resource docs://caf%C3%A9', 'docs://café'], ['resource docs://b', 'docs://b']]
  )
})

t.test('finding many topics lets the event loop turn', async (t) => {
  const resourceSubscriptions = Array.from({ length: 500 }, (_none, number) => `docs://${number}/${'%c3'.repeat(2000)}`)
  let turns = 0
  const counting = setInterval(() => turns++, 0)

  await findTopics({ resourceSubscriptions })
  clearInterval(counting)

  t.ok(turns > 1, `${turns} turns`)
})
