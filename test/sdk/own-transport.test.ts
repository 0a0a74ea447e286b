// Servers that a factory created for one session: their messages, cancellations, and the end of a server.
import { once } from 'node:events'
import t, { type Test } from 'tap'
import { type McpServer as V1McpServer } from '@modelcontextprotocol/sdk/server/mcp.js'
import { SubscribeRequestSchema } from '@modelcontextprotocol/sdk/types.js'
import { McpServer as V2McpServer } from '@modelcontextprotocol/server'
import { z } from 'zod'
import { createMemoryEventStore } from '../../lib/index.ts'
import { JSON_AND_SSE, legacy, modernCall, openSession, post } from '../support/app.ts'
import {
  collectFrames,
  createGate,
  frameOf,
  frameWithId,
  listen,
  openGet,
  readFrames,
  send,
  sendAlone,
  until,
  type Gate
} from '../support/stream.ts'
import { createSdkApp, createV1, said } from '../support/sdk-servers.ts'

const GONE = { code: -32001, message: "Session not found: its server has closed; send 'initialize' to open a new one" }

const note = (params: object): string => frameOf({ jsonrpc: '2.0', method: 'notifications/message', params })

/** Creates a server of each version with a tool that waits until its request is cancelled. */
const waiting: Readonly<Record<string, (started: Gate, aborted: Gate<string>) => V1McpServer | V2McpServer>> = {
  v1 (started, aborted) {
    const server = createV1()
    server.registerTool('wait', {}, async ({ signal }) => {
      started.open()
      await once(signal, 'abort')
      aborted.open(String(signal.reason))
      return said('too late')
    })
    return server
  },
  v2 (started, aborted) {
    const server = new V2McpServer({ name: 'Tasks', version: '1.0.0' })
    server.registerTool('wait', {}, async ({ mcpReq: { signal } }) => {
      started.open()
      await once(signal, 'abort')
      aborted.open(String(signal.reason))
      return said('too late')
    })
    return server
  }
}

for (const [version, create] of Object.entries(waiting)) {
  for (const form of ['instance', 'factory'] as const) {
    if (version === 'v2' && form === 'instance') continue

    t.test(`a ${version} ${form} aborts the signal when a client cancels its request`, async (t) => {
      const [started, aborted] = [createGate(), createGate<string>()]
      const { app } = await createSdkApp(
        t,
        form === 'factory' ? () => create(started, aborted) : (create(started, aborted) as V1McpServer)
      )
      const headers = await openSession(app)

      const sent = app.inject(legacy('tools/call', { name: 'wait' }, { id: 'x', headers }))
      await started.promise
      await post(
        app,
        { jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 'x', reason: 'no need' } },
        headers
      )

      t.equal(await aborted.promise, 'no need')
      t.same([(await sent).statusCode, (await sent).body], [202, ''])
    })

    t.test(`a ${version} ${form} aborts the signal when a client disconnects`, async (t) => {
      const [started, aborted] = [createGate(), createGate<string>()]
      const { app, logLines, mounted } = await createSdkApp(
        t,
        form === 'factory' ? () => create(started, aborted) : (create(started, aborted) as V1McpServer)
      )
      const address = await listen(app)

      for (const call of [
        modernCall('wait'),
        legacy('tools/call', { name: 'wait' }, { headers: await openSession(app) })
      ]) {
        const sent = sendAlone(address, call)
        await started.promise
        sent.destroy()
        await aborted.promise
        await until(() => mounted.stats().exchanges === 0)
      }

      t.same(logLines.filter(({ level }) => Number(level) >= 40), [])
    })
  }
}

async function createClosing (t: Test) {
  const made: V1McpServer[] = []
  const sdkApp = await createSdkApp(t, () => {
    const server = createV1()
    server.registerTool('close', {}, async () => { await server.close(); return said('closed') })
    made.push(server)
    return server
  })
  return { ...sdkApp, made, headers: await openSession(sdkApp.app) }
}

t.test('a server that closes itself fails the requests that it is serving', async (t) => {
  const { app, headers } = await createClosing(t)

  const response = await app.inject(legacy('tools/call', { name: 'close' }, { headers }))

  t.same(response.json(), { jsonrpc: '2.0', id: 1, error: { code: -32603, message: 'The server has closed' } })
})

t.test(
  'a request for a session whose server has closed itself is told so, and what it is notified of is dropped',
  async (t) => {
    const { app, headers, made } = await createClosing(t)
    await made[0]?.close()

    const called = await app.inject(legacy('tools/call', { name: 'hello' }, { headers }))
    const notified = await post(app, { jsonrpc: '2.0', method: 'notifications/initialized' }, headers)
    const deleted = await app.inject({ method: 'DELETE', url: '/mcp', headers })

    t.equal(called.statusCode, 404)
    t.same(called.json(), { jsonrpc: '2.0', id: 1, error: GONE })
    t.same([notified.statusCode, deleted.statusCode], [202, 200])
  }
)

t.test('messages outside of any request are sent on the stream of the session', async (t) => {
  const made: V1McpServer[] = []
  const { app } = await createSdkApp(t, () => {
    const server = createV1({ capabilities: { logging: {}, resources: { subscribe: true } } })
    server.server.setRequestHandler(SubscribeRequestSchema, () => ({}))
    made.push(server)
    return server
  })
  const address = await listen(app)
  const [first, second] = [await openSession(app), await openSession(app)]
  const streams = [readFrames(await openGet(address, first)), readFrames(await openGet(address, second))]

  await made[0]?.sendLoggingMessage({ level: 'info', data: 'for the first' })
  await made[1]?.sendLoggingMessage({ level: 'info', data: 'for the second' })
  await made[0]?.server.sendResourceUpdated({ uri: 'note://1' })
  made[1]?.registerTool('more', {}, () => said('more'))

  t.same([(await streams[0]?.next())?.value, (await streams[0]?.next())?.value, (await streams[0]?.next())?.value], [
    ': open',
    note({ level: 'info', data: 'for the first' }),
    frameOf({ jsonrpc: '2.0', method: 'notifications/resources/updated', params: { uri: 'note://1' } })
  ])
  t.same([(await streams[1]?.next())?.value, (await streams[1]?.next())?.value, (await streams[1]?.next())?.value], [
    ': open',
    note({ level: 'info', data: 'for the second' }),
    frameOf({ jsonrpc: '2.0', method: 'notifications/tools/list_changed', params: {} })
  ])
})

t.test('messages of a call precede its result, with and without a session', async (t) => {
  const create = (): V1McpServer => {
    const server = createV1()
    server.registerTool('report', { inputSchema: { n: z.number() } }, async ({ n }, { sendNotification, _meta }) => {
      await sendNotification({
        method: 'notifications/progress',
        params: { progressToken: _meta?.progressToken ?? '', progress: n }
      })
      await sendNotification({ method: 'notifications/message', params: { level: 'info', data: n } })
      return said('done')
    })
    return server
  }
  for (const stateless of [false, true]) {
    const { app } = await createSdkApp(t, create, { stateless })
    const address = await listen(app)
    const session = stateless ? {} : await openSession(app)

    const frames = await collectFrames(
      await send(
        address,
        legacy(
          'tools/call',
          { name: 'report', arguments: { n: 1 }, _meta: { progressToken: 'p' } },
          { headers: { ...JSON_AND_SSE, ...session } }
        )
      )
    )

    t.same(frames, [
      ': open',
      frameOf({ jsonrpc: '2.0', method: 'notifications/progress', params: { progressToken: 'p', progress: 1 } }),
      note({ level: 'info', data: 1 }),
      frameOf({ jsonrpc: '2.0', id: 1, result: said('done') })
    ])
  }
})

for (const form of ['an instance', 'a factory'] as const) {
  t.test(`a tool of ${form} closes its stream, and the client resumes`, async (t) => {
    const closed = createGate()
    const gate = createGate()
    const create = (): V1McpServer => {
      const server = createV1()
      server.registerTool('leave', {}, async ({ closeSSEStream, closeStandaloneSSEStream }) => {
        closeStandaloneSSEStream?.()
        closeSSEStream?.()
        closed.open()
        await gate.promise
        return said('done')
      })
      return server
    }
    const { app } = await createSdkApp(t, form === 'a factory' ? create : create(), {
      eventStore: createMemoryEventStore()
    })
    const address = await listen(app)
    const headers = await openSession(app)
    const listening = await openGet(address, headers)
    const idOf = (stream: number, seq: number): string => `${headers['mcp-session-id']}.${stream}.${seq}`

    const cut = await collectFrames(
      await send(address, legacy('tools/call', { name: 'leave' }, { headers: { ...JSON_AND_SSE, ...headers } }))
    )
    const listened = await collectFrames(listening)
    await closed.promise
    gate.open()
    const rest = await collectFrames(await openGet(address, { ...headers, 'last-event-id': idOf(1, 0) }))

    t.same(cut, [': open', `id: ${idOf(1, 0)}\ndata: `])
    t.same(listened, [': open', `id: ${idOf(0, 0)}\ndata: `], 'the stream that the client had opened is ended, too')
    t.same(rest, [': open', frameWithId(idOf(1, 1), { jsonrpc: '2.0', id: 1, result: said('done') })])
  })
}
