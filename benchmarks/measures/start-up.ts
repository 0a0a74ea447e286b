// Measures how much one mount adds to the start of an app. Processes that import, get ready and answer one request are
// started in turn, and the results are medians. Their time counts from the start of the process, Node.js included.
import type { Ratio, Row, Scenario } from '../scenario.ts'
import { Child } from './child.ts'
import { median, medianRatio } from '../figures.ts'
import { figureOf, type Figures } from './servers/answer.ts'
import type { StartUpSetup } from './servers/start-up.ts'

type Kind = StartUpSetup['kind']

interface Side { readonly kind: Kind, readonly starts: Figures[] }

const CONTENDERS: Readonly<Record<Kind, string>> = {
  fastify: 'Fastify alone',
  route: 'Fastify with a bare route',
  mount: 'fastify-mcp-mount'
}
const TARGET = { atMost: 1.3 }
const LEAST_STARTS = 15
const STARTS_PER_ROUND = 3

const TIMES: Readonly<Record<string, string>> = {
  readyWall: 'ms until ready',
  readyCpu: 'CPU ms until ready',
  readySinceBegun: 'ms until ready, without Node.js',
  answeredWall: 'ms until the first answer',
  answeredCpu: 'CPU ms until the first answer'
}
// Fastify without a mount answers the first request with 404.
const TARGETED = ['readyWall', 'readyCpu']

/** The scenario. */
export const START_UP: Scenario = {
  name: 'start-up',
  async run ({ quick, rounds }) {
    const starts = quick ? 1 : Math.max(LEAST_STARTS, rounds * STARTS_PER_ROUND)
    const sides: readonly Side[] = (['fastify', 'route', 'mount'] as const).map((kind) => ({ kind, starts: [] }))
    for (let start = quick ? 0 : -1; start < starts; start++) {
      for (const side of sides) {
        const figures = await startOnce(side.kind, false)
        if (start >= 0) side.starts.push(figures)
      }
    }
    return await Promise.all(sides.map((side) => createRow(side, sides)))
  }
}

async function startOnce (kind: Kind, records: boolean): Promise<Figures> {
  const child = await Child.start('start-up', { kind, records })
  await child.stop()
  return child.ready
}

async function createRow (side: Side, sides: readonly Side[]): Promise<Row> {
  const loaded = await startOnce(side.kind, true)
  const times = Object.entries(TIMES).map(([time, name]) => [name, median(listTimes(side, time))])
  return {
    contender: CONTENDERS[side.kind],
    figures: {
      ...Object.fromEntries(times),
      'files loaded': figureOf(loaded, 'files'),
      'KB loaded': figureOf(loaded, 'bytes') / 1024
    },
    ratios: side.kind !== 'mount'
      ? []
      : sides.filter(({ kind }) => kind !== 'mount').flatMap((other) => compareSides(side, other))
  }
}

function compareSides (side: Side, other: Side): readonly Ratio[] {
  return Object.entries(TIMES).map(([time, of]) => ({
    to: CONTENDERS[other.kind],
    of,
    value: medianRatio(listTimes(side, time), listTimes(other, time)),
    ...(other.kind === 'fastify' && TARGETED.includes(time) && { target: TARGET })
  }))
}

function listTimes ({ starts }: Side, time: string): readonly number[] {
  return starts.map((figures) => figureOf(figures, time))
}
