// Servers of the official SDK on a mount with auth: each learns who sends a request, as it would by the SDK's own
// transport.
import t from 'tap'
import { RootsListChangedNotificationSchema } from '@modelcontextprotocol/sdk/types.js'
import { createMcpHandler, McpServer as V2McpServer, type ServerContext } from '@modelcontextprotocol/server'
import type { FastifyInstance } from 'fastify'
import type { AuthInfo, Mountable, SdkServerContext } from '../../lib/index.ts'
import { initialize, legacy, modernCall, openSession, type Post } from '../support/app.ts'
import { createSdkApp, createV1, said } from '../support/sdk-servers.ts'

const ANN: AuthInfo = Object.freeze({
  token: 'ann',
  clientId: 'app',
  scopes: ['read'],
  issuer: 'https://auth.example.com',
  subject: 'ann'
})
const BOB: AuthInfo = Object.freeze({ ...ANN, token: 'bob', subject: 'bob' })
const tokens: ReadonlyMap<string, AuthInfo> = new Map([['ann', ANN], ['bob', BOB]])
const options = {
  publicUrl: 'https://api.example.com',
  auth: { verify: (token: string) => tokens.get(token), authorizationServers: ['https://auth.example.com'] }
}
const bearer = (token: string) => ({ authorization: `Bearer ${token}` })
const principalOf = ({ issuer, subject, clientId }: AuthInfo): string => JSON.stringify([issuer, subject, clientId])

type See = (authInfo: unknown) => void

function tellV1 (see: See) {
  const server = createV1()
  server.registerTool('who', {}, ({ authInfo }) => { see(authInfo); return said('seen') })
  return server
}

function tellV2 (see: See): V2McpServer {
  const server = new V2McpServer({ name: 'Tasks', version: '1.0.0' })
  server.registerTool('who', {}, (ctx: ServerContext) => { see(ctx.http?.authInfo); return said('seen') })
  return server
}

const forms: Readonly<Record<string, (see: See) => Mountable>> = {
  'an instance of v1': tellV1,
  'a factory of v1 servers': (see) => () => tellV1(see),
  'a factory of v2 servers': (see) => () => tellV2(see),
  'a v2 handler': (see) => createMcpHandler(() => tellV2(see))
}

/** Opens a session, where the mount has any. */
async function begin (app: FastifyInstance, token: string): Promise<Readonly<Record<string, string>>> {
  return { ...bearer(token), ...await openSession(app, '2025-11-25', { headers: bearer(token) }) }
}

for (const [title, create] of Object.entries(forms)) {
  t.test(`handlers of ${title} get the AuthInfo of the request, in both eras`, async (t) => {
    const seen: unknown[] = []
    const { app } = await createSdkApp(t, create((authInfo) => seen.push(authInfo)), options)
    const call = async (sent: Post) => t.match((await app.inject(sent)).json(), { result: said('seen') })

    for (const token of ['ann', 'bob']) {
      await call(modernCall('who', {}, { headers: bearer(token) }))
      await call(legacy('tools/call', { name: 'who' }, { headers: await begin(app, token) }))
    }

    t.match(seen, [ANN, ANN, BOB, BOB])
  })

  t.test(`a request to ${title} without a token gets 401, and a session of another principal 404`, async (t) => {
    const seen: unknown[] = []
    const { app } = await createSdkApp(t, create((authInfo) => seen.push(authInfo)), options)
    const ofAnn = await begin(app, 'ann')

    for (const sent of [modernCall('who'), initialize(), legacy('tools/call', { name: 'who' })]) {
      const response = await app.inject(sent)
      t.equal(response.statusCode, 401)
      t.equal(
        response.headers['www-authenticate'],
        'Bearer resource_metadata="https://api.example.com/.well-known/oauth-protected-resource/mcp"'
      )
    }
    t.equal(
      (await app.inject(legacy('tools/call', { name: 'who' }, { headers: { ...ofAnn, ...bearer('bob') } }))).statusCode,
      404
    )
    t.same(seen, [])
  })
}

for (const [title, create] of Object.entries({ v1: () => tellV1(() => {}), v2: () => tellV2(() => {}) })) {
  t.test(`a factory of ${title} servers gets the caller of a modern request, or of the initialize of a session`, async (t) => {
    const contexts: SdkServerContext[] = []
    const { app } = await createSdkApp(t, (context) => { contexts.push(context); return create() }, options)

    await app.inject(modernCall('who', {}, { headers: bearer('ann') }))
    const session = await begin(app, 'bob')
    await app.inject(legacy('tools/call', { name: 'who' }, { headers: session }))

    t.match(contexts, [
      { era: 'modern', authInfo: ANN, principal: principalOf(ANN), sessionId: undefined },
      { era: 'legacy', authInfo: BOB, principal: principalOf(BOB), sessionId: session['mcp-session-id'] }
    ])
    t.equal(contexts.length, 2)
  })
}

t.test('a delivered notification has the caller of its own request', async (t) => {
  const seen: unknown[] = []
  const { app } = await createSdkApp(t, {
    async fetch (request, { authInfo, parsedBody } = {}) {
      const { method, id } = Object(parsedBody)
      if (request.method === 'POST') seen.push([method, authInfo?.token])
      if (id === undefined) return new Response(null, { status: 202 })
      const result = { protocolVersion: '2025-11-25', capabilities: {}, serverInfo: { name: 'Tasks', version: '1' } }
      return Response.json({ jsonrpc: '2.0', id, result }, { headers: { 'mcp-session-id': 'inner' } })
    }
  }, options)
  const headers = await begin(app, 'ann')

  const response = await app.inject({
    method: 'POST',
    url: '/mcp',
    headers,
    payload: { jsonrpc: '2.0', method: 'notifications/roots/list_changed' }
  })

  t.equal(response.statusCode, 202)
  t.same(seen, [['initialize', 'ann'], ['notifications/roots/list_changed', 'ann']])
})

t.test('a notification of an unauthenticated caller reaches no server', async (t) => {
  let heard = 0
  const server = createV1()
  server.server.setNotificationHandler(RootsListChangedNotificationSchema, () => { heard++ })
  const { app } = await createSdkApp(t, server, options)
  const { authorization, ...session } = await begin(app, 'ann')
  const notify = (token: object) =>
    app.inject({
      method: 'POST',
      url: '/mcp',
      headers: { ...session, ...token },
      payload: { jsonrpc: '2.0', method: 'notifications/roots/list_changed' }
    })

  t.equal((await notify({})).statusCode, 401)
  t.equal((await notify(bearer('bob'))).statusCode, 404)
  t.equal(heard, 0)
  t.equal((await notify({ authorization })).statusCode, 202)
  t.equal(heard, 1)
})
