// The stage of the suites about messages from server to client: one app, or several nodes behind one address.
import type { Test } from 'tap'
import type { MountStats } from '../../../lib/index.ts'
import { createFaultyCluster } from '../../support/cluster.ts'
import { startRoundRobin } from '../../support/round-robin.ts'
import { createTalkApp, type Action, type TalkOptions } from './app.ts'
import type { DefinitionName } from './definitions.ts'

/** The connections that are open. */
type Load = Pick<MountStats, 'sessions' | 'exchanges' | 'streams'>

/** The apps of a suite, and the ways to observe and control them. */
export interface Stage {
  /** The endpoint that clients connect to. */
  readonly url: string
  /** Whether calls outlive their connections. */
  readonly isResumable: boolean
  /** The notes of the handlers on all nodes, in no particular order. */
  notes (): Promise<readonly string[]>
  /** The figures of all nodes together. */
  stats (): Promise<Load>
  /** How many sessions are open. */
  countSessions (): Promise<number>
  /** Changes a definition on one of the nodes. */
  act (action: Action): Promise<void>
  /** Opens a gate on all nodes. */
  open (gate: string): Promise<void>
  /** Closes all apps. */
  close (): Promise<void>
}

/** Sets up a stage for one test. */
export type SetUp = (t: Test, name: DefinitionName, options?: TalkOptions) => Promise<Stage>

/** Sets up one app. */
export const setUpApp: SetUp = async (t, name, options = {}) => {
  const app = createTalkApp(name, options)
  t.teardown(() => app.close())
  const address = await app.listen({ port: 0, host: '127.0.0.1' })
  return createStage(address, [address], options.isResumable === true, async () => { await app.close() })
}

/** Sets up three nodes in this process, each of which gets every third request. */
export const setUpNodes: SetUp = async (t, name, options = {}) => {
  const cluster = createFaultyCluster()
  const apps = [1, 2, 3].map(() => createTalkApp(name, options, cluster))
  const close = async (): Promise<void> => { await Promise.all(apps.map((app) => app.close())) }
  t.teardown(close)
  const addresses = await Promise.all(apps.map((app) => app.listen({ port: 0, host: '127.0.0.1' })))
  const balancer = await startRoundRobin(addresses)
  t.teardown(() => balancer.close())
  return createStage(balancer.url, addresses, options.stateless !== true, close)
}

interface Report {
  readonly notes: readonly string[]
  readonly stats: Load
  readonly sessions: number
}

/**
 * Creates the stage of apps that `createTalkApp` has created in any process.
 * @param url The origin that clients connect to.
 */
export function createStage (
  url: string, nodes: readonly string[], isResumable: boolean, close: () => Promise<void>
): Stage {
  const reports = (): Promise<readonly Report[]> =>
    Promise.all(nodes.map(async (node) => (await (await fetch(`${node}/stage`)).json()) as Report))
  const post = async (node: string, path: string): Promise<void> => {
    const response = await fetch(`${node}/stage/${path}`, { method: 'POST' })
    if (!response.ok) throw new Error(`/stage/${path}: ${response.status} ${await response.text()}`)
  }
  return {
    url: `${url}/mcp`,
    isResumable,
    notes: async () => (await reports()).flatMap(({ notes }) => notes),
    stats: async () => (await reports()).reduce<Load>((sum, { stats }) => ({
      sessions: sum.sessions + stats.sessions,
      exchanges: sum.exchanges + stats.exchanges,
      streams: sum.streams + stats.streams
    }), { sessions: 0, exchanges: 0, streams: 0 }),
    countSessions: async () => (await reports())[0]?.sessions ?? 0,
    act: (action) => post(nodes[0] ?? url, `act/${action}`),
    open: async (gate) => { await Promise.all(nodes.map((node) => post(node, `open/${gate}`))) },
    close
  }
}

/** Waits until something is so, asking again and again. */
export async function untilSo (isSo: () => Promise<boolean>): Promise<void> {
  while (!await isSo()) await new Promise(setImmediate)
}

/** Waits until handlers have noted something down. */
export async function untilNoted (stage: Stage, ...notes: readonly string[]): Promise<void> {
  await untilSo(async () => {
    const noted = await stage.notes()
    return notes.every((note) => noted.some((text) => text.includes(note)))
  })
}
