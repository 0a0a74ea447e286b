// Puts load on a measured server, and measures its cost.
import assert from 'node:assert/strict'
import autocannon from 'autocannon'
import type { Child } from './child.ts'
import { ANSWER, initialize, type Post } from './messages.ts'

/** How much load: so many requests, or so many seconds. */
export type Limit = { readonly amount: number } | { readonly duration: number }

/** The result of one round of load. */
export interface LoadFigures { readonly perSecond: number, readonly cpuMicros: number }

const CONNECTIONS = 50
// Milliseconds: a load ends with one.
const SAMPLE = 100

/** Loads a server. @param requests Shared out to the connections, each of which sends its share over and over. */
export async function load (child: Child, requests: readonly Post[], limit: Limit): Promise<LoadFigures> {
  const before = await child.askFor('micros', 'cpu')
  const result = await run(child, requests, limit)
  const after = await child.askFor('micros', 'cpu')
  const answered = result['2xx']
  return { perSecond: answered / result.duration, cpuMicros: (after - before) / answered }
}

/** Opens sessions. @returns Their ids. */
export async function openSessions (child: Child, amount: number): Promise<readonly string[]> {
  const ids: string[] = []
  const request = {
    ...initialize(),
    onResponse: (_status: number, _body: string, _context: object, headers: Readonly<Record<string, unknown>>) => {
      ids.push(String(headers['mcp-session-id']))
    }
  }
  await run(child, [request], { amount })
  assert.equal(new Set(ids).size, amount, 'sessions were not opened')
  return ids
}

/** Sends each request once and checks the answer. */
export async function checkAnswers (child: Child, requests: readonly Post[]): Promise<void> {
  for (const { path, method, headers, body } of requests) {
    const answer = (await (await fetch(`${child.url}${path}`, { method, headers, body })).json()) as {
      readonly result?: { readonly content?: unknown }
    }
    assert.deepEqual(answer.result?.content, [{ type: 'text', text: ANSWER }])
  }
}

async function run (child: Child, requests: readonly Post[], limit: Limit): Promise<autocannon.Result> {
  const connections = 'amount' in limit ? Math.min(CONNECTIONS, limit.amount) : CONNECTIONS
  const share = Math.ceil(requests.length / connections)
  let clients = 0
  const result = await autocannon({
    url: child.url,
    ...limit,
    connections,
    sampleInt: SAMPLE,
    setupClient: (client) => {
      const first = clients++ * share % requests.length
      client.setRequests(requests.slice(first, first + share))
    }
  })
  assert.equal(result.non2xx + result.errors, 0, 'a server failed under load')
  return result
}
