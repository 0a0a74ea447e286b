// Checks that all contenders do the same work: before the measurement, each must give the answers of its workload.
import assert from 'node:assert/strict'
import type { Serving } from './servers/serving.ts'
import { INITIALIZE, INITIALIZED, type Step, type Workload } from './workloads.ts'

/** The header by which a session is found again. */
export const SESSION_HEADER = 'mcp-session-id'

// Milliseconds.
const PATIENCE = 30_000

/** A session for the requests of one connection: the header that they have. */
export type SessionHeaders = Readonly<Record<string, string>>

/** Sends each request once. @throws AssertionError if an answer differs from the expected one. */
export async function checkAnswers (serving: Serving, { steps, session, replyHeaders = {} }: Workload): Promise<void> {
  let headers = session === 'given' ? await openSession(serving) : {}
  for (const step of steps) {
    const { response } = await send(serving, step, headers)
    for (const [name, value] of Object.entries(replyHeaders)) assert.equal(response.headers.get(name), value, name)
    if (session === 'opened' && step === steps[0]) headers = sessionOf(response)
  }
}

// As a client does.
async function openSession (serving: Serving): Promise<SessionHeaders> {
  const { response } = await send(serving, INITIALIZE, {})
  const headers = sessionOf(response)
  await send(serving, INITIALIZED, headers)
  return headers
}

/** Opens sessions, all at once. */
export async function openSessions (serving: Serving, amount: number): Promise<readonly SessionHeaders[]> {
  return await Promise.all(Array.from({ length: amount }, () => openSession(serving)))
}

function sessionOf ({ headers }: Response): SessionHeaders {
  const id = headers.get(SESSION_HEADER)
  assert.ok(id !== null, 'it opens no session')
  return { [SESSION_HEADER]: id }
}

async function send (
  { url, headers }: Serving, { method, headers: own, body, answer }: Step, session: SessionHeaders
): Promise<{ readonly response: Response }> {
  const response = await fetch(url, {
    method,
    headers: { ...own, ...headers, ...session },
    ...(method === 'POST' && { body }),
    signal: AbortSignal.timeout(PATIENCE)
  })
  const text = await response.text()
  assert.ok(response.ok, `it answers with ${response.status} ${text}`)
  assert.deepEqual(readMessages(response, text).map(normalise), answer)
  return { response }
}

function readMessages ({ status, headers }: Response, text: string): readonly unknown[] {
  const type = headers.get('content-type') ?? ''
  if (type.startsWith('text/event-stream')) {
    return [...text.matchAll(/^data: ?(\{.*\})$/gm)].map(([, json = '']) => JSON.parse(json))
  }
  // 202 says all that there is to say; @hono/mcp has `null` as its body.
  return type.startsWith('application/json') && status !== 202 && text !== '' ? [JSON.parse(text)] : []
}

// What may differ from one contender to the next without making it less work worth speaking of: the order of fields,
// which is never compared; who the server is, in `_meta`; for how long a result may be cached; what else the server can
// do; the dialect and the closedness of a tool's schema, and whether it may be a task.
const MAY_DIFFER = new Set([
  '_meta',
  'ttlMs',
  'cacheScope',
  'capabilities',
  '$schema',
  'additionalProperties',
  'execution'
])

function normalise (message: unknown): unknown {
  return JSON.parse(JSON.stringify(message), (key, value: unknown) => MAY_DIFFER.has(key) ? undefined : value)
}
