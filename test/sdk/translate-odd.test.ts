// Modern clients of v1 servers that are written in unusual ways.
import t from 'tap'
import { Server } from '@modelcontextprotocol/sdk/server/index.js'
import {
  CallToolRequestSchema,
  InitializeRequestSchema,
  ListToolsRequestSchema
} from '@modelcontextprotocol/sdk/types.js'
import { JSON_AND_SSE, modern, modernCall } from '../support/app.ts'
import { createSdkApp, said, SERVER_META } from '../support/sdk-servers.ts'

t.test('a server that declares no capabilities has none', async (t) => {
  const server = new Server({ name: 'Tasks', version: '1.0.0' })
  server.setRequestHandler(
    InitializeRequestSchema,
    () => ({ serverInfo: { name: 'Tasks', version: '1.0.0' } }) as never
  )
  const { app } = await createSdkApp(t, server)

  const discovered = await app.inject(modern('server/discover'))
  const listening = await app.inject(
    modern('subscriptions/listen', { notifications: { toolsListChanged: true } }, { headers: JSON_AND_SSE })
  )

  t.same(discovered.json().result, {
    supportedVersions: ['2026-07-28'],
    capabilities: {},
    ttlMs: 0,
    cacheScope: 'private',
    resultType: 'complete',
    _meta: SERVER_META
  })
  t.match(listening.body, /"notifications":\{\}/)
})

t.test('the number of cached tools is bounded if a server lists different tools each time', async (t) => {
  const server = new Server({ name: 'Tasks', version: '1.0.0' }, { capabilities: { tools: {} } })
  let lists = 0
  server.setRequestHandler(ListToolsRequestSchema, () => {
    const tools = Array.from({ length: 10_001 }, (_, index) => ({
      name: `${lists}-${index}`,
      inputSchema: { type: 'object' as const }
    }))
    lists++
    return { tools }
  })
  server.setRequestHandler(CallToolRequestSchema, ({ params: { name } }) => said(name))
  const { app } = await createSdkApp(t, server)
  const call = async (name: string): Promise<number> => { await app.inject(modernCall(name)); return lists }

  const seen = [await call('0-0'), await call('0-1'), await call('1-0'), await call('0-0')]

  t.same(seen, [1, 1, 2, 3], 'tools that are known are not listed again, until there were too many')
})

t.test('headers are not compared if a tool declares them wrongly', async (t) => {
  const server = new Server({ name: 'Tasks', version: '1.0.0' }, { capabilities: { tools: {} } })
  const region = { type: 'string', 'x-mcp-header': 'Region' }
  server.setRequestHandler(ListToolsRequestSchema, () => ({
    tools: [{ name: 'locate', inputSchema: { type: 'object' as const, properties: { region, other: region } } }]
  }))
  server.setRequestHandler(CallToolRequestSchema, () => said('done'))
  const { app } = await createSdkApp(t, server)

  const response = await app.inject(
    modernCall('locate', { region: 'eu', other: 'eu' }, { headers: { 'mcp-param-region': 'us' } })
  )

  t.same(response.json().result, { ...said('done'), resultType: 'complete', _meta: SERVER_META })
})
