// The callers that have no session: modern clients, legacy clients of a stateless mount, and the host app.
import type { ClientIdentity } from '../protocol/client-identity.ts'
import type { Params } from '../protocol/message.ts'
import { readModernMeta } from '../protocol/request-meta.ts'
import { MODERN_REVISION } from '../protocol/revisions.ts'
import type { Caller } from '../server/call/incoming.ts'

/** A client that has declared nothing. */
export const ANONYMOUS_CLIENT: ClientIdentity = Object.freeze({ capabilities: Object.freeze({}) })

const ANONYMOUS_CALLER: Caller = Object.freeze({
  era: 'modern',
  protocolVersion: MODERN_REVISION,
  client: ANONYMOUS_CLIENT
})

/** The app itself. It calls as a client of the newest revision that declares no capabilities. */
export const HOST_APP = ANONYMOUS_CALLER

/**
 * Creates the caller of a modern notification. A notification cannot be refused, so what it says about its client is
 * ignored unless it is complete.
 * @param principal Who the caller has proved to be.
 */
export function createNotifyingCaller (params: Params, principal: string | undefined): Caller {
  const meta = readModernMeta(params)
  return { ...('problem' in meta ? ANONYMOUS_CALLER : meta), principal }
}

/** Creates the caller of a legacy message on a mount without sessions. The client gets log messages of all levels. */
export function createSessionlessCaller (
  protocolVersion: string, principal: string | undefined, client = ANONYMOUS_CLIENT
): Caller {
  return { era: 'legacy', protocolVersion, client, logLevel: 'debug', principal }
}
