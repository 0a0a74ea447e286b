// Makes apps with one mount, a definition to mount, and the requests that tests send.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Fastify, { type FastifyInstance, type FastifyServerOptions, type LightMyRequestResponse } from 'fastify'
import type { Test } from 'tap'
import mcpPlugin, { McpServer, Type, type McpMountOptions } from '../../lib/index.ts'

/** One line of the app's log. */
export interface LogLine { readonly [key: string]: unknown }

/** The result of {@link createApp}. */
export interface TestApp {
  readonly app: FastifyInstance
  readonly server: McpServer
  readonly logLines: readonly LogLine[]
}

/** The options of the one mount. @default server: that of {@link createServer} */
export type AppOptions = Partial<Omit<McpMountOptions, 'server'>> & { readonly server?: McpServer }

type Headers = Readonly<Record<string, string>>

/** A POST request, as {@link FastifyInstance.inject} takes it. */
export interface Post {
  readonly method: 'POST'
  readonly url: string
  readonly headers: Headers
  readonly payload: string
}

/** The settings of a request, in addition to its method and parameters. */
export interface Envelope {
  readonly id?: unknown
  readonly url?: string
  readonly headers?: Headers
  readonly meta?: object
}

export const MODERN_META = Object.freeze({
  'io.modelcontextprotocol/protocolVersion': '2026-07-28',
  'io.modelcontextprotocol/clientCapabilities': {}
})

/** The `_meta` of each modern result of {@link createServer}. */
export const SERVER_META = Object.freeze({ 'io.modelcontextprotocol/serverInfo': { name: 'Notes', version: '1.0.0' } })

export const JSON_AND_SSE = Object.freeze({ accept: 'application/json, text/event-stream' })

/** Creates a definition with one tool, which returns its argument. */
export function createServer (name = 'Notes'): McpServer {
  const server = new McpServer({ name, version: '1.0.0' })
  server.registerTool('echo', { inputSchema: Type.Object({ text: Type.String() }) }, ({ text }) => text)
  return server
}

/** Creates a Fastify app, which is closed when the test ends, and collects what it logs. */
export function createHost (
  t: Test, options: FastifyServerOptions = {}
): { readonly app: FastifyInstance, readonly logLines: LogLine[] } {
  const logLines: LogLine[] = []
  const stream = { write (line: string) { logLines.push(JSON.parse(line)) } }
  const app = Fastify({ logger: { level: 'info', stream }, ...options })
  t.teardown(() => app.close())
  return { app, logLines }
}

/** Returns a path for a socket file. It has at most 107 bytes, which that of a test's own directory may exceed. */
export function createSocketPath (t: Test): string {
  const directory = mkdtempSync(join(tmpdir(), 'mcp-'))
  t.teardown(() => rmSync(directory, { recursive: true }))
  return join(directory, 'app.sock')
}

/** Registers a mount and waits until it is. */
export async function mount (app: FastifyInstance, options: McpMountOptions): Promise<void> {
  await app.register(mcpPlugin, options)
}

/** Creates an app with one mount, which is ready. */
export async function createApp (t: Test, options: AppOptions = {}): Promise<TestApp> {
  const { app, logLines } = createHost(t)
  const server = options.server ?? createServer()
  await app.register(mcpPlugin, { ...options, server })
  await app.ready()
  return { app, server, logLines }
}

/** Returns a request of the modern era. */
export function modern (method: string, params: object = {}, envelope: Envelope = {}): Post {
  const { id = 1, url = '/mcp', headers = {}, meta = {} } = envelope
  return {
    method: 'POST',
    url,
    headers: {
      'content-type': 'application/json',
      accept: 'application/json',
      'mcp-protocol-version': '2026-07-28',
      'mcp-method': method,
      ...mirrorName(params),
      ...headers
    },
    payload: JSON.stringify({ jsonrpc: '2.0', id, method, params: { ...params, _meta: { ...MODERN_META, ...meta } } })
  }
}

/** Returns a call of a tool in the modern era. */
export function modernCall (name: string, args: object = {}, envelope: Envelope = {}): Post {
  return modern('tools/call', { name, arguments: args }, envelope)
}

function mirrorName (params: { readonly name?: unknown, readonly uri?: unknown }): Headers {
  const name = params.name ?? params.uri
  return typeof name === 'string' ? { 'mcp-name': name } : {}
}

/** Returns a request of the legacy era. */
export function legacy (method: string, params: object = {}, envelope: Envelope = {}): Post {
  const { id = 1, url = '/mcp', headers = {} } = envelope
  return {
    method: 'POST',
    url,
    headers: { 'content-type': 'application/json', ...headers },
    payload: JSON.stringify({ jsonrpc: '2.0', id, method, params })
  }
}

/** Returns the `initialize` request of a client of some legacy revision. */
export function initialize (protocolVersion = '2025-11-25', envelope: Envelope = {}): Post {
  const clientInfo = { name: 'test', version: '1' }
  return legacy('initialize', { protocolVersion, capabilities: {}, clientInfo }, envelope)
}

/** Opens a session, and resolves to the header that continues it. */
export async function openSession (
  app: FastifyInstance, protocolVersion = '2025-11-25', envelope: Envelope = {}
): Promise<Headers> {
  const response = await app.inject(initialize(protocolVersion, envelope))
  return { 'mcp-session-id': String(response.headers['mcp-session-id']) }
}

/** Opens a legacy session of a client with a name and capabilities. */
export async function openSessionAs (app: FastifyInstance, name: string, capabilities: object): Promise<Headers> {
  const params = { protocolVersion: '2025-11-25', capabilities, clientInfo: { name, version: '1' } }
  const response = await post(app, { jsonrpc: '2.0', id: 1, method: 'initialize', params })
  return { 'mcp-session-id': String(response.headers['mcp-session-id']) }
}

/** Opens a legacy session and uses it: a session that was never used may be ended to make room for another. */
export async function openUsedSession (app: FastifyInstance, envelope: Envelope = {}): Promise<Headers> {
  const headers = await openSession(app, '2025-11-25', envelope)
  await app.inject(legacy('ping', {}, { ...envelope, headers: { ...envelope.headers, ...headers } }))
  return headers
}

/** POSTs a body as it is, or as JSON. */
export function post (app: FastifyInstance, body: unknown, headers: Headers = {}): Promise<LightMyRequestResponse> {
  return app.inject({
    method: 'POST',
    url: '/mcp',
    headers: { 'content-type': 'application/json', ...headers },
    payload: typeof body === 'string' ? body : JSON.stringify(body)
  })
}
