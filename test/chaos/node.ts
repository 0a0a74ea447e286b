// One node, in a process of its own, which ends with its parent process.
import Fastify from 'fastify'
import mcpPlugin from '../../lib/index.ts'
import { redisCluster } from '../../lib/redis/index.ts'
import { createChaosServer } from './server.ts'

/** What a node tells: where it listens, and each handler that runs. */
export type NodeReport = { readonly listening: string } | { readonly executed: string }

const [url = '', keyPrefix = '', ...rest] = process.argv.slice(2)
const [commandTimeout, nodeTimeout] = rest.map(Number)
if (commandTimeout === undefined || nodeTimeout === undefined) throw new Error('the durations are missing')

const app = Fastify({ forceCloseConnections: true, logger: { level: process.env['LOG_LEVEL'] ?? 'silent' } })
app.register(mcpPlugin, {
  server: createChaosServer((attempt) => report({ executed: attempt })),
  cluster: redisCluster({ url, keyPrefix, commandTimeout, nodeTimeout }),
  retryInterval: 100
})
process.once('disconnect', () => process.exit())
process.once('SIGTERM', async () => {
  await app.close()
  process.exit()
})
await report({ listening: await app.listen({ port: 0, host: '127.0.0.1' }) })

// What has been handed over arrives, whatever becomes of this process.
async function report (what: NodeReport): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    process.send?.(what, undefined, undefined, (error) => { if (error === null) resolve(); else reject(error) })
  })
}
