import { Redis } from 'ioredis'
import t from 'tap'
import { backOff, loadRedis } from '../../lib/redis/connections.ts'

t.test('ioredis is loaded if it is installed, and otherwise the error names it', async (t) => {
  t.equal(loadRedis(), Redis)
  t.throws(() => loadRedis('file:///nowhere/index.js'), {
    code: 'MCP_ERR_MISSING_PACKAGE',
    message: "'ioredis' is not installed, which redisCluster({ url }) needs; install it beside this package",
    cause: { code: 'MODULE_NOT_FOUND' }
  })
})

t.test('the delay before each attempt grows up to two seconds, and is random', async (t) => {
  for (const [attempt, longest] of [[1, 50], [2, 100], [6, 1600], [7, 2000], [100, 2000], [5000, 2000]] as const) {
    const delays = Array.from({ length: 50 }, () => backOff(attempt))
    t.ok(delays.every((delay) => delay >= longest / 2 && delay <= longest), `attempt ${attempt}`)
    t.ok(new Set(delays).size > 1)
  }
})
