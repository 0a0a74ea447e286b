// Messages of a v1 server instance reach the client of the running request, all clients, or none.
import t from 'tap'
import type { FastifyInstance } from 'fastify'
import { ElicitResultSchema, NotificationSchema, SetLevelRequestSchema } from '@modelcontextprotocol/sdk/types.js'
import { z } from 'zod'
import { JSON_AND_SSE, legacy, modernCall, openSession, openSessionAs, post } from '../../support/app.ts'
import { createGate, frameOf, listen, openGet, readFrames, until } from '../../support/stream.ts'
import { allowSubscriptions, createSdkApp, createV1, said, SERVER_META } from '../../support/sdk-servers.ts'

const OUTSIDE = (method: string): string =>
  `${method} was sent outside of any request by a server that many clients share, so it is unknown which client ` +
    'it is for; send it from a handler with its second argument (extra.sendNotification, extra.sendRequest), or ' +
    'mount a factory () => server, which gives each session a server of its own'

type Headers = Readonly<Record<string, string>>

const note = (params: object): string => frameOf({ jsonrpc: '2.0', method: 'notifications/message', params })
const changed = (kind: string): string => frameOf({ jsonrpc: '2.0', method: `notifications/${kind}/list_changed` })
const updated = (uri: string): string =>
  frameOf({ jsonrpc: '2.0', method: 'notifications/resources/updated', params: { uri } })

/** Calls a tool and reads all frames of the reply. */
async function callForFrames (
  app: FastifyInstance, name: string, session: Headers, params: object = {}
): Promise<readonly string[]> {
  const { body } = await app.inject(
    legacy('tools/call', { name, ...params }, { headers: { ...JSON_AND_SSE, ...session } })
  )
  return body.split('\n\n').slice(0, -1)
}

const done = (text = 'done'): string => frameOf({ jsonrpc: '2.0', id: 1, result: said(text) })

t.test('progress and log messages go ahead of the result, however the handler sends them', async (t) => {
  const server = createV1()
  server.registerTool('report', {}, async (extra) => {
    const progressToken = extra._meta?.progressToken ?? ''
    await extra.sendNotification({ method: 'notifications/progress', params: { progressToken, progress: 1 } })
    await extra.sendNotification({ method: 'notifications/message', params: { level: 'info', data: 'by extra' } })
    await server.server.notification({
      method: 'notifications/message',
      params: { level: 'info', data: 'by the server' }
    })
    await server.sendLoggingMessage({ level: 'info', data: 'by the McpServer' }, extra.sessionId)
    return said('done')
  })
  const { app } = await createSdkApp(t, server)

  const frames = await callForFrames(app, 'report', await openSession(app), { _meta: { progressToken: 'p' } })

  t.same(frames, [
    ': open',
    frameOf({ jsonrpc: '2.0', method: 'notifications/progress', params: { progressToken: 'p', progress: 1 } }),
    note({ level: 'info', data: 'by extra' }),
    note({ level: 'info', data: 'by the server' }),
    note({ level: 'info', data: 'by the McpServer' }),
    done()
  ])
})

t.test('each session chooses its own log level, and the instance remembers none', async (t) => {
  const server = createV1()
  const levels: unknown[] = []
  server.registerTool('report', {}, async ({ sendNotification, sessionId }) => {
    await sendNotification({ method: 'notifications/message', params: { level: 'debug', data: 'detail' } })
    await server.sendLoggingMessage({ level: 'error', data: 'failure' }, sessionId)
    levels.push(Reflect.get(server.server, '_loggingLevels').size)
    return said('done')
  })
  const { app } = await createSdkApp(t, server)
  const quiet = await openSession(app)
  const loud = await openSession(app)

  const set = await app.inject(legacy('logging/setLevel', { level: 'error' }, { headers: quiet }))

  t.same(set.json(), { jsonrpc: '2.0', id: 1, result: {} })
  t.same(await callForFrames(app, 'report', quiet), [': open', note({ level: 'error', data: 'failure' }), done()])
  t.same(await callForFrames(app, 'report', loud), [
    ': open',
    note({ level: 'debug', data: 'detail' }),
    note({ level: 'error', data: 'failure' }),
    done()
  ])
  t.same(levels, [0, 0])
})

t.test("a handler of one's own for logging/setLevel is asked, and what it refuses is not set", async (t) => {
  const server = createV1()
  const asked: string[] = []
  server.server.setRequestHandler(SetLevelRequestSchema, ({ params: { level } }) => {
    asked.push(level)
    if (level === 'emergency') throw new Error('never')
    return {}
  })
  server.registerTool('report', {}, async ({ sendNotification }) => {
    await sendNotification({ method: 'notifications/message', params: { level: 'info', data: 'detail' } })
    return said('done')
  })
  const { app } = await createSdkApp(t, server)
  const headers = await openSession(app)

  const refused = await app.inject(legacy('logging/setLevel', { level: 'emergency' }, { headers }))
  const before = await callForFrames(app, 'report', headers)
  await app.inject(legacy('logging/setLevel', { level: 'warning' }, { headers }))

  t.same(refused.json().error, { code: -32603, message: 'never' })
  t.same(before, [': open', note({ level: 'info', data: 'detail' }), done()])
  t.same(await callForFrames(app, 'report', headers), [], 'no stream was needed')
  t.same(asked, ['emergency', 'warning'])
})

t.test('a modern client gets the log messages that it asks for in the request', async (t) => {
  const server = createV1()
  server.registerTool('report', {}, async ({ sendNotification }) => {
    await sendNotification({ method: 'notifications/message', params: { level: 'info', data: 'detail' } })
    await server.sendLoggingMessage({ level: 'error', data: 'failure' })
    return said('done')
  })
  const { app } = await createSdkApp(t, server)
  const report = async (meta: object): Promise<readonly string[]> =>
    (await app.inject(modernCall('report', {}, { headers: JSON_AND_SSE, meta }))).body.split('\n\n')

  const result = { jsonrpc: '2.0', id: 1, result: { resultType: 'complete', ...said('done'), _meta: SERVER_META } }
  t.same(await report({}), [JSON.stringify(result)])
  t.same(await report({ 'io.modelcontextprotocol/logLevel': 'error' }), [
    ': open',
    note({ level: 'error', data: 'failure' }),
    frameOf(result),
    ''
  ])
})

t.test('a message that the instance sends outside of any request is refused with advice', async (t) => {
  const server = createV1({ capabilities: { logging: {} } })
  await createSdkApp(t, server)

  await t.rejects(server.sendLoggingMessage({ level: 'info', data: 'to whom?' }), {
    code: -32603,
    message: OUTSIDE('notifications/message')
  })
  await t.rejects(server.server.listRoots(), { code: -32603, message: OUTSIDE('roots/list') })
  await t.rejects(server.server.ping(), { message: OUTSIDE('ping') })
  await t.rejects(server.server.request({ method: 'elicitation/create', params: {} }, ElicitResultSchema), {
    message: OUTSIDE('elicitation/create')
  })
  await t.rejects(server.server.elicitInput({ message: 'Who?', requestedSchema: { type: 'object', properties: {} } }), {
    message: OUTSIDE('elicitation/create')
  })
  await t.rejects(server.server.createMessage({ messages: [], maxTokens: 1 }), {
    message: OUTSIDE('sampling/createMessage')
  })
})

t.test(
  'what a handler sends after it has answered goes by the stream of its session, but progress goes nowhere',
  async (t) => {
    const server = createV1()
    const gate = createGate()
    const sent = createGate()
    server.registerTool('report', {}, async ({ sendNotification }) => {
      gate.promise
        .then(async () => {
          await sendNotification({ method: 'notifications/progress', params: { progressToken: 1, progress: 1 } })
          await sendNotification({ method: 'notifications/message', params: { level: 'info', data: 'late' } })
        })
        .then(() => sent.open())
      return said('done')
    })
    const { app, mounted } = await createSdkApp(t, server)
    const address = await listen(app)
    const asking = await openSession(app)
    const other = await openSession(app)
    const frames = readFrames(await openGet(address, asking))
    const others = readFrames(await openGet(address, other))
    await callForFrames(app, 'report', asking)

    gate.open()
    await sent.promise
    mounted.notify.toolsChanged()

    t.same(
      [(await frames.next()).value, (await frames.next()).value, (await frames.next()).value],
      [': open', note({ level: 'info', data: 'late' }), changed('tools')]
    )
    t.same([(await others.next()).value, (await others.next()).value], [': open', changed('tools')])
  }
)

t.test('list changes reach every listening session, except related notifications of a handler', async (t) => {
  const server = createV1({
    capabilities: { tools: { listChanged: true }, prompts: { listChanged: true }, resources: { listChanged: true } }
  })
  server.registerTool('tell', {}, async ({ sendNotification }) => {
    await sendNotification({ method: 'notifications/tools/list_changed' })
    return said('done')
  })
  const { app } = await createSdkApp(t, server)
  const address = await listen(app)
  const sessions = [await openSession(app), await openSession(app)]
  const streams = await Promise.all(sessions.map(async (headers) => readFrames(await openGet(address, headers))))
  await openSession(app)

  const own = await callForFrames(app, 'tell', sessions[0] ?? {})
  server.sendToolListChanged()
  server.sendPromptListChanged()
  server.sendResourceListChanged()
  await server.server.sendToolListChanged()

  t.same(own, [': open', frameOf({ jsonrpc: '2.0', method: 'notifications/tools/list_changed', params: {} }), done()])
  for (const stream of streams) {
    const seen = [await stream.next(), await stream.next(), await stream.next(), await stream.next()].map(
      ({ value }) => value
    )
    t.same(seen.toSorted(), [': open', changed('prompts'), changed('resources'), changed('tools')].toSorted())
  }
})

t.test('updates of a resource reach only clients whose subscription the server has accepted', async (t) => {
  const server = createV1({ capabilities: { resources: { subscribe: true } } })
  const asked: string[] = []
  allowSubscriptions(server, asked)
  const { app, mounted } = await createSdkApp(t, server)
  const address = await listen(app)
  const watching = await openSession(app)
  const stream = readFrames(await openGet(address, watching))
  const others = readFrames(await openGet(address, await openSession(app)))
  const ask = async (method: string, uri: string): Promise<unknown> =>
    (await app.inject(legacy(method, { uri }, { headers: watching }))).json()

  t.same(await ask('resources/subscribe', 'note://1'), { jsonrpc: '2.0', id: 1, result: {} })
  t.same(await ask('resources/subscribe', 'note://2'), { jsonrpc: '2.0', id: 1, result: {} })
  t.same(await ask('resources/unsubscribe', 'note://2'), { jsonrpc: '2.0', id: 1, result: {} })
  t.match(await ask('resources/subscribe', 'note://secret'), { error: { message: 'not yours' } })
  for (const uri of ['note://secret', 'note://2', 'note://1']) await server.server.sendResourceUpdated({ uri })
  await until(() => mounted.stats().streams === 2)
  mounted.notify.toolsChanged()

  t.same(
    [(await stream.next()).value, (await stream.next()).value, (await stream.next()).value],
    [': open', updated('note://1'), changed('tools')]
  )
  t.same([(await others.next()).value, (await others.next()).value], [': open', changed('tools')])
  t.same(asked, ['subscribe note://1', 'subscribe note://2', 'unsubscribe note://2', 'subscribe note://secret'])
})

t.test(
  'a notification handler is run for the client that sent it, and what the handler says goes by the stream of that one',
  async (t) => {
    const server = createV1()
    const names: unknown[] = []
    server.server.setNotificationHandler(
      NotificationSchema.extend({ method: z.literal('notifications/hello') }),
      async () => {
        names.push(server.server.getClientVersion()?.name)
        await server.sendLoggingMessage({ level: 'info', data: 'hello to you' })
      }
    )
    const { app, mounted } = await createSdkApp(t, server)
    const address = await listen(app)
    const greeting = await openSession(app)
    const stream = readFrames(await openGet(address, greeting))
    const others = readFrames(await openGet(address, await openSession(app)))

    const response = await post(app, { jsonrpc: '2.0', method: 'notifications/hello' }, greeting)
    await post(app, { jsonrpc: '2.0', method: 'notifications/unknown' }, greeting)
    const greeted = [(await stream.next()).value, (await stream.next()).value]
    mounted.notify.toolsChanged()

    t.equal(response.statusCode, 202)
    t.same(greeted, [': open', note({ level: 'info', data: 'hello to you' })])
    t.same([(await others.next()).value, (await others.next()).value], [': open', changed('tools')])
    t.same(names, ['test'])
  }
)

t.test('an instance knows its client during a request, and no client outside', async (t) => {
  const server = createV1()
  server.registerTool('who', {}, () =>
    said(JSON.stringify([server.server.getClientVersion(), server.server.getClientCapabilities()]))
  )
  const { app, mounted } = await createSdkApp(t, server)
  const ann = await openSessionAs(app, 'Ann', { roots: { listChanged: true } })
  const bob = await openSessionAs(app, 'Bob', { elicitation: {} })
  const who = async (headers: Headers): Promise<unknown> =>
    JSON.parse((await app.inject(legacy('tools/call', { name: 'who' }, { headers }))).json().result.content[0].text)

  t.same(await who(ann), [{ name: 'Ann', version: '1' }, { roots: { listChanged: true } }])
  t.same(await who(bob), [{ name: 'Bob', version: '1' }, { elicitation: { form: {} } }])
  t.match(await mounted.call('who'), said(JSON.stringify([null, {}])))
  t.equal(server.server.getClientVersion(), undefined)
  t.equal(server.server.getClientCapabilities(), undefined)
})
