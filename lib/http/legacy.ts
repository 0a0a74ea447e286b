// Finds the caller of a legacy message: its session, a new session, or on a stateless mount a caller without one.
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
import type { Sessions, SessionSearch } from '../session/sessions.ts'
import type { Session } from '../session/session.ts'
import type { NoPlace } from '../shares/shares.ts'

export const SESSION_HEADER = 'mcp-session-id'

/** The headers and the principal that identify the caller. */
export interface LegacyHeaders {
  readonly sessionId: string | undefined
  readonly version: string | undefined
  /** Who the caller has proved to be; undefined if the mount has no `auth`. */
  readonly principal: string | undefined
}

/** The caller of a legacy message, and its session if it has one. */
export type LegacyCaller = { readonly kind: 'caller', readonly caller: Caller, readonly session?: Session }

/**
 * Finds the caller of a message other than `initialize`. Returns undefined if its session does not exist.
 * @param isUse Whether the message is more than a part of the handshake.
 * @returns A promise only if the sessions live in a cluster.
 */
export function findCaller (
  sessions: Sessions | undefined, headers: LegacyHeaders, isUse: boolean
): LegacyCaller | undefined | Promise<LegacyCaller | undefined> {
  if (sessions === undefined) {
    const { version = ASSUMED_LEGACY_REVISION, principal } = headers
    return { kind: 'caller', caller: createSessionlessCaller(version, principal) }
  }
  const found = findSession(sessions, { ...headers, isUse })
  if (found instanceof Promise) return found.then(callerOf)
  return found && { kind: 'caller', caller: found, session: found }
}

/** Finds the session that a request names, as {@link Sessions.find} does. */
export function findSession (
  sessions: Sessions, search: SessionSearch & Pick<LegacyHeaders, 'sessionId'>
): Session | undefined | Promise<Session | undefined> {
  const { sessionId } = search
  return sessionId === undefined ? undefined : sessions.find(sessionId, search)
}

/** Makes the refusal of a request whose session does not exist. @param id The id of the request, if it is known. */
export function refuseSession ({ sessionId }: LegacyHeaders, id: RequestId | null): Refusal {
  if (sessionId !== undefined) return sessionNotFound(id)
  return refuse('sessionRequired', id, "Mcp-Session-Id header is required; send 'initialize' first")
}

function callerOf (session: Session | undefined): LegacyCaller | undefined {
  return session && { kind: 'caller', caller: session, session }
}

/** What a session is opened with, in addition to the `initialize` request. */
export interface OpeningHeaders extends LegacyHeaders {
  /** Who holds the place of the session; undefined if sessions are not counted by caller. */
  readonly holder?: string | undefined
  /** The grant of the caller's token, if it names one. */
  readonly grantId?: string | undefined
}

/** Opens the session that `initialize` asks for, and ends the session that the client had before. */
export async function openCaller (
  sessions: Sessions | undefined, headers: OpeningHeaders, { id, params }: RequestMessage
): Promise<LegacyCaller | Refusal> {
  const opening = parseInitialize(params)
  if ('problem' in opening) return refuse('invalidParams', id, opening.problem)

  const { principal, holder, grantId } = headers
  const { client } = opening
  const protocolVersion = negotiateRevision(opening.requested)
  if (sessions === undefined) {
    return { kind: 'caller', caller: createSessionlessCaller(protocolVersion, principal, client) }
  }
  const former = await findSession(sessions, { ...headers, isUse: false })
  if (former !== undefined) sessions.finish(former.sessionId, 'deleted')
  const named = grantId === undefined ? {} : { grantId }
  const session = await sessions.open({ protocolVersion, client, principal, holder, ...named })
  return isNoPlace(session) ? tooManySessions(session, id) : { kind: 'caller', caller: session, session }
}

/** Makes the refusal of a client that gets no session. @param id The id of the request, if it is known. */
export function tooManySessions (noPlace: NoPlace, id: RequestId | null): Refusal {
  return refusePlace(noPlace, 'open sessions', id)
}

/** Reads a header that has one value. Node.js joins the values of a header that was sent twice, so none matches. */
export function readHeader (request: FastifyRequest, name: string): string | undefined {
  return request.headers[name]?.toString()
}

/** Reads the headers and the principal that identify the caller. */
export function readLegacyHeaders (request: FastifyRequest, { auth }: Pick<MountParts, 'auth'>): LegacyHeaders {
  return {
    sessionId: readHeader(request, SESSION_HEADER),
    version: readHeader(request, 'mcp-protocol-version'),
    principal: auth && authOf(request)?.principal
  }
}
