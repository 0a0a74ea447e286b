import t from 'tap'
import type { Cluster, ClusterNode } from '../../lib/store/cluster.ts'
import { createMemoryCluster } from '../../lib/store/memory-cluster.ts'
import { clusterContract, clusterOutageContract, type OutageSubject } from '../../lib/contracts/index.ts'
import { createCuttableCluster } from '../store/cuttable.ts'
import { findBroken, proveFaults } from './faults.ts'

/** Creates a cluster that changes each node when it joins. */
function changeNodes (
  cluster: Cluster, change: (node: ClusterNode, report: () => void) => Partial<ClusterNode>
): Cluster {
  return {
    join (mount, listeners) {
      const node = cluster.join(mount, listeners)
      return Object.defineProperties(node, Object.getOwnPropertyDescriptors(change(node, listeners.onRecovery)))
    }
  }
}

/** Each fault, as a function that turns a correct cluster into a faulty one. */
const FAULTS: Readonly<Record<string, (cluster: Cluster) => Cluster>> = {
  'all nodes have the same id': (cluster) => changeNodes(cluster, () => ({ id: 'node0000' })),
  'mounts of all names share everything': (cluster) =>
    ({ join: (_mount, listeners) => cluster.join('one', listeners) }),
  'a node lists nodes of other mounts, and closed ones': (cluster) => {
    const ids: string[] = []
    return changeNodes(cluster, ({ id }) => {
      ids.push(id)
      return { others: async () => ids.filter((other) => other !== id) }
    })
  },
  'a node lists itself': (cluster) =>
    changeNodes(cluster, ({ id, others }) => ({ others: async () => [id, ...(await others())] })),
  'a closed node still counts as alive': (cluster) => changeNodes(cluster, () => ({ isAlive: async () => true })),
  'a node deletes what it stored when it closes': (cluster) => changeNodes(cluster, ({ sessions, close }) => ({
    close: async () => { await sessions.delete('s'); await close() }
  })),
  'a process cannot start nodes after its nodes have closed': (cluster) => {
    let hasEnded = false
    return changeNodes(cluster, ({ close, sessions }) => ({
      sessions: { ...sessions, open: async (...args) => hasEnded ? { kind: 'full' } : await sessions.open(...args) },
      close: async () => { hasEnded = true; await close() }
    }))
  },
  'each node counts only its own places': (cluster) => changeNodes(cluster, () => {
    const held = new Map<string, number>()
    return {
      hold: async (holder, count, max) => {
        if (count > (held.get(holder) ?? 0) && count > max) return false
        held.set(holder, count)
        return true
      }
    }
  }),
  'places are never freed': (cluster) => changeNodes(cluster, ({ hold }) => {
    const most = new Map<string, number>()
    return {
      hold: (holder, count, max) => {
        most.set(holder, Math.max(count, most.get(holder) ?? 0))
        return hold(holder, most.get(holder) ?? 0, max)
      }
    }
  }),
  'the names of holders are compared without case and outer spaces': (cluster) =>
    changeNodes(cluster, ({ hold }) => ({ hold: (holder, ...rest) => hold(holder.trim().toLowerCase(), ...rest) })),
  'the places of a node are not freed when it closes': (cluster) =>
    changeNodes(cluster, () => ({ close: async () => {} })),
  'every node counts as unreachable': (cluster) => changeNodes(cluster, () => ({ isUnreachable: true }))
}

t.test('each check of the cluster contract fails for a cluster with the fault that it looks for', async (t) => {
  await proveFaults(
    t,
    {
      'all nodes have the same id': ['each node has a unique id of letters and digits'],
      'mounts of all names share everything': [
        'mounts of the same name share everything, and mounts of different names nothing'
      ],
      'a node lists nodes of other mounts, and closed ones': [
        'a node lists the other nodes of its mount that are alive'
      ],
      'a node lists itself': ['a node lists the other nodes of its mount that are alive'],
      'a closed node still counts as alive': [
        'a node is alive from its start until it closes, as other nodes of its mount see it'
      ],
      'a node deletes what it stored when it closes': [
        'stored data outlives the node that stored it, and other nodes of its process go on'
      ],
      'a process cannot start nodes after its nodes have closed': [
        'a process whose nodes have all closed can start new ones'
      ],
      'each node counts only its own places': [
        'the places of a node are free after it closes',
        'holders are distinguished by their exact names'
      ],
      'places are never freed': [
        'a holder gets no more places than its share on all nodes together, and each node can free some'
      ],
      'the names of holders are compared without case and outer spaces': [
        'holders are distinguished by their exact names'
      ],
      'the places of a node are not freed when it closes': ['the places of a node are free after it closes'],
      'every node counts as unreachable': ['without an outage every node is reachable, and none is notified of one']
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
  'one operation works during an outage': (cluster) => changeNodes(cluster, () => ({ isAlive: async () => true })),
  'the end of an outage is reported twice': (cluster) => ({
    join: (mount, { onOutage, onRecovery }) => {
      return cluster.join(mount, { onOutage, onRecovery () { onRecovery(); onRecovery() } })
    }
  }),
  'the beginning of an outage is not reported': (cluster) => ({
    join: (mount, { onRecovery }) => cluster.join(mount, { onOutage: () => {}, onRecovery })
  }),
  'an outage is reported with an error of another class': (cluster) => ({
    join: (mount, { onOutage, onRecovery }) => {
      return cluster.join(mount, { onOutage: () => onOutage(new Error('lost')), onRecovery })
    }
  }),
  'subscriptions are lost in an outage': (cluster) => {
    let isBack = false
    return {
      join: (mount, { onOutage, onRecovery }) => changeNodes(cluster, ({ bus }) => ({
        bus: {
          ...bus,
          subscribe: (topic, listener) =>
            bus.subscribe(topic, (message) => { if (!isBack) listener(message) })
        }
      })).join(mount, { onOutage, onRecovery () { isBack = true; onRecovery() } })
    }
  },
  'followers are lost in an outage': (cluster) => {
    let isBack = false
    return {
      join: (mount, { onOutage, onRecovery }) => changeNodes(cluster, ({ events }) => ({
        events: {
          ...events,
          follow: (streamId, listener) =>
            events.follow(streamId, (event) => { if (!isBack) listener(event) })
        }
      })).join(mount, { onOutage, onRecovery () { isBack = true; onRecovery() } })
    }
  },
  'a node that starts during an outage is not notified': (cluster) => ({
    join (mount, { onOutage, onRecovery }) {
      let isStarted = false
      const node = cluster.join(mount, { onOutage: (error) => { if (isStarted) onOutage(error) }, onRecovery })
      const { start } = node
      return Object.assign(node, { start: async () => { await start(); isStarted = true } })
    }
  }),
  'a node that has closed is notified': (cluster) =>
    changeNodes(cluster, ({ close }, report) => ({
      close: async () => {
        await close()
        report()
      }
    }))
}

t.test('each check of the outage contract fails for a cluster with the fault that it looks for', async (t) => {
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
    'one operation works during an outage': [
      'during an outage every operation is refused, and each node is notified once'
    ],
    'the end of an outage is reported twice': [
      'after an outage each node is notified once, and every operation works again'
    ],
    'the beginning of an outage is not reported': [
      'during an outage every operation is refused, and each node is notified once'
    ],
    'an outage is reported with an error of another class': [
      'during an outage every operation is refused, and each node is notified once'
    ],
    'subscriptions are lost in an outage': [
      'subscriptions from before or during an outage receive messages afterwards'
    ],
    'followers are lost in an outage': ['the followers of a stream receive its events after an outage'],
    'a node that starts during an outage is not notified': [
      'a node that starts during an outage is notified, and takes part afterwards'
    ],
    'a node that has closed is notified': ['a node that closes during an outage is not notified of its end']
  }, (fault) => clusterOutageContract(() => createSubject(fault), { patience: 200 }))
})

t.test('the nodes of a check that fails are closed', async (t) => {
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
      isUnreachable: true
    }
    return node
  })

  const broken = await findBroken(clusterContract(() => {
    const cluster = create()
    return { clusters: [cluster, cluster] }
  }, { patience: 200 }))

  t.same(broken, ['without an outage every node is reachable, and none is notified of one'])
  t.equal(running.size, 0)
})
