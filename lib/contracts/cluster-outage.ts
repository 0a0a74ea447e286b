// The contract of a Cluster for outages.
import assert from 'node:assert/strict'
import { ClusterUnreachableError } from '../errors.ts'
import type { ClusterNode } from '../store/cluster.ts'
import type { StoredEvent } from '../store/event-store.ts'
import {
  createRecorder,
  createWait,
  type Contract,
  type ContractOptions,
  type Recorder,
  type Wait
} from './contract.ts'
import {
  createClusterContracts,
  LIMITS,
  RECORD,
  type ClusterChecks,
  type ClusterSubject,
  type Member
} from './nodes.ts'

/** A cluster under test whose outages the checks control. */
export interface OutageSubject extends ClusterSubject {
  /** Begins an outage; resolves once the backend is unreachable. */
  interrupt (): Promise<void>
  /** Ends the outage. The backend may have lost what it had stored. */
  restore (): Promise<void>
}

/**
 * Returns the checks of a `Cluster` whose backend can become unreachable.
 *
 * @param create Makes an empty cluster, for each check.
 */
export function clusterOutageContract (
  create: () => Promise<OutageSubject> | OutageSubject, options: ContractOptions = {}
): readonly Contract[] {
  const wait = createWait(options)
  return createClusterContracts(create, { ...notificationChecks(wait), ...deliveryChecks(wait) })
}

/** Each node is notified of an outage and of its end, and refuses every operation between the two. */
function notificationChecks (wait: Wait): ClusterChecks<OutageSubject> {
  return {
    async 'during an outage every operation is refused, and each node is notified once' (
      { clusters: [a, b], interrupt, restore }, { start }
    ) {
      const members = [await start(a), await start(a, 'tasks'), await start(b)]
      await interrupt()

      await Promise.all(members.map(({ node }) => refuses(node)))
      assert.deepEqual(members.map(({ reported }) => reported), [['outage'], ['outage'], ['outage']])
      await restore()
      await back(wait, ...members)
    },

    async 'after an outage each node is notified once, and every operation works again' (
      { clusters: [a, b], interrupt, restore }, { start }
    ) {
      const members = [await start(a), await start(b)] as const
      for (const time of [1, 2]) {
        await interrupt()
        await Promise.all(members.map(({ node }) => refuses(node)))
        await restore()
        await back(wait, ...members)
        for (const { node, reported } of members) {
          assert.deepEqual(reported, Array.from({ length: time }, () => ['outage', 'recovery']).flat())
          assert.equal((await node.sessions.open(`${node.id}-${time}`, RECORD, LIMITS)).kind, 'opened')
        }
      }
      for (const { node } of members) assert.equal(await members[0].node.isAlive(node.id), true)
    },

    async 'a node that starts during an outage is notified, and takes part afterwards' (
      { clusters: [a, b], interrupt, restore }, { start }
    ) {
      const first = await start(a)
      await interrupt()
      await refuses(first.node)
      const [late, other] = await Promise.all([start(a), start(b)])
      const meanwhile = [late, other].map((member) => [...member.reported])
      await Promise.all([refuses(late.node), refuses(other.node)])
      await restore()
      await back(wait, first, late, other)

      assert.deepEqual(meanwhile, [['outage'], ['outage']])
      assert.deepEqual([late.reported, other.reported], [['outage', 'recovery'], ['outage', 'recovery']])
      assert.equal((await other.node.sessions.open('s', RECORD, LIMITS)).kind, 'opened')
    },

    async 'a node that closes during an outage is not notified of its end' (
      { clusters: [a], interrupt, restore }, { start, close }
    ) {
      const [leaves, stays] = [await start(a), await start(a)]
      await interrupt()
      await refuses(stays.node)
      await close(leaves)
      await restore()
      await back(wait, stays)

      assert.deepEqual(leaves.reported, ['outage'])
    }
  }
}

/** Subscriptions and followers receive messages again after an outage. */
function deliveryChecks (wait: Wait): ClusterChecks<OutageSubject> {
  return {
    async 'subscriptions from before or during an outage receive messages afterwards' (
      { clusters: [a, b], interrupt, restore }, { start }
    ) {
      const [publisher, listener] = [await start(a), await start(b)]
      const record = (): Recorder<string> => createRecorder(wait)
      const [before, meanwhile, ended] = [record(), record(), record()]
      listener.node.bus.subscribe('topic', before.receive)
      const end = listener.node.bus.subscribe('topic', ended.receive)
      await interrupt()
      await Promise.all([refuses(publisher.node), refuses(listener.node)])
      listener.node.bus.subscribe('topic', meanwhile.receive)
      listener.node.bus.subscribe('other', meanwhile.receive)
      end()
      await restore()
      await back(wait, publisher, listener)
      for (const topic of ['topic', 'other']) await publisher.node.bus.publish(topic, `of ${topic}`)
      await Promise.all([before.until(1), meanwhile.until(2)])

      assert.deepEqual(before.received, ['of topic'])
      assert.deepEqual(meanwhile.received, ['of topic', 'of other'])
      assert.deepEqual(ended.received, [])
    },

    async 'the followers of a stream receive its events after an outage' (
      { clusters: [a, b], interrupt, restore }, { start }
    ) {
      const [writer, follower] = [await start(a), await start(b)]
      const received: StoredEvent[] = []
      await follower.node.events.follow('s.0', (event) => { received.push(event) })
      await interrupt()
      await Promise.all([refuses(follower.node), refuses(writer.node)])
      await restore()
      await back(wait, writer, follower)
      for (const message of ['a', 'b']) await writer.node.events.append('s.0', message)
      await wait(() => received.some(({ message }) => message === 'b'), 'the follower receives the last event')

      assert.deepEqual(received.at(-1), { seq: 2, message: 'b' })
    }
  }
}

// Runs every operation that may need the backend.
async function refuses (node: ClusterNode): Promise<void> {
  const { sessions, events, bus } = node
  const asked: Readonly<Record<string, () => unknown>> = {
    open: () => sessions.open('refused', RECORD, LIMITS),
    load: () => sessions.load('refused', LIMITS.ttl),
    renew: () => sessions.renew('refused', LIMITS.ttl),
    connect: () => sessions.connect('refused', node.id),
    readState: () => sessions.readState('refused'),
    'change by setting': () => sessions.change('refused', { kind: 'logLevel', level: 'debug' }),
    'change by removing': () => sessions.change('refused', { kind: 'unsubscribe', topic: 'a' }),
    touch: () => sessions.touch(['refused'], LIMITS.ttl),
    delete: () => sessions.delete('refused'),
    count: () => sessions.count(),
    append: () => events.append('refused.0', 'event'),
    read: () => events.read('refused.0', 0),
    forget: () => events.forget('refused'),
    follow: () => events.follow('refused.0', () => {}),
    publish: () => bus.publish('refused', 'message'),
    isAlive: () => node.isAlive('refused'),
    others: () => node.others(),
    hold: () => node.hold('refused', 1, 1)
  }
  const rejects = ([name, ask]: [string, () => unknown]): Promise<void> =>
    assert.rejects(async () => { await ask() }, ClusterUnreachableError, name)
  await Promise.all(Object.entries(asked).map(rejects))
  assert.equal(node.isUnreachable, true)
}

async function back (wait: Wait, ...members: readonly Member[]): Promise<void> {
  const isBack = ({ node, reported }: Member): boolean => !node.isUnreachable && reported.at(-1) === 'recovery'
  await wait(() => members.every(isBack), 'every node is notified that the outage is over')
}
