import t from 'tap'
import { notificationBusContract, type NotificationBusSubject } from '../../lib/contracts/index.ts'
import { createMemoryBus, type NotificationBus } from '../../lib/store/notification-bus.ts'
import { proveFaults } from './faults.ts'

/** What is wrong with a bus, as a function from a right one. */
const FAULTS: Readonly<Record<string, (bus: NotificationBus) => Partial<NotificationBus>>> = {
  'topics are told apart by their letters only': (bus) => ({
    publish: (topic, message) => bus.publish(topic.toLowerCase(), message),
    subscribe: (topic, listener) => bus.subscribe(topic.toLowerCase(), listener)
  }),
  'some are told later': (bus) => {
    let count = 0
    return {
      publish: (topic, message) => {
        if (count++ % 2 === 0) bus.publish(topic, message)
        else setImmediate(bus.publish, topic, message)
      }
    }
  },
  'what surrounds text is lost': (bus) => ({ publish: (topic, message) => bus.publish(topic, message.trim()) }),
  'listening never ends': (bus) => ({ subscribe: (...args) => { bus.subscribe(...args); return () => {} } }),
  'the same listener hears once': (bus) => {
    const known = new Set<unknown>()
    return {
      subscribe: (topic, listener) => {
        if (known.has(listener)) return () => {}
        known.add(listener)
        return bus.subscribe(topic, listener)
      }
    }
  },
  'a topic ends with its last listener': (bus) => {
    const ended = new Set<string>()
    return {
      subscribe: (topic, listener) => {
        const end = bus.subscribe(topic, (message) => { if (!ended.has(topic)) listener(message) })
        return () => { end(); if (topic !== 'fence') ended.add(topic) }
      }
    }
  }
}

function createSubject (fault: string | undefined): NotificationBusSubject {
  const bus = createMemoryBus()
  if (fault === 'nodes hear themselves only') return { buses: [bus, createMemoryBus()] }
  const faulty = { ...bus, ...(fault !== undefined && FAULTS[fault]?.(bus)) }
  return { buses: [faulty, faulty] }
}

t.test('each contract of buses is broken by a bus that does not keep it', async (t) => {
  await proveFaults(t, {
    'nodes hear themselves only': ['what is published is heard by all, on the node of the publisher and on others'],
    'topics are told apart by their letters only': ['what is published of a topic is heard of that topic'],
    'some are told later': ['the messages of a publisher come in order, none missing and none twice'],
    'what surrounds text is lost': ['a message is any text'],
    'listening never ends': ['who no longer listens hears nothing, and the others go on'],
    'the same listener hears once': ['who listens twice hears twice, and once when one of it has ended'],
    'a topic ends with its last listener': ['a topic that nobody listens to any more may be listened to again']
  }, (fault) => notificationBusContract(() => createSubject(fault), { patience: 200 }))
})

t.test('a bus that cannot be published on is told of in time', async (t) => {
  const bus = { ...createMemoryBus(), publish: () => Promise.reject(new Error('no connection')) }
  const [contract] = notificationBusContract(() => ({ buses: [bus, bus] }), { patience: 1 })

  await t.rejects(
    async () => { await contract?.run() },
    { name: 'AssertionError', message: 'within 1 ms: what is published is heard' }
  )
})
