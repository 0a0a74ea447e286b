import t from 'tap'
import { notificationBusContract, type NotificationBusSubject } from '../../lib/contracts/index.ts'
import { createMemoryBus, type NotificationBus } from '../../lib/store/notification-bus.ts'
import { proveFaults } from './faults.ts'

/** Each fault, as a function that returns the faulty members of a correct bus. */
const FAULTS: Readonly<Record<string, (bus: NotificationBus) => Partial<NotificationBus>>> = {
  'topics are compared without case': (bus) => ({
    publish: (topic, message) => bus.publish(topic.toLowerCase(), message),
    subscribe: (topic, listener) => bus.subscribe(topic.toLowerCase(), listener)
  }),
  'some messages arrive late': (bus) => {
    let count = 0
    return {
      publish: (topic, message) => {
        if (count++ % 2 === 0) bus.publish(topic, message)
        else setImmediate(bus.publish, topic, message)
      }
    }
  },
  'outer white space is lost': (bus) => ({ publish: (topic, message) => bus.publish(topic, message.trim()) }),
  'a listener is not removed': (bus) => ({ subscribe: (...args) => { bus.subscribe(...args); return () => {} } }),
  'a listener cannot be added twice': (bus) => {
    const known = new Set<unknown>()
    return {
      subscribe: (topic, listener) => {
        if (known.has(listener)) return () => {}
        known.add(listener)
        return bus.subscribe(topic, listener)
      }
    }
  },
  'a topic is closed with its last listener': (bus) => {
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
  if (fault === 'messages stay on the node of the publisher') return { buses: [bus, createMemoryBus()] }
  const faulty = { ...bus, ...(fault !== undefined && FAULTS[fault]?.(bus)) }
  return { buses: [faulty, faulty] }
}

t.test('each check of the bus contract fails for a bus with the fault that it looks for', async (t) => {
  await proveFaults(t, {
    'messages stay on the node of the publisher': [
      'every listener receives a message, on the node of the publisher and on others'
    ],
    'topics are compared without case': ['a message reaches only the listeners of its topic'],
    'some messages arrive late': ['the messages of a publisher arrive in order, each once'],
    'outer white space is lost': ['a message is any text'],
    'a listener is not removed': ['a listener that was removed receives nothing, and the others go on'],
    'a listener cannot be added twice': [
      'a listener that was added twice receives a message twice, and once after one removal'
    ],
    'a topic is closed with its last listener': ['a topic that lost all listeners can get new ones']
  }, (fault) => notificationBusContract(() => createSubject(fault), { patience: 200 }))
})

t.test('a check fails in time if the bus cannot publish', async (t) => {
  const bus = { ...createMemoryBus(), publish: () => Promise.reject(new Error('no connection')) }
  const [contract] = notificationBusContract(() => ({ buses: [bus, bus] }), { patience: 1 })

  await t.rejects(
    async () => { await contract?.run() },
    { name: 'AssertionError', message: 'within 1 ms: a message reaches the other bus' }
  )
})
