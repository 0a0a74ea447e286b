// Compares the statuses and codes of refusals with those of the official transports, which released clients expect.
import t from 'tap'
import { WebStandardStreamableHTTPServerTransport as V1Transport } from '@modelcontextprotocol/sdk/server/webStandardStreamableHttp.js'
import { createMcpHandler, McpServer as V2McpServer, WebStandardStreamableHTTPServerTransport as V2Transport } from '@modelcontextprotocol/server'
import { createApp, initialize, JSON_AND_SSE, modern, openSession } from '../../support/app.ts'

type Refused = readonly [status: number, code: unknown]

interface Wrong {
  readonly method: 'POST' | 'GET' | 'DELETE' | 'PUT'
  readonly headers: Readonly<Record<string, string>>
  readonly payload?: string
}

const JSON_TYPE = { 'content-type': 'application/json' }
const PING = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'ping' })
const UNKNOWN = { 'mcp-session-id': '00000000-0000-4000-8000-000000000000' }

/** Invalid requests of legacy clients, all except the last one in an open session. */
const LEGACY_WRONGS: Readonly<Record<string, (session: Readonly<Record<string, string>>) => Wrong>> = {
  'no session': () => ({ method: 'POST', headers: { ...JSON_TYPE, ...JSON_AND_SSE }, payload: PING }),
  'an unknown session': () => ({
    method: 'POST',
    headers: { ...JSON_TYPE, ...JSON_AND_SSE, ...UNKNOWN },
    payload: PING
  }),
  'a GET of an unknown session': () => ({ method: 'GET', headers: { accept: 'text/event-stream', ...UNKNOWN } }),
  'a GET without a session': () => ({ method: 'GET', headers: { accept: 'text/event-stream' } }),
  'a DELETE of an unknown session': () => ({ method: 'DELETE', headers: UNKNOWN }),
  'a DELETE without a session': () => ({ method: 'DELETE', headers: {} }),
  'a GET that takes no stream': (session) => ({ method: 'GET', headers: { ...session, accept: 'application/json' } }),
  'a POST that takes neither': (session) => ({
    method: 'POST',
    headers: { ...JSON_TYPE, ...session, accept: 'text/html' },
    payload: PING
  }),
  'another type': (session) => ({
    method: 'POST',
    headers: { ...JSON_AND_SSE, ...session, 'content-type': 'text/plain' },
    payload: PING
  }),
  'no JSON': (session) => ({ method: 'POST', headers: { ...JSON_TYPE, ...JSON_AND_SSE, ...session }, payload: '{' }),
  'another method': (session) => ({
    method: 'PUT',
    headers: { ...JSON_TYPE, ...JSON_AND_SSE, ...session },
    payload: PING
  })
}

async function openTransport (
  Transport: typeof V1Transport | typeof V2Transport
): Promise<{ ask: (wrong: Wrong) => Promise<Refused>; session: Readonly<Record<string, string>> }> {
  const transport = new Transport({ sessionIdGenerator: () => 'open' })
  await transport.start()
  transport.onmessage = () => {
    transport.send({ jsonrpc: '2.0', id: 1, result: {} })
  }
  const ask = async ({ payload, ...wrong }: Wrong): Promise<Response> =>
    await transport.handleRequest(
      new Request('http://localhost/mcp', { ...wrong, ...(payload !== undefined && { body: payload }) })
    )
  const { payload, headers } = initialize()
  await ask({ method: 'POST', headers: { ...JSON_TYPE, ...headers, ...JSON_AND_SSE }, payload })
  return { ask: async (wrong) => readRefusal(await ask(wrong)), session: { 'mcp-session-id': 'open' } }
}

async function readRefusal (response: Response): Promise<Refused> {
  const { error } = await response.json() as { error: { code: unknown } }
  return [response.status, error.code]
}

for (const [name, Transport] of [['v1', V1Transport], ['v2', V2Transport]] as const) {
  t.test(`legacy clients are refused with the same statuses and codes as by the official transport ${name}`, async (t) => {
    const { ask, session } = await openTransport(Transport)
    const { app } = await createApp(t)
    const ownSession = await openSession(app)

    for (const [what, create] of Object.entries(LEGACY_WRONGS)) {
      const theirs = await ask(create(session))
      const { method, ...rest } = create(ownSession)
      const response = await app.inject({ method, url: '/mcp', ...rest })

      t.same([response.statusCode, response.json().error.code], theirs, what)
    }
  })
}

t.test('modern clients are never refused with a code that their revision forbids', async (t) => {
  const { app } = await createApp(t, { maxBatch: 1 })
  const handler = createMcpHandler(() => new V2McpServer({ name: 'Notes', version: '1.0.0' }))
  t.teardown(() => handler.close())
  const { payload, headers } = modern('tools/list')
  const wrongs: readonly Wrong[] = [
    { method: 'POST', headers: { ...headers, ...JSON_AND_SSE, 'content-type': 'text/plain' }, payload },
    { method: 'PUT', headers: { ...headers, ...JSON_AND_SSE }, payload }
  ]

  for (const { method, ...rest } of wrongs) {
    const response = await app.inject({ method, url: '/mcp', ...rest })
    const theirs = await readRefusal(await handler.fetch(new Request('http://localhost/mcp', { method, headers: rest.headers, body: payload })))

    // MCP 2026-07-28 basic, Error Codes: -32000 to -32019 are for implementations that already use them.
    t.same([response.statusCode, response.json().error.code], [theirs[0], -32600])
  }
})
