// The contract of a NotificationBus.
import assert from 'node:assert/strict'
import type { NotificationBus } from '../store/notification-bus.ts'
import {
  createContracts,
  createRecorder,
  createWait,
  TEXTS,
  type Contract,
  type ContractOptions,
  type Recorder,
  type Subject,
  type Wait
} from './contract.ts'

/** A bus under test. */
export interface NotificationBusSubject extends Subject {
  /** The same bus as two nodes see it. */
  readonly buses: readonly [NotificationBus, NotificationBus]
}

/**
 * Returns the checks of a {@link NotificationBus}.
 *
 * @param create Makes a bus without listeners, for each check.
 * @example for (const { name, run } of notificationBusContract(createMyBuses)) test(name, run)
 */
export function notificationBusContract (
  create: () => Promise<NotificationBusSubject> | NotificationBusSubject, options: ContractOptions = {}
): readonly Contract[] {
  const wait = createWait(options)
  return createContracts(create, { ...deliveryChecks(wait), ...removalChecks(wait) })
}

type BusChecks = Readonly<Record<string, (subject: NotificationBusSubject) => Promise<void>>>

/** A message reaches every listener of its topic once, in order and unchanged. */
function deliveryChecks (wait: Wait): BusChecks {
  return {
    async 'every listener receives a message, on the node of the publisher and on others' ({ buses: [a, b] }) {
      const recorders = [await listen(a, 'topic', wait), await listen(a, 'topic', wait), await listen(b, 'topic', wait)]
      await a.publish('topic', '1')
      await Promise.all(recorders.map(({ until }) => until(1)))
      await b.publish('topic', '2')
      await Promise.all(recorders.map(({ until }) => until(2)))

      for (const { received } of recorders) assert.deepEqual(received, ['1', '2'])
    },

    async 'a message reaches only the listeners of its topic' ({ buses: [a, b] }) {
      const names = ['topic', 'Topic', 'topic:1', 'top*', '*', 'node:a b', 'ä 🙂', '']
      const recorders = await Promise.all(names.map((name) => listen(b, name, wait)))
      for (const name of names) await a.publish(name, `of ${name}`)
      await fence(a, b, wait)

      assert.deepEqual(recorders.map(({ received }) => received), names.map((name) => [`of ${name}`]))
    },

    async 'the messages of a publisher arrive in order, each once' ({ buses: [a, b] }) {
      const { received, until } = await listen(b, 'topic', wait)
      const messages = Array.from({ length: 500 }, (_, index) => `${index}`)
      await Promise.all(messages.map((message) => a.publish('topic', message)))
      await until(messages.length)

      assert.deepEqual(received, messages)
    },

    async 'a message is any text' ({ buses: [a, b] }) {
      const { received, until } = await listen(b, 'topic', wait)
      for (const message of [...TEXTS, '']) await a.publish('topic', message)
      await until(TEXTS.length + 1)

      assert.deepEqual(received, [...TEXTS, ''])
    }
  }
}

/** Listeners are added and removed one by one. */
function removalChecks (wait: Wait): BusChecks {
  return {
    async 'a listener that was removed receives nothing, and the others go on' ({ buses: [a, b] }) {
      const [gone, stays] = [await listen(b, 'topic', wait), await listen(b, 'topic', wait)]
      gone.end()
      gone.end()
      await a.publish('topic', '1')
      await stays.until(1)

      assert.deepEqual(gone.received, [])
      assert.deepEqual(stays.received, ['1'])
    },

    async 'a listener that was added twice receives a message twice, and once after one removal' ({ buses: [a, b] }) {
      const { received, receive, until } = await listen(b, 'topic', wait)
      const end = b.subscribe('topic', receive)
      await fence(b, b, wait)
      await a.publish('topic', '1')
      await until(2)
      end()
      await a.publish('topic', '2')
      await fence(a, b, wait)

      assert.deepEqual(received, ['1', '1', '2'])
    },

    async 'a topic that lost all listeners can get new ones' ({ buses: [a, b] }) {
      for (let time = 0; time < 3; time++) {
        const { received, until, end } = await listen(b, 'topic', wait)
        await a.publish('topic', `${time}`)
        await until(1)
        end()
        assert.deepEqual(received, [`${time}`])
      }
      await a.publish('topic', 'nobody')
    }
  }
}

// Adds a listener; resolves once messages reach it.
async function listen (
  bus: NotificationBus, topic: string, wait: Wait
): Promise<Recorder<string> & { readonly end: () => void }> {
  const recorder = createRecorder<string>(wait)
  const end = bus.subscribe(topic, recorder.receive)
  await fence(bus, bus, wait)
  return { ...recorder, end }
}

// Resolves when a message from one bus has reached the other. Earlier messages have then arrived, and earlier
// subscriptions have taken effect.
async function fence (from: NotificationBus, to: NotificationBus, wait: Wait): Promise<void> {
  const { received, receive } = createRecorder<string>(wait)
  const end = to.subscribe('fence', receive)
  await wait(() => {
    // A failure here shows as a message that never arrives.
    Promise.resolve(from.publish('fence', '')).catch(() => {})
    return received.length > 0
  }, 'a message reaches the other bus')
  end()
}
