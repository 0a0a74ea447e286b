import t from 'tap'
import { Type } from '@sinclair/typebox'
import { completable } from '../../lib/server/features/completable.ts'
import { ResourceTemplate } from '../../lib/server/features/template.ts'
import { resultOf } from '../../lib/server/call/result.ts'
import { Client, complete, createMessage, createNotes, refused } from '../support/definition-client.ts'

function createFull () {
  const server = createNotes({ instructions: 'Be brief.', cache: { ttlMs: 60_000, scope: 'private' } })
  server.registerTool('add', {}, () => 'a')
  server.registerPrompt('greet', { argsSchema: Type.Object({ name: completable(Type.String(), () => []) }) }, () => 'a')
  server.registerResource('all', 'notes://all', {}, () => 'a')
  return server
}

t.test('server/discover returns versions, capabilities, server info and instructions to a modern client', async (t) => {
  t.strictSame(await new Client().ask(createFull(), 'server/discover'), complete({
    supportedVersions: ['2026-07-28'],
    capabilities: { tools: {}, prompts: {}, resources: {}, completions: {}, logging: {} },
    instructions: 'Be brief.',
    ttlMs: 60_000,
    cacheScope: 'private'
  }))
  t.strictSame(await new Client().ask(createNotes(), 'server/discover'), complete({
    supportedVersions: ['2026-07-28'], capabilities: { logging: {} }, ttlMs: 0, cacheScope: 'public'
  }))
})

t.test('initialize returns version, capabilities, server info and instructions to a legacy client', async (t) => {
  t.strictSame(await new Client({ era: 'legacy' }).ask(createFull(), 'initialize'), {
    result: {
      protocolVersion: '2025-11-25',
      capabilities: { tools: {}, prompts: {}, resources: {}, completions: {}, logging: {} },
      serverInfo: { name: 'Notes', version: '1.0.0' },
      instructions: 'Be brief.'
    }
  })
  t.strictSame(await new Client({ era: 'legacy' }).ask(createNotes(), 'initialize'), {
    result: {
      protocolVersion: '2025-11-25', capabilities: { logging: {} }, serverInfo: { name: 'Notes', version: '1.0.0' }
    }
  })
})

t.test('the completions capability is announced if a prompt or template has a completer', async (t) => {
  const server = createNotes()
  server.registerPrompt('greet', {}, () => 'a')
  server.registerResource('x', new ResourceTemplate('x://{id}'), {}, () => 'a')
  const capabilities = async () => Reflect.get(
    Object(await new Client().ask(server, 'server/discover')).result, 'capabilities'
  )

  t.strictSame(await capabilities(), { prompts: {}, resources: {}, logging: {} })
  t.strictSame(
    await new Client().ask(server, 'completion/complete'), refused(-32601, 'Method not found: completion/complete')
  )

  server.registerResource('y', new ResourceTemplate('y://{id}', { complete: { id: () => [] } }), {}, () => 'a')

  t.strictSame(await capabilities(), { prompts: {}, resources: {}, completions: {}, logging: {} })
})

t.test('a method of a feature without registered entries is not found', async (t) => {
  const methods = [
    'tools/list', 'tools/call', 'prompts/list', 'prompts/get', 'resources/list', 'resources/templates/list',
    'resources/read', 'completion/complete'
  ]

  for (const era of ['modern', 'legacy'] as const) {
    for (const method of methods) t.strictSame(await new Client({ era }).ask(createNotes(), method), refused(-32601, `Method not found: ${method}`))
  }
})

t.test('a feature stays announced after all its entries were removed', async (t) => {
  const server = createNotes()
  server.registerTool('add', {}, () => 'a').remove()

  t.strictSame(await new Client({ era: 'legacy' }).ask(server, 'tools/list'), { result: { tools: [] } })
})

t.test('each era has its own methods, and unknown methods are not found', async (t) => {
  const server = createFull()

  for (const method of ['initialize', 'ping', 'logging/setLevel']) {
    t.strictSame(await new Client().ask(server, method), refused(-32601, `Method not found: ${method}`))
  }
  t.strictSame(
    await new Client({ era: 'legacy' }).ask(server, 'server/discover'),
    refused(-32601, 'Method not found: server/discover')
  )
  for (const method of ['', 'tools', '__proto__', 'constructor', 'TOOLS/LIST']) {
    for (const era of ['modern', 'legacy'] as const) t.strictSame(await new Client({ era }).ask(server, method), refused(-32601, `Method not found: ${method}`))
  }
})

t.test('a legacy ping returns an empty object', async (t) => {
  t.strictSame(await new Client({ era: 'legacy' }).ask(createNotes(), 'ping'), { result: {} })
})

t.test('logging/setLevel sets the level from which a legacy client gets log messages', async (t) => {
  const server = createNotes()
  server.registerTool('log', {}, async (_args, ctx) => {
    await ctx.info('info')
    await ctx.error('error')
    return 'a'
  })
  const client = new Client({ era: 'legacy' })

  t.strictSame(await client.ask(server, 'logging/setLevel', { level: 'error' }), { result: {} })
  await client.callTool(server, 'log')

  t.strictSame(client.sent, [{ method: 'notifications/message', params: { level: 'error', data: 'error' } }])
  for (const level of [undefined, 'warn', 3]) {
    t.strictSame(
      await client.ask(server, 'logging/setLevel', { level }),
      refused(-32602, "Invalid params: 'level' is not a log level")
    )
  }
})

t.test('logging/setLevel succeeds without a session', async (t) => {
  const client = new Client({ era: 'legacy' })
  const caller = { era: 'legacy' as const, protocolVersion: '2025-11-25', client: { capabilities: {} } }

  const outcome = await createNotes().serve({
    message: createMessage('logging/setLevel', { level: 'error' }), caller, channel: client.channel
  })

  t.same(resultOf(outcome), {})
})

t.test('modern lists and resource contents carry the cache hint of the server', async (t) => {
  const server = createFull()
  server.registerResource('x', new ResourceTemplate('x://{id}', { list: () => [] }), {}, () => 'a')
  const client = new Client()

  for (const method of ['tools/list', 'prompts/list', 'resources/list', 'resources/templates/list', 'resources/read']) {
    t.match(
      await client.ask(server, method, { uri: 'notes://all' }),
      { result: { ttlMs: 60_000, cacheScope: 'private' } },
      method
    )
  }
})

t.test('tools, prompts, resources and completions are served in both eras', async (t) => {
  const server = createFull()
  const argument = { name: 'name', value: '' }

  for (const era of ['modern', 'legacy'] as const) {
    const client = new Client({ era })
    t.match(await client.callTool(server, 'add'), { result: { content: [{ text: 'a' }] } })
    t.match(await client.ask(server, 'prompts/get', { name: 'greet', arguments: { name: 'Ann' } }), {
      result: { messages: [{ content: { text: 'a' } }] }
    })
    t.match(await client.ask(server, 'resources/read', { uri: 'notes://all' }), {
      result: { contents: [{ text: 'a' }] }
    })
    t.match(await client.ask(server, 'completion/complete', { ref: { type: 'ref/prompt', name: 'greet' }, argument }), {
      result: { completion: { values: [] } }
    })
    t.match(await client.ask(server, 'resources/list'), { result: { resources: [{ uri: 'notes://all' }] } })
  }
})

t.test('listChanged and subscribe are announced only to clients that can be notified of changes', async (t) => {
  const listening = {
    tools: { listChanged: true },
    prompts: { listChanged: true },
    resources: { subscribe: true, listChanged: true },
    completions: {},
    logging: {}
  }
  const deaf = { tools: {}, prompts: {}, resources: {}, completions: {}, logging: {} }

  for (const [canListen, capabilities] of [[true, listening], [false, deaf]] as const) {
    t.match(await new Client({ channel: { canListen } }).ask(createFull(), 'server/discover'), {
      result: { capabilities }
    })
    t.match(await new Client({ era: 'legacy', channel: { canListen } }).ask(createFull(), 'initialize'), {
      result: { capabilities }
    })
  }
  const caller = { era: 'legacy' as const, protocolVersion: '2025-11-25', client: { capabilities: {} } }
  const { channel } = new Client({ channel: { canListen: true } })
  const stateless = resultOf(await createFull().serve({ message: createMessage('initialize'), caller, channel }))
  t.match(stateless, { capabilities: deaf })
})

t.test('each era subscribes with its own methods, and only over a channel that can listen', async (t) => {
  const server = createFull()
  const modern = new Client({ channel: { canListen: true } })
  const legacy = new Client({ era: 'legacy', channel: { canListen: true } })
  const filter = { notifications: { toolsListChanged: true, resourceSubscriptions: ['notes://all'] } }

  t.strictSame(await modern.ask(server, 'subscriptions/listen', filter), complete(filter))
  t.strictSame(await legacy.ask(server, 'resources/subscribe', { uri: 'notes://all' }), { result: {} })
  t.strictSame(await legacy.ask(server, 'resources/unsubscribe', { uri: 'notes://all' }), { result: {} })

  t.strictSame(
    await legacy.ask(server, 'subscriptions/listen', filter), refused(-32601, 'Method not found: subscriptions/listen')
  )
  t.strictSame(
    await new Client().ask(server, 'subscriptions/listen', filter),
    refused(-32601, 'Method not found: subscriptions/listen')
  )
  for (const method of ['resources/subscribe', 'resources/unsubscribe']) {
    for (const client of [modern, new Client({ era: 'legacy' })]) {
      t.strictSame(await client.ask(server, method, { uri: 'notes://all' }), refused(-32601, `Method not found: ${method}`))
    }
    t.strictSame(await legacy.ask(createNotes(), method, { uri: 'notes://all' }), refused(-32601, `Method not found: ${method}`))
  }
})
