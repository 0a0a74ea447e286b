// Measures the memory of an idle session and of an idle stream: the difference between before and after many have been
// opened by real requests, divided by their number. Garbage is collected before each reading, and enough are opened
// before the first reading for all code to be compiled.
import type { Ratio, Row, Scenario } from '../scenario.ts'
import { Child, withChild } from './child.ts'
import { openSessions } from './load.ts'
import { CONTENDERS, withStreamSides, type StreamSide } from './open-streams.ts'
import { figureOf, type Figures } from './servers/answer.ts'

const SESSIONS = 50_000
const SESSION_TARGET = 1024
const STREAMS = 5000
const STREAM_TARGET = { atMost: 1.15 }
const QUICKER = 50

/** Measures the memory of an idle session. */
export const SESSION_MEMORY: Scenario = {
  name: 'idle sessions',
  async run ({ quick }) {
    const count = quick ? SESSIONS / QUICKER : SESSIONS
    const setup = { tools: 1, mounts: 1, maxSessions: count * 2 }
    return await withChild(() => Child.start('mounts', setup), async (server) => {
      await openSessions(server, count / 10)
      const before = await server.ask('memory')
      await openSessions(server, count)
      const { heap, external, rss } = compare(before, await server.ask('memory'), count)
      return [{
        contender: CONTENDERS.mount,
        figures: { 'heap bytes/session': heap, 'external bytes/session': external, 'RSS bytes/session': rss },
        ratios: [{ to: '1 KB', of: 'heap bytes/session', value: heap / SESSION_TARGET, target: { atMost: 1 } }]
      }]
    })
  }
}

/** Measures the memory of an idle stream. */
export const STREAM_MEMORY: Scenario = {
  name: 'idle streams',
  async run ({ quick }) {
    const count = quick ? STREAMS / QUICKER : STREAMS
    return await withStreamSides(count, async (sides) => {
      const weights = new Map<StreamSide['kind'], Weight>()
      for (const side of sides) weights.set(side.kind, await weighStreams(side, count))
      return sides.map(({ kind }) => createStreamRow(kind, weights))
    })
  }
}

/** Bytes each. */
interface Weight { readonly heap: number, readonly external: number, readonly rss: number }

async function weighStreams ({ server, clients }: StreamSide, count: number): Promise<Weight> {
  await clients.ask('open', count)
  await clients.ask('close')
  const before = await server.ask('memory', 0)
  await clients.ask('open', count)
  return compare(before, await server.ask('memory', count), count)
}

function compare (before: Figures, after: Figures, count: number): Weight {
  const each = (name: string): number => (figureOf(after, name) - figureOf(before, name)) / count
  return { heap: each('heapUsed'), external: each('external'), rss: each('rss') }
}

function createStreamRow (kind: StreamSide['kind'], weights: ReadonlyMap<StreamSide['kind'], Weight>): Row {
  const own = weights.get(kind)
  const bare = weights.get('stream')
  const raw = weights.get('raw')
  if (own === undefined || bare === undefined || raw === undefined) throw new Error('a kind of stream was not weighed')
  const ratios: Ratio[] = kind !== 'mount'
    ? []
    : [
        {
          to: CONTENDERS.stream,
          of: 'heap + external bytes/stream',
          value: sum(own) / sum(bare),
          target: STREAM_TARGET
        },
        { to: CONTENDERS.raw, of: 'heap + external bytes/stream', value: sum(own) / sum(raw) }
      ]
  return {
    contender: CONTENDERS[kind],
    figures: {
      'heap + external bytes/stream': sum(own),
      'heap bytes/stream': own.heap,
      'external bytes/stream': own.external,
      'RSS bytes/stream': own.rss
    },
    ratios
  }
}

function sum ({ heap, external }: Weight): number {
  return heap + external
}
