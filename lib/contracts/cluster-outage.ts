// What a Cluster must do while what its nodes share is away.
import assert from 'node:assert/strict'
import { ClusterAwayError, type ClusterNode } from '../store/cluster.ts'
import type { StoredEvent } from '../store/event-store.ts'
import {
  createRecorder,
  createWait,
  type Contract,
  type ContractOptions,
  type Recorder,
  type Wait
} from './contract.ts'
import { createClusterContracts, LIMITS, RECORD, type ClusterSubject, type Member } from './nodes.ts'

/** A cluster under test that can be cut off. */
export interface OutageSubject extends ClusterSubject {
  /** Makes what nodes share unreachable; settles when it is. */
  interrupt (): Promise<void>
  /** Makes it reachable again. What was stored may be gone. */
  restore (): Promise<void>
}

/**
 * What a `Cluster` must do whose nodes share something that can fail.
 *
 * @param create Makes a cluster with nothing in it, for each check.
 */
export function clusterOutageContract (
  create: () => Promise<OutageSubject> | OutageSubject, options: ContractOptions = {}
): readonly Contract[] {
  const wait = createWait(options)

  return createClusterContracts(create, {
    async 'while it is away everything is refused, and each node is told once' (
      { clusters: [a, b], interrupt, restore }, { start }
    ) {
      const members = [await start(a), await start(a, 'tasks'), await start(b)]
      await interrupt()

      await Promise.all(members.map(({ node }) => refuses(node)))
      assert.deepEqual(members.map(({ told }) => told), [['away'], ['away'], ['away']])
      await restore()
      await back(wait, ...members)
    },

    async 'when it is back each node is told once, and everything goes on' (
      { clusters: [a, b], interrupt, restore }, { start }
    ) {
      const members = [await start(a), await start(b)] as const
      for (const time of [1, 2]) {
        await interrupt()
        await Promise.all(members.map(({ node }) => refuses(node)))
        await restore()
        await back(wait, ...members)
        for (const { node, told } of members) {
          assert.deepEqual(told, Array.from({ length: time }, () => ['away', 'back']).flat())
          assert.equal((await node.sessions.open(`${node.id}-${time}`, RECORD, LIMITS)).kind, 'opened')
        }
      }
      for (const { node } of members) assert.equal(await members[0].node.isAlive(node.id), true)
    },

    async 'what was subscribed to before, or while it was away, is heard afterwards' (
      { clusters: [a, b], interrupt, restore }, { start }
    ) {
      const [publisher, listener] = [await start(a), await start(b)]
      const record = (): Recorder<string> => createRecorder(wait)
      const [before, meanwhile, ended] = [record(), record(), record()]
      listener.node.bus.subscribe('topic', before.hear)
      const end = listener.node.bus.subscribe('topic', ended.hear)
      await interrupt()
      await Promise.all([refuses(publisher.node), refuses(listener.node)])
      listener.node.bus.subscribe('topic', meanwhile.hear)
      listener.node.bus.subscribe('other', meanwhile.hear)
      end()
      await restore()
      await back(wait, publisher, listener)
      for (const topic of ['topic', 'other']) await publisher.node.bus.publish(topic, `of ${topic}`)
      await Promise.all([before.until(1), meanwhile.until(2)])

      assert.deepEqual([before.heard, meanwhile.heard, ended.heard], [['of topic'], ['of topic', 'of other'], []])
    },

    async 'a stream that is followed goes on being followed' ({ clusters: [a, b], interrupt, restore }, { start }) {
      const [writer, follower] = [await start(a), await start(b)]
      const heard: StoredEvent[] = []
      await follower.node.events.follow('s.0', (event) => { heard.push(event) })
      await interrupt()
      await Promise.all([refuses(follower.node), refuses(writer.node)])
      await restore()
      await back(wait, writer, follower)
      for (const message of ['a', 'b']) await writer.node.events.append('s.0', message)
      await wait(() => heard.some(({ message }) => message === 'b'), 'the last event is heard of')

      assert.deepEqual(heard.at(-1), { seq: 2, message: 'b' })
    },

    async 'a node that starts meanwhile is told so, and takes part when it is back' (
      { clusters: [a, b], interrupt, restore }, { start }
    ) {
      const first = await start(a)
      await interrupt()
      await refuses(first.node)
      const [late, other] = await Promise.all([start(a), start(b)])
      const told = [late, other].map((member) => [...member.told])
      await Promise.all([refuses(late.node), refuses(other.node)])
      await restore()
      await back(wait, first, late, other)

      assert.deepEqual(told, [['away'], ['away']])
      assert.deepEqual([late.told, other.told], [['away', 'back'], ['away', 'back']])
      assert.equal((await other.node.sessions.open('s', RECORD, LIMITS)).kind, 'opened')
    },

    async 'a node that closes meanwhile is told nothing any more' (
      { clusters: [a], interrupt, restore }, { start, close }
    ) {
      const [leaves, stays] = [await start(a), await start(a)]
      await interrupt()
      await refuses(stays.node)
      await close(leaves)
      await restore()
      await back(wait, stays)

      assert.deepEqual(leaves.told, ['away'])
    }
  })
}

// All that can be asked of a node.
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
    assert.rejects(async () => { await ask() }, ClusterAwayError, name)
  await Promise.all(Object.entries(asked).map(rejects))
  assert.equal(node.isAway, true)
}

async function back (wait: Wait, ...members: readonly Member[]): Promise<void> {
  const isBack = ({ node, told }: Member): boolean => !node.isAway && told.at(-1) === 'back'
  await wait(() => members.every(isBack), 'all are told that it is back')
}
