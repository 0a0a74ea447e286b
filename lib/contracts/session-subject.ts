// The store under test, and the sessions that the checks of session stores open in it.
import type { SessionChange, SessionLimits, SessionRecord, SessionStore } from '../store/session-store.ts'
import type { Subject } from './contract.ts'

/** An empty session store under test. */
export interface SessionStoreSubject extends Subject {
  /** The same sessions as two nodes see them. */
  readonly stores: readonly [SessionStore, SessionStore]
  /** Lets time pass: by a clock that was passed in, or by waiting. */
  pass (milliseconds: number): Promise<void> | void
}

/** @internal Checks of session stores, by the sentence that each of them proves. */
export type SessionChecks = Readonly<Record<string, (subject: SessionStoreSubject) => Promise<void>>>

/** @internal The record of the sessions that the checks open. */
export const RECORD: SessionRecord = Object.freeze({
  protocolVersion: '2025-11-25',
  client: { info: { name: 'Grüße 🙂', version: '1.0.0' }, capabilities: { elicitation: { form: {} }, sampling: {} } },
  principal: 'https://issuer.example|user:1',
  holder: '["https://issuer.example","user:1"]',
  grantId: 'Grant 🙂',
  openedAt: 1_700_000_000_123,
  logLevel: 'info'
})

/** @internal One change of each kind. */
export const CHANGES: readonly SessionChange[] = [
  { kind: 'use' },
  { kind: 'logLevel', level: 'debug' },
  { kind: 'subscribe', topic: 'a', uri: 'notes://a' },
  { kind: 'unsubscribe', topic: 'a' },
  { kind: 'unlisten', node: 'n1' },
  { kind: 'begin', streamId: 's.n1-1', ids: [1] },
  { kind: 'end', streamId: 's.n1-1' }
]

/** @internal Returns limits that no check reaches, except the life of a session. @param unit Milliseconds. */
export function limitsOf (unit: number): SessionLimits {
  return { max: 1000, ttl: unit }
}
