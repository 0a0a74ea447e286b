import t from 'tap'
import type { Cluster, ClusterNode } from '../../lib/store/cluster.ts'
import { createMemoryCluster } from '../../lib/store/memory-cluster.ts'
import { clusterContract, clusterOutageContract, type OutageSubject } from '../../lib/contracts/index.ts'
import { createCuttableCluster } from '../store/cuttable.ts'
import { findBroken, proveFaults } from './faults.ts'

/** A cluster whose nodes are changed as they are made. */
function changeNodes (
  cluster: Cluster, change: (node: ClusterNode, told: () => void) => Partial<ClusterNode>
): Cluster {
  return {
    join (mount, listeners) {
      const node = cluster.join(mount, listeners)
      return Object.defineProperties(node, Object.getOwnPropertyDescriptors(change(node, listeners.onBack)))
    }
  }
}

/** What is wrong with a cluster, as a function from a right one. */
const FAULTS: Readonly<Record<string, (cluster: Cluster) => Cluster>> = {
  'all nodes have one id': (cluster) => changeNodes(cluster, () => ({ id: 'node0000' })),
  'all mounts are one': (cluster) => ({ join: (_mount, listeners) => cluster.join('one', listeners) }),
  'a node knows all nodes that there are': (cluster) => {
    const ids: string[] = []
    return changeNodes(cluster, ({ id }) => {
      ids.push(id)
      return { others: async () => ids.filter((other) => other !== id) }
    })
  },
  'a node is one of the others': (cluster) =>
    changeNodes(cluster, ({ id, others }) => ({ others: async () => [id, ...(await others())] })),
  'nodes live for ever': (cluster) => changeNodes(cluster, () => ({ isAlive: async () => true })),
  'a node takes what it has stored along': (cluster) => changeNodes(cluster, ({ sessions, close }) => ({
    close: async () => { await sessions.delete('s'); await close() }
  })),
  'a process has one life': (cluster) => {
    let hasEnded = false
    return changeNodes(cluster, ({ close, sessions }) => ({
      sessions: { ...sessions, open: async (...args) => hasEnded ? { kind: 'full' } : await sessions.open(...args) },
      close: async () => { hasEnded = true; await close() }
    }))
  },
  'each node counts for itself': (cluster) => changeNodes(cluster, () => {
    const held = new Map<string, number>()
    return {
      hold: async (holder, count, max) => {
        if (count > (held.get(holder) ?? 0) && count > max) return false
        held.set(holder, count)
        return true
      }
    }
  }),
  'places are never given back': (cluster) => changeNodes(cluster, ({ hold }) => {
    const most = new Map<string, number>()
    return {
      hold: (holder, count, max) => {
        most.set(holder, Math.max(count, most.get(holder) ?? 0))
        return hold(holder, most.get(holder) ?? 0, max)
      }
    }
  }),
  'callers are told apart by their letters only': (cluster) =>
    changeNodes(cluster, ({ hold }) => ({ hold: (holder, ...rest) => hold(holder.trim().toLowerCase(), ...rest) })),
  'what a node holds outlives it': (cluster) => changeNodes(cluster, () => ({ close: async () => {} })),
  'it is always away': (cluster) => changeNodes(cluster, () => ({ isAway: true }))
}

t.test('each contract of clusters is broken by a cluster that does not keep it', async (t) => {
  await proveFaults(
    t,
    {
      'all nodes have one id': ['each node has an id of its own, of letters and digits'],
      'all mounts are one': ['mounts of one name share all, and those of another nothing'],
      'a node knows all nodes that there are': ['a node knows the others of its mount that live'],
      'a node is one of the others': ['a node knows the others of its mount that live'],
      'nodes live for ever': ['a node lives from its start until it closes, for those of its mount'],
      'a node takes what it has stored along': [
        'what a node has stored stays when it closes, and others of its process go on'
      ],
      'a process has one life': ['a process whose nodes have all closed may have others'],
      'each node counts for itself': [
        'what a node holds is free when it closes',
        'callers who hold places are told apart, whatever they are called'
      ],
      'places are never given back': [
        'a caller holds no more places than its share on all nodes together, and each node may give some back'
      ],
      'callers are told apart by their letters only': [
        'callers who hold places are told apart, whatever they are called'
      ],
      'what a node holds outlives it': ['what a node holds is free when it closes'],
      'it is always away': ['a cluster that can be reached is not away']
    },
    (fault) =>
      clusterContract(
        () => {
          const right = createMemoryCluster()
          const cluster = fault === undefined ? right : (FAULTS[fault]?.(right) ?? right)
          return { clusters: [cluster, cluster] }
        },
        { patience: 200 }
      )
  )
})

const OUTAGE_FAULTS: Readonly<Record<string, (cluster: Cluster) => Cluster>> = {
  'one thing goes on': (cluster) => changeNodes(cluster, () => ({ isAlive: async () => true })),
  'who is back is told twice': (cluster) => ({
    join: (mount, { onAway, onBack }) => cluster.join(mount, { onAway, onBack () { onBack(); onBack() } })
  }),
  'nobody is told what has happened': (cluster) => ({
    join: (mount, { onBack }) => cluster.join(mount, { onAway: () => {}, onBack })
  }),
  'an outage is called something else': (cluster) => ({
    join: (mount, { onAway, onBack }) => cluster.join(mount, { onAway: () => onAway(new Error('lost')), onBack })
  }),
  'who has subscribed is forgotten': (cluster) => {
    let isBack = false
    return {
      join: (mount, { onAway, onBack }) => changeNodes(cluster, ({ bus }) => ({
        bus: {
          ...bus,
          subscribe: (topic, listener) =>
            bus.subscribe(topic, (message) => { if (!isBack) listener(message) })
        }
      })).join(mount, { onAway, onBack () { isBack = true; onBack() } })
    }
  },
  'who follows is forgotten': (cluster) => {
    let isBack = false
    return {
      join: (mount, { onAway, onBack }) => changeNodes(cluster, ({ events }) => ({
        events: {
          ...events,
          follow: (streamId, listener) =>
            events.follow(streamId, (event) => { if (!isBack) listener(event) })
        }
      })).join(mount, { onAway, onBack () { isBack = true; onBack() } })
    }
  },
  'who comes late is told nothing': (cluster) => ({
    join (mount, { onAway, onBack }) {
      let isStarted = false
      const node = cluster.join(mount, { onAway: (error) => { if (isStarted) onAway(error) }, onBack })
      const { start } = node
      return Object.assign(node, { start: async () => { await start(); isStarted = true } })
    }
  }),
  'who has left is told': (cluster) =>
    changeNodes(cluster, ({ close }, tell) => ({
      close: async () => {
        await close()
        tell()
      }
    }))
}

t.test('each contract of outages is broken by a cluster that does not keep it', async (t) => {
  function createSubject (fault: string | undefined): OutageSubject {
    const cuttable = createCuttableCluster()
    const cluster = fault === undefined ? cuttable : OUTAGE_FAULTS[fault]?.(cuttable) ?? cuttable
    return {
      clusters: [cluster, cluster],
      interrupt: async () => cuttable.cut(),
      restore: async () => cuttable.restore()
    }
  }

  await proveFaults(t, {
    'one thing goes on': ['while it is away everything is refused, and each node is told once'],
    'who is back is told twice': ['when it is back each node is told once, and everything goes on'],
    'nobody is told what has happened': ['while it is away everything is refused, and each node is told once'],
    'an outage is called something else': ['while it is away everything is refused, and each node is told once'],
    'who has subscribed is forgotten': ['what was subscribed to before, or while it was away, is heard afterwards'],
    'who follows is forgotten': ['a stream that is followed goes on being followed'],
    'who comes late is told nothing': ['a node that starts meanwhile is told so, and takes part when it is back'],
    'who has left is told': ['a node that closes meanwhile is told nothing any more']
  }, (fault) => clusterOutageContract(() => createSubject(fault), { patience: 200 }))
})

t.test('a check that fails leaves no node behind', async (t) => {
  const running = new Set<object>()
  const create = (): Cluster => changeNodes(createMemoryCluster(), ({ start, close }) => {
    const node = {
      start: async () => {
        await start()
        running.add(node)
      },
      close: async () => {
        await close()
        running.delete(node)
      },
      isAway: true
    }
    return node
  })

  const broken = await findBroken(clusterContract(() => {
    const cluster = create()
    return { clusters: [cluster, cluster] }
  }, { patience: 200 }))

  t.same(broken, ['a cluster that can be reached is not away'])
  t.equal(running.size, 0)
})
