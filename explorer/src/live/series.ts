// What the charts show: the calls of each second of the last minute, by their mounts.
import { signal } from '@preact/signals'
import type { WatchedCall } from '../../../lib/explorer/watched.ts'
import { hasFailed } from './outcome.ts'

/** How many seconds the charts show. */
export const SECONDS = 60

// Durations of one second that are kept. If there are more, these are a sample of all of them.
const MAX_DURATIONS = 500

interface Bucket {
  calls: number
  errors: number
  /** How many calls had a duration. */
  timed: number
  readonly durations: number[]
}

/** The last second that is over, in seconds since the epoch. */
export const lastSecond = signal(nowInSeconds() - 1)

const mounts = new Map<string, Map<number, Bucket>>()
// The second in which the first calls arrived. Before it, there is nothing to show.
let begun: number | undefined

function nowInSeconds (): number {
  return Math.floor(Date.now() / 1000)
}

/** Records calls that have just arrived. */
export function recordCalls (calls: readonly WatchedCall[]): void {
  const second = nowInSeconds()
  begun ??= second
  for (const call of calls) record(bucketOf(call.mount, second), call)
}

function bucketOf (mount: string, second: number): Bucket {
  const buckets = mounts.get(mount) ?? new Map<number, Bucket>()
  mounts.set(mount, buckets)
  const known = buckets.get(second)
  if (known !== undefined) return known
  for (const old of buckets.keys()) if (old < second - SECONDS - 1) buckets.delete(old)
  const bucket = { calls: 0, errors: 0, timed: 0, durations: [] }
  buckets.set(second, bucket)
  return bucket
}

function record (bucket: Bucket, { outcome, ms }: WatchedCall): void {
  bucket.calls++
  if (hasFailed(outcome)) bucket.errors++
  if (ms === undefined) return
  bucket.timed++
  // Reservoir sampling: each call has the same chance to be kept.
  const kept = bucket.durations.length
  const place = kept < MAX_DURATIONS ? kept : Math.floor(Math.random() * bucket.timed)
  if (place < MAX_DURATIONS) bucket.durations[place] = ms
}

/** Moves the charts on each second. Returns what stops them. */
export function startClock (): () => void {
  const timer = setInterval(() => { lastSecond.value = nowInSeconds() - 1 }, 1000)
  lastSecond.value = nowInSeconds() - 1
  return () => clearInterval(timer)
}

/** The last minute of some mounts. Members of the lists are seconds, undefined before the page watched. */
export interface Minute {
  readonly calls: ReadonlyArray<number | undefined>
  readonly errors: ReadonlyArray<number | undefined>
  /** Undefined also where no call ended. */
  readonly p50: ReadonlyArray<number | undefined>
  readonly p95: ReadonlyArray<number | undefined>
  readonly totals: {
    readonly calls: number
    readonly errors: number
    readonly p50: number | undefined
    readonly p95: number | undefined
  }
}

/** Reads the minute that ends with a second. @param mount One mount; undefined for all. */
export function readMinute (end: number, mount: string | undefined): Minute {
  const sources = mount === undefined ? [...mounts.values()] : [mounts.get(mount) ?? new Map<number, Bucket>()]
  const seconds = Array.from({ length: SECONDS }, (_, index) => {
    const second = end - SECONDS + 1 + index
    if (begun === undefined || second < begun) return undefined
    const buckets = sources.flatMap((source) => source.get(second) ?? [])
    const durations = sort(buckets.flatMap((bucket) => bucket.durations))
    return {
      calls: buckets.reduce((sum, { calls }) => sum + calls, 0),
      errors: buckets.reduce((sum, { errors }) => sum + errors, 0),
      durations
    }
  })
  const all = sort(seconds.flatMap((second) => second?.durations ?? []))
  return {
    calls: seconds.map((second) => second?.calls),
    errors: seconds.map((second) => second?.errors),
    p50: seconds.map((second) => quantile(second?.durations ?? [], 0.5)),
    p95: seconds.map((second) => quantile(second?.durations ?? [], 0.95)),
    totals: {
      calls: seconds.reduce((sum, second) => sum + (second?.calls ?? 0), 0),
      errors: seconds.reduce((sum, second) => sum + (second?.errors ?? 0), 0),
      p50: quantile(all, 0.5),
      p95: quantile(all, 0.95)
    }
  }
}

function sort (numbers: number[]): number[] {
  return numbers.sort((one, other) => one - other)
}

function quantile (sorted: readonly number[], share: number): number | undefined {
  return sorted[Math.ceil(sorted.length * share) - 1]
}
