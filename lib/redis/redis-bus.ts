// Messages between nodes, over Redis pub/sub.
import type { NotificationBus } from '../store/notification-bus.ts'
import type { Keys } from './keys.ts'
import type { RedisLink } from './link.ts'

/** Creates a bus over Redis. A message costs one PUBLISH, whatever the number of nodes. */
export function createRedisBus (link: RedisLink, keys: Keys): NotificationBus {
  return {
    async publish (topic, message) {
      await link.run((client) => client.publish(keys.topicChannel(topic), message))
    },
    subscribe (topic, listener) {
      return link.channels.listen(keys.topicChannel(topic), listener).end
    }
  }
}
