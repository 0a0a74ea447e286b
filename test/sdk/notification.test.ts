// Notifications of clients reach SDK servers, `notifications/initialized` included.
import t from 'tap'
import { McpServer as V1McpServer } from '@modelcontextprotocol/sdk/server/mcp.js'
import { RootsListChangedNotificationSchema } from '@modelcontextprotocol/sdk/types.js'
import { createMcpHandler, McpServer as V2McpServer } from '@modelcontextprotocol/server'
import type { Mountable } from '../../lib/index.ts'
import { clientKinds, v2Modern } from '../support/clients.ts'
import { legacy, MODERN_META, modern, modernCall, openSession, post } from '../support/app.ts'
import { createGate, listen, until } from '../support/stream.ts'
import { createSdkApp, createV1, said } from '../support/sdk-servers.ts'

/** Creates a server that registers a tool in oninitialized if its client can be asked. */
function createLate (): V1McpServer {
  const server = createV1()
  server.server.oninitialized = async () => {
    await Promise.resolve()
    if (server.server.getClientCapabilities()?.elicitation !== undefined) {
      server.registerTool('late', {}, () => said('late'))
    }
  }
  return server
}

for (const [title, create] of Object.entries<() => Mountable>({
  'an instance': createLate,
  'a factory': () => () => createLate()
})) {
  for (const kind of clientKinds) {
    t.test(`${kind.title} finds the tools that ${title} registers in oninitialized`, async (t) => {
      const { app } = await createSdkApp(t, create())
      const client = await kind.connect(`${await listen(app)}/mcp`, 'Ann', { elicit: () => ({ action: 'decline' }) })
      t.teardown(() => client.close())

      t.same(
        (await client.listTools()).map(({ name }) => name),
        ['hello', 'late']
      )
      t.match(await client.callTool('late'), said('late'))
    })
  }

  t.test(`modern clients of ${title} are served if oninitialized fails or never ends`, async (t) => {
    const errors: string[] = []
    const fail = [
      async () => { throw new Error('not ready') },
      () => new Promise<void>(() => {})
    ]
    for (const oninitialized of fail) {
      const make = (): V1McpServer => {
        const server = createV1()
        Object.assign(server.server, { oninitialized, onerror: ({ message }: Error) => errors.push(message) })
        return server
      }
      const { app } = await createSdkApp(t, title === 'a factory' ? make : make())

      t.match((await app.inject(modernCall('hello'))).json(), { result: said('hello') })
      t.match((await app.inject(modern('server/discover'))).json(), { result: { supportedVersions: ['2026-07-28'] } })
    }

    t.same(errors, ['Uncaught error in notification handler: Error: not ready'])
  })
}

type Hear = (what: string) => void

function createV1Hearing (hear: Hear): V1McpServer {
  const server = createV1()
  server.server.setNotificationHandler(RootsListChangedNotificationSchema, () =>
    hear(`roots of ${server.server.getClientVersion()?.name}`)
  )
  server.server.fallbackNotificationHandler = async ({ method }) => hear(method)
  return server
}

function createV2Hearing (hear: Hear): V2McpServer {
  const server = new V2McpServer({ name: 'Tasks', version: '1.0.0' })
  server.server.fallbackNotificationHandler = async ({ method }) => hear(method)
  return server
}

const hearing: Readonly<Record<string, (hear: Hear) => Mountable>> = {
  'an instance': createV1Hearing,
  'a v1 factory': (hear) => () => createV1Hearing(hear),
  'a v2 factory': (hear) => () => createV2Hearing(hear),
  'a v2 handler': (hear) => createMcpHandler(() => createV2Hearing(hear))
}
const CUSTOM = { jsonrpc: '2.0', method: 'acme/moved', params: {} }
const modernHeaders = { 'mcp-protocol-version': '2026-07-28', 'mcp-method': 'acme/moved' }

for (const [title, create] of Object.entries(hearing)) {
  t.test(
    `${title} hears the notifications of a modern client, and those of a legacy client without a session`,
    async (t) => {
      for (const options of [{}, { stateless: true }]) {
        const heard: string[] = []
        const { app, logLines } = await createSdkApp(
          t,
          create((what) => heard.push(what)),
          options
        )

        const fromModern = await post(app, { ...CUSTOM, params: { _meta: MODERN_META } }, modernHeaders)
        await until(() => heard.length === 1)
        if ('stateless' in options) {
          t.equal((await post(app, CUSTOM)).statusCode, 202)
          await until(() => heard.length === 2)
        }

        t.equal(fromModern.statusCode, 202)
        t.ok(
          heard.every((what) => what === 'acme/moved'),
          heard.join()
        )
        t.same(
          logLines.filter(({ level }) => Number(level) >= 40),
          []
        )
      }
    }
  )
}

for (const form of ['an instance', 'a v1 factory'] as const) {
  t.test(`${form} identifies the modern client of a notification from its _meta`, async (t) => {
    const heard: string[] = []
    const { app } = await createSdkApp(t, (hearing[form] as (hear: Hear) => Mountable)((what) => heard.push(what)))
    const changed = { jsonrpc: '2.0', method: 'notifications/roots/list_changed' }
    const ann = { ...MODERN_META, 'io.modelcontextprotocol/clientInfo': { name: 'Ann', version: '1' } }

    await post(app, { ...changed, params: { _meta: ann } }, modernHeaders)
    await until(() => heard.length === 1)
    await post(
      app,
      { ...changed, params: { _meta: { ...ann, 'io.modelcontextprotocol/clientCapabilities': 'all' } } },
      modernHeaders
    )
    await until(() => heard.length === 2)

    t.equal(heard[0], 'roots of Ann')
    t.not(heard[1], 'roots of Ann')
  })
}

t.test(
  'a factory makes no server to tell it that nobody is ready, and none for what a modern client cancels',
  async (t) => {
    let made = 0
    const { app } = await createSdkApp(
      t,
      () => {
        made++
        return createV1()
      },
      { stateless: true }
    )

    await post(app, { jsonrpc: '2.0', method: 'notifications/initialized' })
    await post(
      app,
      { jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 1, _meta: MODERN_META } },
      modernHeaders
    )

    t.equal(made, 0)
  }
)

t.test('a notification is logged if no server can be created for it', async (t) => {
  const { app, logLines } = await createSdkApp(t, () => { throw new Error('not now') })

  t.equal((await post(app, { ...CUSTOM, params: { _meta: MODERN_META } }, modernHeaders)).statusCode, 202)
  await until(() => logLines.some(({ level }) => level === 40))

  t.match(
    logLines.filter(({ level }) => level === 40),
    [{ msg: 'acme/moved could not be delivered', err: { message: 'not now' } }]
  )
})

t.test('a server without notification handlers serves requests', async (t) => {
  const { app, logLines } = await createSdkApp(t, () => createV1())

  t.equal((await post(app, { ...CUSTOM, params: { _meta: MODERN_META } }, modernHeaders)).statusCode, 202)

  t.match((await app.inject(modernCall('hello'))).json(), { result: said('hello') })
  t.same(logLines.filter(({ level }) => Number(level) >= 40), [])
})

/** Creates a server with a tool that creates a notifier, which is used after the call. */
function createNotifying (made: (notify: () => Promise<void>) => void): V1McpServer {
  const server = createV1()
  server.registerTool('sign_in', {}, () => {
    made(server.server.createElicitationCompletionNotifier('e1'))
    return said('sign in')
  })
  return server
}

t.test('a notifier that was created in a call notifies the client of that call later', async (t) => {
  const made = createGate<() => Promise<void>>()
  const server = createNotifying((notify) => made.open(notify))
  const { app } = await createSdkApp(t, server)
  const capabilities = { elicitation: { url: {} } }
  const open = async (name: string) => {
    const opened = await app.inject(
      legacy('initialize', { protocolVersion: '2025-11-25', capabilities, clientInfo: { name, version: '1' } })
    )
    return { 'mcp-session-id': String(opened.headers['mcp-session-id']) }
  }
  const [ann, bob] = [await open('Ann'), await open('Bob')]
  const address = await listen(app)
  const streams = await Promise.all([ann, bob].map(async (headers) => {
    const response = await fetch(`${address}/mcp`, { headers: { ...headers, accept: 'text/event-stream' } })
    return response.body?.pipeThrough(new TextDecoderStream()).getReader()
  }))
  await app.inject(legacy('tools/call', { name: 'sign_in' }, { headers: bob }))
  await app.inject(legacy('tools/call', { name: 'hello' }, { headers: ann }))

  await (await made.promise)()

  let received = ''
  while (!received.includes('elicitationId')) received += (await streams[1]?.read())?.value ?? ''
  t.match(received, '"method":"notifications/elicitation/complete","params":{"elicitationId":"e1"}')
  server.server.sendToolListChanged()
  let other = ''
  while (!other.includes('list_changed')) other += (await streams[0]?.read())?.value ?? ''
  t.notMatch(other, 'elicitation')
  for (const stream of streams) await stream?.cancel()
})

t.test('creating a notifier outside of any call fails, because there is no client', async (t) => {
  const server = createV1()
  await createSdkApp(t, server)

  t.throws(
    () => server.server.createElicitationCompletionNotifier('e1'),
    /^notifications\/elicitation\/complete was sent outside of any request/
  )
})

t.test('a notifier sends nothing to a modern client that has left', async (t) => {
  const made = createGate<() => Promise<void>>()
  const { app } = await createSdkApp(t, createNotifying((notify) => made.open(notify)))
  const client = await v2Modern.connect(`${await listen(app)}/mcp`, 'Ann', { elicit: () => ({ action: 'decline' }) })
  await client.callTool('sign_in')
  await client.close()

  await t.resolves((await made.promise)())
})

t.test('methods that a class overrides are called when its instance is mounted and unmounted', async (t) => {
  const heard: string[] = []
  class Pooled extends V1McpServer {
    override async connect (transport: Parameters<V1McpServer['connect']>[0]): Promise<void> {
      heard.push('connect')
      await super.connect(transport)
    }

    override async close (): Promise<void> {
      heard.push('close')
      await super.close()
    }
  }
  const server = new Pooled({ name: 'Tasks', version: '1.0.0' })
  server.registerTool('hello', {}, () => said('hello'))

  for (const round of [1, 2]) {
    const { app } = await createSdkApp(t, server)
    t.match((await app.inject(legacy('tools/call', { name: 'hello' }, { headers: await openSession(app) }))).json(), {
      result: said('hello')
    })
    await app.close()
    t.same(heard.splice(0), ['connect', 'close'], `round ${round}`)
  }
})
