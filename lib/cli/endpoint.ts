// Connects to an endpoint with an official client: the client v2 if it is installed, which speaks both eras, else v1.
import { setTimeout as sleep } from 'node:timers/promises'
import type * as v2Client from '@modelcontextprotocol/client'
import { Failure } from './command.ts'
import { PACKAGE } from './installation.ts'
import { listAll, type Item, type ListMethod, type Result } from './lists.ts'
import type { LogLevel } from '../protocol/log-level.ts'
import { Method } from '../protocol/methods.ts'
import { MODERN_REVISION, type Era } from '../protocol/revisions.ts'

/** How to connect to an endpoint. */
export interface EndpointOptions {
  readonly url: URL
  /** Undefined to speak the newest era that both sides support. */
  readonly era: Era | undefined
  readonly headers: Headers
  /** Milliseconds that a request may take. */
  readonly timeout: number
  readonly logLevel: LogLevel
  readonly fetch: typeof fetch
  onProgress (progress: Progress): void
  onLog (message: LogMessage): void
}

export interface Progress {
  readonly progress: number
  readonly total?: number | undefined
  readonly message?: string | undefined
}

export interface LogMessage { readonly level: string, readonly logger?: string | undefined, readonly data?: unknown }

/** A connected endpoint. */
export interface Endpoint {
  readonly era: Era
  readonly protocolVersion: string
  readonly serverInfo: ServerInfo | undefined
  readonly instructions: string | undefined
  readonly capabilities: { readonly [name: string]: unknown }
  list (method: ListMethod): Promise<readonly Item[]>
  callTool (name: string, args: Result): Promise<Result>
  ask (method: 'resources/read' | 'prompts/get', params: Result): Promise<Result>
  close (): Promise<void>
}

interface ServerInfo {
  readonly name: string
  readonly title?: string | undefined
  readonly version: string
}

const CLIENT_INFO = { name: 'fastify-mcp-mount', version: PACKAGE.version }
// How many milliseconds ending a session may take.
const END_SESSION_TIMEOUT = 1000

/**
 * Connects to an endpoint.
 * @throws Failure if no client for the era is installed, and whatever the client throws.
 */
export async function openEndpoint (
  options: EndpointOptions, importV2 = (): Promise<V2> => import('@modelcontextprotocol/client')
): Promise<Endpoint> {
  const v2 = await importV2().catch(() => undefined)
  if (v2 !== undefined) return await openByV2(v2, options)
  if (options.era === 'modern') {
    throw new Failure(
      '--era modern needs the official client v2, which is not installed: ' +
        "npm install --save-dev @modelcontextprotocol/client. Without it 'inspect' speaks the legacy era."
    )
  }
  return await openByV1(options)
}

type V2 = typeof v2Client

async function openByV2 (v2: V2, options: EndpointOptions): Promise<Endpoint> {
  const { Client, LOG_LEVEL_META_KEY, StreamableHTTPClientTransport } = v2
  const { url, era, headers, timeout, logLevel, fetch } = options
  const client = new Client(CLIENT_INFO, { versionNegotiation: { mode: modeOf(era) } })
  client.setNotificationHandler(Method.LogMessage, ({ params }) => { options.onLog(params) })
  const transport = new StreamableHTTPClientTransport(url, { fetch, requestInit: { headers } })
  const limits = { timeout, maxTotalTimeout: timeout }
  await client.connect(transport, limits)

  const isModern = client.getProtocolEra() === 'modern'
  // A client that has connected knows them.
  const capabilities = client.getServerCapabilities() as Endpoint['capabilities']
  // A server that refuses the level keeps its own.
  if (!isModern && capabilities.logging !== undefined) await client.setLoggingLevel(logLevel, limits).catch(() => {})
  const meta = isModern ? { _meta: { [LOG_LEVEL_META_KEY]: logLevel } } : {}
  const calling = { ...limits, onprogress: options.onProgress }
  return {
    era: isModern ? 'modern' : 'legacy',
    protocolVersion: client.getNegotiatedProtocolVersion() as string,
    serverInfo: client.getServerVersion(),
    instructions: client.getInstructions(),
    capabilities,
    list: (method) => listAll(method, (params) => client.request({ method, params }, limits)),
    callTool: async (name, args) => {
      // The client learns from the list which arguments of a tool go into headers.
      await client.listTools(undefined, limits)
      return await client.callTool({ name, arguments: args, ...meta }, calling)
    },
    ask: async (method, params) => await client.request({ method, params: { ...params, ...meta } }, calling),
    close: () => close(client, transport)
  }
}

function modeOf (era: Era | undefined): 'auto' | 'legacy' | { readonly pin: string } {
  return era === undefined ? 'auto' : era === 'modern' ? { pin: MODERN_REVISION } : 'legacy'
}

async function openByV1 (options: EndpointOptions): Promise<Endpoint> {
  const [{ Client }, { StreamableHTTPClientTransport }, types] = await Promise.all([
    import('@modelcontextprotocol/sdk/client/index.js'),
    import('@modelcontextprotocol/sdk/client/streamableHttp.js'),
    import('@modelcontextprotocol/sdk/types.js')
  ])
  const { LoggingMessageNotificationSchema, ResultSchema } = types
  const { url, headers, timeout, logLevel, fetch } = options
  const client = new Client(CLIENT_INFO)
  client.setNotificationHandler(LoggingMessageNotificationSchema, ({ params }) => { options.onLog(params) })
  const transport = new StreamableHTTPClientTransport(url, { fetch, requestInit: { headers } })
  let protocolVersion = ''
  // The client passes the revision to its transport only.
  const setProtocolVersion = transport.setProtocolVersion.bind(transport)
  transport.setProtocolVersion = (version) => { protocolVersion = version; setProtocolVersion(version) }
  const limits = { timeout, maxTotalTimeout: timeout }
  // The SDK's optional members are not declared for exactOptionalPropertyTypes.
  await client.connect(transport as Parameters<typeof client.connect>[0], limits)

  // A client that has connected knows them.
  const capabilities = client.getServerCapabilities() as Endpoint['capabilities']
  // A server that refuses the level keeps its own.
  if (capabilities.logging !== undefined) await client.setLoggingLevel(logLevel, limits).catch(() => {})
  const calling = { ...limits, onprogress: options.onProgress }
  return {
    era: 'legacy',
    protocolVersion,
    serverInfo: client.getServerVersion(),
    instructions: client.getInstructions(),
    capabilities,
    list: (method) => listAll(method, (params) => client.request({ method, params }, ResultSchema, limits)),
    callTool: (name, args) => {
      return client.request({ method: Method.ToolsCall, params: { name, arguments: args } }, ResultSchema, calling)
    },
    ask: (method, params) => client.request({ method, params }, ResultSchema, calling),
    close: () => close(client, transport)
  }
}

interface Closable { close (): Promise<void> }

interface Terminable { terminateSession (): Promise<void> }

// Ends the session, too. A server that refuses that, or does not answer in time, keeps it.
async function close (client: Closable, transport: Terminable): Promise<void> {
  const terminated = transport.terminateSession().catch(() => {})
  await Promise.race([terminated, sleep(END_SESSION_TIMEOUT, undefined, { ref: false })])
  await client.close()
}
