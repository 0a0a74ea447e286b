// `subscriptions/listen`: what a client asks to hear of, and how its stream begins and ends (MCP 2026-07-28 subscriptions).
import type { Implementation } from '@modelcontextprotocol/sdk/types.js'
import { takeFitting } from './bounds.ts'
import { SUBSCRIPTION_ID_KEY, topicOfResource } from './change.ts'
import type { ClientIdentity } from './client-identity.ts'
import { encodeNotification, encodeResponse } from './envelope.ts'
import { isWireObject, type RequestId, type RequestMessage, type WireObject } from './message.ts'
import { CLIENT_CAPABILITIES_KEY, CLIENT_INFO_KEY, SERVER_INFO_KEY } from './request-meta.ts'
import { MAX_URI_LENGTH } from './uri.ts'

export const LISTEN_METHOD = 'subscriptions/listen'

/** The most resources that one subscription, or one legacy session, may watch. */
export const MAX_WATCHED = 1000

// Bytes of memory of what is kept of the parameters besides what the protocol knows.
const MAX_KEPT_BYTES = 8192

/** The kinds of notification that a client asks for. */
export interface SubscriptionFilter {
  readonly toolsListChanged?: boolean
  readonly promptsListChanged?: boolean
  readonly resourcesListChanged?: boolean
  readonly resourceSubscriptions?: readonly string[]
}

const LISTS = ['toolsListChanged', 'promptsListChanged', 'resourcesListChanged'] as const

/** Reads the `notifications` of `subscriptions/listen`, or tells what is wrong with them. Kinds nobody knows are passed over. */
export function parseFilter (notifications: unknown): { readonly filter: SubscriptionFilter } | { readonly problem: string } {
  if (!isWireObject(notifications)) return { problem: "subscriptions/listen needs 'notifications', an object" }
  const wrong = LISTS.find((name) => !isOptionalBoolean(notifications[name]))
  if (wrong !== undefined) return { problem: `'notifications.${wrong}' must be true or false` }

  const resourceSubscriptions = notifications.resourceSubscriptions ?? undefined
  if (resourceSubscriptions === undefined) return { filter: readLists(notifications) }
  if (!Array.isArray(resourceSubscriptions)) return { problem: "'notifications.resourceSubscriptions' must be an array of URIs" }
  if (resourceSubscriptions.length > MAX_WATCHED) return { problem: `'notifications.resourceSubscriptions' has more than ${MAX_WATCHED} URIs` }
  if (!resourceSubscriptions.every(isWatchable)) return { problem: `'notifications.resourceSubscriptions' must hold strings of at most ${MAX_URI_LENGTH} characters` }
  return { filter: { ...readLists(notifications), resourceSubscriptions: [...new Set(resourceSubscriptions)] } }
}

/**
 * The request as a server is given it, which may keep its parameters for as long as the stream is open: with what it asks to
 * hear of, the client as it was read, and whatever else is small.
 */
export function reduceListen (message: RequestMessage, filter: SubscriptionFilter, { info, capabilities }: ClientIdentity): RequestMessage {
  const { notifications, _meta = {} } = message.params
  const meta = { ..._meta, [CLIENT_INFO_KEY]: undefined, [CLIENT_CAPABILITIES_KEY]: undefined }
  return {
    ...message,
    params: {
      notifications: { ...keepSmall({ ...Object(notifications), resourceSubscriptions: undefined }), ...filter },
      _meta: { ...keepSmall(meta), ...(info !== undefined && { [CLIENT_INFO_KEY]: info }), [CLIENT_CAPABILITIES_KEY]: capabilities }
    }
  }
}

function keepSmall (value: WireObject): WireObject {
  return Object.fromEntries(takeFitting(Object.entries(value), MAX_KEPT_BYTES).kept)
}

/** Reads what a server has agreed to. @throws TypeError when it is no filter: a middleware may have come to something else than the server. */
export function readHonoured (result: object & { readonly notifications?: unknown }): SubscriptionFilter {
  const parsed = parseFilter(result.notifications)
  if ('problem' in parsed) throw new TypeError(`what came of subscriptions/listen is no filter: ${parsed.problem}`)
  return parsed.filter
}

/** Whether a value can be the URI of a resource that is watched. */
export function isWatchable (uri: unknown): uri is string {
  return typeof uri === 'string' && uri.length <= MAX_URI_LENGTH
}

/** The topics of the changes that a filter lets pass, those of resources with the URI as the filter has it. */
export function * listTopics (filter: SubscriptionFilter): Generator<readonly [topic: string, uri: string | undefined]> {
  if (filter.toolsListChanged === true) yield ['tools', undefined]
  if (filter.promptsListChanged === true) yield ['prompts', undefined]
  if (filter.resourcesListChanged === true) yield ['resources', undefined]
  for (const uri of filter.resourceSubscriptions ?? []) yield [topicOfResource(uri), uri]
}

/** The first message of a subscription. @param filter What the server agreed to. */
export function encodeAcknowledgement (id: RequestId, filter: SubscriptionFilter): string {
  return encodeNotification('notifications/subscriptions/acknowledged', { _meta: { [SUBSCRIPTION_ID_KEY]: id }, notifications: filter })
}

/** The last message of a subscription that the server ends. */
export function encodeEnd (id: RequestId, serverInfo: Implementation | undefined): string {
  const result = { resultType: 'complete', _meta: { ...(serverInfo !== undefined && { [SERVER_INFO_KEY]: serverInfo }), [SUBSCRIPTION_ID_KEY]: id } }
  return encodeResponse(id, JSON.stringify(result))
}

function isOptionalBoolean (value: unknown): boolean {
  return value === undefined || value === null || typeof value === 'boolean'
}

// What is not asked for is the same as what is declined.
function readLists (notifications: WireObject): SubscriptionFilter {
  return Object.fromEntries(LISTS.filter((name) => notifications[name] === true).map((name) => [name, true]))
}
