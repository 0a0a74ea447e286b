// A handler that finds out that the user must sign in again.
import t, { type Test } from 'tap'
import { McpServer, SignInRequiredError, type AuthOptions } from '../../../lib/index.ts'
import {
  createApp, initialize, JSON_AND_SSE, legacy, modern, modernCall, post, type TestApp
} from '../../support/app.ts'
import { collectFrames, frameOf, listen, send } from '../../support/stream.ts'

const CHALLENGE = 'Bearer error="invalid_token", error_description="The user must sign in again", ' +
  'scope="read write", resource_metadata="https://api.example.com/.well-known/oauth-protected-resource/mcp"'
const headers = Object.freeze({ authorization: 'Bearer read+write' })
const again = (): never => { throw new SignInRequiredError('Sign in again') }
const ANSWER = { jsonrpc: '2.0', id: 1, error: { code: 9470, message: 'Sign in again' } }
const CALLER = { token: '', clientId: 'app', scopes: [] }

function createServer (): McpServer {
  const server = new McpServer({ name: 'Notes', version: '1.0.0' })
  server.registerTool('sync', {}, again)
  server.registerTool('sync_slowly', {}, async (_args, ctx) => {
    await ctx.reportProgress(1)
    return again()
  })
  server.registerTool('list_notes', {}, () => 'Buy milk')
  server.registerPrompt('sync', {}, again)
  server.registerResource('sync', 'notes://sync', {}, again)
  return server
}

/** An app whose tokens are the scopes that they have. */
async function createNotes (t: Test, auth?: AuthOptions): Promise<TestApp> {
  return await createApp(t, {
    server: createServer(),
    publicUrl: 'https://api.example.com',
    auth: auth ?? {
      verify: (token) => ({ ...CALLER, token, scopes: token.split('+') }),
      authorizationServers: ['https://auth.example.com'],
      requiredScopes: ['read']
    }
  })
}

t.test('a handler that needs another sign-in gives 401 and the challenge invalid_token, in both eras', async (t) => {
  const { app } = await createNotes(t)
  const opened = await app.inject(initialize(undefined, { headers }))
  const session = { ...headers, 'mcp-session-id': String(opened.headers['mcp-session-id']) }

  for (const [method, params] of [
    ['tools/call', { name: 'sync', arguments: {} }], ['prompts/get', { name: 'sync' }],
    ['resources/read', { uri: 'notes://sync' }]
  ] as const) {
    for (const sent of [modern(method, params, { headers }), legacy(method, params, { headers: session })]) {
      const response = await app.inject(sent)

      t.equal(response.statusCode, 401, method)
      t.equal(response.headers['www-authenticate'], CHALLENGE)
      t.same(response.json(), ANSWER)
    }
  }
  const after = await app.inject(legacy('tools/call', { name: 'list_notes', arguments: {} }, { headers: session }))
  t.equal(after.statusCode, 200, 'the session goes on')
})

t.test('once a stream has begun, and in a batch, the error is an answer without a status', async (t) => {
  const { app } = await createNotes(t)
  const opened = await app.inject(initialize('2025-03-26', { headers }))
  const session = { ...headers, 'mcp-session-id': String(opened.headers['mcp-session-id']) }
  const calls = ['sync', 'list_notes'].map((name, index) => ({
    jsonrpc: '2.0', id: index + 1, method: 'tools/call', params: { name }
  }))

  const batch = await post(app, calls, session)
  const sent = modernCall('sync_slowly', {}, { headers: { ...headers, ...JSON_AND_SSE }, meta: { progressToken: 1 } })
  const stream = await send(await listen(app), sent)

  t.equal(batch.statusCode, 200)
  t.match(batch.json(), [ANSWER, { id: 2, result: {} }])
  t.equal(stream.status, 200)
  t.equal(stream.headers.get('www-authenticate'), null)
  t.equal((await collectFrames(stream)).at(-1), frameOf(ANSWER))
})

t.test('the challenge of an app that knows its callers is its own, and a mount without auth has none', async (t) => {
  const challenge = 'Basic realm="Notes"'
  const own = await createNotes(t, { authenticate: () => CALLER, challenge })
  const open = await createApp(t, { server: createServer() })

  for (const [{ app }, expected] of [[own, challenge], [open, undefined]] as const) {
    const response = await app.inject(modernCall('sync'))
    t.equal(response.statusCode, 401)
    t.equal(response.headers['www-authenticate'], expected)
  }
})
