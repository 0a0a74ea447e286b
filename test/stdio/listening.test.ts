import t from 'tap'
import type { McpServer } from '../../lib/index.ts'
import { createServer, SERVER_META } from '../support/app.ts'
import { createGate, type Gate } from '../support/stream.ts'
import { failure, legacy, modern, notification, openPipe, result } from './pipe.ts'

const KEY = 'io.modelcontextprotocol/subscriptionId'

function listen (id: unknown, notifications: unknown): object {
  return modern(id, 'subscriptions/listen', { notifications })
}

function tagged (method: string, id: unknown, params: object = {}): object {
  return notification(method, { _meta: { [KEY]: id }, ...params })
}

function acknowledged (id: unknown, notifications: object): object {
  return tagged('notifications/subscriptions/acknowledged', id, { notifications })
}

function ended (id: unknown): object {
  return result(id, { resultType: 'complete', _meta: { ...SERVER_META, [KEY]: id } })
}

t.test('subscriptions are acknowledged, and their notifications carry their ids', async (t) => {
  const server = createServer()
  server.registerResource('a', 'notes://a', {}, () => 'a')
  const { connection, write, take } = await openPipe(t, server)

  write(listen(1, { toolsListChanged: true, promptsListChanged: true }))
  const [first] = await take(1)
  write(listen('b', { toolsListChanged: true, resourceSubscriptions: ['notes://a'] }))
  const [second] = await take(1)
  server.registerTool('new', {}, () => 'new')
  const told = await take(2)
  connection.notify.resourceUpdated('notes://a')

  t.same(
    [first, second],
    [
      acknowledged(1, { toolsListChanged: true }),
      acknowledged('b', { toolsListChanged: true, resourceSubscriptions: ['notes://a'] })
    ]
  )
  t.same(told, [tagged('notifications/tools/list_changed', 1), tagged('notifications/tools/list_changed', 'b')])
  t.same(await take(1), [tagged('notifications/resources/updated', 'b', { uri: 'notes://a' })])
})

t.test('a subscription that its client cancels gets no more messages and no answer', async (t) => {
  const server = createServer()
  const { connection, write, take, next } = await openPipe(t, server)

  write(listen(1, { toolsListChanged: true }), listen(2, { toolsListChanged: true }))
  await take(2)
  write(notification('notifications/cancelled', { requestId: 1 }), legacy('p', 'ping'))
  await next()
  connection.notify.toolsChanged()

  t.same(await next(), tagged('notifications/tools/list_changed', 2))
})

t.test('a subscription with the id of an open one is refused, because their notifications would be indistinguishable', async (t) => {
  const { write, take, next } = await openPipe(t)

  write(listen(1, { toolsListChanged: true }))
  await next()
  write(listen(1, { toolsListChanged: true }), modern(1, 'tools/call', { name: 'echo', arguments: { text: 'hi' } }))
  const [refused, answered] = await take(2)

  t.same(refused, failure(1, -32600, 'Invalid Request: an open subscription already has the id 1; use another id'))
  t.match(answered, { id: 1, result: { content: [{ text: 'hi' }] } })
})

t.test('closing the server ends subscriptions with their results', async (t) => {
  const { connection, write, next } = await openPipe(t)

  write(listen(1, { toolsListChanged: true }))
  await next()
  connection.close()

  t.same(await next(), ended(1))
  await connection.closed
})

t.test('a subscription that could never get a change ends at once', async (t) => {
  const { write, take } = await openPipe(t)

  write(listen(1, { promptsListChanged: true }))

  t.same(await take(2), [acknowledged(1, {}), ended(1)])
})

t.test('a subscription with an invalid filter is refused', async (t) => {
  const { write, next } = await openPipe(t)

  write(listen(1, 'everything'))

  t.same(await next(), failure(1, -32602, "Invalid params: subscriptions/listen needs 'notifications', an object"))
})

t.test('a subscription beyond maxStreams is refused', async (t) => {
  const { write, take } = await openPipe(t, createServer(), { maxStreams: 1 })

  write(listen(1, { toolsListChanged: true }), listen(2, { toolsListChanged: true }))
  const messages = await take(2)
  write(notification('notifications/cancelled', { requestId: 1 }), listen(3, { toolsListChanged: true }))

  t.same(messages, [
    failure(2, -32603, 'Too many open streams: 1; end one of them first'),
    acknowledged(1, { toolsListChanged: true })
  ])
  t.same(await take(1), [acknowledged(3, { toolsListChanged: true })])
})

/** A server that decides on a subscription when a test lets it, and whose definition sends something at once. */
function createSlow (): { readonly server: McpServer, readonly asked: Gate, readonly go: Gate } {
  const [asked, go] = [createGate(), createGate()]
  const server = createServer()
  server.use(async (ctx, next) => {
    if (ctx.method !== 'subscriptions/listen') return next()
    await ctx.reportProgress(1)
    asked.open()
    await go.promise
    return next()
  })
  return { server, asked, go }
}

t.test('a subscription that is cancelled before its acknowledgement gets no message', async (t) => {
  const { server, asked, go } = createSlow()
  const { write, next } = await openPipe(t, server)

  write(modern(1, 'subscriptions/listen', { notifications: { toolsListChanged: true } }, { progressToken: 'a' }))
  await asked.promise
  write(notification('notifications/cancelled', { requestId: 1 }))
  go.open()
  write(legacy('p', 'ping'))

  t.same(await next(), result('p', {}))
})

t.test('a subscription that is not acknowledged when the server closes gets an error', async (t) => {
  const { server, asked } = createSlow()
  const { connection, write, next } = await openPipe(t, server)

  write(listen(1, { toolsListChanged: true }))
  await asked.promise
  connection.close()

  t.same(await next(), failure(1, -32603, 'The server is shutting down; send the request again'))
})
