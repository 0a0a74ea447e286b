// Measures calls in sessions: how many calls the nodes of one Redis answer together, and the cost of one call compared
// with sessions in memory. Requests go straight to the nodes, each of which serves sessions that another node has
// opened. All nodes and Redis run on this machine.
import assert from 'node:assert/strict'
import { Connection, encodeRequest } from '../connection.ts'
import { median, medianRatio } from '../figures.ts'
import type { Ratio, Row, RunSettings, Scenario } from '../scenario.ts'
import { Child, withChildren } from './child.ts'
import { checkAnswers, load, openSessions } from './load.ts'
import { sessionCall, type Post } from './messages.ts'
import { startRedis, type MeasuredRedis } from './redis.ts'
import type { NodeSetup } from './servers/node.ts'

/** Some processes that serve the same clients. */
interface Side {
  readonly contender: string
  readonly children: readonly Child[]
  readonly requests: readonly Post[]
  /** For each child the same ones as they go over the wire. */
  readonly texts: ReadonlyArray<readonly string[]>
  readonly perSecond: number[]
  readonly cpuMicros: number[]
  readonly p50Micros: number[]
}

const ALONE = 'one process, in memory'
const NODES = [1, 2, 4]
const SESSIONS = 200
const WARM_UP = 1
const CALLS_IN_TURN = 300
const CALLS_COUNTED = 100
const ROUND_TRIPS = { to: '1 round trip', of: 'Redis round trips/call', target: { atMost: 2 } }

/** The scenario. */
export const CLUSTER: Scenario = {
  name: 'cluster',
  async run (settings) {
    const redis = await startRedis()
    try {
      const setups: ReadonlyArray<readonly [contender: string, NodeSetup]> = [
        [ALONE, {}],
        ...NODES.flatMap((count) => Array.from({ length: count }, () => [nameOf(count), { url: redis.url }] as const))
      ]
      return await withChildren(
        setups,
        ([, setup]) => Child.start('node', setup),
        (children) => measure(children, redis, settings)
      )
    } finally {
      await redis.stop()
    }
  }
}

function nameOf (count: number): string {
  return count === 1 ? '1 node' : `${count} nodes`
}

async function measure (
  started: ReadonlyArray<readonly [readonly [string, NodeSetup], Child]>,
  redis: MeasuredRedis,
  { quick, rounds }: RunSettings
): Promise<readonly Row[]> {
  const [limit, times, calls] = quick
    ? ([{ amount: 200 }, 1, 20] as const)
    : ([{ duration: 1 }, rounds, CALLS_IN_TURN] as const)
  const sides: Side[] = []
  for (const contender of [ALONE, ...NODES.map(nameOf)]) {
    sides.push(await prepare(contender, started.filter(([[name]]) => name === contender).map(([, child]) => child)))
  }
  for (let round = quick ? 0 : -WARM_UP; round < times; round++) {
    for (const side of sides) {
      const [figures, p50] = [await loadAll(side, limit), await callInTurn(side, calls)]
      if (round < 0) continue
      side.perSecond.push(figures.perSecond)
      side.cpuMicros.push(figures.cpuMicros)
      side.p50Micros.push(p50)
    }
  }
  const roundTrips = new Map<Side, number>()
  for (const side of sides) {
    roundTrips.set(
      side,
      (await redis.countCommands(async () => {
        await callInTurn(side, CALLS_COUNTED)
      })) / CALLS_COUNTED
    )
  }
  return sides.map((side) => createRow(side, sides, roundTrips.get(side) ?? NaN))
}

// One node opens the sessions, and all nodes use them.
async function prepare (contender: string, children: readonly Child[]): Promise<Side> {
  const [first] = children
  assert.ok(first, 'there is no process')
  const requests = (await openSessions(first, SESSIONS)).map(sessionCall)
  for (const child of children) await checkAnswers(child, requests.slice(-1))
  // At once: autocannon writes into what it sends.
  const texts = children.map((child) => requests.map((request) => encodeRequest(endpointOf(child), request)))
  return { contender, children, requests, texts, perSecond: [], cpuMicros: [], p50Micros: [] }
}

async function loadAll (
  { children, requests }: Side, limit: Parameters<typeof load>[2]
): Promise<{ readonly perSecond: number, readonly cpuMicros: number }> {
  const loaded = await Promise.all(children.map((child) => load(child, requests, limit)))
  const perSecond = loaded.reduce((sum, { perSecond }) => sum + perSecond, 0)
  return {
    perSecond,
    cpuMicros: loaded.reduce((sum, { perSecond, cpuMicros }) => sum + perSecond * cpuMicros, 0) / perSecond
  }
}

// Calls the nodes in turn, one call after the other. Resolves to the median of the durations.
async function callInTurn ({ children, texts }: Side, calls: number): Promise<number> {
  const connections = await Promise.all(children.map((child) => Connection.open(endpointOf(child))))
  const micros: number[] = []
  try {
    for (let call = 0; call < calls; call++) {
      const turn = call % connections.length
      const text = texts[turn]?.[call % SESSIONS] ?? ''
      const before = performance.now()
      const reply = await connections[turn]?.send(text)
      micros.push((performance.now() - before) * 1000)
      assert.equal(reply?.status, 200, `a node answers ${reply?.head}`)
    }
    return median(micros)
  } finally {
    for (const connection of connections) connection.close()
  }
}

function endpointOf ({ url }: Child): URL {
  return new URL('/mcp', url)
}

function createRow (side: Side, sides: readonly Side[], roundTrips: number): Row {
  const [alone, one] = sides
  const ratios: Ratio[] = []
  if (alone !== undefined && side === one) {
    ratios.push(
      { to: alone.contender, of: 'requests/s', value: medianRatio(side.perSecond, alone.perSecond) },
      { to: alone.contender, of: 'p50 µs/call', value: medianRatio(side.p50Micros, alone.p50Micros) }
    )
  } else if (one !== undefined && side !== alone) {
    ratios.push({ to: one.contender, of: 'requests/s', value: medianRatio(side.perSecond, one.perSecond) })
  }
  if (side !== alone) ratios.push({ ...ROUND_TRIPS, value: roundTrips })
  return {
    contender: side.contender,
    figures: {
      'requests/s': median(side.perSecond),
      'CPU µs/request': median(side.cpuMicros),
      'p50 µs/call': median(side.p50Micros),
      'Redis round trips/call': roundTrips
    },
    ratios
  }
}
