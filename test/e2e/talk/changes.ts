// Tests that changes reach the official clients of both eras.
import { setImmediate as nextTurn } from 'node:timers/promises'
import { Client as ClientV2, StreamableHTTPClientTransport as TransportV2 } from '@modelcontextprotocol/client'
import { Client as ClientV1 } from '@modelcontextprotocol/sdk/client/index.js'
import { StreamableHTTPClientTransport as TransportV1 } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js'
import {
  PromptListChangedNotificationSchema,
  ResourceListChangedNotificationSchema,
  ResourceUpdatedNotificationSchema,
  ToolListChangedNotificationSchema
} from '@modelcontextprotocol/sdk/types.js'
import t, { type Test } from 'tap'
import { failureOf } from '../../support/clients.ts'
import { untilSo, type SetUp, type Stage } from './stage.ts'

const INFO = { name: 'test', version: '1.0.0' }

/** The notifications of a client, in the order of their arrival. */
class Heard {
  readonly #waiting: string[] = []
  #wake: (() => void) | undefined

  add (text: string): void {
    this.#waiting.push(text)
    this.#wake?.()
  }

  async next (): Promise<string | undefined> {
    if (this.#waiting.length === 0) await new Promise<void>((resolve) => { this.#wake = resolve })
    return this.#waiting.shift()
  }
}

async function connectV1 (t: Test, stage: Stage): Promise<{ client: ClientV1, heard: Heard }> {
  const heard = new Heard()
  const client = new ClientV1(INFO)
  client.setNotificationHandler(ToolListChangedNotificationSchema, () => heard.add('tools'))
  client.setNotificationHandler(PromptListChangedNotificationSchema, () => heard.add('prompts'))
  client.setNotificationHandler(ResourceListChangedNotificationSchema, () => heard.add('resources'))
  client.setNotificationHandler(ResourceUpdatedNotificationSchema, ({ params }) => heard.add(params.uri))
  // Its optional fields are not declared for exactOptionalPropertyTypes.
  await client.connect(new TransportV1(new URL(stage.url)) as Transport)
  t.teardown(() => client.close())
  await untilListening(stage)
  return { client, heard }
}

async function connectV2 (
  t: Test, stage: Stage, mode: 'legacy' | { pin: string }
): Promise<{ client: ClientV2, heard: Heard }> {
  const heard = new Heard()
  const client = new ClientV2(INFO, { versionNegotiation: { mode } })
  client.setNotificationHandler('notifications/tools/list_changed', () => heard.add('tools'))
  client.setNotificationHandler('notifications/prompts/list_changed', () => heard.add('prompts'))
  client.setNotificationHandler('notifications/resources/list_changed', () => heard.add('resources'))
  client.setNotificationHandler('notifications/resources/updated', ({ params }) => heard.add(params.uri))
  await client.connect(new TransportV2(new URL(stage.url)))
  t.teardown(() => client.close())
  if (mode === 'legacy') await untilListening(stage)
  return { client, heard }
}

// The clients open their streams after connect() has resolved.
async function untilListening (stage: Stage): Promise<void> {
  await untilSo(async () => (await stage.stats()).streams > 0)
}

/** Tests that servers notify clients of changes. */
export function testChanges (setUp: SetUp): void {
  for (const [title, connect] of [
    ['the v1 client', connectV1],
    ['the v2 client, legacy,', (t: Test, stage: Stage) => connectV2(t, stage, 'legacy')]
  ] as const) {
    t.test(`${title} receives changes of lists, and updates of the resources that it has subscribed to`, async (t) => {
      const stage = await setUp(t, 'notes')
      const { client, heard } = await connect(t, stage)
      t.match(client.getServerCapabilities(), {
        tools: { listChanged: true },
        prompts: { listChanged: true },
        resources: { subscribe: true, listChanged: true }
      })

      await stage.act('registerTool')
      t.equal(await heard.next(), 'tools')
      await stage.act('removeTool')
      t.equal(await heard.next(), 'tools')
      await stage.act('promptsChanged')
      t.equal(await heard.next(), 'prompts')

      await client.callTool({ name: 'change', arguments: {} })
      await nextTurn()
      await client.subscribeResource({ uri: 'notes://a' })
      await stage.act('resourcesChanged')
      t.equal(await heard.next(), 'resources')

      await client.callTool({ name: 'change', arguments: {} })
      t.equal(await heard.next(), 'notes://a')
      t.match(await failureOf(client.subscribeResource({ uri: 'notes://secret' })), {
        message: /Resource not found/,
        data: { uri: 'notes://secret' }
      })

      await client.unsubscribeResource({ uri: 'notes://a' })
      await client.callTool({ name: 'change', arguments: {} })
      await nextTurn()
      await stage.act('toolsChanged')
      t.equal(await heard.next(), 'tools')
    })
  }

  t.test('the v2 client, modern, receives the changes that it listens to until it closes the subscription', async (t) => {
    const stage = await setUp(t, 'notes')
    const { client, heard } = await connectV2(t, stage, { pin: '2026-07-28' })
    const subscription = await client.listen({
      toolsListChanged: true,
      resourceSubscriptions: ['notes://a', 'notes://secret']
    })
    t.strictSame(subscription.honoredFilter, { toolsListChanged: true, resourceSubscriptions: ['notes://a'] })

    await stage.act('promptsChanged')
    await client.callTool({ name: 'change', arguments: {} })
    t.equal(await heard.next(), 'notes://a')
    await stage.act('registerTool')
    t.equal(await heard.next(), 'tools')

    await subscription.close()
    t.equal(await subscription.closed, 'local')
    await untilSo(async () => (await stage.stats()).streams === 0)
  })

  t.test('the v2 client, modern, gets the end of its subscription when the app closes', async (t) => {
    const stage = await setUp(t, 'notes')
    const { client } = await connectV2(t, stage, { pin: '2026-07-28' })
    const subscription = await client.listen({ toolsListChanged: true })

    const [closed] = await Promise.all([subscription.closed, stage.close()])

    t.equal(closed, 'graceful')
  })

  t.test('a change reaches clients of both eras', async (t) => {
    const stage = await setUp(t, 'notes')
    const legacy = await connectV1(t, stage)
    const modern = await connectV2(t, stage, { pin: '2026-07-28' })
    await modern.client.listen({ toolsListChanged: true })

    await stage.act('registerTool')

    t.strictSame(await Promise.all([legacy.heard.next(), modern.heard.next()]), ['tools', 'tools'])
  })

  t.test('with stateless: true, a legacy client gets no capabilities for changes, and cannot subscribe', async (t) => {
    const { url } = await setUp(t, 'watched', { stateless: true })
    const client = new ClientV1(INFO)
    await client.connect(new TransportV1(new URL(url)) as Transport)
    t.teardown(() => client.close())

    t.strictSame(client.getServerCapabilities(), { resources: {}, logging: {} })
    t.match(await failureOf(client.subscribeResource({ uri: 'notes://a' })), { code: -32601 })
  })
}
