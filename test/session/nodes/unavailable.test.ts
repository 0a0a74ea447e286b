import t from 'tap'
import { ClusterUnreachableError, UnavailableError } from '../../../lib/errors.ts'
import { unavailable, UNAVAILABLE } from '../../../lib/session/nodes/unavailable.ts'

t.test('a client learns of an outage, and of no other failure', (t) => {
  const error = new Error('no disk')

  t.throws(() => unavailable(new ClusterUnreachableError('connect ECONNREFUSED')), new UnavailableError(UNAVAILABLE))
  t.throws(() => unavailable(error), error)
  t.match(new UnavailableError(UNAVAILABLE), {
    code: -32603,
    message: 'The store of sessions cannot be reached; try again later'
  })
  t.end()
})
