// Describes the sender of a message for events, without its secrets.
import type { FastifyRequest } from 'fastify'
import type { AuthInfo } from '../auth/auth-info.ts'
import type { MountIdentity, Principal, SenderEvent } from './events.ts'
import { hashSessionId } from './session-hash.ts'

/** A sender, as its transport knows it. */
export interface Sender {
  readonly sessionId?: string | undefined
  readonly auth?: AuthInfo | undefined
  readonly request?: FastifyRequest | undefined
  /** Whether the host app itself calls. */
  readonly isTrusted?: boolean | undefined
}

/** Describes a sender. */
export function describeSender ({ mount, app }: MountIdentity, sender: Sender): SenderEvent {
  const { sessionId, auth, request, isTrusted = false } = sender
  return {
    mount,
    app,
    transport: isTrusted ? 'host' : request === undefined ? 'stdio' : 'http',
    ...(sessionId !== undefined && { session: hashSessionId(sessionId) }),
    ...(auth !== undefined && { principal: describePrincipal(auth) }),
    ...(request !== undefined && { request, reqId: request.id })
  }
}

function describePrincipal ({ subject, clientId, issuer }: AuthInfo): Principal {
  return { ...(subject !== undefined && { subject }), clientId, ...(issuer !== undefined && { issuer }) }
}
