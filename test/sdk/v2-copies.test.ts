// Factories that use another copy of the SDK v2 serve modern clients in the same way.
import t from 'tap'
import { z } from 'zod'
import type { AuthInfo, Mountable } from '../../lib/index.ts'
import { v2Auto, v2Modern } from '../support/clients.ts'
import { initialize, legacy, modern, modernCall } from '../support/app.ts'
import { listen, readFrames, send } from '../support/stream.ts'
import { copies, type SdkV2 } from './copies.ts'
import { createSdkApp, said, SERVER_META } from '../support/sdk-servers.ts'

const READER: AuthInfo = Object.freeze({
  token: 'reader',
  clientId: 'app',
  scopes: ['read'],
  issuer: 'https://auth.example.com',
  subject: 'ann'
})
const WRITER: AuthInfo = Object.freeze({ ...READER, token: 'writer', scopes: ['read', 'write'] })
const withAuth = {
  publicUrl: 'https://api.example.com',
  auth: {
    verify: (token: string) => [READER, WRITER].find((info) => info.token === token),
    authorizationServers: ['https://auth.example.com']
  }
}
const bearer = ({ token }: AuthInfo) => ({ authorization: `Bearer ${token}` })

function highLevel ({ McpServer, acceptedContent, inputRequired, requireScopes }: SdkV2): Mountable {
  return () => {
    const server = new McpServer({ name: 'Tasks', version: '1.0.0' })
    server.registerTool('hello', {}, () => said('hello'))
    server.registerTool(
      'locate',
      { inputSchema: z.object({ region: z.string().meta({ 'x-mcp-header': 'Region' }) }) },
      ({ region }) => said(region)
    )
    server.registerTool('write', { scopeChallenge: requireScopes('write') }, () => said('written'))
    server.registerTool('ask', {}, (ctx) => {
      const answer = acceptedContent<{ name: string }>(ctx.mcpReq.inputResponses, 'who')
      if (answer !== undefined) return said(`Hello ${answer.name}`)
      return inputRequired({
        inputRequests: {
          who: inputRequired.elicit({
            message: 'Who?',
            requestedSchema: { type: 'object', properties: { name: { type: 'string' } } }
          })
        }
      })
    })
    return server
  }
}

function lowLevel ({ Server }: SdkV2): Mountable {
  return () => {
    const server = new Server({ name: 'Tasks', version: '1.0.0' }, { capabilities: { tools: {} } })
    server.setRequestHandler('tools/call', () => said('hello'))
    return server
  }
}

for (const [title, make] of Object.entries(copies)) {
  t.test(`modern clients are served by ${title}`, async (t) => {
    const { app } = await createSdkApp(t, highLevel(await make(t)))
    const url = `${await listen(app)}/mcp`

    for (const kind of [v2Modern, v2Auto]) {
      const client = await kind.connect(url, 'Ann', { elicit: () => ({ action: 'accept', content: { name: 'Ann' } }) })
      t.teardown(() => client.close())
      t.equal(client.protocolVersion, '2026-07-28', kind.title)
      t.same((await client.listTools()).map(({ name }) => name), ['hello', 'locate', 'write', 'ask'])
      t.match(await client.callTool('hello'), said('hello'))
      t.match(await client.callTool('ask'), said('Hello Ann'))
    }
  })

  t.test(`a low-level server made by ${title} serves modern clients`, async (t) => {
    const { app } = await createSdkApp(t, lowLevel(await make(t)))

    t.match((await app.inject(modernCall('hello'))).json(), {
      result: { ...said('hello'), resultType: 'complete', _meta: SERVER_META }
    })
    t.match((await app.inject(modern('server/discover'))).json(), {
      result: { supportedVersions: ['2026-07-28'], capabilities: { tools: {} } }
    })
  })

  t.test(`a modern client listens to a server made by ${title}`, async (t) => {
    const { app } = await createSdkApp(t, highLevel(await make(t)))

    const frames = readFrames(
      await send(
        await listen(app),
        modern(
          'subscriptions/listen',
          { notifications: { toolsListChanged: true } },
          { headers: { accept: 'text/event-stream' } }
        )
      )
    )
    t.equal((await frames.next()).value, ': open')
    const acknowledged = await frames.next()
    app.mcp.get('Tasks').notify.toolsChanged()
    const changed = await frames.next()
    await frames.return()

    t.match(acknowledged.value, /notifications\/subscriptions\/acknowledged.*"toolsListChanged":true/)
    t.match(changed.value, /notifications\/tools\/list_changed/)
  })

  t.test(`headers that repeat arguments are checked where the server was made by ${title}`, async (t) => {
    const { app } = await createSdkApp(t, highLevel(await make(t)))

    const mismatch = await app.inject(modernCall('locate', { region: 'eu' }, { headers: { 'mcp-param-region': 'us' } }))
    const match = await app.inject(modernCall('locate', { region: 'eu' }, { headers: { 'mcp-param-region': 'eu' } }))

    t.match([mismatch.statusCode, mismatch.json()], [400, { error: { code: -32020 } }])
    t.match([match.statusCode, match.json()], [200, { result: said('eu') }])
  })

  t.test(`scopes of tools are checked in both eras where the server was made by ${title}`, async (t) => {
    const { app } = await createSdkApp(t, highLevel(await make(t)), withAuth)
    const begin = async (who: AuthInfo) => {
      const opened = await app.inject(initialize('2025-11-25', { headers: bearer(who) }))
      return { ...bearer(who), 'mcp-session-id': String(opened.headers['mcp-session-id']) }
    }
    const call = async (who: AuthInfo) => [
      await app.inject(modernCall('write', {}, { headers: bearer(who) })),
      await app.inject(legacy('tools/call', { name: 'write' }, { headers: await begin(who) }))
    ]

    for (const refused of await call(READER)) {
      t.match([refused.statusCode, refused.json()], [403, { id: 1, error: { data: { requiredScopes: ['write'] } } }])
      t.match(refused.headers['www-authenticate'], /error="insufficient_scope".*scope="write"/)
    }
    for (const served of await call(WRITER)) {
      t.match([served.statusCode, served.json()], [200, { result: said('written') }])
    }
  })
}
