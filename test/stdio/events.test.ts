import t from 'tap'
import { createHost, createServer } from '../support/app.ts'
import { collectEvents } from '../support/events.ts'
import { modern, openPipe } from './pipe.ts'

const initialize = (protocolVersion: string): object => ({
  jsonrpc: '2.0',
  id: 1,
  method: 'initialize',
  params: { protocolVersion, capabilities: {}, clientInfo: { name: 'test', version: '1' } }
})

t.test('calls, sessions and refusals on stdio are published', async (t) => {
  const { app } = createHost(t)
  const events = collectEvents(t, app)
  const { write, take, connection } = await openPipe(t, createServer(), {
    app, maxStreams: 1, auth: { token: 'secret', clientId: 'c1', scopes: [] }
  })

  write(modern(1, 'tools/call', { name: 'echo', arguments: { text: 'a' } }))
  write({ jsonrpc: '2.0', id: 2, method: 'tools/list' }, '{\n', initialize('2025-03-26'))
  await take(4)
  write(JSON.stringify([{ jsonrpc: '2.0', id: 3, method: 'ping' }, { jsonrpc: '2.0', id: 4 }]) + '\n')
  await take(1)
  write(initialize('2025-11-25'))
  await take(1)
  write(modern(5, 'subscriptions/listen', { notifications: { toolsListChanged: true } }))
  await take(1)
  write(modern(6, 'subscriptions/listen', { notifications: { toolsListChanged: true } }))
  await take(1)
  await connection.close()

  t.strictSame(events.requests.map(({ method, transport, outcome }) => `${method} ${transport} ${outcome}`).sort(), [
    'initialize stdio ok', 'initialize stdio ok', 'ping stdio ok', 'subscriptions/listen stdio ok',
    'tools/call stdio ok'
  ])
  t.match(events.requests.find(({ tool }) => tool === 'echo'), { mount: 'Notes', principal: { clientId: 'c1' } })
  t.strictSame(events.refusals.map(({ reason, method }) => [reason, method]), [
    ['invalid_request', 'tools/list'], ['parse_error', undefined], ['invalid_request', undefined],
    ['limit', 'subscriptions/listen']
  ])
  t.strictSame(events.sessions.map(({ kind, reason }) => [kind, reason]), [
    ['opened', undefined], ['ended', 'deleted'], ['opened', undefined], ['ended', 'closed']
  ])
  t.equal(events.sessions[0]?.session, events.sessions[1]?.session)
})

t.test('a server without a name is published as stdio', async (t) => {
  const { app } = createHost(t)
  const events = collectEvents(t, app)
  const { write, next } = await openPipe(t, { serve: async () => ({}) }, { app })

  write(modern(1, 'tools/list'))
  await next()

  t.match(events.requests, [{ mount: 'stdio', outcome: 'ok' }])
})

t.test('messages in both directions are published as they are on stdio', async (t) => {
  const { app } = createHost(t)
  const events = collectEvents(t, app)
  const { write, take } = await openPipe(t, createServer(), { app })
  const request = modern(1, 'ping')
  const read = (text: string): unknown => JSON.parse(text)

  write('\n', request)
  const [answer] = await take(1)

  const published = events.messages.map(({ text, app: _, ...event }) => ({ ...event, text: read(text) }))
  const [first, second, ...others] = published
  t.strictSame(first, { mount: 'Notes', direction: 'in', transport: 'stdio', text: request })
  t.strictSame(second, { mount: 'Notes', direction: 'out', transport: 'stdio', text: answer })
  t.equal(others.length, 0)
})
