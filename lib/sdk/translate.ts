// Modern clients of legacy servers: each request is translated, served by the server's own handlers, and its result
// translated back.
import type { Implementation, ServerCapabilities } from '@modelcontextprotocol/sdk/types.js'
import { ErrorCode } from '../protocol/error-code.ts'
import { isLogLevel } from '../protocol/log-level.ts'
import { isWireObject, type Params, type RequestMessage, type WireObject } from '../protocol/message.ts'
import { collectParamHeaders, findParamHeaderMismatch, type ParamHeader } from '../protocol/param-headers.ts'
import { MODERN_REVISIONS, NEWEST_LEGACY_REVISION } from '../protocol/revisions.ts'
import { isWatchable, LISTEN_METHOD } from '../protocol/subscription.ts'
import { RefusedError, RpcError } from '../errors.ts'
import type { Caller, Channel } from '../server/context.ts'
import { cacheFields, type ResultFinisher } from '../server/result.ts'
import { readFilter } from '../server/watching.ts'

/** Serves one request as a client of the legacy era would send it. @throws RpcError */
export type LegacyServing = (message: RequestMessage) => Promise<object>

/** The headers that repeat arguments, by the names of the tools that were listed. */
export type ParamHeaders = Map<string, readonly ParamHeader[]>

/** A legacy server that a modern client talks to. */
export interface LegacyServer {
  readonly finisher: ResultFinisher
  serve: LegacyServing
  /** Tells the server that its client is ready, and waits for what it does about it. Never throws. */
  ready (): Promise<void>
  /** What is known of the headers that repeat the arguments of its tools. */
  readonly paramHeaders: ParamHeaders
}

// What 2026-07-28 did away with (changelog, Major changes).
const REMOVED: readonly string[] = ['initialize', 'ping', 'logging/setLevel', 'resources/subscribe', 'resources/unsubscribe']

// MCP 2026-07-28 caching, Cacheable Results.
const CACHEABLE: readonly string[] = ['tools/list', 'prompts/list', 'resources/list', 'resources/templates/list', 'resources/read']

// The SDK's UrlElicitationRequiredError, which 2026-07-28 does not have.
const URL_ELICITATION_REQUIRED = -32042

const RESERVED_META = 'io.modelcontextprotocol/'
const NO_CLIENT = Object.freeze({ name: 'unknown', version: '0' })
// A server whose list never ends is its author's mistake, but it must end here.
const MAX_PAGES = 100
// Servers may have other tools for each caller.
const MAX_KNOWN_TOOLS = 10_000

/** Serves one modern request. @throws RpcError */
export async function serveModern (server: LegacyServer, message: RequestMessage, caller: Caller, channel: Channel): Promise<object> {
  try {
    // A server may register what it offers only then.
    if (message.method !== 'server/discover') await server.ready()
    await checkParamHeaders(server, message, channel)
    return server.finisher.finish(await translate(server, message, caller, channel), 'modern')
  } catch (error) {
    // What serves throws nothing else.
    throw translateError(error as RpcError)
  }
}

async function checkParamHeaders ({ paramHeaders, serve }: LegacyServer, { method, params: { name, arguments: args } }: RequestMessage, { request }: Channel): Promise<void> {
  // The host app calls without headers.
  if (method !== 'tools/call' || request === undefined) return
  // Which tools there are may depend on who asks.
  if (!paramHeaders.has(String(name))) await readParamHeaders(paramHeaders, serve)
  const headers = paramHeaders.get(String(name))
  const mismatch = headers && findParamHeaderMismatch(headers, args, request.headers)
  if (mismatch !== undefined) throw new RefusedError(ErrorCode.HeaderMismatch, `Header mismatch: ${mismatch}`)
}

async function translate ({ serve }: LegacyServer, message: RequestMessage, caller: Caller, channel: Channel): Promise<object> {
  const { method, params } = message
  if (REMOVED.includes(method) || (method === LISTEN_METHOD && channel.canListen !== true)) throw new RefusedError(ErrorCode.MethodNotFound, `Method not found: ${method}`)
  if (method === 'server/discover') return discover(await initialize(message, caller, serve), channel)
  if (method === LISTEN_METHOD) return await listen(message, await initialize(message, caller, serve), channel, serve)

  const result = await serve({ ...message, params: toLegacyParams(params) })
  return CACHEABLE.includes(method) ? { ...result, ...cacheFields('modern', 'private', undefined) } : result
}

/** What a server says of itself when a session is opened. */
interface Opened { readonly serverInfo: Implementation, readonly capabilities?: ServerCapabilities, readonly instructions?: string }

/** Opens a session, as far as the server is concerned. */
export async function initialize ({ id }: Pick<RequestMessage, 'id'>, { era, protocolVersion, client }: Caller, serve: LegacyServing): Promise<Opened> {
  const params = { protocolVersion: era === 'legacy' ? protocolVersion : NEWEST_LEGACY_REVISION, capabilities: client.capabilities, clientInfo: client.info ?? NO_CLIENT }
  // What a server answers to `initialize` is its author's word.
  return await serve({ id, method: 'initialize', params }) as Opened
}

function discover ({ capabilities, instructions }: Opened, { canListen }: Channel): object {
  // 2026-07-28 has tasks as an extension, which is another one.
  const { tasks, ...offered } = capabilities ?? {}
  return {
    supportedVersions: MODERN_REVISIONS,
    capabilities: canListen === true ? offered : withoutChanges(offered),
    ...(instructions !== undefined && { instructions }),
    ...cacheFields('modern', 'private', undefined)
  }
}

// Who cannot be told of changes must not be made to believe so.
function withoutChanges (capabilities: ServerCapabilities): ServerCapabilities {
  const told = ['tools', 'prompts', 'resources'] as const
  return { ...capabilities, ...Object.fromEntries(told.filter((name) => capabilities[name] !== undefined).map((name) => [name, {}])) }
}

async function listen (message: RequestMessage, { capabilities: { tools, prompts, resources } = {} }: Opened, channel: Channel, serve: LegacyServing): Promise<object> {
  const { toolsListChanged, promptsListChanged, resourcesListChanged, resourceSubscriptions } = readFilter(message)
  const watched = resources?.subscribe === true ? await subscribe(resourceSubscriptions ?? [], message, serve) : []
  channel.onEnd?.(() => { for (const uri of watched) tryToServe({ id: message.id, method: 'resources/unsubscribe', params: { uri } }, serve) })
  return {
    notifications: {
      ...(toolsListChanged === true && tools?.listChanged === true && { toolsListChanged }),
      ...(promptsListChanged === true && prompts?.listChanged === true && { promptsListChanged }),
      ...(resourcesListChanged === true && resources?.listChanged === true && { resourcesListChanged }),
      ...(watched.length > 0 && { resourceSubscriptions: watched })
    }
  }
}

// A server that denies a resource to a legacy client denies it to this one.
async function subscribe (uris: readonly string[], { id }: RequestMessage, serve: LegacyServing): Promise<readonly string[]> {
  const agreed = await Promise.all(uris.map(async (uri) => tryToServe({ id, method: 'resources/subscribe', params: { uri } }, serve)))
  return uris.filter((_uri, index) => agreed[index] !== undefined)
}

async function tryToServe (message: RequestMessage, serve: LegacyServing): Promise<object | undefined> {
  try {
    return await serve(message)
  } catch {
    return undefined
  }
}

// What the protocol adds to each request says nothing to a legacy server.
function toLegacyParams (params: Params): Params {
  const { _meta, inputResponses, requestState, ...rest } = params
  const meta = Object.entries(_meta ?? {}).filter(([key]) => !key.startsWith(RESERVED_META))
  return meta.length === 0 ? rest : { ...rest, _meta: Object.fromEntries(meta) }
}

// Finds the tools whose arguments clients repeat in headers. What cannot be listed has none.
async function readParamHeaders (found: ParamHeaders, serve: LegacyServing): Promise<void> {
  if (found.size > MAX_KNOWN_TOOLS) found.clear()
  let cursor: unknown
  for (let page = 0; page < MAX_PAGES; page++) {
    const listed: { readonly tools?: unknown, readonly nextCursor?: unknown } | undefined =
      await tryToServe({ id: 'list', method: 'tools/list', params: cursor === undefined ? {} : { cursor } }, serve)
    for (const tool of Array.isArray(listed?.tools) ? listed.tools.filter(isWireObject) : []) addParamHeaders(tool, found)
    cursor = listed?.nextCursor
    if (cursor === undefined) break
  }
}

function addParamHeaders ({ name, inputSchema }: WireObject, found: ParamHeaders): void {
  const scan = isWireObject(inputSchema) ? collectParamHeaders(inputSchema) : { headers: [] }
  found.set(String(name), 'headers' in scan ? scan.headers : [])
}

/** An error of a legacy server as modern clients know it. */
export function translateError (error: RpcError): RpcError {
  // MCP 2026-07-28 resources, Error Handling.
  if (error.code === ErrorCode.ResourceNotFound) return new RpcError(ErrorCode.InvalidParams, error.message, error.data)
  if (error.code !== URL_ELICITATION_REQUIRED) return error
  return new RpcError(ErrorCode.InternalError, `${error.message} (the server can ask this only of clients of revision 2025-11-25)`)
}

/** Lets a session follow what its server has agreed to; comes to the result as the client gets it. */
export function follow (message: RequestMessage, caller: Caller, result: object): object | Promise<object> {
  switch (message.method) {
    // The revision was negotiated by the mount.
    case 'initialize': return { ...result, protocolVersion: caller.protocolVersion }
    case 'logging/setLevel':
    case 'resources/subscribe':
    case 'resources/unsubscribe': return remember(message, caller, result)
    default: return result
  }
}

async function remember ({ method, params: { level, uri } }: RequestMessage, caller: Caller, result: object): Promise<object> {
  if (method === 'logging/setLevel') {
    if (isLogLevel(level)) await caller.setLogLevel?.(level)
  } else if (isWatchable(uri)) {
    await (method === 'resources/subscribe' ? caller.subscriptions?.add(uri) : caller.subscriptions?.delete(uri))
  }
  return result
}
