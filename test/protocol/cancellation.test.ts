import t from 'tap'
import { readCancellation } from '../../lib/protocol/cancellation.ts'

t.test('a cancellation has the id of a request, and the reason if the client gave one', async (t) => {
  t.strictSame(readCancellation({ requestId: 1, reason: 'enough' }), { requestId: 1, reason: 'enough' })
  t.strictSame(readCancellation({ requestId: 'a', reason: 7 }), { requestId: 'a', reason: 'the client gave no reason' })
})

t.test('a cancellation without a valid request id is ignored', async (t) => {
  for (const requestId of [undefined, null, {}, ['a'], 1.5, 1e300, 'a'.repeat(257)]) {
    t.equal(readCancellation({ requestId, reason: 'enough' }), undefined)
  }
})

t.test('a long reason is cut', async (t) => {
  t.strictSame(readCancellation({ requestId: 1, reason: 'r'.repeat(2000) }), {
    requestId: 1,
    reason: `${'r'.repeat(1024)}…`
  })
})
