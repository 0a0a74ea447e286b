// What a Cluster must do.
import assert from 'node:assert/strict'
import { ClusterAwayError, type Cluster, type ClusterNode } from '../cluster/cluster.ts'
import type { StoredEvent } from '../session/event-store.ts'
import type { SessionRecord } from '../session/session-store.ts'
import { createContracts, createRecorder, createWait, type Contract, type ContractOptions, type Subject, type Wait } from './contract.ts'

/** A cluster under test, with nothing stored in it. */
export interface ClusterSubject extends Subject {
  /** The same cluster as two processes see it. */
  readonly clusters: readonly [Cluster, Cluster]
}

/** A cluster under test that can be cut off. */
export interface OutageSubject extends ClusterSubject {
  /** Makes what nodes share unreachable; settles when it is. */
  interrupt (): Promise<void>
  /** Makes it reachable again. What was stored may be gone. */
  restore (): Promise<void>
}

const RECORD: SessionRecord = Object.freeze({ protocolVersion: '2025-11-25', client: { capabilities: {} }, logLevel: 'info' })
const LIMITS = { max: 10, ttl: 60_000 }

interface Member { readonly node: ClusterNode, readonly told: string[] }

function join (cluster: Cluster, mount = 'notes'): Member {
  const told: string[] = []
  const node = cluster.join(mount, {
    onAway: (error) => { told.push(error instanceof ClusterAwayError ? 'away' : String(error)) },
    onBack: () => { told.push('back') }
  })
  return { node, told }
}

/** The nodes of one check. */
interface Nodes {
  /** Joins a cluster, and starts. Ends with the check at the latest. */
  readonly start: (cluster: Cluster, mount?: string) => Promise<Member>
  readonly close: (member: Member) => Promise<void>
}

function createClusterContracts<S extends ClusterSubject> (
  create: () => Promise<S> | S, checks: Readonly<Record<string, (subject: S, nodes: Nodes) => Promise<void>>>
): readonly Contract[] {
  return createContracts(create, mapValues(checks, (check) => async (subject) => {
    const running = new Set<Member>()
    const close = async (member: Member): Promise<void> => {
      running.delete(member)
      await member.node.close()
    }
    try {
      await check(subject, {
        async start (cluster, mount) {
          const member = join(cluster, mount)
          running.add(member)
          await member.node.start()
          return member
        },
        close
      })
    } finally {
      for (const member of running) await close(member)
    }
  }))
}

function mapValues<T, U> (values: Readonly<Record<string, T>>, map: (value: T) => U): Record<string, U> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, map(value)]))
}

/**
 * What a {@link Cluster} must do, besides what its stores and its bus must.
 *
 * @param create Makes a cluster with nothing in it, for each check.
 * @example for (const { name, run } of clusterContract(createMyClusters)) test(name, run)
 */
export function clusterContract (create: () => Promise<ClusterSubject> | ClusterSubject, options: ContractOptions = {}): readonly Contract[] {
  const wait = createWait(options)

  return createClusterContracts(create, {
    async 'each node has an id of its own, of letters and digits' ({ clusters: [a, b] }) {
      const members = [join(a), join(a), join(b), join(b, 'tasks')]

      const ids = members.map(({ node }) => node.id)

      assert.equal(new Set(ids).size, members.length)
      for (const id of ids) assert.match(id, /^[0-9A-Za-z]{8,32}$/)
    },

    async 'mounts of one name share all, and those of another nothing' ({ clusters: [a, b] }, { start }) {
      const [mine, same, other] = [await start(a, 'notes'), await start(b, 'notes'), await start(b, 'notes ')]
      const [heard, unheard] = [createRecorder<string>(wait), createRecorder<string>(wait)]
      await mine.node.sessions.open('s', RECORD, LIMITS)
      await mine.node.events.append('s.0', 'event')
      same.node.bus.subscribe('topic', heard.hear)
      other.node.bus.subscribe('topic', unheard.hear)
      await wait(() => {
        Promise.resolve(mine.node.bus.publish('topic', 'message')).catch(() => {})
        return heard.heard.length > 0
      }, 'what is published is heard')

      assert.deepEqual(await same.node.sessions.load('s', LIMITS.ttl), RECORD)
      assert.deepEqual(await same.node.events.read('s.0', 0), [{ seq: 1, message: 'event' }])
      assert.equal(await other.node.sessions.load('s', LIMITS.ttl), undefined)
      assert.equal(await other.node.sessions.count(), 0)
      assert.deepEqual(await other.node.events.read('s.0', 0), [])
      assert.deepEqual(unheard.heard, [])
    },

    async 'a node lives from its start until it closes, for those of its mount' ({ clusters: [a, b] }, { start, close }) {
      const [asks, lives, leaves] = [await start(a), await start(b), await start(b)]
      await close(leaves)

      assert.equal(await asks.node.isAlive(lives.node.id), true)
      assert.equal(await asks.node.isAlive(asks.node.id), true)
      assert.equal(await asks.node.isAlive(leaves.node.id), false)
      assert.equal(await asks.node.isAlive('never'), false)
    },

    async 'what a node has stored stays when it closes, and others of its process go on' ({ clusters: [a, b] }, { start, close }) {
      const [leaves, stays, other] = [await start(a), await start(a, 'tasks'), await start(b)]
      await leaves.node.sessions.open('s', RECORD, LIMITS)
      await leaves.node.events.append('s.0', 'event')
      await close(leaves)

      assert.deepEqual(await other.node.sessions.load('s', LIMITS.ttl), RECORD)
      assert.deepEqual(await other.node.events.read('s.0', 0), [{ seq: 1, message: 'event' }])
      assert.equal(await stays.node.sessions.open('s', RECORD, LIMITS), true)
    },

    async 'a process whose nodes have all closed may have others' ({ clusters: [a] }, { start, close }) {
      for (let time = 0; time < 2; time++) {
        const member = await start(a)
        assert.equal(await member.node.sessions.open(`s${time}`, RECORD, LIMITS), true)
        await close(member)
      }
    },

    async 'a cluster that can be reached is not away' ({ clusters: [a, b] }, { start }) {
      const members = [await start(a), await start(b)]

      assert.deepEqual(members.map(({ node, told }) => [node.isAway, told]), [[false, []], [false, []]])
    }
  })
}

/**
 * What a {@link Cluster} must do whose nodes share something that can fail.
 *
 * @param create Makes a cluster with nothing in it, for each check.
 */
export function clusterOutageContract (create: () => Promise<OutageSubject> | OutageSubject, options: ContractOptions = {}): readonly Contract[] {
  const wait = createWait(options)

  return createClusterContracts(create, {
    async 'while it is away everything is refused, and each node is told once' ({ clusters: [a, b], interrupt, restore }, { start }) {
      const members = [await start(a), await start(a, 'tasks'), await start(b)]
      await interrupt()

      await Promise.all(members.map(({ node }) => refuses(node)))
      assert.deepEqual(members.map(({ told }) => told), [['away'], ['away'], ['away']])
      await restore()
      await back(wait, ...members)
    },

    async 'when it is back each node is told once, and everything goes on' ({ clusters: [a, b], interrupt, restore }, { start }) {
      const members = [await start(a), await start(b)] as const
      for (const time of [1, 2]) {
        await interrupt()
        await Promise.all(members.map(({ node }) => refuses(node)))
        await restore()
        await back(wait, ...members)
        for (const { node, told } of members) {
          assert.deepEqual(told, Array.from({ length: time }, () => ['away', 'back']).flat())
          assert.equal(await node.sessions.open(`${node.id}-${time}`, RECORD, LIMITS), true)
        }
      }
      for (const { node } of members) assert.equal(await members[0].node.isAlive(node.id), true)
    },

    async 'what was subscribed to before, or while it was away, is heard afterwards' ({ clusters: [a, b], interrupt, restore }, { start }) {
      const [publisher, listener] = [await start(a), await start(b)]
      const [before, meanwhile, ended] = [createRecorder<string>(wait), createRecorder<string>(wait), createRecorder<string>(wait)]
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
      const { heard, hear, until } = createRecorder<StoredEvent>(wait)
      await follower.node.events.follow('s.0', hear)
      await interrupt()
      await Promise.all([refuses(follower.node), refuses(writer.node)])
      await restore()
      await back(wait, writer, follower)
      for (const message of ['a', 'b']) await writer.node.events.append('s.0', message)
      await until(2)

      assert.deepEqual(heard, [{ seq: 1, message: 'a' }, { seq: 2, message: 'b' }])
    },

    async 'a node that starts meanwhile is told so, and takes part when it is back' ({ clusters: [a, b], interrupt, restore }, { start }) {
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
      assert.equal(await other.node.sessions.open('s', RECORD, LIMITS), true)
    },

    async 'a node that closes meanwhile is told nothing any more' ({ clusters: [a], interrupt, restore }, { start, close }) {
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
    readState: () => sessions.readState('refused'),
    'change by setting': () => sessions.change('refused', { kind: 'logLevel', level: 'debug' }),
    'change by removing': () => sessions.change('refused', { kind: 'unsubscribe', uri: 'notes://a' }),
    touch: () => sessions.touch(['refused'], LIMITS.ttl),
    delete: () => sessions.delete('refused'),
    count: () => sessions.count(),
    append: () => events.append('refused.0', 'event'),
    read: () => events.read('refused.0', 0),
    forget: () => events.forget('refused'),
    follow: () => events.follow('refused.0', () => {}),
    publish: () => bus.publish('refused', 'message'),
    isAlive: () => node.isAlive('refused')
  }
  await Promise.all(Object.entries(asked).map(([name, ask]) => assert.rejects(async () => { await ask() }, ClusterAwayError, name)))
  assert.equal(node.isAway, true)
}

async function back (wait: Wait, ...members: readonly Member[]): Promise<void> {
  await wait(() => members.every(({ node, told }) => !node.isAway && told.at(-1) === 'back'), 'all are told that it is back')
}
