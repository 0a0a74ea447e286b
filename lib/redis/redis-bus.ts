// Messages between nodes, by Redis' channels.
import type { NotificationBus } from '../store/notification-bus.ts'
import type { Keys } from './keys.ts'
import type { RedisLink } from './link.ts'

/**
 * A bus over Redis: one PUBLISH, and one round trip, for a message to however many nodes; none for what is subscribed
 * to.
 */
export function createRedisBus (link: RedisLink, keys: Keys): NotificationBus {
  return {
    async publish (topic, message) {
      await link.run((client) => client.publish(keys.topicChannel(topic), message))
    },
    subscribe (topic, hear) {
      return link.channels.listen(keys.topicChannel(topic), hear).end
    }
  }
}
