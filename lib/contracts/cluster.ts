// The contract of a Cluster.
import assert from 'node:assert/strict'
import { createRecorder, createWait, TEXTS, type Contract, type ContractOptions, type Wait } from './contract.ts'
import { createClusterContracts, join, LIMITS, RECORD, type ClusterChecks, type ClusterSubject } from './nodes.ts'

/**
 * Returns the checks of a `Cluster`. Its stores and its bus have contracts of their own.
 *
 * @param create Makes an empty cluster, for each check.
 * @example for (const { name, run } of clusterContract(createMyClusters)) test(name, run)
 */
export function clusterContract (
  create: () => Promise<ClusterSubject> | ClusterSubject, options: ContractOptions = {}
): readonly Contract[] {
  return createClusterContracts(create, { ...nodeChecks(), ...sharingChecks(createWait(options)), ...placeChecks() })
}

/** A node has an id, and sees which other nodes of its mount are alive. */
function nodeChecks (): ClusterChecks {
  return {
    async 'each node has a unique id of letters and digits' ({ clusters: [a, b] }) {
      const members = [join(a), join(a), join(b), join(b, 'tasks')]

      const ids = members.map(({ node }) => node.id)

      assert.equal(new Set(ids).size, members.length)
      for (const id of ids) assert.match(id, /^[0-9A-Za-z]{8,32}$/)
    },

    async 'a node is alive from its start until it closes, as other nodes of its mount see it' (
      { clusters: [a, b] }, { start, close }
    ) {
      const [asks, lives, leaves] = [await start(a), await start(b), await start(b)]
      await close(leaves)

      assert.equal(await asks.node.isAlive(lives.node.id), true)
      assert.equal(await asks.node.isAlive(asks.node.id), true)
      assert.equal(await asks.node.isAlive(leaves.node.id), false)
      assert.equal(await asks.node.isAlive('never'), false)
    },

    async 'a node lists the other nodes of its mount that are alive' ({ clusters: [a, b] }, { start, close }) {
      const [asks, beside, far, leaves] = [await start(a), await start(a), await start(b), await start(b)]
      await start(b, 'tasks')
      await close(leaves)

      assert.deepEqual([...await asks.node.others()].sort(), [beside.node.id, far.node.id].sort())
      assert.deepEqual([...await far.node.others()].sort(), [asks.node.id, beside.node.id].sort())
    },

    async 'without an outage every node is reachable, and none is notified of one' ({ clusters: [a, b] }, { start }) {
      const members = [await start(a), await start(b)]

      assert.deepEqual(members.map(({ node, reported }) => [node.isUnreachable, reported]), [[false, []], [false, []]])
    }
  }
}

/** The nodes of a mount share its stored data, and those of other mounts see none of it. */
function sharingChecks (wait: Wait): ClusterChecks {
  return {
    async 'mounts of the same name share everything, and mounts of different names nothing' (
      { clusters: [a, b] }, { start }
    ) {
      const [mine, same, other] = [await start(a, 'notes'), await start(b, 'notes'), await start(b, 'notes ')]
      const [reached, unreached] = [createRecorder<string>(wait), createRecorder<string>(wait)]
      await mine.node.sessions.open('s', RECORD, LIMITS)
      await mine.node.events.append('s.0', 'event')
      same.node.bus.subscribe('topic', reached.receive)
      other.node.bus.subscribe('topic', unreached.receive)
      await wait(() => {
        Promise.resolve(mine.node.bus.publish('topic', 'message')).catch(() => {})
        return reached.received.length > 0
      }, 'the subscriber receives a message')

      assert.deepEqual(await same.node.sessions.load('s', LIMITS.ttl), RECORD)
      assert.deepEqual(await same.node.events.read('s.0', 0), [{ seq: 1, message: 'event' }])
      assert.equal(await other.node.sessions.load('s', LIMITS.ttl), undefined)
      assert.equal(await other.node.sessions.count(), 0)
      assert.deepEqual(await other.node.events.read('s.0', 0), [])
      assert.deepEqual(unreached.received, [])
    },

    async 'stored data outlives the node that stored it, and other nodes of its process go on' (
      { clusters: [a, b] }, { start, close }
    ) {
      const [leaves, stays, other] = [await start(a), await start(a, 'tasks'), await start(b)]
      await leaves.node.sessions.open('s', RECORD, LIMITS)
      await leaves.node.events.append('s.0', 'event')
      await close(leaves)

      assert.deepEqual(await other.node.sessions.load('s', LIMITS.ttl), RECORD)
      assert.deepEqual(await other.node.events.read('s.0', 0), [{ seq: 1, message: 'event' }])
      assert.equal((await stays.node.sessions.open('s', RECORD, LIMITS)).kind, 'opened')
    },

    async 'a process whose nodes have all closed can start new ones' ({ clusters: [a] }, { start, close }) {
      for (let time = 0; time < 2; time++) {
        const member = await start(a)
        assert.equal((await member.node.sessions.open(`s${time}`, RECORD, LIMITS)).kind, 'opened')
        await close(member)
      }
    }
  }
}

/** The places that a caller holds are counted on all nodes together. */
function placeChecks (): ClusterChecks {
  return {
    async 'a holder gets no more places than its share on all nodes together, and each node can free some' (
      { clusters: [a, b] }, { start }
    ) {
      const [one, two, other] = [await start(a), await start(b), await start(b, 'tasks')]
      const nodes = [one.node, two.node]

      const held = await Promise.all(
        Array.from({ length: 20 }, (_, index) => nodes[index % 2]?.hold('ann', Math.floor(index / 2) + 1, 6))
      )

      assert.equal(held.filter(Boolean).length, 6)
      assert.equal(await two.node.hold('bob', 6, 6), true)
      assert.equal(await one.node.hold('bob', 1, 6), false)
      assert.equal(await two.node.hold('bob', 5, 0), true)
      assert.equal(await two.node.hold('bob', 5, 0), true)
      assert.equal(await one.node.hold('bob', 1, 6), true)
      assert.equal(await two.node.hold('bob', 0, 0), true)
      assert.equal(await one.node.hold('bob', 6, 6), true)
      assert.equal(await other.node.hold('ann', 6, 6), true)
      assert.equal(await one.node.hold('eve', 7, Infinity), true)
    },

    async 'holders are distinguished by their exact names' ({ clusters: [a, b] }, { start }) {
      const [one, two] = [await start(a), await start(b)]
      const holders = [...TEXTS, 'ann', 'Ann', 'ann ', '']

      const nodes = [one.node, two.node]
      for (const [index, holder] of holders.entries()) assert.equal(await nodes[index % 2]?.hold(holder, 1, 1), true)
      for (const [index, holder] of holders.entries()) {
        assert.equal(await nodes[(index + 1) % 2]?.hold(holder, 1, 1), false)
      }
    },

    async 'the places of a node are free after it closes' ({ clusters: [a, b] }, { start, close }) {
      const [leaves, stays] = [await start(a), await start(b)]
      await leaves.node.hold('ann', 3, 3)
      const before = await stays.node.hold('ann', 1, 3)
      await close(leaves)

      assert.equal(before, false)
      assert.equal(await stays.node.hold('ann', 3, 3), true)
    }
  }
}
