// Access that is withdrawn before a token expires: how the mounts learn of it.
import type { AuthInfo } from './auth-info.ts'
import type { CallerFilter } from './caller-filter.ts'

/**
 * Tells mounts whose access was withdrawn. `authorizationServer` has one for its tokens; an app whose tokens come from
 * elsewhere can write its own.
 * @example
 * import type { CallerFilter, Revocations } from 'fastify-mcp-mount'
 *
 * const blocked = new Set<string>()
 * const listeners = new Set<(callers: CallerFilter) => void>()
 * const revocations: Revocations = {
 *   isRevoked: ({ subject }) => subject !== undefined && blocked.has(subject),
 *   onRevoked (listener) {
 *     listeners.add(listener)
 *     return () => { listeners.delete(listener) }
 *   }
 * }
 *
 * function block (subject: string): void {
 *   blocked.add(subject)
 *   for (const listener of listeners) listener({ subject })
 * }
 */
export interface Revocations {
  /**
   * Returns whether the access of a caller was withdrawn; the caller then gets 401. It is called for each request, once
   * its token has been verified, and for each stream that opens, so it must be quick.
   */
  isRevoked (info: AuthInfo): boolean
  /**
   * Adds a listener that is called when access is withdrawn, after `isRevoked` knows of it. The listener ends the
   * streams and sessions of these callers. If there are several processes, each must call its own listeners.
   * @returns A function that removes the listener.
   */
  onRevoked (listener: (callers: CallerFilter, extent?: RevocationExtent) => void): () => void
}

/**
 * What ends when access is withdrawn. `all`: the sessions of the callers, their calls and their streams. `sign-in`:
 * calls get their replies, and a new token can use the sessions; until then, the streams on which the callers listen
 * bring nothing.
 */
export type RevocationExtent = 'all' | 'sign-in'
