import { McpServer as McpServerV1 } from '@modelcontextprotocol/sdk/server/mcp.js'
import { createMcpHandler, McpServer as McpServerV2 } from '@modelcontextprotocol/server'
import t from 'tap'
import { z } from 'zod'
import type { Mountable } from '../../lib/index.ts'
import { byId, legacyCall, modern, modernCall, notification, openPipe, openSession, result } from './pipe.ts'

const SHOUT = { inputSchema: { text: z.string() } }
const shout = ({ text }: { text: string }) => ({ content: [{ type: 'text' as const, text: text.toUpperCase() }] })

function createV1 (): McpServerV1 {
  const server = new McpServerV1({ name: 'V1', version: '1.0.0' })
  server.registerTool('shout', SHOUT, shout)
  server.registerTool('greet', {}, async () => {
    const { content } = await server.server.elicitInput({
      message: 'Who are you?',
      requestedSchema: { type: 'object', properties: { name: { type: 'string' } } }
    })
    return { content: [{ type: 'text', text: `Hello ${String(content?.['name'])}` }] }
  })
  return server
}

function createV2 (): McpServerV2 {
  const server = new McpServerV2({ name: 'V2', version: '2.0.0' })
  server.registerTool('shout', { inputSchema: z.object({ text: z.string() }) }, shout)
  return server
}

const KINDS: ReadonlyArray<readonly [kind: string, create: () => Mountable]> = [
  ['a v1 instance', createV1],
  ['a function that makes v1 servers', () => createV1],
  ['a function that makes v2 servers', () => createV2],
  ['a v2 handler', () => createMcpHandler(createV2)]
]

for (const [kind, create] of KINDS) {
  t.test(`${kind} serves both eras on one pipe`, async (t) => {
    const piped = await openPipe(t, create())
    await openSession(piped)

    piped.write(
      legacyCall(1, 'shout', { text: 'old' }),
      modernCall(2, 'shout', { text: 'new' }),
      modern(3, 'server/discover')
    )

    t.match(byId(await piped.take(3)), [
      { id: 1, result: { content: [{ type: 'text', text: 'OLD' }] } },
      { id: 2, result: { resultType: 'complete', content: [{ type: 'text', text: 'NEW' }] } },
      { id: 3, result: { supportedVersions: ['2026-07-28'] } }
    ])
    await piped.connection.close()
  })
}

for (const [kind, create] of KINDS.slice(0, 2)) {
  t.test(`${kind} asks its legacy client`, async (t) => {
    const piped = await openPipe(t, create())
    await openSession(piped, undefined, { elicitation: {} })

    piped.write(legacyCall(1, 'greet'))
    const question = await piped.next() as { id: unknown }
    piped.write(result(question.id, { action: 'accept', content: { name: 'Ann' } }))

    t.match(question, { method: 'elicitation/create' })
    t.match(await piped.next(), { id: 1, result: { content: [{ text: 'Hello Ann' }] } })
  })
}

t.test('a v1 instance tells both eras of its changes', async (t) => {
  const server = createV1()
  const piped = await openPipe(t, server)
  await openSession(piped)
  piped.write(modern(1, 'subscriptions/listen', { notifications: { toolsListChanged: true } }))
  await piped.next()

  server.registerTool('new', {}, () => ({ content: [] }))
  const told = await piped.take(2)

  t.same(told, [
    notification('notifications/tools/list_changed', { _meta: { 'io.modelcontextprotocol/subscriptionId': 1 } }),
    { jsonrpc: '2.0', method: 'notifications/tools/list_changed' }
  ])
})

t.test('a server of a session tells its client of what it changes itself', async (t) => {
  const made: McpServerV1[] = []
  const piped = await openPipe(t, () => { const server = createV1(); made.push(server); return server })
  await openSession(piped)
  piped.write(legacyCall(1, 'shout', { text: 'a' }))
  await piped.next()

  made[0]?.registerTool('new', {}, () => ({ content: [] }))

  t.match(await piped.next(), { method: 'notifications/tools/list_changed' })
})

t.test('the subscriptions of a v2 handler are its own, and end with the client', async (t) => {
  const handler = createMcpHandler(createV2)
  const { write, next, input, connection } = await openPipe(t, handler)

  write(modern('sub', 'subscriptions/listen', { notifications: { toolsListChanged: true } }))
  const acknowledged = await next()
  handler.notify.toolsChanged()
  const told = await next()
  write(
    notification('notifications/cancelled', { requestId: 'sub' }),
    modern(2, 'subscriptions/listen', { notifications: { toolsListChanged: true } })
  )
  await next()
  handler.notify.toolsChanged()
  const toldAgain = await next()
  input.end()

  const tagged = (id: unknown) =>
    notification('notifications/tools/list_changed', { _meta: { 'io.modelcontextprotocol/subscriptionId': id } })
  t.match(
    acknowledged,
    notification('notifications/subscriptions/acknowledged', { notifications: { toolsListChanged: true } })
  )
  t.match([told, toldAgain], [tagged('sub'), tagged(2)])
  await connection.closed
})
