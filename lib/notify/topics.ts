// What a subscription wants to hear of.
import { listTopics, type SubscriptionFilter } from '../protocol/subscription.ts'
import { Pace } from '../server/pace.ts'

/** By topic, how the client spells the URI of a resource; undefined for lists. */
export type Topics = ReadonlyMap<string, string | undefined>

/** Finds the topics of the changes that a filter lets pass. */
export async function findTopics (filter: SubscriptionFilter): Promise<Topics> {
  const topics = new Map<string, string | undefined>()
  const pace = new Pace()
  for (const [topic, uri] of listTopics(filter)) {
    topics.set(topic, uri)
    await pace.rest()
  }
  return topics
}
