// Decides which era a message belongs to (MCP 2026-07-28 versioning, Backward Compatibility).
import { MAX_ID_BYTES } from './bounds.ts'
import { describeMismatch } from './headers.ts'
import {
  isRequestId, parseMessage, type Message, type Params, type RequestId, type RequestMessage
} from './message.ts'
import { Method } from './methods.ts'
import { refuse, unsupportedRevision, type Refusal } from './refusals.ts'
import { LEGACY_REVISIONS, MODERN_REVISIONS, type Era } from './revisions.ts'
import { PROTOCOL_VERSION_KEY, readModernMeta, type ModernMeta } from './request-meta.ts'

/** A modern request. It names a revision that is served, and its `_meta` is complete. */
export interface ModernRequest {
  readonly kind: 'request'
  readonly era: 'modern'
  readonly request: RequestMessage
  readonly meta: ModernMeta
}

/** A legacy request. */
export interface LegacyRequest {
  readonly kind: 'request'
  readonly era: 'legacy'
  readonly request: RequestMessage
}

/** A message and its era. */
export type Classified = ModernRequest | LegacyRequest | Exclude<Message, { kind: 'request' }> & { readonly era: Era }

/** The eras that a mount serves, in addition to the modern one. */
export interface ServedEras { readonly legacy: boolean }

/**
 * Returns a message with its era, or the refusal of a message that fits neither era.
 *
 * A request whose `_meta` names a revision is modern. Otherwise the version header decides, and a message without one
 * is legacy. An `initialize` is legacy, so it contradicts a header that names a modern revision.
 *
 * @param value The JSON value of one message.
 * @param versionHeader The `MCP-Protocol-Version` header.
 */
export function classify (
  value: unknown, versionHeader: string | undefined, { legacy }: ServedEras
): Classified | Refusal {
  const message = parseMessage(value)
  if (message.kind === 'refusal') return message
  if (message.kind === 'response') return { ...message, era: isModernHeader(versionHeader) ? 'modern' : 'legacy' }
  if (message.kind === 'notification') return classifyNotification(message, versionHeader)

  const { id, method, params } = message.request
  const named = params._meta?.[PROTOCOL_VERSION_KEY]
  if (named === undefined && method === Method.Initialize && isModernHeader(versionHeader)) {
    return contradictsHeader(id, versionHeader, String(params.protocolVersion))
  }
  if (named === undefined && !isModernHeader(versionHeader)) {
    return legacy ? classifyLegacy(message, versionHeader) : refuseLegacy(message.request)
  }

  const refusal = refuseRevision(id, named, versionHeader)
  if (refusal !== undefined) return refusal
  const meta = readModernMeta(params)
  if ('problem' in meta) return refuse('invalidParams', id, meta.problem)
  const problem = findProgressTokenProblem(params)
  return problem === undefined
    ? { kind: 'request', era: 'modern', request: message.request, meta }
    : refuse('invalidParams', id, problem)
}

function classifyNotification (
  message: Message & { kind: 'notification' }, versionHeader: string | undefined
): Classified | Refusal {
  const modern = message.params._meta?.[PROTOCOL_VERSION_KEY] !== undefined || isModernHeader(versionHeader)
  if (modern) return { ...message, era: 'modern' }
  return refuseHeader(null, versionHeader) ?? { ...message, era: 'legacy' }
}

function classifyLegacy (
  message: Message & { kind: 'request' }, versionHeader: string | undefined
): Classified | Refusal {
  const { id, method, params } = message.request
  const refusal = method === Method.Initialize ? undefined : refuseHeader(id, versionHeader)
  if (refusal !== undefined) return refusal
  const problem = findProgressTokenProblem(params)
  return problem === undefined
    ? { kind: 'request', era: 'legacy', request: message.request }
    : refuse('invalidParams', id, problem)
}

function findProgressTokenProblem ({ _meta }: Params): string | undefined {
  const token = _meta?.progressToken
  if (token === undefined || isRequestId(token)) return undefined
  return `'progressToken' in '_meta' must be a string of up to ${MAX_ID_BYTES} bytes or an integer`
}

// A legacy client cannot choose another revision. It can only show the message to its user.
function refuseLegacy ({ id, method, params }: RequestMessage): Refusal {
  if (method === Method.Initialize) return unsupportedRevision(id, params.protocolVersion)
  const served = MODERN_REVISIONS.join(', ')
  return refuse('invalidParams', id, `'_meta' needs '${PROTOCOL_VERSION_KEY}' (this server speaks ${served} only)`)
}

function refuseRevision (id: RequestId, named: unknown, versionHeader: string | undefined): Refusal | undefined {
  if (typeof named !== 'string') return refuse('invalidParams', id, `'_meta' needs '${PROTOCOL_VERSION_KEY}', a string`)
  if (named !== versionHeader) return contradictsHeader(id, versionHeader, named)
  return MODERN_REVISIONS.includes(named) ? undefined : unsupportedRevision(id, named)
}

function contradictsHeader (id: RequestId, versionHeader: string | undefined, named: string): Refusal {
  return refuse('headerMismatch', id, describeMismatch('MCP-Protocol-Version', versionHeader, named))
}

/** Returns a refusal if the version header names anything but a legacy revision, and undefined otherwise. */
export function refuseHeader (id: RequestId | null, versionHeader: string | undefined): Refusal | undefined {
  if (versionHeader === undefined || LEGACY_REVISIONS.includes(versionHeader)) return undefined
  return unsupportedRevision(id, versionHeader)
}

/** Whether a version header names a modern revision. */
export function isModernHeader (versionHeader: string | undefined): boolean {
  return versionHeader !== undefined && MODERN_REVISIONS.includes(versionHeader)
}
