// Why a message or request is not served: every kind of refusal, with its HTTP status, error code and title.
import { shorten } from './bounds.ts'
import { ErrorCode } from './error-code.ts'
import { MODERN_REVISIONS } from './revisions.ts'

/**
 * Why a message or HTTP request is refused before a server sees it.
 *
 * - `parse_error`, `invalid_request`, `invalid_params`, `header_mismatch`, `unsupported_revision`: the message, or a
 *   header that the protocol defines, is wrong.
 * - `session`: the session is missing, has ended, or belongs to somebody else.
 * - `limit`: the caller, or all callers together, have reached a limit.
 * - `unavailable`: the app is closing, or the cluster cannot be reached.
 * - `host`, `origin`: the Host or Origin header is not allowed.
 * - `token`: the caller has not proved who it is, or may not use the mount.
 * - `http`: the HTTP request has the wrong method, media type, size or path, or a hook of the app refused it.
 * - `failure`: a hook or the verifier of tokens failed.
 */
export type RefusalReason =
  | 'parse_error' | 'invalid_request' | 'invalid_params' | 'header_mismatch' | 'unsupported_revision'
  | 'session' | 'limit' | 'unavailable' | 'host' | 'origin' | 'token' | 'http' | 'failure'

/** The answer to a message or request that is not served. */
export interface Refusal {
  readonly kind: 'refusal'
  readonly reason: RefusalReason
  /** The HTTP status. */
  readonly status: number
  readonly code: number
  readonly message: string
  readonly data?: unknown
  /** The id of the request, or null if it could not be read. */
  readonly id: string | number | null
  /** What the operator of the app should know or do. The client does not get it. */
  readonly advice?: string
}

interface RefusalKind {
  readonly reason: RefusalReason
  readonly status: number
  readonly code: number
  /** The beginning of the message; absent if the message is the problem alone. */
  readonly title?: string
}

const KINDS = Object.freeze({
  parseError: { reason: 'parse_error', status: 400, code: ErrorCode.ParseError, title: 'Parse error' },
  invalidRequest: { reason: 'invalid_request', status: 400, code: ErrorCode.InvalidRequest, title: 'Invalid Request' },
  invalidParams: { reason: 'invalid_params', status: 400, code: ErrorCode.InvalidParams, title: 'Invalid params' },
  headerMismatch: {
    reason: 'header_mismatch', status: 400, code: ErrorCode.HeaderMismatch, title: 'Header mismatch'
  },
  unsupportedRevision: {
    reason: 'unsupported_revision',
    status: 400,
    code: ErrorCode.UnsupportedProtocolVersion,
    title: 'Unsupported protocol version'
  },
  /** A legacy request without the session that it needs. */
  sessionRequired: { reason: 'session', status: 400, code: ErrorCode.HttpRequestRefused },
  /** The status makes clients open a new session (MCP 2025-11-25 transports, Session Management 3). */
  sessionNotFound: { reason: 'session', status: 404, code: ErrorCode.SessionNotFound, title: 'Session not found' },
  /** One caller has reached its own limit. */
  tooMany: { reason: 'limit', status: 429, code: ErrorCode.InternalError },
  /** A limit for all callers is reached. */
  full: { reason: 'limit', status: 503, code: ErrorCode.InternalError },
  /** The request can be served later: a store is unreachable. */
  unavailable: { reason: 'unavailable', status: 503, code: ErrorCode.InternalError }
} satisfies Record<string, RefusalKind>)

/**
 * Makes the refusal of a message or request.
 * @param id The id of the request, or null if it could not be read.
 * @param problem What is wrong, and what to do about it.
 */
export function refuse (kind: keyof typeof KINDS, id: Refusal['id'], problem: string): Refusal {
  const { reason, status, code, title }: RefusalKind = KINDS[kind]
  return { kind: 'refusal', reason, status, code, message: title === undefined ? problem : `${title}: ${problem}`, id }
}

/** Makes the refusal of a request for a revision that is not served. It lists the revisions that are. */
export function unsupportedRevision (id: Refusal['id'], requested: unknown): Refusal {
  const { reason, status, code, title } = KINDS.unsupportedRevision
  return {
    kind: 'refusal',
    reason,
    status,
    code,
    message: title,
    data: { supported: MODERN_REVISIONS, ...(typeof requested === 'string' && { requested: shorten(requested) }) },
    id
  }
}
