// Who asks by a legacy revision: a session, a new one, or nobody in particular where there are no sessions.
import type { FastifyRequest } from 'fastify'
import { createSessionlessCaller } from '../conversation/callers.ts'
import { isNoPlace, refusePlace } from '../conversation/places.ts'
import { parseInitialize } from '../protocol/initialize.ts'
import type { RequestId, RequestMessage } from '../protocol/message.ts'
import { refuse, type Refusal } from '../protocol/refusals.ts'
import { ASSUMED_LEGACY_REVISION, negotiateRevision } from '../protocol/revisions.ts'
import type { Caller } from '../server/call/incoming.ts'
import { authOf } from './guard/auth-hook.ts'
import type { MountParts } from './parts.ts'
import { sessionNotFound } from './reply/unserved.ts'
import type { Sessions } from '../session/sessions.ts'
import type { Session } from '../session/session.ts'
import type { NoPlace } from '../shares/shares.ts'

export const SESSION_HEADER = 'mcp-session-id'

/** What decides who asks. */
export interface LegacyHeaders {
  readonly sessionId: string | undefined
  readonly version: string | undefined
  /** Who the caller has proved to be; undefined where nobody has to. */
  readonly principal: string | undefined
}

/** Someone without a session, or one that has it. */
export type LegacyCaller = { readonly kind: 'caller', readonly caller: Caller, readonly session?: Session }

/**
 * Finds who sends requests other than `initialize`; undefined where the session is not there.
 * @param isUse Whether the client does more than open its session.
 * @returns A promise only where sessions live in a cluster.
 */
export function findCaller (
  sessions: Sessions | undefined, headers: LegacyHeaders, isUse: boolean
): LegacyCaller | undefined | Promise<LegacyCaller | undefined> {
  if (sessions === undefined) {
    const { version = ASSUMED_LEGACY_REVISION, principal } = headers
    return { kind: 'caller', caller: createSessionlessCaller(version, principal) }
  }
  const found = findSession(sessions, headers, isUse)
  if (found instanceof Promise) return found.then(callerOf)
  return found && { kind: 'caller', caller: found, session: found }
}

/** Finds the session that a request names, as {@link Sessions.find} does. */
export function findSession (
  sessions: Sessions, { sessionId, principal }: LegacyHeaders, isUse: boolean
): Session | undefined | Promise<Session | undefined> {
  return sessionId === undefined ? undefined : sessions.find(sessionId, principal, isUse)
}

/** Returns the refusal of a request whose session is not there. @param id The request's, where it has been read. */
export function refuseSession ({ sessionId }: LegacyHeaders, id: RequestId | null): Refusal {
  if (sessionId !== undefined) return sessionNotFound(id)
  return refuse('sessionRequired', id, "Mcp-Session-Id header is required; send 'initialize' first")
}

function callerOf (session: Session | undefined): LegacyCaller | undefined {
  return session && { kind: 'caller', caller: session, session }
}

/** What decides who opens a session, and whom it counts for. */
export interface OpeningHeaders extends LegacyHeaders {
  readonly holder?: string | undefined
}

/** Opens the session that `initialize` asks for; one that the client leaves behind is ended. */
export async function openCaller (
  sessions: Sessions | undefined, headers: OpeningHeaders, { id, params }: RequestMessage
): Promise<LegacyCaller | Refusal> {
  const opening = parseInitialize(params)
  if ('problem' in opening) return refuse('invalidParams', id, opening.problem)

  const { principal, holder } = headers
  const { client } = opening
  const protocolVersion = negotiateRevision(opening.requested)
  if (sessions === undefined) {
    return { kind: 'caller', caller: createSessionlessCaller(protocolVersion, principal, client) }
  }
  const former = await findSession(sessions, headers, false)
  if (former !== undefined) sessions.end(former.sessionId, 'deleted')
  const session = await sessions.open({ protocolVersion, client, principal, holder })
  return isNoPlace(session) ? tooManySessions(session, id) : { kind: 'caller', caller: session, session }
}

/** The refusal of a client for whom there is no place. @param id The request's, where it has been read. */
export function tooManySessions (noPlace: NoPlace, id: RequestId | null): Refusal {
  return refusePlace(noPlace, 'open sessions', id)
}

/** Reads a header that has one value; of one sent twice Node makes a list, which is no value anybody knows. */
export function readHeader (request: FastifyRequest, name: string): string | undefined {
  return request.headers[name]?.toString()
}

/** Reads what decides who asks. */
export function readLegacyHeaders (request: FastifyRequest, { auth }: Pick<MountParts, 'auth'>): LegacyHeaders {
  return {
    sessionId: readHeader(request, SESSION_HEADER),
    version: readHeader(request, 'mcp-protocol-version'),
    principal: auth && authOf(request)?.principal
  }
}
