// Notifications that legacy clients post reach the definition.
import t, { type Test } from 'tap'
import type { McpMountOptions, ServerDefinition } from '../../lib/index.ts'
import { createHost, mount, openSession, post } from '../support/app.ts'
import { createTalker } from '../support/talk.ts'

interface Notified {
  readonly method: string
  readonly params: unknown
  readonly sessionId: string | undefined
  readonly url: string | undefined
  readonly lifespan: unknown
}

async function createNotified (t: Test, options: Partial<McpMountOptions> = {}) {
  const notified: Notified[] = []
  const definition: ServerDefinition = {
    ...createTalker(() => ({ done: true })),
    enter: async () => ({ value: 'lifespan' }),
    notified ({ message: { method, params }, caller: { sessionId }, channel: { request, lifespan } }) {
      notified.push({ method, params, sessionId, url: request?.url, lifespan })
    }
  }
  const { app } = createHost(t)
  await mount(app, { ...options, server: definition })
  await app.ready()
  return { app, notified }
}

const initialized = { jsonrpc: '2.0', method: 'notifications/initialized' }

t.test('a definition receives the notifications of a session, except cancellations', async (t) => {
  const { app, notified } = await createNotified(t)
  const headers = await openSession(app)

  const first = await post(app, initialized, headers)
  const second = await post(
    app,
    { jsonrpc: '2.0', method: 'notifications/roots/list_changed', params: { a: 1 } },
    headers
  )
  for (const reason of ['enough', 7]) {
    await post(app, { jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 1, reason } }, headers)
  }
  await post(app, { jsonrpc: '2.0', id: 'ask-1', result: {} }, headers)

  const known = { sessionId: headers['mcp-session-id'], url: '/mcp', lifespan: 'lifespan' }
  t.same([first.statusCode, first.body, second.statusCode], [202, '', 202])
  t.same(notified, [
    { method: 'notifications/initialized', params: {}, ...known },
    { method: 'notifications/roots/list_changed', params: { a: 1 }, ...known }
  ])
})

t.test('a definition receives the notifications of clients without sessions, too', async (t) => {
  const { app, notified } = await createNotified(t, { stateless: true })

  const statuses = []
  for (const message of [
    initialized, { jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 1 } },
    { jsonrpc: '2.0', id: 'ask-1', result: {} }
  ]) {
    statuses.push((await post(app, message)).statusCode)
  }

  t.same(statuses, [202, 202, 202])
  t.same(notified, [
    { method: 'notifications/initialized', params: {}, sessionId: undefined, url: '/mcp', lifespan: 'lifespan' }
  ])
})

t.test('a definition receives the notifications in a batch, with and without requests', async (t) => {
  const { app, notified } = await createNotified(t)
  const headers = await openSession(app, '2025-03-26')

  const alone = await post(app, [initialized], headers)
  const mixed = await post(app, [initialized, { jsonrpc: '2.0', id: 1, method: 'work' }], headers)

  t.equal(alone.statusCode, 202)
  t.same(mixed.json(), [{ jsonrpc: '2.0', id: 1, result: { done: true } }])
  t.same(
    notified.map(({ method, sessionId }) => [method, sessionId]),
    Array.from({ length: 2 }, () => ['notifications/initialized', headers['mcp-session-id']])
  )
})

t.test('a notification for an unknown session is refused and not passed on', async (t) => {
  const { app, notified } = await createNotified(t)

  const response = await post(app, initialized, { 'mcp-session-id': 'nope' })

  t.equal(response.statusCode, 404)
  t.same(notified, [])
})

t.test('a definition without `notified` ignores notifications', async (t) => {
  const { app } = createHost(t)
  await mount(app, { server: createTalker(() => ({})) })

  t.equal((await post(app, initialized, await openSession(app))).statusCode, 202)
})
