// The scopes of tools, prompts and resources, where a mount takes tokens.
import t, { type Test } from 'tap'
import { McpServer, ResourceTemplate, type TokenAuthOptions } from '../../../lib/index.ts'
import { createApp, initialize, JSON_AND_SSE, legacy, modern, modernCall, post, type Envelope, type Post, type TestApp } from '../../support/app.ts'
import { collectFrames, frameOf, listen, send } from '../../support/stream.ts'

const METADATA = 'resource_metadata="https://api.example.com/.well-known/oauth-protected-resource/mcp"'
const CHALLENGE = `Bearer error="insufficient_scope", error_description="The request needs more scopes", scope="read write", ${METADATA}`
const READER = Object.freeze({ authorization: 'Bearer read' })
const WRITER = Object.freeze({ authorization: 'Bearer read+write' })

function createScopedNotes (): McpServer {
  const server = new McpServer({ name: 'Notes', version: '1.0.0' })
  const write = { scopes: ['write'] }
  server.registerTool('list_notes', {}, () => 'Buy milk')
  server.registerTool('delete_note', write, () => 'It is gone')
  server.registerPrompt('rewrite', write, () => 'Write it again')
  server.registerResource('draft', 'notes://draft', write, () => 'Buy mi')
  server.registerResource('version', new ResourceTemplate('notes://version/{id}', { complete: { id: () => ['1'] } }), write, () => 'Buy m')
  return server
}

/** An app whose tokens are the scopes that they have. */
function createScoped (t: Test, server = createScopedNotes(), auth: Partial<TokenAuthOptions> = {}): Promise<TestApp> {
  return createApp(t, {
    server,
    publicUrl: 'https://api.example.com',
    auth: {
      verify: (token) => ({ token, clientId: 'app', scopes: token.split('+'), subject: 'ann' }),
      authorizationServers: ['https://auth.example.com'],
      requiredScopes: ['read'],
      ...auth
    }
  })
}

async function openSession (
  { app }: TestApp,
  headers: Envelope['headers'],
  revision?: string
): Promise<Readonly<Record<string, string>>> {
  const response = await app.inject(initialize(revision, { headers: { ...headers } }))
  return { ...headers, 'mcp-session-id': String(response.headers['mcp-session-id']) }
}

/** The requests of each era that use what needs `write`. */
const USES: ReadonlyArray<readonly [method: string, params: object]> = [
  ['tools/call', { name: 'delete_note', arguments: {} }],
  ['prompts/get', { name: 'rewrite' }],
  ['resources/read', { uri: 'notes://draft' }],
  ['resources/read', { uri: 'notes://version/1' }],
  ['completion/complete', { ref: { type: 'ref/resource', uri: 'notes://version/{id}' }, argument: { name: 'id', value: '' } }]
]

const LACKING = {
  jsonrpc: '2.0',
  id: 1,
  error: { code: 6750, message: 'Insufficient scope: the request needs write', data: { requiredScopes: ['write'] } }
}

t.test('lists include tools, prompts and resources with scopes only for callers with these scopes, in both eras', async (t) => {
  const made = await createScoped(t)
  const names = async (sent: Post) =>
    Object.values((await made.app.inject(sent)).json().result)
      .flat()
      .flatMap((entry) => Object(entry).name ?? [])
  const lists: ReadonlyArray<readonly [method: string, read: string[], written: string[]]> = [
    ['tools/list', ['list_notes'], ['list_notes', 'delete_note']],
    ['prompts/list', [], ['rewrite']],
    ['resources/list', [], ['draft']],
    ['resources/templates/list', [], ['version']]
  ]

  for (const [headers, column] of [[READER, 1], [WRITER, 2]] as const) {
    const session = await openSession(made, headers)
    for (const list of lists) {
      t.same(await names(modern(list[0], {}, { headers })), list[column])
      t.same(await names(legacy(list[0], {}, { headers: session })), list[column])
    }
  }
})

t.test('a request without a required scope gets 403 and a challenge with all required scopes, in both eras', async (t) => {
  const made = await createScoped(t)
  const session = await openSession(made, READER)

  for (const [method, params] of USES) {
    for (const sent of [modern(method, params, { headers: READER }), legacy(method, params, { headers: session })]) {
      const response = await made.app.inject(sent)

      t.equal(response.statusCode, 403, method)
      t.equal(response.headers['www-authenticate'], CHALLENGE)
      t.same(response.json(), LACKING)
    }
  }
})

t.test('a caller with the scope is served, also in a session that was opened without it', async (t) => {
  const made = await createScoped(t)
  const session = { ...await openSession(made, READER), ...WRITER }

  for (const [method, params] of USES) {
    for (const sent of [modern(method, params, { headers: WRITER }), legacy(method, params, { headers: session })]) {
      const response = await made.app.inject(sent)

      t.equal(response.statusCode, 200, method)
      t.equal(response.headers['www-authenticate'], undefined)
      t.ok(response.json().result)
    }
  }
})

t.test('subscribing to a resource without its scope gets the same challenge, in both eras', async (t) => {
  const made = await createScoped(t)
  const subscribe = legacy('resources/subscribe', { uri: 'notes://draft' }, { headers: await openSession(made, READER) })
  const watch = (headers: Envelope['headers']): Post => modern('subscriptions/listen', { notifications: { resourceSubscriptions: ['notes://draft'] } }, { headers: { ...headers, accept: 'text/event-stream' } })

  for (const sent of [subscribe, watch(READER)]) {
    const response = await made.app.inject(sent)

    t.equal(response.statusCode, 403)
    t.equal(response.headers['www-authenticate'], CHALLENGE)
    t.same(response.json(), LACKING)
  }
  const watching = await send(await listen(made.app), watch(WRITER))
  t.equal(watching.status, 200)
  await watching.body?.cancel()
})

t.test('a missing scope in a batch is an error of its request, without a status or a challenge', async (t) => {
  const made = await createScoped(t)
  const session = await openSession(made, READER, '2025-03-26')
  const calls = ['delete_note', 'list_notes'].map((name, index) => ({
    jsonrpc: '2.0',
    id: index + 1,
    method: 'tools/call',
    params: { name }
  }))

  const response = await post(made.app, calls, session)

  t.equal(response.statusCode, 200)
  t.equal(response.headers['www-authenticate'], undefined)
  t.same(response.json(), [
    LACKING,
    { jsonrpc: '2.0', id: 2, result: { content: [{ type: 'text', text: 'Buy milk' }] } }
  ])
})

t.test('a missing scope in a call whose stream has begun is an error event, without a challenge', async (t) => {
  const server = createScopedNotes()
  server.registerTool('tidy', {}, async (_args, ctx) => {
    await ctx.reportProgress(1)
    return JSON.stringify(await ctx.readResource('notes://draft'))
  })
  const { app } = await createScoped(t, server)

  const response = await send(
    await listen(app),
    modernCall('tidy', {}, { headers: { ...READER, ...JSON_AND_SSE }, meta: { progressToken: 1 } })
  )
  const frames = await collectFrames(response)

  t.equal(response.status, 200)
  t.equal(response.headers.get('www-authenticate'), null)
  t.equal(frames.at(-1), frameOf(LACKING))
})

t.test('a missing scope that a handler runs into gets a challenge, too', async (t) => {
  const server = createScopedNotes()
  server.registerTool('tidy', {}, async (_args, ctx) => JSON.stringify(await ctx.readResource('notes://draft')))
  const { app } = await createScoped(t, server, { requiredScopes: [] })

  const response = await app.inject(modernCall('tidy', {}, { headers: READER }))

  t.equal(response.statusCode, 403)
  t.equal(response.headers['www-authenticate'], CHALLENGE.replace('read write', 'write'))
  t.same(response.json(), LACKING)
})

t.test('with authenticate, the challenge has the scopes and no URL of metadata', async (t) => {
  const { app } = await createApp(t, {
    server: createScopedNotes(),
    auth: { authenticate: () => ({ token: '', clientId: 'app', scopes: ['read'] }), requiredScopes: ['read'] }
  })

  const response = await app.inject(modernCall('delete_note'))

  t.equal(response.statusCode, 403)
  t.equal(response.headers['www-authenticate'], CHALLENGE.replace(`, ${METADATA}`, ''))
})
