import t from 'tap'
import { listAll } from '../../lib/cli/lists.ts'

t.test('a server that answers without a list has nothing to list', async (t) => {
  t.same(await listAll('tools/list', async () => ({})), [])
})
