// `subscriptions/listen`: the changes that a client subscribes to, and the first and last message of its stream
// (MCP 2026-07-28 subscriptions).
import type { Implementation } from '@modelcontextprotocol/sdk/types.js'
import { takeFitting } from './bounds.ts'
import { SUBSCRIPTION_ID_KEY, topicOfResource } from './change.ts'
import type { ClientIdentity } from './client-identity.ts'
import { encodeNotification, encodeResponse } from './encode.ts'
import { isWireObject, type RequestId, type RequestMessage, type WireObject } from './message.ts'
import { Method } from './methods.ts'
import { CLIENT_CAPABILITIES_KEY, CLIENT_INFO_KEY, SERVER_INFO_KEY } from './request-meta.ts'
import { MAX_URI_LENGTH } from './uri.ts'

/** The most resources that one subscription, or one legacy session, may watch. */
export const MAX_WATCHED = 1000

// How much is kept of the parameters that the protocol does not define, in bytes of memory.
const MAX_KEPT_BYTES = 8192

/** The kinds of notification that a client asks for. */
export interface SubscriptionFilter {
  readonly toolsListChanged?: boolean
  readonly promptsListChanged?: boolean
  readonly resourcesListChanged?: boolean
  readonly resourceSubscriptions?: readonly string[]
}

/** The flags of a filter, one for each list. */
export const LISTS = ['toolsListChanged', 'promptsListChanged', 'resourcesListChanged'] as const

/** Reads the `notifications` of `subscriptions/listen`, or says what is wrong with them. Unknown kinds are ignored. */
export function parseFilter (
  notifications: unknown
): { readonly filter: SubscriptionFilter } | { readonly problem: string } {
  if (!isWireObject(notifications)) return { problem: "subscriptions/listen needs 'notifications', an object" }
  const wrong = LISTS.find((name) => !isOptionalBoolean(notifications[name]))
  if (wrong !== undefined) return { problem: `'notifications.${wrong}' must be true or false` }

  const uris = notifications.resourceSubscriptions ?? undefined
  if (uris === undefined) return { filter: readLists(notifications) }
  if (!Array.isArray(uris)) return urisProblem('must be an array of URIs')
  if (uris.length > MAX_WATCHED) return urisProblem(`has more than ${MAX_WATCHED} URIs`)
  if (!uris.every(isWatchable)) return urisProblem(`must hold strings of at most ${MAX_URI_LENGTH} characters`)
  return { filter: { ...readLists(notifications), resourceSubscriptions: [...new Set(uris)] } }
}

function urisProblem (what: string): { readonly problem: string } {
  return { problem: `'notifications.resourceSubscriptions' ${what}` }
}

/**
 * Reduces a request to a bounded size, because a server may keep its parameters for as long as the stream is open. It
 * keeps the filter, the client's reduced identity and other members that are small.
 */
export function reduceListen (
  message: RequestMessage, filter: SubscriptionFilter, { info, capabilities }: ClientIdentity
): RequestMessage {
  const { notifications, _meta = {} } = message.params
  const meta = { ..._meta, [CLIENT_INFO_KEY]: undefined, [CLIENT_CAPABILITIES_KEY]: undefined }
  return {
    ...message,
    params: {
      notifications: { ...keepSmall({ ...Object(notifications), resourceSubscriptions: undefined }), ...filter },
      _meta: {
        ...keepSmall(meta),
        ...(info !== undefined && { [CLIENT_INFO_KEY]: info }),
        [CLIENT_CAPABILITIES_KEY]: capabilities
      }
    }
  }
}

function keepSmall (value: WireObject): WireObject {
  return Object.fromEntries(takeFitting(Object.entries(value), MAX_KEPT_BYTES).kept)
}

/**
 * Reads the filter that a server has agreed to.
 * @throws TypeError if the result holds no filter, which a middleware may have returned in place of the server's.
 */
export function readHonoured (result: object & { readonly notifications?: unknown }): SubscriptionFilter {
  const parsed = parseFilter(result.notifications)
  if ('problem' in parsed) throw new TypeError(`the result of subscriptions/listen is not a filter: ${parsed.problem}`)
  return parsed.filter
}

/** Whether a value can be the URI of a watched resource. */
export function isWatchable (uri: unknown): uri is string {
  return typeof uri === 'string' && uri.length <= MAX_URI_LENGTH
}

/** A topic that a filter selects, and for a resource its URI as the filter spells it. */
export type FilterTopic = readonly [topic: string, uri: string | undefined]

/** Lists the topics that a filter selects. */
export function * listTopics (filter: SubscriptionFilter): Generator<FilterTopic> {
  if (filter.toolsListChanged === true) yield ['tools', undefined]
  if (filter.promptsListChanged === true) yield ['prompts', undefined]
  if (filter.resourcesListChanged === true) yield ['resources', undefined]
  for (const uri of filter.resourceSubscriptions ?? []) yield [topicOfResource(uri), uri]
}

/** Encodes the first message of a subscription. @param filter What the server has agreed to. */
export function encodeAcknowledgement (id: RequestId, filter: SubscriptionFilter): string {
  const params = { _meta: { [SUBSCRIPTION_ID_KEY]: id }, notifications: filter }
  return encodeNotification(Method.SubscriptionAcknowledged, params)
}

/** Encodes the last message of a subscription that the server ends. */
export function encodeEnd (id: RequestId, serverInfo: Implementation | undefined): string {
  const info = serverInfo !== undefined && { [SERVER_INFO_KEY]: serverInfo }
  const result = { resultType: 'complete', _meta: { ...info, [SUBSCRIPTION_ID_KEY]: id } }
  return encodeResponse(id, JSON.stringify(result))
}

function isOptionalBoolean (value: unknown): boolean {
  return value === undefined || value === null || typeof value === 'boolean'
}

// A list that the client declines is the same as one that it does not name.
function readLists (notifications: WireObject): SubscriptionFilter {
  return Object.fromEntries(LISTS.filter((name) => notifications[name] === true).map((name) => [name, true]))
}
