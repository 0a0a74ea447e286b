// Changes of a server, and the notifications about them (MCP 2026-07-28 subscriptions; 2025-11-25 list_changed and
// updated).
import { encodeNotification } from './encode.ts'
import { Method } from './methods.ts'
import { canonicalUri } from './uri.ts'

/** A change of one of a server's lists, or of the contents of a resource. */
export type ChangeEvent =
  | { readonly kind: 'tools' | 'prompts' | 'resources' }
  | { readonly kind: 'resource', readonly uri: string }

type ListKind = Exclude<ChangeEvent['kind'], 'resource'>

const LIST_CHANGED: { readonly [kind in ListKind]: string } = Object.freeze({
  tools: Method.ToolsListChanged,
  prompts: Method.PromptsListChanged,
  resources: Method.ResourcesListChanged
})

/** The member of `_meta` that names the subscription a message belongs to. */
export const SUBSCRIPTION_ID_KEY = 'io.modelcontextprotocol/subscriptionId'

/** Returns the topic of a change. A subscriber need not receive two pending changes of one topic. */
export function topicOf (event: ChangeEvent): string {
  return event.kind === 'resource' ? topicOfResource(event.uri) : event.kind
}

/** Returns the topic of a resource's changes, which is the same for all spellings of its URI. */
export function topicOfResource (uri: string): string {
  return `resource ${canonicalUri(uri) ?? uri}`
}

/** Returns the change that a topic stands for. */
export function eventOf (topic: string): ChangeEvent {
  const space = topic.indexOf(' ')
  // The topics of lists contain no space, and are their kinds.
  return space === -1
    ? { kind: topic as ListKind }
    : { kind: 'resource', uri: topic.slice(space + 1) }
}

/** Encodes the notification of a change for a legacy client. */
export function encodeChange (event: ChangeEvent): string {
  return event.kind === 'resource'
    ? encodeNotification(Method.ResourceUpdated, { uri: event.uri })
    : `{"jsonrpc":"2.0","method":"${LIST_CHANGED[event.kind]}"}`
}

/**
 * Encodes the notification of a change for modern clients, once for all subscriptions.
 * @returns A function that completes the message with the JSON of a subscription's id.
 */
export function encodeTaggedChange (event: ChangeEvent): (idJson: string) => string {
  const method = event.kind === 'resource' ? Method.ResourceUpdated : LIST_CHANGED[event.kind]
  const head = `{"jsonrpc":"2.0","method":"${method}","params":{"_meta":{"${SUBSCRIPTION_ID_KEY}":`
  const tail = event.kind === 'resource' ? `},"uri":${JSON.stringify(event.uri)}}}` : '}}}'
  return (idJson) => `${head}${idJson}${tail}`
}
