// The official clients behind one interface, so that one suite runs against all of them.
import {
  Client as ClientV2,
  LOG_LEVEL_META_KEY,
  StreamableHTTPClientTransport as TransportV2
} from '@modelcontextprotocol/client'
import { Client as ClientV1 } from '@modelcontextprotocol/sdk/client/index.js'
import { StreamableHTTPClientTransport as TransportV1 } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js'
import {
  CreateMessageRequestSchema, ElicitRequestSchema, ListRootsRequestSchema, LoggingMessageNotificationSchema,
  type CreateMessageResult, type ElicitResult, type ListRootsResult
} from '@modelcontextprotocol/sdk/types.js'
import type { Era, LogLevel } from '../../lib/index.ts'

/** A result as the client hands it to its user. */
export interface Answer { readonly [field: string]: unknown }

/** Something listed. */
export interface Listed { readonly name: string, readonly [field: string]: unknown }

/** One HTTP request of a client and what it was answered with. */
export interface Recorded {
  readonly method: string
  readonly url: string
  readonly headers: Headers
  readonly status: number
  readonly redirected: boolean
}

export interface CallOptions {
  readonly onprogress?: (progress: object) => void
  /** The least severe log message wanted; a modern client says so in each request. */
  readonly logLevel?: LogLevel
  readonly signal?: AbortSignal
}

/** How a client answers what it is asked. It declares the capabilities that it has an answer for, and no others. */
export interface Answering {
  readonly elicit?: (params: Answer) => ElicitResult | Promise<ElicitResult>
  readonly sample?: (params: Answer) => CreateMessageResult | Promise<CreateMessageResult>
  readonly listRoots?: () => ListRootsResult | Promise<ListRootsResult>
}

type Reference = { type: 'ref/prompt', name: string } | { type: 'ref/resource', uri: string }

/** The common interface of the official clients. */
export interface OfficialClient {
  readonly era: Era
  readonly protocolVersion: string | undefined
  readonly sessionId: string | undefined
  readonly serverInfo: Answer | undefined
  readonly instructions: string | undefined
  readonly capabilities: Answer | undefined
  /** The log messages received. */
  readonly logs: readonly Answer[]
  /** The HTTP requests sent, all but a legacy client's attempt to open a stream by GET. */
  readonly recorded: readonly Recorded[]
  /** Lists all pages. */
  listTools (): Promise<readonly Listed[]>
  listPrompts (): Promise<readonly Listed[]>
  listResources (): Promise<readonly Listed[]>
  listResourceTemplates (): Promise<readonly Listed[]>
  callTool (name: string, args?: Record<string, unknown>, options?: CallOptions): Promise<Answer>
  readResource (uri: string): Promise<Answer>
  getPrompt (name: string, args?: Record<string, string>): Promise<Answer>
  complete (ref: Reference, argument: { name: string, value: string }, chosen?: Record<string, string>): Promise<Answer>
  ping (): Promise<Answer>
  setLogLevel (level: LogLevel): Promise<Answer>
  terminateSession (): Promise<void>
  /** Begins anew, as a client does whose session the server has lost. */
  reconnect (): Promise<void>
  close (): Promise<void>
}

/** One of the official clients, speaking one era. */
export interface ClientKind {
  readonly title: string
  readonly era: Era
  connect (url: string, clientName?: string, answering?: Answering): Promise<OfficialClient>
}

export const v1: ClientKind = { title: 'the v1 client', era: 'legacy', connect: connectV1 }
export const v2Legacy: ClientKind = {
  title: 'the v2 client, legacy',
  era: 'legacy',
  connect: (...client) => connectV2('legacy', ...client)
}
export const v2Modern: ClientKind = {
  title: 'the v2 client, modern',
  era: 'modern',
  connect: (...client) => connectV2({ pin: '2026-07-28' }, ...client)
}
export const v2Auto: ClientKind = {
  title: 'the v2 client, by negotiation',
  era: 'modern',
  connect: (...client) => connectV2('auto', ...client)
}

/** Each client in each era that it speaks. */
export const clientKinds: readonly ClientKind[] = [v1, v2Legacy, v2Modern]

/** Returns the error of a call that must reject; throws if the call succeeds. */
export async function failureOf (call: Promise<unknown>): Promise<{ code: unknown, message: string, data: unknown }> {
  const error: unknown = await call.then(() => { throw new Error('the call succeeded') }, (reason: unknown) => reason)
  if (!(error instanceof Error)) throw new TypeError('what was thrown is no error')
  const { code, status, data } = error as {
    readonly code?: unknown
    readonly status?: unknown
    readonly data?: unknown
  }
  // The v1 client prefixes every message.
  return { code: status ?? code, message: error.message.replace(/^MCP error -?\d+: /, ''), data }
}

function createRecorder (recorded: Recorded[]) {
  return async function recordingFetch (url: string | URL, init?: RequestInit): Promise<Response> {
    const response = await fetch(url, init)
    const method = init?.method ?? 'GET'
    const { status, redirected } = response
    if (method !== 'GET') {
      recorded.push({ method, url: String(url), headers: new Headers(init?.headers), status, redirected })
    }
    return response
  }
}

function capabilitiesOf ({ elicit, sample, listRoots }: Answering) {
  return {
    ...(elicit && { elicitation: { form: {}, url: {} } }),
    ...(sample && { sampling: {} }),
    ...(listRoots && { roots: {} })
  }
}

async function connectV1 (url: string, clientName = 'v1', answering: Answering = {}): Promise<OfficialClient> {
  const logs: Answer[] = []
  const recorded: Recorded[] = []
  const client = new ClientV1({ name: clientName, version: '1.0.0' }, { capabilities: capabilitiesOf(answering) })
  const { elicit, sample, listRoots } = answering
  if (elicit) client.setRequestHandler(ElicitRequestSchema, ({ params }) => elicit(params))
  if (sample) client.setRequestHandler(CreateMessageRequestSchema, ({ params }) => sample(params))
  if (listRoots) client.setRequestHandler(ListRootsRequestSchema, listRoots)
  client.setNotificationHandler(LoggingMessageNotificationSchema, ({ params }) => { logs.push(params) })
  let transport = await open()

  async function open (): Promise<TransportV1> {
    const opened = new TransportV1(new URL(url), { fetch: createRecorder(recorded) })
    // Its optional fields are not declared for exactOptionalPropertyTypes.
    await client.connect(opened as Transport)
    return opened
  }

  return {
    era: 'legacy',
    get protocolVersion () { return transport.protocolVersion },
    get sessionId () { return transport.sessionId },
    get serverInfo () { return client.getServerVersion() },
    get instructions () { return client.getInstructions() },
    get capabilities () { return client.getServerCapabilities() },
    logs,
    recorded,
    listTools: () =>
      listAll(async (params) => {
        const { tools: items, nextCursor } = await client.listTools(params)
        return { items, nextCursor }
      }),
    listPrompts: () =>
      listAll(async (params) => {
        const { prompts: items, nextCursor } = await client.listPrompts(params)
        return { items, nextCursor }
      }),
    listResources: () =>
      listAll(async (params) => {
        const { resources: items, nextCursor } = await client.listResources(params)
        return { items, nextCursor }
      }),
    listResourceTemplates: () => listAll(async (params) => {
      const { resourceTemplates: items, nextCursor } = await client.listResourceTemplates(params)
      return { items, nextCursor }
    }),
    callTool: (name, args = {}, { logLevel, ...options } = {}) =>
      client.callTool({ name, arguments: args }, undefined, options),
    ...createRequests(client),
    terminateSession: () => transport.terminateSession(),
    reconnect: async () => { await client.close(); transport = await open() },
    close: () => client.close()
  }
}

async function connectV2 (
  mode: 'legacy' | 'auto' | { pin: string }, url: string, clientName = 'v2', answering: Answering = {}
): Promise<OfficialClient> {
  const logs: Answer[] = []
  const recorded: Recorded[] = []
  const client = new ClientV2(
    { name: clientName, version: '1.0.0' },
    { capabilities: capabilitiesOf(answering), versionNegotiation: { mode } }
  )
  const { elicit, sample, listRoots } = answering
  if (elicit) client.setRequestHandler('elicitation/create', ({ params }) => elicit(params))
  if (sample) client.setRequestHandler('sampling/createMessage', ({ params }) => sample(params))
  if (listRoots) client.setRequestHandler('roots/list', listRoots)
  client.setNotificationHandler('notifications/message', ({ params }) => { logs.push(params) })
  let transport = await open()

  async function open (): Promise<TransportV2> {
    const opened = new TransportV2(new URL(url), { fetch: createRecorder(recorded) })
    await client.connect(opened)
    return opened
  }

  return {
    get era () { return client.getProtocolEra() ?? 'legacy' },
    get protocolVersion () { return client.getNegotiatedProtocolVersion() },
    get sessionId () { return transport.sessionId },
    get serverInfo () { return client.getServerVersion() },
    get instructions () { return client.getInstructions() },
    get capabilities () { return client.getServerCapabilities() },
    logs,
    recorded,
    // Without a cursor, this client reads all pages automatically.
    listTools: async () => (await client.listTools()).tools,
    listPrompts: async () => (await client.listPrompts()).prompts,
    listResources: async () => (await client.listResources()).resources,
    listResourceTemplates: async () => (await client.listResourceTemplates()).resourceTemplates,
    callTool: (name, args = {}, { logLevel, ...options } = {}) => client.callTool(
      { name, arguments: args, ...(logLevel !== undefined && { _meta: { [LOG_LEVEL_META_KEY]: logLevel } }) },
      options
    ),
    ...createRequests(client),
    terminateSession: () => transport.terminateSession(),
    reconnect: async () => { await client.close(); transport = await open() },
    close: () => client.close()
  }
}

/** The requests that the clients of both versions send alike. */
interface CommonClient {
  readResource (params: { uri: string }): Promise<Answer>
  getPrompt (params: { name: string, arguments?: Record<string, string> }): Promise<Answer>
  complete (params: {
    ref: Reference
    argument: { name: string, value: string }
    context?: { arguments: Record<string, string> }
  }): Promise<Answer>
  ping (): Promise<Answer>
  setLoggingLevel (level: LogLevel): Promise<Answer>
}

type CommonRequests = Pick<OfficialClient, 'readResource' | 'getPrompt' | 'complete' | 'ping' | 'setLogLevel'>

function createRequests (client: CommonClient): CommonRequests {
  return {
    readResource: (uri) => client.readResource({ uri }),
    getPrompt: (name, args) => client.getPrompt({ name, ...(args !== undefined && { arguments: args }) }),
    complete: (ref, argument, chosen) =>
      client.complete({ ref, argument, ...(chosen !== undefined && { context: { arguments: chosen } }) }),
    ping: () => client.ping(),
    setLogLevel: (level) => client.setLoggingLevel(level)
  }
}

async function listAll (
  listPage: (params: { cursor?: string }) => Promise<{ items: readonly Listed[], nextCursor: string | undefined }>
): Promise<readonly Listed[]> {
  const all: Listed[] = []
  let cursor: string | undefined
  do {
    const { items, nextCursor } = await listPage(cursor === undefined ? {} : { cursor })
    all.push(...items)
    cursor = nextCursor
  } while (cursor !== undefined)
  return all
}
