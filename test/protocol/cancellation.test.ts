import t from 'tap'
import { readCancellation } from '../../lib/protocol/cancellation.ts'

t.test('a cancellation names a request, and a reason where its sender has given one', (t) => {
  t.same(readCancellation({ requestId: 1, reason: 'enough' }), { requestId: 1, reason: 'enough' })
  t.same(readCancellation({ requestId: 'a', reason: 7 }), { requestId: 'a', reason: 'the client gave no reason' })
  t.end()
})
