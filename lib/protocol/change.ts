// Changes of a server as the protocol tells them (MCP 2026-07-28 subscriptions; 2025-11-25 list_changed and updated).
import { encodeNotification } from './envelope.ts'
import { canonicalUri } from './uri.ts'

/** Something about a server has changed: one of its lists, or the contents of a resource. */
export type ChangeEvent =
  | { readonly kind: 'tools' | 'prompts' | 'resources' }
  | { readonly kind: 'resource', readonly uri: string }

/** By whom a message is sent for a subscription: its id, in `_meta` of every message. */
export const SUBSCRIPTION_ID_KEY = 'io.modelcontextprotocol/subscriptionId'

/** What a change is about. Two changes of one topic are one for whoever hears of both. */
export function topicOf (event: ChangeEvent): string {
  return event.kind === 'resource' ? topicOfResource(event.uri) : event.kind
}

/** The topic of a resource's changes, the same for all spellings of its URI. */
export function topicOfResource (uri: string): string {
  return `resource ${canonicalUri(uri) ?? uri}`
}

/** The change that a topic stands for. */
export function eventOf (topic: string): ChangeEvent {
  // No other topics have no space.
  return topic.includes(' ') ? { kind: 'resource', uri: topic.slice(topic.indexOf(' ') + 1) } : { kind: topic as 'tools' | 'prompts' | 'resources' }
}

/** The message that tells a legacy client of a change. */
export function encodeChange (event: ChangeEvent): string {
  return event.kind === 'resource'
    ? encodeNotification('notifications/resources/updated', { uri: event.uri })
    : `{"jsonrpc":"2.0","method":"notifications/${event.kind}/list_changed"}`
}

/**
 * The messages that tell the subscriptions of modern clients of a change, encoded once for all of them.
 * @returns A function from the JSON of a subscription's id to the message.
 */
export function encodeTaggedChange (event: ChangeEvent): (idJson: string) => string {
  const method = event.kind === 'resource' ? 'resources/updated' : `${event.kind}/list_changed`
  const head = `{"jsonrpc":"2.0","method":"notifications/${method}","params":{"_meta":{"${SUBSCRIPTION_ID_KEY}":`
  const tail = event.kind === 'resource' ? `},"uri":${JSON.stringify(event.uri)}}}` : '}}}'
  return (idJson) => `${head}${idJson}${tail}`
}
