// Decides which changes a client is notified of: `subscriptions/listen`, and `resources/subscribe` of legacy sessions.
import { ErrorCode } from '../../protocol/error-code.ts'
import type { RequestMessage } from '../../protocol/message.ts'
import { isWatchable, parseFilter, type SubscriptionFilter } from '../../protocol/subscription.ts'
import { canonicalUri, MAX_URI_LENGTH } from '../../protocol/uri.ts'
import { invalidParams, RefusedError } from '../../errors.ts'
import { isVisible, requireScopes } from '../lists/access.ts'
import type { Call } from '../call/call.ts'
import type { Entry } from '../lists/collection.ts'
import type { RequestContext } from '../call/request-context.ts'
import { Pace } from '../call/pace.ts'
import { findResource, isRestricted, type FoundResource, type ResourceSet } from './find-resource.ts'
import { hasPrompts, hasResources, hasTools, type Features } from './capabilities.ts'

/** Decides whether a caller may subscribe to the changes of a resource. */
export type AuthorizeSubscription = (uri: string, ctx: RequestContext<never>) => boolean | Promise<boolean>

/** The parts of a server whose changes a caller may subscribe to. */
interface SubscribableParts extends Features {
  readonly authorizeSubscription: AuthorizeSubscription | undefined
}

/** Returns the filter of `subscriptions/listen`. @throws RpcError -32602 for a malformed filter. */
export function readFilter ({ params: { notifications } }: Pick<RequestMessage, 'params'>): SubscriptionFilter {
  const parsed = parseFilter(notifications)
  if ('problem' in parsed) throw invalidParams(parsed.problem)
  return parsed.filter
}

/**
 * Serves `subscriptions/listen`: resolves to the part of the filter that is granted to the caller.
 * @throws RpcError -32602 for a malformed filter, or the error that `authorizeSubscription` threw.
 * @throws InsufficientScopeError when the caller lacks a scope for one of the resources.
 */
export async function resolveFilter (
  parts: SubscribableParts, call: Call
): Promise<{ readonly notifications: SubscriptionFilter }> {
  const { toolsListChanged, promptsListChanged, resourcesListChanged, resourceSubscriptions } = readFilter(call.message)
  const uris = hasResources(parts) ? await findAllowed(parts, resourceSubscriptions ?? [], call) : []
  return {
    notifications: {
      ...(hasTools(parts) && toolsListChanged === true && { toolsListChanged }),
      ...(hasPrompts(parts) && promptsListChanged === true && { promptsListChanged }),
      ...(hasResources(parts) && resourcesListChanged === true && { resourcesListChanged }),
      ...(uris.length > 0 && { resourceSubscriptions: uris })
    }
  }
}

/**
 * Serves `resources/subscribe`. The resource need not exist yet, unless some resources are restricted.
 * @throws RpcError -32602 for an invalid URI, or for too many URIs; -32002 for a URI that the caller may not watch.
 * @throws InsufficientScopeError
 */
export async function subscribe (parts: SubscribableParts, call: Call): Promise<object> {
  const uri = readUri(call)
  const [allowed] = await findAllowed(parts, [uri], call)
  if (allowed === undefined) throw new RefusedError(ErrorCode.ResourceNotFound, 'Resource not found', { uri })
  await call.caller.subscriptions?.add(uri)
  return {}
}

/** Serves `resources/unsubscribe`. @throws RpcError -32602 for an invalid URI. */
export async function unsubscribe (_parts: SubscribableParts, call: Call): Promise<object> {
  await call.caller.subscriptions?.delete(readUri(call))
  return {}
}

function readUri ({ message: { method, params } }: Call): string {
  const { uri } = params
  if (isWatchable(uri)) return uri
  throw invalidParams(`${method} needs 'uri', a string of at most ${MAX_URI_LENGTH} characters`)
}

async function findAllowed (
  { authorizeSubscription, resources }: SubscribableParts, asked: readonly string[], call: Call
): Promise<readonly string[]> {
  const uris = isRestricted(resources) ? await findReadable(resources, asked, call) : asked
  if (authorizeSubscription === undefined || uris.length === 0) return uris
  // The context has the lifespan type of the server whose option this is.
  const ctx = call.ctx as RequestContext<never>
  const authorizeAll = async (): Promise<readonly boolean[]> =>
    Promise.all((await canonicalAll(uris)).map(async (uri) => authorizeSubscription(uri, ctx)))
  const allowed = await call.attempt('authorizing a subscription', authorizeAll)
  return uris.filter((_uri, index) => allowed[index] === true)
}

async function canonicalAll (uris: readonly string[]): Promise<readonly string[]> {
  const canonical: string[] = []
  const pace = new Pace()
  for (const uri of uris) {
    canonical.push(canonicalUri(uri) ?? uri)
    await pace.rest()
  }
  return canonical
}

// A resource that does not exist is also denied. Otherwise the answer would reveal which resources are hidden, and a
// caller could guess the URI of a resource that is created later and watch it.
async function findReadable (resources: ResourceSet, uris: readonly string[], call: Call): Promise<readonly string[]> {
  const known = new Map<Entry, Promise<boolean>>()
  const sees = (entry: Entry): Promise<boolean> => {
    const decision = known.get(entry) ?? isVisible(entry, call)
    known.set(entry, decision)
    return decision
  }

  const pace = new Pace()
  const searches: Array<Promise<FoundResource | undefined>> = []
  for (const uri of uris) {
    searches.push(findResource(resources, uri, { sees, pace }))
    await pace.rest()
  }
  const found = await Promise.all(searches)
  requireScopes(found.flatMap((resource) => resource?.entry ?? []), call)
  return uris.filter((_uri, index) => found[index] !== undefined)
}
