// Compares calls of a server with many tools, mounts or sessions with calls of a server with one of each. Calls use the
// tool or mount that was registered last; calls in sessions use all sessions in turn. Both sides are loaded in turns,
// and the results are medians.
import type { Ratio, Row, RunSettings, Scenario } from '../scenario.ts'
import { Child, withChildren } from './child.ts'
import { checkAnswers, load, openSessions } from './load.ts'
import { median, medianRatio } from '../figures.ts'
import { modernCall, sessionCall, type Post } from './messages.ts'
import type { MountsSetup } from './servers/mounts.ts'

/** One side of a comparison: an app of some size, and the requests that are sent to it. */
interface Size {
  readonly contender: string
  readonly setup: Partial<MountsSetup>
  /** Makes the requests, e.g. opens sessions for them. */
  readonly prepare: (child: Child) => Promise<readonly Post[]>
}

/** A size under load, and the results of its rounds. */
interface Side {
  readonly contender: string
  readonly child: Child
  readonly requests: readonly Post[]
  readonly perSecond: number[]
  readonly cpuMicros: number[]
}

const TARGET = { atLeast: 0.95 }
const MANY_SESSIONS = 50_000
const CHECKED = 3
// Short rounds in turn, so that longer noise affects both sides.
const LOADS_PER_ROUND = 2
const WARM_UP = 2

/** The scenarios of scale. */
export const SCALE: readonly Scenario[] = [
  createScale('1,000 tools', () => [
    { contender: '1 tool', setup: {}, prepare: prepareModern },
    { contender: '1,000 tools', setup: { tools: 1000 }, prepare: prepareModern }
  ]),
  createScale('100 mounts', () => [
    { contender: '1 mount', setup: {}, prepare: prepareModern },
    { contender: '100 mounts', setup: { mounts: 100 }, prepare: prepareModern }
  ]),
  createScale('50,000 sessions', ({ quick }) => {
    const many = quick ? MANY_SESSIONS / 100 : MANY_SESSIONS
    return [
      { contender: '1 session', setup: {}, prepare: (child) => prepareSessions(child, { open: 1, requests: many }) },
      {
        contender: `${many.toLocaleString('en')} sessions`,
        setup: { maxSessions: many },
        prepare: (child) => prepareSessions(child, { open: many, requests: many })
      }
    ]
  })
]

function createScale (name: string, listSizes: (settings: RunSettings) => readonly [Size, Size]): Scenario {
  return {
    name,
    run: async (settings) => {
      const start = ({ setup }: Size): Promise<Child> =>
        Child.start('mounts', { tools: 1, mounts: 1, maxSessions: 1, ...setup })
      return await withChildren(listSizes(settings), start, (sizes) => compare(sizes, settings))
    }
  }
}

async function prepareModern (): Promise<readonly Post[]> {
  return [modernCall()]
}

// One session gets as many requests as many sessions do, so that the work of the client is the same.
async function prepareSessions (
  child: Child, { open, requests }: { readonly open: number, readonly requests: number }
): Promise<readonly Post[]> {
  const calls = (await openSessions(child, open)).map(sessionCall)
  return Array.from({ length: requests / open }, () => calls).flat()
}

async function compare (
  sizes: ReadonlyArray<readonly [Size, Child]>, { quick, rounds }: RunSettings
): Promise<readonly Row[]> {
  const [limit, loads] = quick ? [{ amount: 200 }, 1] as const : [{ duration: 1 }, rounds * LOADS_PER_ROUND] as const
  const sides = await Promise.all(sizes.map(async ([{ contender, prepare }, child]): Promise<Side> => {
    const requests = await prepare(child)
    await checkAnswers(child, requests.slice(-CHECKED))
    return { contender, child, requests, perSecond: [], cpuMicros: [] }
  }))
  for (let round = quick ? 0 : -WARM_UP; round < loads; round++) {
    for (const side of sides) {
      const { perSecond, cpuMicros } = await load(side.child, side.requests, limit)
      if (round < 0) continue
      side.perSecond.push(perSecond)
      side.cpuMicros.push(cpuMicros)
    }
  }
  return createRows(sides)
}

function createRows (sides: readonly Side[]): readonly Row[] {
  const [small] = sides
  return sides.map((side) => ({
    contender: side.contender,
    figures: { 'requests/s': median(side.perSecond), 'CPU µs/request': median(side.cpuMicros) },
    ratios: small === undefined || side === small ? [] : compareSides(side, small)
  }))
}

function compareSides (side: Side, small: Side): readonly Ratio[] {
  return [
    { to: small.contender, of: 'requests/s', value: medianRatio(side.perSecond, small.perSecond), target: TARGET },
    { to: small.contender, of: 'CPU µs/request', value: medianRatio(small.cpuMicros, side.cpuMicros), target: TARGET }
  ]
}
