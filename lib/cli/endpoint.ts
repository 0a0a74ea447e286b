// One endpoint, asked by an official client: that of v2 where it is installed, which speaks both eras, else that of v1.
import { setTimeout as sleep } from 'node:timers/promises'
import type * as v2Client from '@modelcontextprotocol/client'
import { Failure } from './command.ts'
import { PACKAGE } from './installation.ts'
import { listAll, type Item, type ListMethod, type Result } from './lists.ts'
import type { Era } from '../protocol/revisions.ts'
import type { LogLevel } from '../protocol/log-level.ts'

/** How an endpoint is asked. */
export interface EndpointOptions {
  readonly url: URL
  /** Absent where the newest is wanted that both sides know. */
  readonly era: Era | undefined
  readonly headers: Headers
  /** Milliseconds that a request may take. */
  readonly timeout: number
  readonly logLevel: LogLevel
  readonly fetch: typeof fetch
  onProgress (progress: Progress): void
  onLog (message: LogMessage): void
}

export interface Progress { readonly progress: number, readonly total?: number | undefined, readonly message?: string | undefined }

export interface LogMessage { readonly level: string, readonly logger?: string | undefined, readonly data?: unknown }

/** An endpoint that has said who it is. */
export interface Endpoint {
  readonly era: Era
  readonly protocolVersion: string
  readonly serverInfo: { readonly name: string, readonly title?: string | undefined, readonly version: string } | undefined
  readonly instructions: string | undefined
  readonly capabilities: { readonly [name: string]: unknown }
  list (method: ListMethod): Promise<readonly Item[]>
  callTool (name: string, args: Result): Promise<Result>
  ask (method: 'resources/read' | 'prompts/get', params: Result): Promise<Result>
  close (): Promise<void>
}

const CLIENT_INFO = { name: 'fastify-mcp-mount', version: PACKAGE.version }
const MODERN = '2026-07-28'
// Milliseconds in which a session may be ended.
const LAST_WORDS = 1000

/** Opens an endpoint in the era wanted. @throws Failure when no client is installed for that; whatever the client throws */
export async function openEndpoint (options: EndpointOptions, importV2 = (): Promise<V2> => import('@modelcontextprotocol/client')): Promise<Endpoint> {
  const v2 = await importV2().catch(() => undefined)
  if (v2 !== undefined) return await openByV2(v2, options)
  if (options.era === 'modern') {
    throw new Failure("--era modern needs the official client v2, which is not installed: npm install --save-dev @modelcontextprotocol/client. Without it 'inspect' speaks the legacy era.")
  }
  return await openByV1(options)
}

type V2 = typeof v2Client

async function openByV2 ({ Client, LOG_LEVEL_META_KEY, StreamableHTTPClientTransport }: V2, options: EndpointOptions): Promise<Endpoint> {
  const { url, era, headers, timeout, logLevel, fetch } = options
  const client = new Client(CLIENT_INFO, { versionNegotiation: { mode: era === undefined ? 'auto' : era === 'modern' ? { pin: MODERN } : 'legacy' } })
  client.setNotificationHandler('notifications/message', ({ params }) => { options.onLog(params) })
  const transport = new StreamableHTTPClientTransport(url, { fetch, requestInit: { headers } })
  const limits = { timeout, maxTotalTimeout: timeout }
  await client.connect(transport, limits)

  const isModern = client.getProtocolEra() === 'modern'
  const capabilities = client.getServerCapabilities() ?? {}
  // One that refuses has a level of its own.
  if (!isModern && capabilities.logging !== undefined) await client.setLoggingLevel(logLevel, limits).catch(() => {})
  const meta = isModern ? { _meta: { [LOG_LEVEL_META_KEY]: logLevel } } : {}
  const calling = { ...limits, onprogress: options.onProgress }
  return {
    era: isModern ? 'modern' : 'legacy',
    protocolVersion: client.getNegotiatedProtocolVersion() ?? MODERN,
    serverInfo: client.getServerVersion(),
    instructions: client.getInstructions(),
    capabilities,
    list: (method) => listAll(method, (params) => client.request({ method, params }, limits)),
    callTool: async (name, args) => {
      // Only of a tool that it has seen listed does the client know which arguments go into headers, too.
      await client.listTools(undefined, limits)
      return await client.callTool({ name, arguments: args, ...meta }, calling)
    },
    ask: async (method, params) => await client.request({ method, params: { ...params, ...meta } }, calling),
    close: () => close(client, transport)
  }
}

async function openByV1 (options: EndpointOptions): Promise<Endpoint> {
  const [{ Client }, { StreamableHTTPClientTransport }, { LoggingMessageNotificationSchema, ResultSchema }] = await Promise.all([
    import('@modelcontextprotocol/sdk/client/index.js'),
    import('@modelcontextprotocol/sdk/client/streamableHttp.js'),
    import('@modelcontextprotocol/sdk/types.js')
  ])
  const { url, headers, timeout, logLevel, fetch } = options
  const client = new Client(CLIENT_INFO)
  client.setNotificationHandler(LoggingMessageNotificationSchema, ({ params }) => { options.onLog(params) })
  const transport = new StreamableHTTPClientTransport(url, { fetch, requestInit: { headers } })
  let protocolVersion = ''
  // The client tells its transport, and nobody else.
  const tellVersion = transport.setProtocolVersion.bind(transport)
  transport.setProtocolVersion = (version) => { protocolVersion = version; tellVersion(version) }
  const limits = { timeout, maxTotalTimeout: timeout }
  // Where its types say that there may be no session, they do so in another way than the interface it implements.
  await client.connect(transport as Parameters<typeof client.connect>[0], limits)

  const capabilities = client.getServerCapabilities() ?? {}
  // One that refuses has a level of its own.
  if (capabilities.logging !== undefined) await client.setLoggingLevel(logLevel, limits).catch(() => {})
  const calling = { ...limits, onprogress: options.onProgress }
  return {
    era: 'legacy',
    protocolVersion,
    serverInfo: client.getServerVersion(),
    instructions: client.getInstructions(),
    capabilities,
    list: (method) => listAll(method, (params) => client.request({ method, params }, ResultSchema, limits)),
    callTool: (name, args) => client.request({ method: 'tools/call', params: { name, arguments: args } }, ResultSchema, calling),
    ask: (method, params) => client.request({ method, params }, ResultSchema, calling),
    close: () => close(client, transport)
  }
}

interface Closable { close (): Promise<void> }

// The session is of no use to anyone any more. A server that does not end it, or does not answer, keeps it.
async function close (client: Closable, transport: { terminateSession (): Promise<void> }): Promise<void> {
  await Promise.race([transport.terminateSession().catch(() => {}), sleep(LAST_WORDS, undefined, { ref: false })])
  await client.close()
}
