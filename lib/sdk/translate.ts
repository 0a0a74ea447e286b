// Translates modern requests for a legacy server, and its results for modern clients. Also records in a session what
// its server has accepted.
import type { Implementation, ServerCapabilities } from '@modelcontextprotocol/sdk/types.js'
import { ErrorCode } from '../protocol/error-code.ts'
import { isLogLevel } from '../protocol/log-level.ts'
import { isWireObject, type Params, type RequestMessage, type WireObject } from '../protocol/message.ts'
import { Method } from '../protocol/methods.ts'
import { collectParamHeaders, findParamHeaderMismatch, type ParamHeader } from '../protocol/param-headers.ts'
import { MODERN_REVISIONS, NEWEST_LEGACY_REVISION } from '../protocol/revisions.ts'
import { isWatchable } from '../protocol/subscription.ts'
import { RefusedError, RpcError } from '../errors.ts'
import type { Caller, Channel, Incoming } from '../server/call/incoming.ts'
import type { ResultFinisher } from '../server/call/result.ts'
import { cacheFields } from '../server/call/cache-hint.ts'
import { readFilter } from '../server/features/subscriptions.ts'

/** Serves one request in the form of the legacy era. @throws RpcError */
export type LegacyServing = (message: RequestMessage) => Promise<object>

/** The headers that repeat arguments, by the names of the tools. */
export type ParamHeaders = Map<string, readonly ParamHeader[]>

/** A legacy server that serves modern clients. */
export interface LegacyServer {
  readonly finisher: ResultFinisher
  serve: LegacyServing
  /** Notifies the server that its client is ready, and waits for its handler. Never throws. */
  ready (): Promise<void>
  /** The headers that repeat arguments, of the tools that are known so far. */
  readonly paramHeaders: ParamHeaders
}

// The methods that 2026-07-28 removed (changelog, Major changes).
const REMOVED: readonly string[] = [
  'initialize', 'ping', 'logging/setLevel', 'resources/subscribe', 'resources/unsubscribe'
]

// MCP 2026-07-28 caching, Cacheable Results.
const CACHEABLE: readonly string[] = [
  'tools/list', 'prompts/list', 'resources/list', 'resources/templates/list', 'resources/read'
]

// The SDK's UrlElicitationRequiredError, which 2026-07-28 does not have.
const URL_ELICITATION_REQUIRED = -32042

const RESERVED_META = 'io.modelcontextprotocol/'
const NO_CLIENT = Object.freeze({ name: 'unknown', version: '0' })
// A faulty server may return a next cursor forever.
const MAX_PAGES = 100
// A server may have different tools for each caller.
const MAX_KNOWN_TOOLS = 10_000

/** Serves one modern request. @throws RpcError */
export async function serveModern (server: LegacyServer, incoming: Incoming): Promise<object> {
  try {
    // A server may wait for its client to be ready before it registers its tools.
    if (incoming.message.method !== 'server/discover') await server.ready()
    await checkParamHeaders(server, incoming)
    return server.finisher.finish(await translate(server, incoming), 'modern')
  } catch (error) {
    // The cast holds, because a LegacyServing throws no other errors.
    throw translateError(error as RpcError)
  }
}

async function checkParamHeaders (server: LegacyServer, { message, channel: { request } }: Incoming): Promise<void> {
  const { paramHeaders, serve } = server
  const { method, params: { name, arguments: args } } = message
  // Calls of the host app have no headers.
  if (method !== 'tools/call' || request === undefined) return
  // The server may offer the tool only to some callers, so list the tools for this caller.
  if (!paramHeaders.has(String(name))) await readParamHeaders(paramHeaders, serve)
  const headers = paramHeaders.get(String(name))
  const mismatch = headers && findParamHeaderMismatch(headers, args, request.headers)
  if (mismatch !== undefined) throw new RefusedError(ErrorCode.HeaderMismatch, `Header mismatch: ${mismatch}`)
}

async function translate ({ serve }: LegacyServer, { message, caller, channel }: Incoming): Promise<object> {
  const { method, params } = message
  if (REMOVED.includes(method) || (method === Method.SubscriptionsListen && channel.canListen !== true)) {
    throw new RefusedError(ErrorCode.MethodNotFound, `Method not found: ${method}`)
  }
  if (method === 'server/discover') return discover(await initialize(message, caller, serve), channel)
  if (method === Method.SubscriptionsListen) return await listen(serve, { message, caller, channel })

  const result = await serve({ ...message, params: toLegacyParams(params) })
  return CACHEABLE.includes(method) ? { ...result, ...cacheFields('modern', 'private', undefined) } : result
}

/** The result of `initialize`. */
export interface Opened {
  readonly serverInfo: Implementation
  readonly capabilities?: ServerCapabilities
  readonly instructions?: string
}

/** Sends `initialize` to the server. */
export async function initialize (
  { id }: Pick<RequestMessage, 'id'>, { era, protocolVersion, client }: Caller, serve: LegacyServing
): Promise<Opened> {
  const params = {
    protocolVersion: era === 'legacy' ? protocolVersion : NEWEST_LEGACY_REVISION,
    capabilities: client.capabilities,
    clientInfo: client.info ?? NO_CLIENT
  }
  // The result is not checked; the author of the server is responsible for its shape.
  return await serve({ id, method: 'initialize', params }) as Opened
}

function discover ({ capabilities, instructions }: Opened, { canListen }: Channel): object {
  // Leave out the legacy tasks, because those of 2026-07-28 are a different extension.
  const { tasks, ...offered } = capabilities ?? {}
  return {
    supportedVersions: MODERN_REVISIONS,
    capabilities: canListen === true ? offered : withoutChanges(offered),
    ...(instructions !== undefined && { instructions }),
    ...cacheFields('modern', 'private', undefined)
  }
}

// Removes the capabilities for changes, which a client without a stream cannot be notified of.
function withoutChanges (capabilities: ServerCapabilities): ServerCapabilities {
  const offered = (['tools', 'prompts', 'resources'] as const).filter((name) => capabilities[name] !== undefined)
  return { ...capabilities, ...Object.fromEntries(offered.map((name) => [name, {}])) }
}

async function listen (serve: LegacyServing, { message, caller, channel }: Incoming): Promise<object> {
  const { capabilities: { tools, prompts, resources } = {} } = await initialize(message, caller, serve)
  const { toolsListChanged, promptsListChanged, resourcesListChanged, resourceSubscriptions } = readFilter(message)
  const watched = resources?.subscribe === true ? await subscribe(resourceSubscriptions ?? [], message, serve) : []
  channel.onEnd?.(() => {
    for (const uri of watched) tryToServe({ id: message.id, method: 'resources/unsubscribe', params: { uri } }, serve)
  })
  return {
    notifications: {
      ...(toolsListChanged === true && tools?.listChanged === true && { toolsListChanged }),
      ...(promptsListChanged === true && prompts?.listChanged === true && { promptsListChanged }),
      ...(resourcesListChanged === true && resources?.listChanged === true && { resourcesListChanged }),
      ...(watched.length > 0 && { resourceSubscriptions: watched })
    }
  }
}

// Asks the server for each URI, so that it can refuse a resource to this client as it would to a legacy client.
async function subscribe (
  uris: readonly string[], { id }: RequestMessage, serve: LegacyServing
): Promise<readonly string[]> {
  const method = 'resources/subscribe'
  const agreed = await Promise.all(uris.map((uri) => tryToServe({ id, method, params: { uri } }, serve)))
  return uris.filter((_uri, index) => agreed[index] !== undefined)
}

async function tryToServe (message: RequestMessage, serve: LegacyServing): Promise<object | undefined> {
  try {
    return await serve(message)
  } catch {
    return undefined
  }
}

// Removes the members that 2026-07-28 adds to each request, because a legacy server does not know them.
function toLegacyParams (params: Params): Params {
  const { _meta, inputResponses, requestState, ...rest } = params
  const meta = Object.entries(_meta ?? {}).filter(([key]) => !key.startsWith(RESERVED_META))
  return meta.length === 0 ? rest : { ...rest, _meta: Object.fromEntries(meta) }
}

// Finds the tools whose arguments clients repeat in headers. A server that cannot list its tools has none.
async function readParamHeaders (found: ParamHeaders, serve: LegacyServing): Promise<void> {
  if (found.size > MAX_KNOWN_TOOLS) found.clear()
  let cursor: unknown
  for (let page = 0; page < MAX_PAGES; page++) {
    const listed: { readonly tools?: unknown, readonly nextCursor?: unknown } | undefined =
      await tryToServe({ id: 'list', method: 'tools/list', params: cursor === undefined ? {} : { cursor } }, serve)
    const tools: readonly unknown[] = Array.isArray(listed?.tools) ? listed.tools : []
    for (const tool of tools) if (isWireObject(tool)) addParamHeaders(tool, found)
    cursor = listed?.nextCursor
    if (cursor === undefined) break
  }
}

function addParamHeaders ({ name, inputSchema }: WireObject, found: ParamHeaders): void {
  const scan = isWireObject(inputSchema) ? collectParamHeaders(inputSchema) : { headers: [] }
  found.set(String(name), 'headers' in scan ? scan.headers : [])
}

/** Translates an error of a legacy server for modern clients. */
function translateError (error: RpcError): RpcError {
  // MCP 2026-07-28 resources, Error Handling.
  if (error.code === ErrorCode.ResourceNotFound) return new RpcError(ErrorCode.InvalidParams, error.message, error.data)
  if (error.code !== URL_ELICITATION_REQUIRED) return error
  const message = `${error.message} (the server can ask this only of clients of revision 2025-11-25)`
  return new RpcError(ErrorCode.InternalError, message)
}

/** Records in a session the log level and subscriptions that its server has accepted. Returns the client's result. */
export function recordAccepted ({ message, caller }: Incoming, result: object): object | Promise<object> {
  switch (message.method) {
    // The mount has negotiated the revision.
    case 'initialize': return { ...result, protocolVersion: caller.protocolVersion }
    case 'logging/setLevel':
    case 'resources/subscribe':
    case 'resources/unsubscribe': return record(message, caller, result)
    default: return result
  }
}

async function record ({ method, params }: RequestMessage, caller: Caller, result: object): Promise<object> {
  const { level, uri } = params
  if (method === 'logging/setLevel') {
    if (isLogLevel(level)) await caller.setLogLevel?.(level)
  } else if (isWatchable(uri)) {
    await (method === 'resources/subscribe' ? caller.subscriptions?.add(uri) : caller.subscriptions?.delete(uri))
  }
  return result
}
