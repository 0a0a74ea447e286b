// Checks that all contenders do the same work: before the measurement, each must give the answers of its workload.
import assert from 'node:assert/strict'
import type { Serving } from './servers/serving.ts'
import { INITIALIZE, INITIALIZED, type Step, type Workload } from './workloads.ts'

/** The header with the id of a session. */
export const SESSION_HEADER = 'mcp-session-id'

// Milliseconds.
const TIMEOUT = 30_000

/** The session of one connection, as the header of its requests. */
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

// Opens a session with the messages that a client sends.
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
    signal: AbortSignal.timeout(TIMEOUT)
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
  // A 202 needs no body, and that of @hono/mcp is `null`.
  return type.startsWith('application/json') && status !== 202 && text !== '' ? [JSON.parse(text)] : []
}

// Fields that may differ between contenders because they change the work very little: the server's identity in `_meta`;
// the time for which a result may be cached; additional capabilities; the dialect of a tool's schema, whether it is
// closed, and whether the tool may be a task. The order of fields is never compared.
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
