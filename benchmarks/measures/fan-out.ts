// Measures one change notification to 5,000 open streams: the time from its publication until the last client has
// received it, and the CPU time of the server. The clients are sockets in another process. The contenders publish in
// turn, and the results are medians.
import assert from 'node:assert/strict'
import { setTimeout as wait } from 'node:timers/promises'
import type { Ratio, Row, Scenario } from '../scenario.ts'
import { median, medianRatio } from '../figures.ts'
import { CONTENDERS, withStreamSides, type StreamSide } from './open-streams.ts'
import { figureOf } from './servers/answer.ts'

interface Side extends StreamSide { readonly millis: number[], readonly cpuMillis: number[] }

/** The duration of one publication, and the bytes that it sent. */
interface Publication { readonly millis: number, readonly cpuMillis: number, readonly bytes: number }

const STREAMS = 5000
const TARGET = { atMost: 1.3 }
// A publication takes a fraction of a second.
const PUBLICATIONS_PER_ROUND = 6
// Milliseconds that a server needs to become idle after a publication.
const REST = 50

/** The scenario. */
export const FAN_OUT: Scenario = {
  name: 'fan-out',
  async run ({ quick, rounds }) {
    const streams = quick ? STREAMS / 25 : STREAMS
    const publications = quick ? 2 : rounds * PUBLICATIONS_PER_ROUND
    return await withStreamSides(streams, async (opened) => {
      const sides = opened.map((side): Side => ({ ...side, millis: [], cpuMillis: [] }))
      for (const { clients } of sides) await clients.ask('open', streams)
      await checkBytes(sides, streams)
      for (let publication = quick ? 0 : -PUBLICATIONS_PER_ROUND; publication < publications; publication++) {
        for (const side of sides) {
          const { millis, cpuMillis } = await publish(side, streams)
          if (publication < 0) continue
          side.millis.push(millis)
          side.cpuMillis.push(cpuMillis)
        }
      }
      return createRows(sides)
    })
  }
}

// Both sides of a comparison must send the same.
async function checkBytes (sides: readonly Side[], streams: number): Promise<void> {
  const sent = new Set<number>()
  for (const side of sides) sent.add((await publish(side, streams)).bytes)
  assert.equal(sent.size, 1, `a publication is of another length: ${[...sent].join(', ')} bytes`)
}

async function publish ({ server, clients }: StreamSide, streams: number): Promise<Publication> {
  await clients.ask('expect', streams)
  const before = await server.askFor('micros', 'cpu')
  const published = await server.askFor('at', 'publish')
  const received = await clients.ask('received')
  await wait(REST)
  const after = await server.askFor('micros', 'cpu')
  return {
    millis: (figureOf(received, 'at') - published) / 1000,
    cpuMillis: (after - before) / 1000,
    bytes: figureOf(received, 'bytes')
  }
}

function createRows (sides: readonly Side[]): readonly Row[] {
  return sides.map((side) => ({
    contender: CONTENDERS[side.kind],
    figures: { 'ms until all have it': median(side.millis), "ms of the server's CPU": median(side.cpuMillis) },
    ratios: side.kind === 'mount'
      ? sides.filter(({ kind }) => kind !== 'mount').flatMap((bare) => compareSides(side, bare))
      : []
  }))
}

// The target is about the way in which Fastify sends streams.
function compareSides (side: Side, bare: Side): readonly Ratio[] {
  const to = CONTENDERS[bare.kind]
  return [
    {
      to,
      of: 'ms until all have it',
      value: medianRatio(side.millis, bare.millis),
      ...(bare.kind === 'stream' && { target: TARGET })
    },
    { to, of: "ms of the server's CPU", value: medianRatio(side.cpuMillis, bare.cpuMillis) }
  ]
}
