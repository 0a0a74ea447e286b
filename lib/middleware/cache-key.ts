// The keys of cached results: what was asked, of which mount, and by whom.
import { randomUUID } from 'node:crypto'
import { kindOf } from '../options/checks.ts'
import type { RequestContext } from '../server/call/request-context.ts'
import { toCanonicalJson } from '../server/call/request-state.ts'
import { digest } from './caller.ts'
import type { NameCaller } from './options.ts'

/**
 * Whose results are shared.
 *
 * - `principal`: a result is for one caller only: the same user, client and scopes. Without `auth`, a caller is a
 *   legacy session; results of requests without one are not cached.
 * - `public`: a result is for all callers who may call the tool or read the resource.
 * - a function: a result is for all callers of the name that it returns; undefined for a caller without a cache.
 */
export type CacheBy<Lifespan = unknown> = 'principal' | 'public' | NameCaller<Lifespan>

/** The option that says whose results are shared. */
export const cacheBy = kindOf<CacheBy<never>>("must be 'principal', 'public' or a function (ctx) => name",
  (value) => typeof value === 'function' || value === 'principal' || value === 'public')

/** What a result depends on, apart from its caller. */
export interface Asked {
  readonly kind: 'tool' | 'resource'
  /** The name of the tool, or the URI as the client wrote it, because the result repeats it. */
  readonly target: string
  readonly args?: unknown
}

/**
 * Creates the function that returns the key of a result; undefined for a request without a cache.
 * @param isShared Whether other processes have the same results.
 */
export function createKeyOf (
  by: CacheBy<never>, isShared: boolean
): (ctx: RequestContext, asked: Asked) => string | undefined {
  const name = typeof by === 'function' ? by : NAMERS[by]
  const identify = createIdentifier()
  return (ctx, { kind, target, args }) => {
    // The context has the lifespan type of the server that has the middleware.
    const caller = name(ctx as RequestContext<never>)
    if (caller === undefined) return undefined
    const { request, era, isTrusted, lifespan } = ctx
    // The path or the host may name a tenant, and a mount has a lifespan of its own.
    const place = [request?.routeOptions.url, request?.host, request?.params]
    const mount = isShared && request !== undefined ? undefined : identify(lifespan)
    return digest(toCanonicalJson([kind, target, args, caller, era, isTrusted, place, mount]))
  }
}

// Names the values of lifespans. No other process has the name of an object.
function createIdentifier (): (lifespan: unknown) => unknown {
  const names = new WeakMap<object, string>()
  return (lifespan) => {
    if (typeof lifespan !== 'object' || lifespan === null) return String(lifespan)
    const name = names.get(lifespan) ?? randomUUID()
    names.set(lifespan, name)
    return name
  }
}

const NAMERS: Readonly<Record<'principal' | 'public', NameCaller<never>>> = Object.freeze({
  principal: ({ auth, sessionId, request, isTrusted }) => {
    if (isTrusted || request === undefined) return ''
    // The text of JSON shows where each part ends. A handler may serve a token with fewer scopes differently.
    if (auth !== undefined) return JSON.stringify([auth.issuer, auth.subject, auth.clientId, [...auth.scopes].sort()])
    return sessionId
  },
  public: () => ''
})
