import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import t, { type Test } from 'tap'
import { LOADER } from '../support/child.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))
const text = [{ type: 'text', text: 'This is a simple text response for testing.' }]

async function startEverything (t: Test): Promise<string> {
  const child = spawn(process.execPath, [...LOADER, 'examples/everything.ts'], {
    cwd: root,
    env: { ...process.env, PORT: '0' },
    stdio: ['ignore', 'pipe', 'inherit']
  })
  const ended = new Promise((resolve) => child.once('close', resolve))
  t.teardown(() => {
    child.kill()
    return ended
  })

  for await (const line of createInterface({ input: child.stdout })) {
    const url = /^MCP endpoint (http:\/\/127\.0\.0\.1:\d+\/mcp)$/.exec(line)?.[1]
    if (url !== undefined) return url
  }
  throw new Error('the example ended before it printed its endpoint')
}

function post (url: string, message: object, headers: { [name: string]: string } = {}): Promise<Response> {
  return fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream', ...headers },
    body: JSON.stringify({ jsonrpc: '2.0', ...message })
  })
}

t.test('the everything example serves both eras at the endpoint that it prints', async (t) => {
  const url = await startEverything(t)

  await t.test('modern', async (t) => {
    const response = await post(url, {
      id: 1,
      method: 'tools/call',
      params: {
        name: 'test_simple_text',
        arguments: {},
        _meta: {
          'io.modelcontextprotocol/protocolVersion': '2026-07-28',
          'io.modelcontextprotocol/clientCapabilities': {}
        }
      }
    }, { 'mcp-protocol-version': '2026-07-28', 'mcp-method': 'tools/call', 'mcp-name': 'test_simple_text' })

    t.equal(response.status, 200)
    t.same(await response.json(), {
      jsonrpc: '2.0',
      id: 1,
      result: {
        resultType: 'complete',
        content: text,
        _meta: { 'io.modelcontextprotocol/serverInfo': { name: 'everything', version: '1.0.0', title: 'Everything' } }
      }
    })
  })

  await t.test('legacy', async (t) => {
    const opened = await post(url, {
      id: 1,
      method: 'initialize',
      params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'test', version: '1.0.0' } }
    })
    await opened.text()
    const session = {
      'mcp-session-id': opened.headers.get('mcp-session-id') ?? '',
      'mcp-protocol-version': '2025-11-25'
    }
    const acknowledged = await post(url, { method: 'notifications/initialized' }, session)
    await acknowledged.text()

    const response = await post(
      url,
      { id: 2, method: 'tools/call', params: { name: 'test_simple_text', arguments: {} } },
      session
    )

    t.equal(acknowledged.status, 202)
    t.equal(response.status, 200)
    t.same(await response.json(), { jsonrpc: '2.0', id: 2, result: { content: text } })
  })
})
