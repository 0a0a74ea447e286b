// Servers of the SDK v2, which bring a modern protocol of their own.
import t from 'tap'
import { acceptedContent, createMcpHandler, inputRequired, McpServer } from '@modelcontextprotocol/server'
import { z } from 'zod'
import type { Mountable } from '../../lib/index.ts'
import { v1, v2Legacy, v2Modern } from '../support/clients.ts'
import { modern, modernCall } from '../support/app.ts'
import { listen } from '../support/stream.ts'
import { createSdkApp, said, SERVER_META } from '../support/sdk-servers.ts'

function create (): McpServer {
  const server = new McpServer({ name: 'Tasks', version: '1.0.0' }, { capabilities: { logging: {} } })
  server.registerTool('ask', {}, async (ctx) => {
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
  server.registerTool('report', {}, async ({ mcpReq }) => {
    await mcpReq.log('debug', 'detail')
    await mcpReq.log('error', 'failure')
    return said('done')
  })
  server.registerTool(
    'locate',
    { inputSchema: z.object({ region: z.string().meta({ 'x-mcp-header': 'Region' }) }) },
    ({ region }) => said(region)
  )
  return server
}

const forms: Readonly<Record<string, () => Mountable>> = {
  'a factory of v2 servers': () => () => create(),
  'a v2 handler': () => createMcpHandler(create)
}
const elicit = (): { action: 'accept', content: { name: string } } => ({ action: 'accept', content: { name: 'Ann' } })

for (const [title, form] of Object.entries(forms)) {
  t.test(`${title} asks modern clients by the result of a call, and goes on when they come back`, async (t) => {
    const { app } = await createSdkApp(t, form())
    const client = await v2Modern.connect(`${await listen(app)}/mcp`, 'Ann', { elicit })
    t.teardown(() => client.close())

    t.match(await client.callTool('ask'), said('Hello Ann'))
  })

  t.test(`a modern client of ${title} gets the log messages that it asks for`, async (t) => {
    const { app } = await createSdkApp(t, form())
    const client = await v2Modern.connect(`${await listen(app)}/mcp`)
    t.teardown(() => client.close())

    await client.callTool('report', {}, { logLevel: 'error' })

    t.match(client.logs, [{ level: 'error', data: 'failure' }])
    t.equal(client.logs.length, 1)
  })

  t.test(`a modern request for ${title} is checked by what the SDK checks`, async (t) => {
    const { app } = await createSdkApp(t, form())

    const mismatch = await app.inject(modernCall('locate', { region: 'eu' }, { headers: { 'mcp-param-region': 'us' } }))
    const match = await app.inject(modernCall('locate', { region: 'eu' }, { headers: { 'mcp-param-region': 'eu' } }))
    const removed = await app.inject(modern('ping'))

    t.match([mismatch.statusCode, mismatch.json()], [400, { error: { code: -32020 } }])
    t.match(match.json(), { result: { ...said('eu'), resultType: 'complete', _meta: SERVER_META } })
    t.match([removed.statusCode, removed.json()], [404, { error: { code: -32601 } }])
  })
}

for (const kind of [v1, v2Legacy]) {
  t.test(`${kind.title} is asked by a factory of v2 servers in the middle of a call`, async (t) => {
    const { app } = await createSdkApp(t, () => create())
    const client = await kind.connect(`${await listen(app)}/mcp`, 'Ann', { elicit })
    t.teardown(() => client.close())

    t.match(await client.callTool('ask'), said('Hello Ann'))
  })

  t.test(`${kind.title} sets its log level at a factory of v2 servers`, async (t) => {
    const { app } = await createSdkApp(t, () => create())
    const client = await kind.connect(`${await listen(app)}/mcp`)
    t.teardown(() => client.close())

    await client.setLogLevel('error')
    await client.callTool('report')

    t.match(client.logs, [{ level: 'error', data: 'failure' }])
    t.equal(client.logs.length, 1)
  })
}
