// Routes as tools: a call compared with app.inject() and with tools that are written by hand, and the start and the
// list of 200 routes. Sides are measured in turns, and the results are medians.
import type { Ratio, Row, RunSettings, Scenario } from '../scenario.ts'
import { median, medianRatio } from '../figures.ts'
import { Child, withChildren } from './child.ts'
import { figureOf } from './servers/answer.ts'
import type { RoutesKind } from './servers/routes.ts'

/** A way to call a route, and the results of its rounds. */
interface Side {
  readonly kind: RoutesKind
  readonly child: Child
  readonly perSecond: number[]
  readonly cpuMicros: number[]
}

const INJECT = 'app.inject()'
const CALLERS: ReadonlyMap<RoutesKind, string> = new Map([
  ['inject', INJECT],
  ['routes', 'a route as a tool'],
  ['by hand', 'a tool by hand'],
  ['by hand, with inject', `a tool by hand that calls ${INJECT}`]
])
// Of app.inject() it may take 1.25 times the CPU time.
const TARGET = { atLeast: 0.8 }
const CALLS_PER_ROUND = 5000
const WARM_UP = 2

const CALLS: Scenario = {
  name: 'a route as a tool',
  async run (settings) {
    const start = (kind: RoutesKind): Promise<Child> => Child.start('routes', { kind, routes: 1 })
    return await withChildren([...CALLERS.keys()], start, (children) => compareCalls(children, settings))
  }
}

async function compareCalls (
  children: ReadonlyArray<readonly [RoutesKind, Child]>, { quick, rounds }: RunSettings
): Promise<readonly Row[]> {
  const sides = children.map(([kind, child]): Side => ({ kind, child, perSecond: [], cpuMicros: [] }))
  for (let round = quick ? 0 : -WARM_UP; round < rounds; round++) {
    for (const side of sides) {
      const figures = await side.child.ask('call', quick ? 20 : CALLS_PER_ROUND)
      if (round < 0) continue
      side.perSecond.push(figureOf(figures, 'perSecond'))
      side.cpuMicros.push(figureOf(figures, 'micros'))
    }
  }
  const [inject] = sides
  return sides.map((side) => ({
    contender: CALLERS.get(side.kind) ?? side.kind,
    figures: { 'calls/s': median(side.perSecond), 'CPU µs/call': median(side.cpuMicros) },
    ratios: inject === undefined || side === inject ? [] : [compareCpu(side, inject)]
  }))
}

function compareCpu (side: Side, inject: Side): Ratio {
  return {
    to: INJECT,
    of: 'CPU µs/call',
    value: medianRatio(inject.cpuMicros, side.cpuMicros),
    ...(side.kind === 'routes' && { target: TARGET })
  }
}

const MANY = 200
const STARTED: ReadonlyMap<RoutesKind, string> = new Map([
  ['no mount', '200 routes'],
  ['mount', '200 routes, and a mount without tools'],
  ['routes', '200 routes as tools'],
  ['by hand', '200 routes, and 200 tools by hand']
])
const LEAST_STARTS = 9
const LISTS = 500

/** An app that is started, and the results of its starts. */
interface Start {
  readonly kind: RoutesKind
  readonly contender: string
  readonly wall: number[]
  readonly cpu: number[]
  readonly list: number[]
}

const MANY_ROUTES: Scenario = {
  name: '200 routes',
  async run ({ quick, rounds }) {
    const starts = [...STARTED].map(([kind, contender]): Start => ({ kind, contender, wall: [], cpu: [], list: [] }))
    for (let round = quick ? 0 : -1; round < (quick ? 1 : Math.max(LEAST_STARTS, rounds)); round++) {
      for (const one of starts) await startOnce(one.kind, round < 0 ? undefined : one, quick)
    }
    const [alone] = starts
    return starts.map(({ kind, contender, wall, cpu, list }) => ({
      contender,
      figures: {
        'ms until ready': median(wall),
        'CPU ms until ready': median(cpu),
        ...(alone !== undefined && kind !== alone.kind && { 'CPU ms more': median(cpu) - median(alone.cpu) }),
        ...(list.length > 0 && { 'CPU µs/list': median(list) })
      },
      ratios: []
    }))
  }
}

async function startOnce (kind: RoutesKind, start: Start | undefined, quick: boolean): Promise<void> {
  const child = await Child.start('routes', { kind, routes: MANY })
  try {
    start?.wall.push(figureOf(child.ready, 'readyWall'))
    start?.cpu.push(figureOf(child.ready, 'readyCpu'))
    if (kind === 'no mount' || kind === 'mount') return
    const lists = quick ? 5 : LISTS
    await child.ask('list', lists)
    start?.list.push(await child.askFor('micros', 'list', lists))
  } finally {
    await child.stop()
  }
}

/** The scenarios of routes that are tools. */
export const ROUTES: readonly Scenario[] = [CALLS, MANY_ROUTES]
