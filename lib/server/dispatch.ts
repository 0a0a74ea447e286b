// The methods of both eras and what serves them.
import { shorten } from '../protocol/bounds.ts'
import { ErrorCode } from '../protocol/error-code.ts'
import { isLogLevel } from '../protocol/log-level.ts'
import { LISTEN_METHOD } from '../protocol/subscription.ts'
import { MODERN_REVISIONS, type Era } from '../protocol/revisions.ts'
import { invalidParams, RefusedError, type RpcError } from '../errors.ts'
import type { Call } from './call/call.ts'
import { complete } from './features/complete.ts'
import { hasCompleters, hasPrompts, hasResources, hasTools, listCapabilities } from './features.ts'
import { readCursor, takePage } from './lists/listing.ts'
import type { ServerParts } from './parts.ts'
import { getPrompt } from './features/prompt.ts'
import { hasDynamicResources, listResources, readResource } from './features/read-resource.ts'
import type { MethodResult } from './call/result.ts'
import { cacheFields, keepPrivate } from './call/cache-hint.ts'
import { callTool } from './features/tool.ts'
import { resolveFilter, subscribe, unsubscribe } from './features/watching.ts'

interface Method {
  /** Whether the server offers the feature that the method belongs to. */
  isOffered (parts: ServerParts): boolean
  serve (parts: ServerParts, call: Call): MethodResult | Promise<MethodResult>
}

const always = (): boolean => true
const FEATURES: ReadonlyArray<readonly [string, Method]> = [
  ['tools/list', { isOffered: hasTools, serve: ({ lists }, call) => lists.tools.page(call) }],
  ['tools/call', { isOffered: hasTools, serve: ({ tools }, call) => callTool(tools, call) }],
  ['prompts/list', { isOffered: hasPrompts, serve: ({ lists }, call) => lists.prompts.page(call) }],
  ['prompts/get', { isOffered: hasPrompts, serve: ({ prompts }, call) => getPrompt(prompts, call) }],
  ['resources/list', { isOffered: hasResources, serve: serveResourceList }],
  ['resources/templates/list', { isOffered: hasResources, serve: ({ lists }, call) => lists.templates.page(call) }],
  ['resources/read', { isOffered: hasResources, serve: serveResource }],
  ['completion/complete', { isOffered: hasCompleters, serve: ({ prompts, resources }, call) => complete(prompts, resources.templates, call) }]
]

const METHODS: { readonly [era in Era]: ReadonlyMap<string, Method> } = {
  modern: new Map([
    ...FEATURES,
    ['server/discover', { isOffered: always, serve: serveDiscover }],
    [LISTEN_METHOD, whereListening({ isOffered: always, serve: resolveFilter })]
  ]),
  legacy: new Map([
    ...FEATURES,
    ['initialize', { isOffered: always, serve: serveInitialize }],
    ['resources/subscribe', whereListening({ isOffered: hasResources, serve: subscribe })],
    ['resources/unsubscribe', whereListening({ isOffered: hasResources, serve: unsubscribe })],
    ['ping', { isOffered: always, serve: () => ({}) }],
    ['logging/setLevel', { isOffered: always, serve: serveSetLevel }]
  ])
}

/** Finds what serves a method. @throws RpcError -32601 */
export function findMethod (parts: ServerParts, method: string, era: Era): Method {
  const found = METHODS[era].get(method)
  if (found === undefined || !found.isOffered(parts)) throw notFound(method)
  return found
}

// Who cannot be told of changes must not be made to believe so.
function whereListening ({ isOffered, serve }: Method): Method {
  return {
    isOffered,
    serve (parts, call) {
      if (!call.canListen) throw notFound(call.message.method)
      return serve(parts, call)
    }
  }
}

function notFound (method: string): RpcError {
  return new RefusedError(ErrorCode.MethodNotFound, `Method not found: ${shorten(method)}`)
}

function serveDiscover (parts: ServerParts, { canListen }: Call): object {
  return {
    supportedVersions: MODERN_REVISIONS,
    capabilities: listCapabilities(parts, canListen),
    ...(parts.instructions !== undefined && { instructions: parts.instructions }),
    ...cacheFields('modern', 'public', parts.cache)
  }
}

function serveInitialize (parts: ServerParts, { caller, canListen }: Call): object {
  return {
    protocolVersion: caller.protocolVersion,
    capabilities: listCapabilities(parts, canListen),
    serverInfo: parts.info,
    ...(parts.instructions !== undefined && { instructions: parts.instructions })
  }
}

async function serveSetLevel (_parts: ServerParts, { message, caller }: Call): Promise<object> {
  const { level } = message.params
  if (!isLogLevel(level)) throw invalidParams("'level' is no log level")
  await caller.setLogLevel?.(level)
  return {}
}

async function serveResourceList (parts: ServerParts, call: Call): Promise<MethodResult> {
  if (!hasDynamicResources(parts.resources)) return parts.lists.resources.page(call)
  return takePage(parts.dynamicResources, await listResources(parts.resources, call), readCursor(call.message.params), call.caller.era)
}

async function serveResource ({ resources, cache: fallback }: ServerParts, call: Call): Promise<object> {
  const { message, caller } = call
  try {
    const { result, cache = fallback, isOwn } = await readResource(resources, message.params.uri, call)
    return { ...result, ...cacheFields(caller.era, 'private', isOwn ? keepPrivate(cache) : cache) }
  } catch (error) {
    return await call.askBack(error)
  }
}
