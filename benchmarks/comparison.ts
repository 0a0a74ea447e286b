// Contenders side by side: each is loaded in turn, round after round, and compared with others of the same round.
import { checkAnswers, openSessions } from './answers.ts'
import { Contender } from './contender.ts'
import { median } from './figures.ts'
import { measureLatency } from './latency.ts'
import type { Ratio, Row, RunSettings, Scenario } from './scenario.ts'
import type { ServerName } from './servers/index.ts'
import { CONNECTIONS, measureThroughput, type Limit, type Loaded, type Throughput } from './throughput.ts'
import { workloadOf, type Workload, type WorkloadName } from './workloads.ts'

/** One of those that are compared. */
export interface Entry {
  readonly contender: string
  readonly server: ServerName
  readonly workload: WorkloadName
  /** At least how many times as good as others it must be, by their names. */
  readonly targets?: Readonly<Record<string, number>>
}

/** A comparison of several entries under the same load. */
export interface Comparison {
  readonly name: string
  /** All are compared with the first one. */
  readonly entries: readonly Entry[]
}

/** The rounds of one entry. */
interface Run {
  readonly entry: Entry
  readonly workload: Workload
  readonly rounds: Throughput[]
  contender?: Contender
  loaded?: Loaded
  latency?: number
  failure?: string
}

const QUICK: Limit = { amount: 20 }

/** Makes a scenario of a comparison. One contender that fails leaves the others their figures. */
export function createComparison ({ name, entries }: Comparison): Scenario {
  return {
    name,
    async run (settings) {
      const runs: Run[] = entries.map((entry) => ({ entry, workload: workloadOf(entry.workload), rounds: [] }))
      try {
        await Promise.all(runs.map((run) => attempt(run, () => start(run))))
        await measure(runs, settings)
      } finally {
        await Promise.all(runs.map(({ contender }) => contender?.stop()))
      }
      return runs.map((run) => toRow(run, runs))
    }
  }
}

async function start (run: Run): Promise<void> {
  const { entry, workload } = run
  const contender = await Contender.start(entry.server, entry.workload)
  run.contender = contender
  await checkAnswers(contender.serving, workload)
  run.loaded = {
    contender,
    workload,
    sessions: workload.session === 'given' ? await openSessions(contender.serving, CONNECTIONS) : []
  }
}

async function measure (runs: readonly Run[], { quick, rounds, duration }: RunSettings): Promise<void> {
  const limit = quick ? QUICK : { duration }
  // The first round warms up.
  for (let round = quick ? 0 : -1; round < rounds; round++) {
    for (const run of runs) {
      await attemptLoad(run, async (loaded) => {
        const throughput = await measureThroughput(loaded, limit)
        if (round >= 0) run.rounds.push(throughput)
      })
    }
  }
  if (quick) return
  for (const run of runs) {
    await attemptLoad(run, async (loaded) => {
      run.latency = await measureLatency(loaded, {
        perSecond: median(run.rounds.map(({ perSecond }) => perSecond)) / 2,
        seconds: duration
      })
    })
  }
}

async function attemptLoad (run: Run, work: (loaded: Loaded) => Promise<void>): Promise<void> {
  const { loaded } = run
  if (loaded !== undefined) await attempt(run, () => work(loaded))
}

async function attempt (run: Run, work: () => Promise<void>): Promise<void> {
  if (run.failure !== undefined) return
  try {
    await work()
  } catch (error) {
    run.failure = error instanceof Error ? error.message : String(error)
  }
}

function toRow (run: Run, runs: readonly Run[]): Row {
  const { entry: { contender, targets = {} }, workload: { unit }, rounds, latency, failure } = run
  if (failure !== undefined) return { contender, figures: {}, ratios: [], failure }

  const others = runs.filter(
    (other) =>
      other !== run &&
      other.failure === undefined &&
      (other === runs[0] || Object.hasOwn(targets, other.entry.contender))
  )
  return {
    contender,
    figures: {
      [`${unit}s/s`]: median(rounds.map(({ perSecond }) => perSecond)),
      [`CPU µs/${unit}`]: median(rounds.map(({ cpuMicros }) => cpuMicros)),
      ...(latency !== undefined && { 'p99 ms at half load': latency })
    },
    ratios: run === runs[0] ? [] : others.flatMap((other) => compare(run, other))
  }
}

// Compares round by round, because a disturbance in a round affects all contenders.
function compare ({ entry, workload: { unit }, rounds }: Run, other: Run): readonly Ratio[] {
  const to = other.entry.contender
  const atLeast = entry.targets?.[to]
  const target = atLeast === undefined ? {} : { target: { atLeast } }
  return [
    {
      to,
      of: `${unit}s/s`,
      value: median(rounds.map(({ perSecond }, round) => perSecond / (other.rounds[round]?.perSecond ?? NaN))),
      ...target
    },
    {
      to,
      of: `CPU µs/${unit}`,
      value: median(rounds.map(({ cpuMicros }, round) => (other.rounds[round]?.cpuMicros ?? NaN) / cpuMicros)),
      ...target
    }
  ]
}
