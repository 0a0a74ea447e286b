// Puts as much load on a server as it takes, with autocannon: requests per second, and CPU time per request.
import assert from 'node:assert/strict'
import autocannon, { type Client, type Request } from 'autocannon'
import { SESSION_HEADER, type SessionHeaders } from './answers.ts'
import type { Contender } from './contender.ts'
import type { Step, Workload } from './workloads.ts'

/** The server under load, and the requests. */
export interface Loaded {
  readonly contender: Contender
  readonly workload: Workload
  /** One session for each connection if the workload uses given sessions. */
  readonly sessions: readonly SessionHeaders[]
}

/** How much load: so many requests, or so many seconds. */
export type Limit = { readonly amount: number } | { readonly duration: number }

/** The result of one round of load, for each request or each session. */
export interface Throughput { readonly perSecond: number, readonly cpuMicros: number }

/** Connections that send one request after the other. */
export const CONNECTIONS = 50
const FEW_CONNECTIONS = 5

/** Loads a server. @throws AssertionError when a request was not answered as it must be. */
export async function measureThroughput (loaded: Loaded, limit: Limit): Promise<Throughput> {
  const { contender, workload } = loaded
  const before = await contender.readCpu()
  const result = await autocannon({
    url: contender.serving.url,
    ...limit,
    connections: 'amount' in limit ? FEW_CONNECTIONS : CONNECTIONS,
    // It stops at the end of a sample only.
    sampleInt: 100,
    requests: workload.steps.map((step) =>
      toRequest(step, { ...step.headers, ...contender.serving.headers }, workload)
    ),
    ...(workload.session === 'given' && { setupClient: giveSessions(loaded) }),
    ...(expectsStream(workload) && { verifyBody: isWhole(workload) })
  })
  const cpu = await contender.readCpu() - before

  assert.equal(
    result.non2xx + result.errors + result.mismatches,
    0,
    `under load ${result.non2xx} replies are no success, ${result.errors} are missing, ${result.mismatches} are ` +
      'not whole'
  )
  const answered = result['2xx'] / stepsOf(workload)
  assert.ok(answered > 0, 'under load it answers nothing')
  return { perSecond: answered / result.duration, cpuMicros: cpu / answered }
}

function stepsOf ({ unit, steps }: Workload): number {
  return unit === 'session' ? steps.length : 1
}

function giveSessions (
  { workload: { steps: [step] }, contender: { serving }, sessions }: Loaded
): (client: Client) => void {
  const left = [...sessions]
  return (client) => client.setHeaders({ ...step?.headers, ...serving.headers, ...left.pop() })
}

function toRequest (step: Step, headers: Readonly<Record<string, string>>, { session, steps }: Workload): Request {
  const request: Request = {
    method: step.method,
    headers: { ...headers },
    ...(step.method === 'POST' && { body: step.body })
  }
  if (session !== 'opened') return request
  if (step === steps[0]) {
    return {
      ...request,
      onResponse: (_status, _body, context, replyHeaders) =>
        Object.assign(context, { session: Object(replyHeaders)[SESSION_HEADER] })
    }
  }
  return {
    ...request,
    // onResponse has set this value.
    setupRequest: (request, context) => ({
      ...request,
      headers: { ...request.headers, [SESSION_HEADER]: String((context as { session?: unknown }).session) }
    })
  }
}

function expectsStream ({ steps }: Workload): boolean {
  return steps.some(({ answer, headers }) => answer.length > 1 || headers['accept'] === 'text/event-stream')
}

// The last event must have arrived, because it has the result.
function isWhole ({ steps: [step] }: Workload): (body: unknown) => boolean {
  const length = step?.answer.length
  return (body) =>
    typeof body === 'string' && body.split('\ndata: {').length - 1 === length && body.includes('"result":')
}
