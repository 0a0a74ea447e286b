// The methods of both eras, and the functions that serve them.
import { invalidParams, RefusedError, type RpcError } from '../errors.ts'
import { shorten } from '../protocol/bounds.ts'
import { ErrorCode } from '../protocol/error-code.ts'
import { isLogLevel } from '../protocol/log-level.ts'
import { Method } from '../protocol/methods.ts'
import { MODERN_REVISIONS, type Era } from '../protocol/revisions.ts'
import { cacheFields } from './call/cache-hint.ts'
import type { Call } from './call/call.ts'
import type { MethodResult } from './call/result.ts'
import { callTool } from './features/call-tool.ts'
import { complete } from './features/complete.ts'
import { getPrompt } from './features/get-prompt.ts'
import { hasDynamicResources, listResources } from './features/list-resources.ts'
import { hasCompleters, hasPrompts, hasResources, hasTools, listCapabilities } from './features/capabilities.ts'
import { readResource } from './features/read-resource.ts'
import { resolveFilter, subscribe, unsubscribe } from './features/subscriptions.ts'
import { readCursor, takePage } from './lists/listing.ts'
import type { ServerParts } from './parts.ts'

/** Serves a method. */
interface Service {
  /** Returns whether the server offers the feature that the method belongs to. */
  isOffered (parts: ServerParts): boolean
  serve (parts: ServerParts, call: Call): MethodResult | Promise<MethodResult>
}

const always = (): boolean => true
const FEATURES: ReadonlyArray<readonly [string, Service]> = [
  [Method.ToolsList, { isOffered: hasTools, serve: ({ lists }, call) => lists.tools.page(call) }],
  [Method.ToolsCall, { isOffered: hasTools, serve: ({ tools }, call) => callTool(tools, call) }],
  [Method.PromptsList, { isOffered: hasPrompts, serve: ({ lists }, call) => lists.prompts.page(call) }],
  [Method.PromptsGet, { isOffered: hasPrompts, serve: ({ prompts }, call) => getPrompt(prompts, call) }],
  [Method.ResourcesList, { isOffered: hasResources, serve: serveResourceList }],
  [Method.ResourceTemplatesList, { isOffered: hasResources, serve: ({ lists }, call) => lists.templates.page(call) }],
  [Method.ResourcesRead, {
    isOffered: hasResources, serve: ({ resources, cache }, call) => readResource(resources, call, cache)
  }],
  [Method.CompletionComplete, {
    isOffered: hasCompleters, serve: ({ prompts, resources }, call) => complete(prompts, resources.templates, call)
  }]
]

const SERVICES: { readonly [era in Era]: ReadonlyMap<string, Service> } = {
  modern: new Map([
    ...FEATURES,
    [Method.ServerDiscover, { isOffered: always, serve: serveDiscover }],
    [Method.SubscriptionsListen, whereListening({ isOffered: always, serve: resolveFilter })]
  ]),
  legacy: new Map([
    ...FEATURES,
    [Method.Initialize, { isOffered: always, serve: serveInitialize }],
    [Method.ResourcesSubscribe, whereListening({ isOffered: hasResources, serve: subscribe })],
    [Method.ResourcesUnsubscribe, whereListening({ isOffered: hasResources, serve: unsubscribe })],
    [Method.Ping, { isOffered: always, serve: () => ({}) }],
    [Method.LoggingSetLevel, { isOffered: always, serve: serveSetLevel }]
  ])
}

/** Finds the service of a method. @throws RpcError -32601 */
export function findMethod (parts: ServerParts, method: string, era: Era): Service {
  const found = SERVICES[era].get(method)
  if (found === undefined || !found.isOffered(parts)) throw notFound(method)
  return found
}

// A client that cannot be notified of changes must not believe that it will be.
function whereListening ({ isOffered, serve }: Service): Service {
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
  if (!isLogLevel(level)) throw invalidParams("'level' is not a log level")
  await caller.setLogLevel?.(level)
  return {}
}

async function serveResourceList (parts: ServerParts, call: Call): Promise<MethodResult> {
  if (!hasDynamicResources(parts.resources)) return parts.lists.resources.page(call)
  const resources = await listResources(parts.resources, call)
  return takePage(parts.dynamicResources, resources, readCursor(call.message.params), call.caller.era)
}
