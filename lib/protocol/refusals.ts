// Why a message or request is not served: every kind of refusal, with its HTTP status, error code and title.
import { shorten } from './bounds.ts'
import { ErrorCode } from './error-code.ts'
import { MODERN_REVISIONS } from './revisions.ts'

/** The answer to a message or request that is not served. */
export interface Refusal {
  readonly kind: 'refusal'
  /** The HTTP status. */
  readonly status: number
  readonly code: number
  readonly message: string
  readonly data?: unknown
  /** The id of the request, or null if it could not be read. */
  readonly id: string | number | null
}

interface RefusalKind {
  readonly status: number
  readonly code: number
  /** The beginning of the message; absent if the message is the problem alone. */
  readonly title?: string
}

const KINDS = Object.freeze({
  parseError: { status: 400, code: ErrorCode.ParseError, title: 'Parse error' },
  invalidRequest: { status: 400, code: ErrorCode.InvalidRequest, title: 'Invalid Request' },
  invalidParams: { status: 400, code: ErrorCode.InvalidParams, title: 'Invalid params' },
  headerMismatch: { status: 400, code: ErrorCode.HeaderMismatch, title: 'Header mismatch' },
  unsupportedRevision: {
    status: 400,
    code: ErrorCode.UnsupportedProtocolVersion,
    title: 'Unsupported protocol version'
  },
  /** A legacy request without the session that it needs. */
  sessionRequired: { status: 400, code: ErrorCode.HttpRequestRefused },
  /** The status makes clients open a new session (MCP 2025-11-25 transports, Session Management 3). */
  sessionNotFound: { status: 404, code: ErrorCode.SessionNotFound, title: 'Session not found' },
  /** One caller has reached its own limit. */
  tooMany: { status: 429, code: ErrorCode.InternalError },
  /** The request can be served later: a limit for all callers is reached, or a store is unreachable. */
  unavailable: { status: 503, code: ErrorCode.InternalError }
} satisfies Record<string, RefusalKind>)

/**
 * Makes the refusal of a message or request.
 * @param id The id of the request, or null if it could not be read.
 * @param problem What is wrong, and what to do about it.
 */
export function refuse (kind: keyof typeof KINDS, id: Refusal['id'], problem: string): Refusal {
  const { status, code, title }: RefusalKind = KINDS[kind]
  return { kind: 'refusal', status, code, message: title === undefined ? problem : `${title}: ${problem}`, id }
}

/** Makes the refusal of a request for a revision that is not served. It lists the revisions that are. */
export function unsupportedRevision (id: Refusal['id'], requested: unknown): Refusal {
  const { status, code, title } = KINDS.unsupportedRevision
  return {
    kind: 'refusal',
    status,
    code,
    message: title,
    data: { supported: MODERN_REVISIONS, ...(typeof requested === 'string' && { requested: shorten(requested) }) },
    id
  }
}
