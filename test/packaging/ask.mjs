// Asks an endpoint as clients of both eras do, without a client.
import assert from 'node:assert/strict'

const clientInfo = { name: 'packaging', version: '1.0.0' }

/** Checks that an endpoint answers clients of both eras. */
export async function ask (url) {
  const { body: legacy } = await initialize(url)
  assert.equal(legacy.result?.protocolVersion, '2025-11-25', `${url}: ${JSON.stringify(legacy)}`)
  assert.equal(typeof legacy.result.serverInfo.name, 'string')

  const headers = { 'mcp-protocol-version': '2026-07-28', 'mcp-method': 'server/discover' }
  const meta = { protocolVersion: '2026-07-28', clientInfo, clientCapabilities: {} }
  const _meta = Object.fromEntries(
    Object.entries(meta).map(([key, value]) => [`io.modelcontextprotocol/${key}`, value])
  )
  const { body: modern } = await post(url, headers, { method: 'server/discover', params: { _meta } })
  assert.ok(modern.result?.supportedVersions?.includes('2026-07-28'), `${url}: ${JSON.stringify(modern)}`)
}

/** Checks that a session opened at one endpoint is a session of another one, and ends for both. */
export async function askAcross (first, second) {
  const { sessionId } = await initialize(first)
  assert.ok(sessionId, `${first} opened no session`)
  const headers = { 'mcp-session-id': sessionId, 'mcp-protocol-version': '2025-11-25' }

  const { body, status } = await post(second, headers, { method: 'ping' })
  assert.deepEqual([status, body.result], [200, {}], `${second} does not know the session of ${first}`)
  await fetch(second, { method: 'DELETE', headers })
  assert.equal((await post(first, headers, { method: 'ping' })).status, 404, 'a session outlived its DELETE')
}

async function initialize (url) {
  const params = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo }
  return await post(url, {}, { method: 'initialize', params })
}

async function post (url, headers, message) {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream', ...headers },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, ...message })
  })
  const text = await response.text()
  const body = response.headers.get('content-type')?.startsWith('text/event-stream')
    ? (/^data: (.+)$/m.exec(text)?.[1] ?? 'null')
    : text
  return { status: response.status, sessionId: response.headers.get('mcp-session-id'), body: JSON.parse(body) }
}
