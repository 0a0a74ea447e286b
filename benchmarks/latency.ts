// Measures the latency of replies under a steady load. The rate limit of autocannon does not help: each of its
// connections sends its requests of a second at once and then pauses, which measures full load. Here requests are due
// at even intervals, even if earlier ones have not been answered, and their latency counts from the time when they were
// due.
import assert from 'node:assert/strict'
import { setTimeout as wait } from 'node:timers/promises'
import { SESSION_HEADER } from './answers.ts'
import { Connection, encodeRequest, type RawReply } from './connection.ts'
import { percentile } from './figures.ts'
import { CONNECTIONS, type Loaded } from './throughput.ts'
import type { Workload } from './workloads.ts'

// The share of requests that are not counted, because connections are new and the code of the client is cold.
const WARM_UP = 0.25
// Milliseconds that the last replies may take after the end of a load.
const GRACE_PERIOD = 10_000

/** The rate and the duration of a load. */
export interface SteadyLoad { readonly perSecond: number, readonly seconds: number }

/** Sends whatever a workload's steps are, and resolves when the last one is answered. */
type Send = () => Promise<void>

/** Measures the 99th percentile of latencies, in milliseconds. @throws AssertionError when a request fails. */
export async function measureLatency (
  { contender: { serving }, workload, sessions }: Loaded, load: SteadyLoad
): Promise<number> {
  const url = new URL(serving.url)
  const connections = await Promise.all(Array.from({ length: CONNECTIONS }, () => Connection.open(url)))
  try {
    const senders = connections.map((connection, index) =>
      createSender(connection, url, { ...serving.headers, ...sessions[index] }, workload)
    )
    const latencies = await sendSteadily(senders, load)
    return percentile(latencies.slice(Math.floor(latencies.length * WARM_UP)), 0.99)
  } finally {
    for (const connection of connections) connection.close()
  }
}

function createSender (
  connection: Connection, url: URL, headers: Readonly<Record<string, string>>, { steps, session }: Workload
): Send {
  const requests = steps.map((step) => encodeRequest(url, { ...step, headers: { ...step.headers, ...headers } }))
  if (session !== 'opened') {
    return async function sendAll () {
      for (const request of requests) checkSuccess(await connection.send(request))
    }
  }
  return async function sendSession () {
    let id: string | undefined
    for (const request of requests) {
      const reply = await connection.send(
        id === undefined ? request : request.replace('\r\n', `\r\n${SESSION_HEADER}: ${id}\r\n`)
      )
      checkSuccess(reply)
      id ??= new RegExp(`\r\n${SESSION_HEADER}: (\\S+)`, 'i').exec(reply.head)?.[1]
    }
  }
}

function checkSuccess ({ status, head }: RawReply): void {
  assert.ok(status >= 200 && status < 300, `under steady load it answers ${head}`)
}

// A request that is due while no connection is free waits for one, and the wait counts as latency.
async function sendSteadily (senders: readonly Send[], { perSecond, seconds }: SteadyLoad): Promise<number[]> {
  const latencies: number[] = []
  const idle = [...senders]
  const due: number[] = []
  const problems: unknown[] = []
  const start = performance.now()
  const total = Math.max(1, Math.floor(perSecond * seconds))
  let planned = 0

  function dispatch (): void {
    while (due.length > 0 && idle.length > 0) {
      const since = due.shift() ?? NaN
      const send = idle.pop()
      send?.().then(() => {
        latencies.push(performance.now() - since)
        idle.push(send)
        dispatch()
      }).catch((problem: unknown) => problems.push(problem))
    }
  }

  while (latencies.length < total && problems.length === 0) {
    const now = performance.now()
    assert.ok(
      now - start < seconds * 1000 + GRACE_PERIOD,
      `under steady load ${total - latencies.length} of ${total} requests are not answered in time`
    )
    for (const target = Math.min(total, Math.floor(((now - start) / 1000) * perSecond)); planned < target; planned++) {
      due.push(now)
    }
    dispatch()
    await wait(1)
  }
  if (problems.length > 0) throw problems[0]
  return latencies
}
