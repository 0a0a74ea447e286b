// The requests to the measured servers.

/** A POST as autocannon and fetch take it. */
export interface Post {
  readonly method: 'POST'
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

const JSON_HEADERS = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' }
const META = {
  'io.modelcontextprotocol/protocolVersion': '2026-07-28',
  'io.modelcontextprotocol/clientInfo': { name: 'bench', version: '1.0.0' },
  'io.modelcontextprotocol/clientCapabilities': {}
}
// The parameters that editors typically send.
const INITIALIZE = {
  protocolVersion: '2025-11-25',
  capabilities: { roots: { listChanged: true }, sampling: {}, elicitation: {} },
  clientInfo: { name: 'bench', title: 'Benchmark', version: '1.0.0' }
}
const CALL = { name: 'add_note', arguments: { text: 'Buy milk' } }

/** The answer of `add_note`. */
export const ANSWER = 'Saved: Buy milk'

/** A call of `add_note` by a modern client. */
export function modernCall (): Post {
  const headers = { 'mcp-protocol-version': '2026-07-28', 'mcp-method': 'tools/call', 'mcp-name': CALL.name }
  return post(headers, { id: 1, method: 'tools/call', params: { ...CALL, _meta: META } })
}

/** A call of `add_note` in a session. */
export function sessionCall (sessionId: string): Post {
  return post(
    { 'mcp-protocol-version': '2025-11-25', 'mcp-session-id': sessionId },
    { id: 1, method: 'tools/call', params: CALL }
  )
}

/** The request that opens a session. */
export function initialize (): Post {
  return post({}, { id: 0, method: 'initialize', params: INITIALIZE })
}

/** The text of a whole HTTP request that opens a stream of changes. */
export function listenRequest (id: number, port: number): string {
  const headers = { 'mcp-protocol-version': '2026-07-28', 'mcp-method': 'subscriptions/listen' }
  const { method, path, headers: all, body } = post(headers, {
    id, method: 'subscriptions/listen', params: { notifications: { toolsListChanged: true }, _meta: META }
  })
  const lines = Object.entries({ host: `127.0.0.1:${port}`, ...all, 'content-length': Buffer.byteLength(body) }).map(
    ([name, value]) => `${name}: ${value}\r\n`
  )
  return `${method} ${path} HTTP/1.1\r\n${lines.join('')}\r\n${body}`
}

function post (headers: Readonly<Record<string, string>>, message: object): Post {
  return {
    method: 'POST',
    path: '/mcp',
    headers: { ...JSON_HEADERS, ...headers },
    body: JSON.stringify({ jsonrpc: '2.0', ...message })
  }
}
