import t from 'tap'
import { createMemoryCluster } from '../../lib/store/memory-cluster.ts'
import {
  clusterContract,
  sharedEventStoreContract,
  notificationBusContract,
  sessionStoreContract
} from '../../lib/contracts/index.ts'
import { runContracts } from '../support/contract.ts'

const QUIET = { onOutage () {}, onRecovery () {} }

t.test('a cluster in memory', async (t) => {
  await runContracts(t, clusterContract(() => {
    const cluster = createMemoryCluster()
    return { clusters: [cluster, cluster] }
  }))
})

t.test('the parts of a cluster in memory keep their contracts, with the given limits and clock', async (t) => {
  function createNodes (limits?: { readonly maxEvents: number, readonly maxAge: number }) {
    const clock = { now: 0 }
    const cluster = createMemoryCluster({ ...(limits && { events: limits }) }, () => clock.now)
    const pass = (milliseconds: number): void => { clock.now += milliseconds }
    return { nodes: [cluster.join('notes', QUIET), cluster.join('notes', QUIET)] as const, pass }
  }

  await runContracts(t, [
    ...sessionStoreContract(() => {
      const { nodes: [a, b], pass } = createNodes()
      return { stores: [a.sessions, b.sessions], pass }
    }),
    ...sharedEventStoreContract((limits) => {
      const { nodes: [a, b], pass } = createNodes(limits)
      return { stores: [a.events, b.events], pass }
    }),
    ...notificationBusContract(() => {
      const { nodes: [a, b] } = createNodes()
      return { buses: [a.bus, b.bus] }
    })
  ])
})

t.test('wrong and unknown options are refused, and the message says what to write', async (t) => {
  const refused: ReadonlyArray<readonly [options: object, message: string]> = [
    [{ events: 1 }, "option 'events' must be an object with 'maxEvents', 'maxBytes' or 'maxAge'"],
    [{ events: { maxAge: 0 } }, "option 'events' has a 'maxAge' that must be a whole number above 0"],
    [{ event: {} }, "option 'event' does not exist; the options are events"]
  ]

  for (const [options, message] of refused) {
    t.throws(() => createMemoryCluster(options), { code: 'MCP_ERR_INVALID_OPTION', message })
  }
})
