// The topics that a subscription selects.
import { listTopics, type SubscriptionFilter } from '../protocol/subscription.ts'
import { Pace } from '../server/call/pace.ts'

/** Maps each topic to the URI of the resource as the client spells it, or to undefined for a list. */
export type Topics = ReadonlyMap<string, string | undefined>

/** Resolves to the topics that a filter selects. It yields to the event loop while it works through a long list. */
export async function findTopics (filter: SubscriptionFilter): Promise<Topics> {
  const topics = new Map<string, string | undefined>()
  const pace = new Pace()
  for (const [topic, uri] of listTopics(filter)) {
    topics.set(topic, uri)
    await pace.rest()
  }
  return topics
}
