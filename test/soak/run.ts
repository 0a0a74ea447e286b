// `npm run soak`: a minute of mixed traffic, with streams dropped at random; at the end all must be back where it
// began. `npm run soak -- --seconds 10` for a shorter one.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { request as httpRequest, type ClientRequest, type IncomingMessage } from 'node:http'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { setTimeout as wait } from 'node:timers/promises'
import { parseArgs } from 'node:util'

interface Figures {
  readonly sessions: number
  readonly exchanges: number
  readonly streams: number
  readonly heap: number
  readonly handles: number
}

const WORKERS = 40
// The heap may grow by what the engine compiles and caches, but not with the traffic.
const HEAP_ALLOWANCE = 1.2
const JSON_HEADERS = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' }
const META = {
  'io.modelcontextprotocol/protocolVersion': '2026-07-28',
  'io.modelcontextprotocol/clientCapabilities': {}
}

const { values } = parseArgs({ options: { seconds: { type: 'string', default: '60' } } })
const child = spawn(
  process.execPath,
  ['--expose-gc', '--import', 'tsx', fileURLToPath(new URL('serve.ts', import.meta.url))],
  { stdio: ['pipe', 'pipe', 'inherit'] }
)
const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
const url = `${await nextLine()}/mcp`
const counts = new Map<string, number>()

await load(Date.now() + 3000)
const before = await settle()
await load(Date.now() + Number(values.seconds) * 1000)
const after = await settle()

console.table({ before, after })
console.table(Object.fromEntries(counts))
child.stdin.end()
const [code] = await once(child, 'exit')
assert.equal(code, 0, 'the server did not end by itself')
assert.deepEqual({ ...after, heap: 0 }, { ...before, heap: 0 }, 'sessions, exchanges, streams or handles are left over')
assert(after.heap <= before.heap * HEAP_ALLOWANCE, `the heap grew from ${before.heap} to ${after.heap} bytes`)
console.log('soak: all is back where it began')

async function nextLine (): Promise<string> {
  const { value, done } = await lines.next()
  assert(done !== true, 'the server has died')
  return value
}

async function ask (): Promise<Figures> {
  child.stdin.write('\n')
  return JSON.parse(await nextLine())
}

// Idle sessions take their time to end.
async function settle (): Promise<Figures> {
  let figures = await ask()
  for (
    let attempt = 0;
    attempt < 20 && (figures.sessions > 0 || figures.exchanges > 0 || figures.streams > 0 || attempt < 5);
    attempt++
  ) {
    await wait(500)
    figures = await ask()
  }
  return figures
}

async function load (until: number): Promise<void> {
  await Promise.all(Array.from({ length: WORKERS }, async () => {
    while (Date.now() < until) await choose([callModern, callAndDrop, listenAndDrop, useSession, openAndForget])()
  }))
}

function choose<T> (items: readonly [T, ...T[]]): T {
  return items[Math.floor(Math.random() * items.length)] ?? items[0]
}

async function callModern (): Promise<void> {
  const response = await post('modern call', modern('tools/call', { name: 'echo', arguments: { text: 'hi' } }))
  assert.match(await textOf(response), /"text":"hi"/)
}

async function callAndDrop (): Promise<void> {
  const response = await post(
    'call dropped',
    modern('tools/call', { name: 'slow', arguments: { steps: 20 }, _meta: { ...META, progressToken: 1 } })
  )
  await dropSoon(response)
}

async function listenAndDrop (): Promise<void> {
  const response = await post(
    'listen dropped',
    modern('subscriptions/listen', {
      notifications: { toolsListChanged: true, resourceSubscriptions: ['soak://clock'] }
    })
  )
  await dropSoon(response)
}

async function useSession (): Promise<void> {
  const headers = await openSession()
  const listening = await send('GET', 'listening by GET', { ...headers, accept: 'text/event-stream' })
  const call = legacy('tools/call', { name: 'slow', arguments: { steps: 10 }, _meta: { progressToken: 1 } })
  const response = await send('POST', 'session call', { ...headers, ...JSON_HEADERS }, call)
  if (Math.random() < 0.5) await dropSoon(response)
  else assert.match(await textOf(response), /"text":"done"/)
  listening.destroy()
  if (Math.random() < 0.5) await textOf(await send('DELETE', 'session ended', headers))
}

async function openAndForget (): Promise<void> {
  await openSession()
}

async function openSession (): Promise<Record<string, string>> {
  const opening = legacy('initialize', {
    protocolVersion: '2025-11-25',
    capabilities: {},
    clientInfo: { name: 'soak', version: '1.0.0' }
  })
  const response = await send('POST', 'session opened', JSON_HEADERS, opening)
  await textOf(response)
  return { 'mcp-session-id': String(response.headers['mcp-session-id']), 'mcp-protocol-version': '2025-11-25' }
}

function legacy (method: string, params: object): object {
  return { jsonrpc: '2.0', id: 1, method, params }
}

function modern (
  method: string, params: { readonly name?: string, readonly [key: string]: unknown }
): { readonly method: string, readonly params: typeof params } {
  return { ...legacy(method, params), method, params: { _meta: META, ...params } }
}

function post (
  what: string, message: { readonly method: string, readonly params: { readonly name?: string } }
): Promise<IncomingMessage> {
  const { method, params: { name } } = message
  return send(
    'POST',
    what,
    {
      ...JSON_HEADERS,
      'mcp-protocol-version': '2026-07-28',
      'mcp-method': method,
      ...(name !== undefined && { 'mcp-name': name })
    },
    message
  )
}

async function send (
  method: string, what: string, headers: Record<string, string>, body?: object
): Promise<IncomingMessage> {
  counts.set(what, (counts.get(what) ?? 0) + 1)
  const request: ClientRequest = httpRequest(url, { method, headers, agent: false })
  request.end(body === undefined ? undefined : JSON.stringify(body))
  const [response] = await once(request, 'response') as [IncomingMessage]
  if (response.statusCode !== 200) assert.fail(`${what}: ${response.statusCode} ${await textOf(response)}`)
  return response
}

async function textOf (response: IncomingMessage): Promise<string> {
  let text = ''
  for await (const chunk of response.setEncoding('utf8')) text += String(chunk)
  return text
}

async function dropSoon (response: IncomingMessage): Promise<void> {
  response.on('error', () => {}).resume()
  await wait(Math.random() * 150)
  response.destroy()
}
