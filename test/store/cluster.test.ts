import t from 'tap'
import { ClusterAwayError } from '../../lib/store/cluster.ts'

t.test('a ClusterAwayError has a name and a cause', async (t) => {
  const cause = new Error('no route to host')
  const error = new ClusterAwayError('Redis is away', { cause })

  t.match(error, { name: 'ClusterAwayError', message: 'Redis is away', cause })
  t.ok(error instanceof Error)
})
