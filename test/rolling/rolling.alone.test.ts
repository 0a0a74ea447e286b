// `npm run test:rolling` in small: one of two nodes behind nginx is restarted while clients of both eras call.
import t from 'tap'
import { missing } from '../support/proxies.ts'
import { createPrefix, noServer, startRedis } from '../support/redis-server.ts'
import { Fleet } from './fleet.ts'
import { startLoad } from './load.ts'

// Milliseconds.
const DRAIN = 1000
const LONGEST_CALL = 400
const NODE_TIMEOUT = 1500

t.test('no call is dropped while a node is restarted, and a node that is killed is found dead', {
  skip: missing('nginx') || noServer, timeout: 120_000
}, async (t) => {
  const { url } = await startRedis(t)
  const settings = { redis: url, keyPrefix: createPrefix(), drain: DRAIN, nodeTimeout: NODE_TIMEOUT }
  const fleet = await Fleet.start(t, 2, settings)
  const load = await startLoad(await fleet.serveBy('nginx'), 4, LONGEST_CALL)

  const code = await fleet.restart(1)
  await load.stop()
  await fleet.killLast()

  t.same([...load.tally.failures], [])
  t.ok(load.tally.made > 20)
  t.equal(code, 0)
})
