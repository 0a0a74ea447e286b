// SDK servers that never answer: what becomes of the request when its client leaves, and of a factory that makes no
// server.
import t from 'tap'
import { McpServer as V1McpServer } from '@modelcontextprotocol/sdk/server/mcp.js'
import { McpServer as V2McpServer } from '@modelcontextprotocol/server'
import type { Mountable } from '../../lib/index.ts'
import { createHost, initialize, legacy, modernCall, mount, openSession } from '../support/app.ts'
import { stopClock } from '../support/definition-client.ts'
import { partsOf } from '../support/parts.ts'
import { listen, sendAlone, until } from '../support/stream.ts'

const hang = (): Promise<never> => new Promise(() => {})

function createV1 (): V1McpServer {
  const server = new V1McpServer({ name: 'Tasks', version: '1.0.0' })
  server.registerTool('hang', {}, hang)
  return server
}

function createV2 (): V2McpServer {
  const server = new V2McpServer({ name: 'Tasks', version: '1.0.0' })
  server.registerTool('hang', {}, hang)
  return server
}

const servers: Readonly<Record<string, () => Mountable>> = {
  'an instance': createV1,
  'a factory of v1': () => createV1,
  'a factory of v2': () => createV2,
  'a factory that hangs': () => hang,
  'a handler with fetch': () => ({ fetch: hang })
}

for (const [name, create] of Object.entries(servers)) {
  t.test(`a call of ${name} that never ends gives its place back when its client leaves`, async (t) => {
    const { app } = createHost(t)
    await mount(app, { server: create(), name: 'Tasks', closeGracePeriod: 0 })
    const address = await listen(app)
    const { calls } = partsOf(app.mcp.get('Tasks'))
    const sent = sendAlone(address, modernCall('hang'))
    await until(() => calls.taken === 1)

    sent.destroy()
    await until(() => calls.taken === 0)

    t.equal(app.mcp.get('Tasks').stats().exchanges, 0)
  })
}

t.test('a call in a session of an instance gives its place back when its client leaves', async (t) => {
  const { app } = createHost(t)
  await mount(app, { server: createV1(), closeGracePeriod: 0 })
  const address = await listen(app)
  const { calls } = partsOf(app.mcp.get('Tasks'))
  const sent = sendAlone(address, legacy('tools/call', { name: 'hang' }, { headers: await openSession(app) }))
  await until(() => calls.taken === 1)

  sent.destroy()
  await until(() => calls.taken === 0)

  t.equal(app.mcp.get('Tasks').stats().exchanges, 0)
})

t.test('a factory that creates no server in time fails the request and leaves no session', async (t) => {
  const { app, logLines } = createHost(t)
  let asked = 0
  await mount(app, { server: () => { asked++; return hang() }, name: 'Tasks' })
  await app.ready()
  const pass = stopClock(t)

  const answered = app.inject(initialize())
  await until(() => asked > 0)
  pass(30_000)

  t.match((await answered).json(), { error: { code: -32603, message: /^Error answering initialize \(error id / } })
  t.match(
    logLines.filter(({ level }) => level === 50),
    [{ err: { message: 'the factory returned no server within 30000 ms' } }]
  )
  t.equal(app.mcp.get('Tasks').sessions.size, 0)
})
