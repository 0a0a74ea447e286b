// The options of a mount hold for SDK servers as they do for definitions of this package.
import { mock } from 'node:test'
import t from 'tap'
import type { McpServer as V1McpServer } from '@modelcontextprotocol/sdk/server/mcp.js'
import { createMcpHandler, McpServer as V2McpServer } from '@modelcontextprotocol/server'
import type { Mountable } from '../../lib/index.ts'
import { initialize, JSON_AND_SSE, legacy, modernCall, openSession, openUsedSession } from '../support/app.ts'
import { createGate, frameOf, listen, readFrames, send, until, type Gate } from '../support/stream.ts'
import { createSdkApp, createV1, said } from '../support/sdk-servers.ts'

interface Waiting { readonly started: Gate, readonly gate: Gate }

function addWaiting ({ started, gate }: Waiting): V1McpServer {
  const server = createV1()
  server.registerTool('wait', {}, async ({ sendNotification }) => {
    await sendNotification({ method: 'notifications/message', params: { level: 'info', data: 'working' } })
    started.open()
    await gate.promise
    return said('done')
  })
  server.registerTool('hush', {}, () => hush({ started, gate }))
  return server
}

/** Says nothing until it may answer. */
async function hush ({ started, gate }: Waiting): Promise<ReturnType<typeof said>> {
  started.open()
  await gate.promise
  return said('done')
}

function createV2 ({ started, gate }: Waiting): V2McpServer {
  const server = new V2McpServer({ name: 'Tasks', version: '1.0.0' }, { capabilities: { logging: {} } })
  server.registerTool('hello', {}, () => said('hello'))
  server.registerTool('wait', {}, async ({ mcpReq }) => {
    await mcpReq.notify({ method: 'notifications/message', params: { level: 'info', data: 'working' } })
    started.open()
    await gate.promise
    return said('done')
  })
  server.registerTool('hush', {}, () => hush({ started, gate }))
  return server
}

const forms: Readonly<Record<string, (waiting: Waiting) => Mountable>> = {
  'an instance': addWaiting,
  'a factory of v1': (waiting) => () => addWaiting(waiting),
  'a factory of v2': (waiting) => () => createV2(waiting),
  'a v2 handler': (waiting) => createMcpHandler(() => createV2(waiting))
}

const createWaiting = (): Waiting => ({ started: createGate(), gate: createGate() })
const DONE = { jsonrpc: '2.0', id: 1, result: said('done') }

for (const [title, create] of Object.entries(forms)) {
  t.test(`a body that is longer than bodyLimit never reaches ${title}`, async (t) => {
    const { app } = await createSdkApp(t, create(createWaiting()), { bodyLimit: 200 })

    const response = await app.inject(modernCall('hello', { text: 'a'.repeat(200) }))

    t.equal(response.statusCode, 413)
  })

  t.test(`with jsonResponse, ${title} replies with JSON`, async (t) => {
    const waiting = createWaiting()
    const { app } = await createSdkApp(t, create(waiting), { jsonResponse: true })
    waiting.gate.open()

    const response = await app.inject(
      legacy('tools/call', { name: 'wait' }, { headers: { ...JSON_AND_SSE, ...(await openSession(app)) } })
    )

    t.equal(response.headers['content-type'], 'application/json; charset=utf-8')
    t.same(response.json(), DONE)
  })

  t.test(`sessions of ${title} beyond maxSessions are refused`, async (t) => {
    const { app, mounted } = await createSdkApp(t, create(createWaiting()), { maxSessions: 1 })
    await openUsedSession(app)

    const response = await app.inject(initialize())

    t.equal(response.statusCode, 503)
    t.equal(mounted.sessions.size, 1)
  })

  t.test(`an app that closes waits for a running call of ${title}`, async (t) => {
    const waiting = createWaiting()
    const { app } = await createSdkApp(t, create(waiting))
    const address = await listen(app)
    const sent = send(
      address,
      legacy('tools/call', { name: 'wait' }, { headers: { ...JSON_AND_SSE, ...(await openSession(app)) } })
    )
    await waiting.started.promise
    const closing = createGate()
    app.mcp.get('Tasks').sessions.once('ended', () => closing.open())

    const frames = readFrames(await sent)
    await frames.next()
    const closed = app.close()
    waiting.gate.open()
    const rest: string[] = []
    for await (const frame of frames) rest.push(frame)
    await closed

    t.equal(rest.at(-1), frameOf(DONE))
    await closing.promise
  })

  t.test(`a call of ${title} that outlives closeGracePeriod ends with an error`, async (t) => {
    const waiting = createWaiting()
    const { app } = await createSdkApp(t, create(waiting), { closeGracePeriod: 1 })
    const address = await listen(app)
    const sent = send(
      address,
      legacy('tools/call', { name: 'wait' }, { headers: { ...JSON_AND_SSE, ...(await openSession(app)) } })
    )
    await waiting.started.promise
    const frames = readFrames(await sent)
    await frames.next()

    const closed = app.close()
    const rest: string[] = []
    for await (const frame of frames) rest.push(frame)
    await closed
    waiting.gate.open()

    t.equal(
      rest.at(-1),
      frameOf({
        jsonrpc: '2.0',
        id: 1,
        error: { code: -32603, message: 'The server is shutting down; send the request again' }
      })
    )
  })

  t.test(`a call of ${title} by the host app ignores progress and returns the result`, async (t) => {
    const waiting = createWaiting()
    const { mounted } = await createSdkApp(t, create(waiting))
    waiting.gate.open()

    t.match(await mounted.call('wait'), said('done'))
  })
}

for (const [title, create] of Object.entries(forms)) {
  t.test(`a call of ${title} becomes a stream after keepAliveInterval`, async (t) => {
    mock.timers.enable({ apis: ['setInterval'] })
    t.teardown(() => mock.timers.reset())
    const waiting = createWaiting()
    const { app, mounted } = await createSdkApp(t, create(waiting), { keepAliveInterval: 1000 })
    const address = await listen(app)
    const sent = send(address, modernCall('hush', {}, { headers: JSON_AND_SSE }))
    await waiting.started.promise
    await until(() => mounted.stats().exchanges === 1)

    mock.timers.tick(1000)
    const frames = readFrames(await sent)
    const first = (await frames.next()).value
    waiting.gate.open()

    t.equal(first, ': open')
    t.match((await frames.next()).value, /^event: message\ndata: .*"done"/)
  })
}
