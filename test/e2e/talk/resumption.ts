// Tests calls whose connections break.
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js'
import t from 'tap'
import { createGate } from '../../support/stream.ts'
import { createProxy } from '../../support/proxy.ts'
import { untilNoted, type SetUp } from './stage.ts'

/** Tests that a client resumes a call. */
export function testResumption (setUp: SetUp): void {
  t.test('the v1 client resumes a call whose connection was cut, and gets each message once', async (t) => {
    const stage = await setUp(t, 'long', { isResumable: true, retryInterval: 1 })
    const proxy = await createProxy(t, stage.url)
    const client = new Client({ name: 'v1', version: '1.0.0' })
    const transport = new StreamableHTTPClientTransport(new URL(proxy.url), {
      reconnectionOptions: {
        initialReconnectionDelay: 1,
        maxReconnectionDelay: 10,
        reconnectionDelayGrowFactor: 1,
        maxRetries: 10
      }
    })
    // Its optional fields are not declared for exactOptionalPropertyTypes.
    await client.connect(transport as Transport)
    t.teardown(() => client.close())
    const seen: number[] = []
    const arrived = createGate()

    const called = client.callTool({ name: 'count', arguments: { to: 10 } }, undefined, {
      onprogress: ({ progress }) => { seen.push(progress); if (progress === 5) arrived.open() }
    })
    await Promise.all([untilNoted(stage, 'half'), arrived.promise])
    proxy.cut()
    await stage.open('cut')
    const answer = await called

    t.match(answer, { content: [{ text: '10 counted' }] })
    t.same(seen, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
  })
}
