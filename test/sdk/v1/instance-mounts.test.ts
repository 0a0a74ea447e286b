// One v1 server instance in several mounts and apps, one after the other and at once.
import t from 'tap'
import { InMemoryTransport } from '@modelcontextprotocol/sdk/inMemory.js'
import { createHost, legacy, modernCall, mount, openSession, post } from '../../support/app.ts'
import { listen, openGet, readFrames } from '../../support/stream.ts'
import { createSdkApp, createV1, said } from '../../support/sdk-servers.ts'

t.test('an instance serves two mounts of an app and a mount of another, and changes reach the sessions of all', async (t) => {
  const server = createV1()
  const { app } = createHost(t)
  const { app: other } = createHost(t)
  await mount(app, { server, name: 'A' })
  await mount(app, { server, name: 'B', prefix: '/b' })
  await mount(other, { server })
  const address = await listen(app)
  const otherAddress = await listen(other)
  const sessionB = await app.inject({
    ...legacy('initialize', {
      protocolVersion: '2025-11-25',
      capabilities: {},
      clientInfo: { name: 'b', version: '1' }
    }),
    url: '/b/mcp'
  })
  const streams = [
    readFrames(await openGet(address, await openSession(app))),
    readFrames(await openGet(`${address}/b`, { 'mcp-session-id': String(sessionB.headers['mcp-session-id']) })),
    readFrames(await openGet(otherAddress, await openSession(other)))
  ]
  for (const stream of streams) t.equal((await stream.next()).value, ': open')

  server.sendToolListChanged()

  for (const stream of streams) t.match((await stream.next()).value, /tools\/list_changed/)
  t.match((await app.inject(modernCall('hello', {}, { url: '/b/mcp' }))).json(), { result: said('hello') })
})

t.test('an instance goes on in one app when another that it was mounted in has closed', async (t) => {
  const server = createV1()
  const first = await createSdkApp(t, server)
  const second = await createSdkApp(t, server)

  await first.app.close()
  const answered = (await second.app.inject(modernCall('hello'))).json()
  const connected = server.isConnected()
  await second.app.close()

  t.match(answered, { result: said('hello') })
  t.ok(connected)
  t.notOk(server.isConnected(), 'the last one to close has closed the instance')
})

t.test('an instance can be mounted again after its app has closed, and receives each message once', async (t) => {
  const server = createV1()
  const heard: string[] = []
  server.server.oninitialized = () => { heard.push('initialized') }
  server.server.onclose = () => { heard.push('closed') }
  const first = await createSdkApp(t, server)
  await first.app.close()
  const second = await createSdkApp(t, server)

  await post(second.app, { jsonrpc: '2.0', method: 'notifications/initialized' }, await openSession(second.app))
  const answered = (await second.app.inject(modernCall('hello'))).json()
  await second.app.close()

  t.match(answered, { result: said('hello') })
  t.same(heard, ['closed', 'initialized', 'initialized', 'closed'], 'once for the session, once for the modern request')
})

t.test('an instance that has a transport already cannot be started', async (t) => {
  const server = createV1()
  const [transport] = InMemoryTransport.createLinkedPair()
  await server.connect(transport)
  const { app } = createHost(t)
  await mount(app, { server })

  await t.rejects(
    async () => { await app.ready() },
    {
      code: 'MCP_ERR_INVALID_SERVER',
      message: /^option 'server' is an SDK server that is connected to another transport; pass /
    }
  )
})

t.test('an instance that is closed by hand goes on serving requests', async (t) => {
  const server = createV1()
  const { app } = await createSdkApp(t, server)

  await server.close()

  t.match((await app.inject(modernCall('hello'))).json(), { result: said('hello') })
})
