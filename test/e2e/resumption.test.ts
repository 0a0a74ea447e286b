import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js'
import t from 'tap'
import { createMemoryEventStore, McpServer, Type } from '../../lib/index.ts'
import { createGate } from '../stream.ts'
import { listen } from './fixture.ts'
import { createProxy } from './proxy.ts'

t.test('the v1 client gets all of a call whose connection was cut, each message once', async (t) => {
  const half = createGate()
  const cut = createGate()
  const server = new McpServer({ name: 'Long', version: '1.0.0' })
  server.registerTool('count', { inputSchema: Type.Object({ to: Type.Integer() }) }, async ({ to }, ctx) => {
    for (let n = 1; n <= to; n++) {
      await ctx.reportProgress(n, to)
      if (n === to / 2) { half.open(); await cut.promise }
    }
    return `${to} counted`
  })
  const app = await listen(t, { server, eventStore: createMemoryEventStore(), retryInterval: 1 })
  const proxy = await createProxy(t, app.mcp.get('Long').url)
  const client = new Client({ name: 'v1', version: '1.0.0' })
  const transport = new StreamableHTTPClientTransport(new URL(proxy.url), {
    reconnectionOptions: { initialReconnectionDelay: 1, maxReconnectionDelay: 10, reconnectionDelayGrowFactor: 1, maxRetries: 10 }
  })
  // Its optional fields are not declared for exactOptionalPropertyTypes.
  await client.connect(transport as Transport)
  t.teardown(() => client.close())
  const seen: number[] = []
  const arrived = createGate()

  const called = client.callTool({ name: 'count', arguments: { to: 10 } }, undefined, {
    onprogress: ({ progress }) => { seen.push(progress); if (progress === 5) arrived.open() }
  })
  await Promise.all([half.promise, arrived.promise])
  proxy.cut()
  cut.open()
  const answer = await called

  t.match(answer, { content: [{ text: '10 counted' }] })
  t.same(seen, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
})
