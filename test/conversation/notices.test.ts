import t from 'tap'
import { McpServer } from '../../lib/index.ts'
import type { ServerDefinition } from '../../lib/index.ts'
import { createHost, legacy, openSession } from '../support/app.ts'
import mcpPlugin from '../../lib/plugin.ts'

const NOTIFICATION = { jsonrpc: '2.0', method: 'notifications/roots/list_changed' }

t.test('a definition that throws on a notification is logged, and its client gets 202 all the same', async (t) => {
  const { app, logLines } = createHost(t)
  const server: ServerDefinition = {
    info: { name: 'Odd', version: '1' },
    serve: async () => ({}),
    notified () { throw new Error('no') }
  }
  app.register(mcpPlugin, { server })
  const session = await openSession(app)
  const { method, url, headers } = legacy('ping', {}, { headers: session })

  const response = await app.inject({ method, url, headers, payload: NOTIFICATION })

  t.equal(response.statusCode, 202)
  t.match(logLines.filter(({ level }) => level === 50), [
    { msg: 'notifications/roots/list_changed could not be handed over to the server', err: { message: 'no' } }
  ])
})

t.test('a cancellation without a valid id is passed over', async (t) => {
  const { app, logLines } = createHost(t)
  app.register(mcpPlugin, { server: new McpServer({ name: 'Notes', version: '1.0.0' }) })
  const session = await openSession(app)
  const { method, url, headers } = legacy('ping', {}, { headers: session })

  const payload = { jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: {} } }
  const response = await app.inject({ method, url, headers, payload })

  t.equal(response.statusCode, 202)
  t.same(logLines.filter(({ level }) => Number(level) > 30), [])
})
