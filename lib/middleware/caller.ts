// Tells the callers of tools apart.
import { createHash } from 'node:crypto'
import { holderOf } from '../auth/auth-info.ts'
import { kindOf } from '../options/checks.ts'
import type { RequestContext } from '../server/call/request-context.ts'
import { networkOf } from '../shares/network.ts'
import type { NameCaller } from './options.ts'

/**
 * What a limit counts by.
 *
 * - `principal`: the user that the client acts for, or the client if it acts for itself. Without `auth`, the address.
 * - `session`: the legacy session. A request without one counts for its principal.
 * - `address`: `request.ip`, which depends on Fastify's `trustProxy`. Of an IPv6 address, the first 64 bits count.
 *   Clients on a pipe have none, and count as one caller.
 * - a function: the name that it returns; undefined for a caller who is not limited.
 */
export type LimitBy<Lifespan = unknown> = 'principal' | 'session' | 'address' | NameCaller<Lifespan>

const WORDS = ['principal', 'session', 'address']

/** The option that says what a limit counts by. */
export const limitBy = kindOf<LimitBy<never>>(
  "must be 'principal', 'session', 'address' or a function (ctx) => name",
  (value) => typeof value === 'function' || WORDS.includes(value as string))

/**
 * Returns a function that names the caller of a request; undefined for a caller who is not limited, such as the app.
 * Names are digests: they are short, and reveal neither sessions nor people.
 */
export function createNamer (by: LimitBy<never>): NameCaller {
  const name = typeof by === 'function' ? by : NAMERS[by]
  return (ctx) => {
    if (ctx.isTrusted) return undefined
    // The context has the lifespan type of the server that has the middleware.
    const named = name(ctx as RequestContext<never>)
    return named === undefined ? undefined : digest(named)
  }
}

const NAMERS: Readonly<Record<'principal' | 'session' | 'address', NameCaller<never>>> = Object.freeze({
  principal: (ctx) => ctx.auth === undefined ? nameAddress(ctx) : `principal ${holderOf(ctx.auth)}`,
  session: (ctx) => ctx.sessionId === undefined ? NAMERS.principal(ctx) : `session ${ctx.sessionId}`,
  address: nameAddress
})

function nameAddress ({ request }: Pick<RequestContext<never>, 'request'>): string {
  return request === undefined ? 'pipe' : `address ${networkOf(request.ip)}`
}

/** Returns a short text that stands for a long or secret one. */
export function digest (text: string): string {
  return createHash('sha256').update(text).digest('base64url')
}
