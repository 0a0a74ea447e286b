// Which era a message belongs to (MCP 2026-07-28 versioning, Backward Compatibility).
import { shorten } from './bounds.ts'
import { ErrorCode } from './error-code.ts'
import { describeMismatch } from './headers.ts'
import { parseMessage, type Message, type Params, type Refusal, type RequestId } from './message.ts'
import { LEGACY_REVISIONS, MODERN_REVISIONS, type Era } from './revisions.ts'
import { findModernMetaProblem, findProgressTokenProblem, PROTOCOL_VERSION_KEY } from './request-meta.ts'

/** A message and its era; of a modern one the revision is known to be served and `_meta` to be complete. */
export type Classified = Message & { readonly era: Era }

/**
 * Tells the era of one message and refuses what fits neither.
 *
 * A request is modern when its `_meta` names a revision; for the rest the version header decides, and its absence means
 * legacy. An `initialize` is legacy, and contradicts the header of the modern revision.
 *
 * @param value One message, parsed.
 * @param versionHeader The `MCP-Protocol-Version` header.
 * @param legacy Whether the mount serves the legacy era.
 */
export function classify (value: unknown, versionHeader: string | undefined, legacy: boolean): Classified | Refusal {
  const message = parseMessage(value)
  if (message.kind === 'refusal') return message
  if (message.kind === 'response') return { ...message, era: isModernHeader(versionHeader) ? 'modern' : 'legacy' }
  if (message.kind === 'notification') return classifyNotification(message, versionHeader)

  const { id, method, params } = message.request
  const named = params._meta?.[PROTOCOL_VERSION_KEY]
  if (named === undefined && method === 'initialize' && isModernHeader(versionHeader)) {
    return headerMismatch(id, describeMismatch('MCP-Protocol-Version', versionHeader, String(params.protocolVersion)))
  }
  if (named === undefined && !isModernHeader(versionHeader)) return classifyLegacy(message, versionHeader, legacy)

  const refusal = refuseRevision(id, named, versionHeader)
  if (refusal !== undefined) return refusal
  const problem = findModernMetaProblem(params)
  return problem === undefined ? { kind: 'request', era: 'modern', request: message.request } : invalidParams(id, problem)
}

function classifyNotification (
  message: Message & { kind: 'notification' }, versionHeader: string | undefined
): Classified | Refusal {
  const modern = message.params._meta?.[PROTOCOL_VERSION_KEY] !== undefined || isModernHeader(versionHeader)
  if (modern) return { ...message, era: 'modern' }
  return refuseHeader(null, versionHeader) ?? { ...message, era: 'legacy' }
}

function classifyLegacy (
  message: Message & { kind: 'request' }, versionHeader: string | undefined, legacy: boolean
): Classified | Refusal {
  const { id, method, params } = message.request
  if (!legacy) return refuseLegacy(id, method, params)

  const initializes = method === 'initialize'
  const refusal = initializes ? undefined : refuseHeader(id, versionHeader)
  if (refusal !== undefined) return refusal
  const problem = findProgressTokenProblem(params)
  return problem === undefined ? { kind: 'request', era: 'legacy', request: message.request } : invalidParams(id, problem)
}

// A legacy client has no way forward but the text it can show its user.
function refuseLegacy (id: RequestId, method: string, params: Params): Refusal {
  return method === 'initialize'
    ? unsupportedRevision(id, params.protocolVersion)
    : invalidParams(id, `'_meta' needs '${PROTOCOL_VERSION_KEY}' (this server speaks ${MODERN_REVISIONS.join(', ')} only)`)
}

function refuseRevision (id: RequestId, named: unknown, versionHeader: string | undefined): Refusal | undefined {
  if (typeof named !== 'string') return invalidParams(id, `'_meta' needs '${PROTOCOL_VERSION_KEY}', a string`)
  if (named !== versionHeader) {
    return headerMismatch(id, describeMismatch('MCP-Protocol-Version', versionHeader, named))
  }
  return MODERN_REVISIONS.includes(named) ? undefined : unsupportedRevision(id, named)
}

/** Refuses a version header that names no legacy revision. */
export function refuseHeader (id: RequestId | null, versionHeader: string | undefined): Refusal | undefined {
  return versionHeader === undefined || LEGACY_REVISIONS.includes(versionHeader) ? undefined : unsupportedRevision(id, versionHeader)
}

/** Whether a version header names a modern revision. */
export function isModernHeader (versionHeader: string | undefined): boolean {
  return versionHeader !== undefined && MODERN_REVISIONS.includes(versionHeader)
}

/** The refusal of a request whose headers contradict its body. */
export function headerMismatch (id: RequestId, problem: string): Refusal {
  return { kind: 'refusal', status: 400, code: ErrorCode.HeaderMismatch, message: `Header mismatch: ${problem}`, id }
}

/** The refusal of a request that is well-formed but asks for something impossible. */
export function invalidParams (id: RequestId, problem: string): Refusal {
  return { kind: 'refusal', status: 400, code: ErrorCode.InvalidParams, message: `Invalid params: ${problem}`, id }
}

function unsupportedRevision (id: RequestId | null, requested: unknown): Refusal {
  return {
    kind: 'refusal',
    status: 400,
    code: ErrorCode.UnsupportedProtocolVersion,
    message: 'Unsupported protocol version',
    data: { supported: MODERN_REVISIONS, ...(typeof requested === 'string' && { requested: shorten(requested) }) },
    id
  }
}
