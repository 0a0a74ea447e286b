// Ends streams when the access of their callers is withdrawn.
import type { FastifyReply } from 'fastify'
import type { AuthInfo } from '../../auth/auth-info.ts'
import { chooses, type CallerFilter } from '../../auth/caller-filter.ts'
import type { RevocationExtent, Revocations } from '../../auth/revocations.ts'
import { authOf } from '../guard/auth-hook.ts'

/** Reacts to a withdrawal. @param extent What it ends. */
export type OnWithdrawn = (extent: RevocationExtent) => void

/** Ends the streams of one mount when the access of their callers is withdrawn. */
export class Withdrawal {
  readonly #revocations: Revocations
  readonly #open = new Map<OnWithdrawn, AuthInfo>()

  constructor (revocations: Revocations) {
    this.#revocations = revocations
  }

  /** How many streams are being watched. */
  get size (): number { return this.#open.size }

  /** Calls `end` when access of the caller is withdrawn, unless the reply has closed before. */
  watch (reply: FastifyReply, end: OnWithdrawn): void {
    const info = authOf(reply.request)?.info
    if (info === undefined) return
    this.#open.set(end, info)
    reply.raw.once('close', () => this.#open.delete(end))
    // It was withdrawn after the request was authenticated. The stream is still being opened.
    if (this.#revocations.isRevoked(info)) setImmediate(() => this.#end(end))
  }

  /** Ends the streams of callers. */
  end (callers: CallerFilter, extent: RevocationExtent): void {
    for (const [end, info] of this.#open) {
      if (!chooses(callers, info)) continue
      if (extent === 'all') this.#end(end)
      else end(extent)
    }
  }

  #end (end: OnWithdrawn): void {
    if (this.#open.delete(end)) end('all')
  }
}
