// How long and by whom results may be cached.
import { isObject } from '../../options/checks.ts'
import type { Era } from '../../protocol/revisions.ts'

/** How long and by whom a result may be cached (MCP 2026-07-28 caching). */
export interface CacheHint {
  /** Milliseconds for which a cache may treat the result as fresh. @default 0 */
  readonly ttlMs?: number
  /**
   * `public`: the result is the same for every caller. `private`: it is for the caller that asked.
   * @default 'public' for lists of registered entries, 'private' for results of handlers
   */
  readonly scope?: 'public' | 'private'
}

/** Says what is wrong with a `cache` option. Returns undefined for a valid one. */
export function findCacheProblem (hint: unknown): string | undefined {
  if (!isObject(hint)) return "must be an object, such as { ttlMs: 60_000, scope: 'private' }"
  const { ttlMs = 0, scope = 'public', ...unknown }: Readonly<Record<string, unknown>> = { ...hint }
  const names = Object.keys(unknown)
  if (names.length > 0) return `must have 'ttlMs' and 'scope' at most, and not '${names.join("', '")}'`
  if (!Number.isSafeInteger(ttlMs) || Number(ttlMs) < 0) {
    return "must have as 'ttlMs' a whole number of milliseconds from 0"
  }
  return scope === 'public' || scope === 'private' ? undefined : "must have as 'scope' either 'public' or 'private'"
}

/** Returns the hint for a result that differs from caller to caller: no cache may share it, whatever the author set. */
export function keepPrivate (hint: CacheHint | undefined): CacheHint {
  return { ...hint, scope: 'private' }
}

/** Returns the caching fields of a result. Returns undefined for a legacy result, which has none. */
export function cacheFields (
  era: Era, fallbackScope: 'public' | 'private', hint: CacheHint | undefined
): object | undefined {
  return era === 'legacy' ? undefined : { ttlMs: hint?.ttlMs ?? 0, cacheScope: hint?.scope ?? fallbackScope }
}
