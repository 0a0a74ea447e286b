import t from 'tap'
import { McpServer } from '../../lib/index.ts'
import { createApp, initialize, openSession } from '../support/app.ts'
import { startNodes } from '../support/cluster.ts'
import { collectEvents } from '../support/events.ts'
import { hashSessionId } from '../../lib/telemetry/session-hash.ts'

t.test('sessions are published when they open and end', async (t) => {
  const { app } = await createApp(t)
  const events = collectEvents(t, app)
  const headers = await openSession(app)

  await app.inject({ method: 'DELETE', url: '/mcp', headers })

  const session = hashSessionId(String(headers['mcp-session-id']))
  const [opened, ended] = events.sessions.map(({ app, ...event }) => event)
  const known = { mount: 'Notes', session, revision: '2025-11-25', client: { name: 'test', version: '1' } }
  t.strictSame(opened, { ...known, kind: 'opened' })
  t.match(ended, { ...known, kind: 'ended', reason: 'deleted', duration: Number })
})

t.test('the duration of a session is unknown if nobody listened when it opened', async (t) => {
  const { app } = await createApp(t)
  const headers = await openSession(app)
  const events = collectEvents(t, app)

  await app.inject({ method: 'DELETE', url: '/mcp', headers })

  t.match(events.sessions, [{ kind: 'ended', reason: 'deleted' }])
  t.notOk('duration' in Object(events.sessions[0]))
})

t.test('sessions open and end as quietly as before while nobody listens', async (t) => {
  const { app } = await createApp(t)
  const headers = await openSession(app)

  await app.inject({ method: 'DELETE', url: '/mcp', headers })

  t.equal(app.mcp.get('Notes').sessions.size, 0)
})

t.test('a session without a self-reported client has none in its events', async (t) => {
  const { app } = await createApp(t, { legacySse: true })
  const events = collectEvents(t, app)
  const address = await app.listen({ port: 0, host: '127.0.0.1' })
  const leaving = new AbortController()

  const stream = await fetch(`${address}/sse`, { headers: { accept: 'text/event-stream' }, signal: leaving.signal })
  t.equal(stream.status, 200)
  leaving.abort()
  while (events.sessions.length < 2) await new Promise(setImmediate)

  t.match(events.sessions, [{ kind: 'opened' }, { kind: 'ended', reason: 'disconnected' }])
  t.notOk('client' in Object(events.sessions[0]))
})

t.test('nodes of a cluster publish when it cannot be reached, and when it can again', async (t) => {
  const requestState = { keys: ['0'.repeat(32)] }
  const server = new McpServer({ name: 'Notes', version: '1.0.0' }, { requestState })
  const { cluster, nodes: [{ app }] } = await startNodes(t, { server })
  const events = collectEvents(t, app)

  cluster.beginOutage()
  const refused = await app.inject(initialize())
  cluster.endOutage()

  t.equal(refused.statusCode, 503)
  t.match(events.cluster, [
    { mount: 'Notes', kind: 'unreachable', error: Error },
    { mount: 'Notes', kind: 'reachable' }
  ])
  t.match(events.refusals, [{ reason: 'unavailable', status: 503 }])
})
