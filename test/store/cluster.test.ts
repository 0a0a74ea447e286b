import t from 'tap'
import { ClusterUnreachableError } from '../../lib/errors.ts'

t.test('a ClusterUnreachableError has a name and a cause', async (t) => {
  const cause = new Error('no route to host')
  const error = new ClusterUnreachableError('Redis is unreachable', { cause })

  t.match(error, { name: 'ClusterUnreachableError', message: 'Redis is unreachable', cause })
  t.ok(error instanceof Error)
})
