// `npm run test:rolling`: three nodes are restarted in turn under load, behind nginx and behind Caddy, and no call may
// be dropped. --proxy nginx|caddy, --calls N, --clients N, --times N; --close has the nodes call app.close() instead.
import { parseArgs } from 'node:util'
import { setTimeout as wait } from 'node:timers/promises'
import { bundleSources } from '../bundle.js'
import { createPrefix, startRedis } from '../support/redis-server.ts'
import type { ProxyKind } from './fleet.ts'
import { startLoad, type Tally } from './load.ts'

const { values } = parseArgs({
  options: {
    proxy: { type: 'string', multiple: true, default: ['nginx', 'caddy'] },
    calls: { type: 'string', default: '5000' },
    clients: { type: 'string', default: '40' },
    times: { type: 'string', default: '3' },
    close: { type: 'boolean', default: false }
  }
})

// Milliseconds that a node serves on, and that all nodes serve between two restarts.
const DRAIN = 2000
const PAUSE = 500

// Nodes start faster from the bundle, and it has to be there before the fleet asks for it.
await bundleSources()
const { Fleet } = await import('./fleet.ts')

let isClean = true
for (const proxy of values.proxy as ProxyKind[]) {
  for (let time = 1; time <= Number(values.times); time++) {
    const { tally, restarts, failedExits } = await measure(proxy)
    isClean &&= tally.dropped === 0 && failedExits === 0
    console.log(`${proxy}: ${tally.made} calls, ${tally.dropped} dropped, ${restarts} restarts, ` +
      `${failedExits} exit codes other than 0`)
    for (const [reason, count] of tally.failures) console.log(`  ${count} times: ${reason}`)
  }
}
process.exit(isClean ? 0 : 1)

async function measure (
  proxy: ProxyKind
): Promise<{ readonly tally: Tally, readonly restarts: number, readonly failedExits: number }> {
  const ends: Array<() => unknown> = []
  const owner = { teardown: (end: () => unknown) => { ends.unshift(end) } }
  try {
    const redis = await startRedis(owner)
    const settings = { redis: redis.url, keyPrefix: createPrefix(), ...(!values.close && { drain: DRAIN }) }
    const fleet = await Fleet.start(owner, 3, settings)
    const load = await startLoad(await fleet.serveBy(proxy), Number(values.clients))
    let [restarts, failedExits] = [0, 0]
    // Each node is restarted at least once.
    while (load.tally.made < Number(values.calls) || restarts < 3) {
      await wait(PAUSE)
      if (await fleet.restart(restarts++) !== 0) failedExits++
    }
    await load.stop()
    return { tally: load.tally, restarts, failedExits }
  } finally {
    for (const end of ends) await end()
  }
}
