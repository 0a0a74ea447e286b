import t from 'tap'
import { createHost, createServer, initialize } from '../../support/app.ts'
import mcpPlugin, { type McpMountOptions } from '../../../lib/index.ts'

t.test('the address is request.ip, so X-Forwarded-For counts only with trustProxy', async (t) => {
  const statusesOf = async (trustProxy: boolean, options: Partial<McpMountOptions> = {}): Promise<number[]> => {
    const { app } = createHost(t, { trustProxy })
    await app.register(mcpPlugin, { server: createServer(), maxSessionsPerAddress: 1, ...options })
    const statuses: number[] = []
    for (const address of ['192.0.2.1', '192.0.2.2', '192.0.2.1']) {
      statuses.push(
        (await app.inject(initialize('2025-11-25', { headers: { 'x-forwarded-for': address } }))).statusCode
      )
    }
    return statuses
  }

  t.same(await statusesOf(true), [200, 200, 429])
  t.same(await statusesOf(false), [200, 429, 429])
})
