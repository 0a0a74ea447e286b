import type { FastifyServerOptions } from 'fastify'
import t, { type Test } from 'tap'
import mcpPlugin from '../../lib/index.ts'
import { createHost, createServer, modernCall, openSession } from '../support/app.ts'
import { createGate, listen, openGet, readFrames, send } from '../support/stream.ts'

const CHANGED = '{"jsonrpc":"2.0","method":"notifications/tools/list_changed"}'

/** Creates an app with a mount, and with a route that never answers. */
async function createApp (t: Test, options: FastifyServerOptions) {
  const { app } = createHost(t, options)
  const server = createServer()
  const goOn = createGate()
  server.registerTool('wait', {}, async () => { await goOn.promise; return 'done' })
  app.get('/silent', () => new Promise(() => {}))
  app.register(mcpPlugin, { server })
  return { app, server, goOn, address: await listen(app) }
}

for (const options of [{ handlerTimeout: 30 }, { connectionTimeout: 30 }]) {
  const [name = ''] = Object.keys(options)

  t.test(`a call and a stream outlast the ${name} of the app`, async (t) => {
    const { app, server, goOn, address } = await createApp(t, options)
    const stream = readFrames(await openGet(address, await openSession(app)))
    t.equal((await stream.next()).value, ': open')
    const call = send(address, modernCall('wait'))

    // The limit has passed for the call and the stream when it has for a request that came after them.
    const silent = await fetch(`${address}/silent`).then(({ status }) => status, () => 'closed')
    server.registerTool('late', {}, () => '')
    goOn.open()

    t.equal(silent, 'handlerTimeout' in options ? 503 : 'closed')
    t.match((await stream.next()).value, CHANGED)
    t.match(await (await call).json(), { result: { content: [{ text: 'done' }] } })
  })
}
