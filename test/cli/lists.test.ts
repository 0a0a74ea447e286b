import t from 'tap'
import { listAll } from '../../lib/cli/lists.ts'

t.test('an answer without a list counts as an empty list', async (t) => {
  t.same(await listAll('tools/list', async () => ({})), [])
})
