// Caches the verdicts on access tokens.
import { createHash } from 'node:crypto'
import type { AuthInfo } from './auth-info.ts'
import type { Verify } from './auth-options.ts'
import { duration, nested, orFalse, whole } from '../options/checks.ts'
import type { ResolvedOf, TableOf } from '../options/table.ts'
import { OrderedMap } from '../ordered-map.ts'
import { InvalidTokenError } from './token-error.ts'

/** How many verdicts on tokens are cached, and for how long. */
export interface TokenCacheOptions {
  /**
   * How many accepted tokens are cached, and how many refused ones. The least recently used are dropped first.
   * @default 1000
   */
  readonly maxEntries?: number
  /**
   * How many milliseconds an accepted token is cached, but never beyond its expiry. A revoked token may still be
   * accepted for that long. 0 turns this off.
   * @default 60000
   */
  readonly ttl?: number
  /** How many milliseconds a refusal is cached. 0 turns this off. @default 5000 */
  readonly refusalTtl?: number
}

export const TOKEN_CACHE = {
  maxEntries: whole(1000),
  ttl: duration(60_000),
  refusalTtl: duration(5000)
} satisfies TableOf<TokenCacheOptions>

/** Options that have been checked and completed. */
export type ResolvedTokenCache = ResolvedOf<typeof TOKEN_CACHE>

/** The `cache` option of a verifier. */
export const cacheOption = orFalse(nested(TOKEN_CACHE, 'must be false or an object, such as { ttl: 60_000 }'))

/** The verdict on a token: its caller, or why it is refused. */
export type Verdict = AuthInfo | InvalidTokenError

interface Entry { readonly verdict: Verdict, readonly goodUntil: number }

/**
 * A bounded cache of verdicts on tokens. Its keys are hashes, so it holds a token only in its AuthInfo. Refused tokens
 * have a map of their own, so that a flood of them cannot evict accepted tokens.
 */
export class TokenCache {
  readonly #maxEntries: number
  readonly #ttl: number
  readonly #refusalTtl: number
  readonly #now: () => number
  // Both maps are ordered by their last use, the least recent first.
  readonly #accepted = new OrderedMap<string, Entry>()
  readonly #refused = new OrderedMap<string, Entry>()

  /** @param now The clock, in milliseconds. */
  constructor ({ maxEntries, ttl, refusalTtl }: ResolvedTokenCache, now: () => number = Date.now) {
    this.#maxEntries = maxEntries
    this.#ttl = ttl
    this.#refusalTtl = refusalTtl
    this.#now = now
  }

  get size (): number { return this.#accepted.size + this.#refused.size }

  /** Returns the key of a token for a resource; the same token may be refused for another resource. */
  keyOf (token: string, resource: string): string {
    return createHash('sha256').update(resource).update('\n').update(token).digest('base64url')
  }

  get (key: string): Verdict | undefined {
    const entries = this.#accepted.has(key) ? this.#accepted : this.#refused
    const entry = entries.get(key)
    if (entry === undefined) return undefined
    if (entry.goodUntil <= this.#now()) {
      entries.delete(key)
      return undefined
    }
    entries.set(key, entry)
    return entry.verdict
  }

  set (key: string, verdict: Verdict): void {
    const isRefusal = verdict instanceof InvalidTokenError
    const entries = isRefusal ? this.#refused : this.#accepted
    const goodUntil = isRefusal
      ? this.#now() + this.#refusalTtl
      : Math.min(this.#now() + this.#ttl, (verdict.expiresAt ?? Infinity) * 1000)
    this.#accepted.delete(key)
    this.#refused.delete(key)
    entries.set(key, { verdict, goodUntil })
    while (entries.size > this.#maxEntries) entries.deleteFirst()
  }
}

/** Verifies a token for a resource. Rejects with an InvalidTokenError or a VerifierUnavailableError. */
export type Judge = (token: string, resource: string) => Promise<AuthInfo>

/**
 * Adds a cache to a verifier. Concurrent requests with the same token are judged once, and each gets its own frozen
 * AuthInfo.
 *
 * @param options `false` caches nothing.
 * @param now The clock, in milliseconds.
 */
export function withCache (judge: Judge, options: ResolvedTokenCache | false, now: () => number): Verify {
  if (options === false) return async (token, _request, { resource }) => handOut(await judge(token, resource))
  const cache = new TokenCache(options, now)
  const judging = new Map<string, Promise<AuthInfo>>()

  return function verifyOnce (token, _request, { resource }) {
    const key = cache.keyOf(token, resource)
    const verdict = cache.get(key)
    if (verdict instanceof InvalidTokenError) throw verdict
    return verdict === undefined ? share(key, token, resource) : handOut(verdict)
  }

  async function share (key: string, token: string, resource: string): Promise<AuthInfo> {
    const pending = judging.get(key) ?? remember(key, judge(token, resource)).finally(() => judging.delete(key))
    judging.set(key, pending)
    return handOut(await pending)
  }

  async function remember (key: string, pending: Promise<AuthInfo>): Promise<AuthInfo> {
    try {
      const info = await pending
      cache.set(key, info)
      return info
    } catch (error) {
      // The cause is left out, because it may hold all claims of the token.
      if (error instanceof InvalidTokenError) cache.set(key, new InvalidTokenError(error.message))
      throw error
    }
  }
}

// A URL cannot be frozen, so each request gets a copy.
function handOut (info: AuthInfo): AuthInfo {
  return Object.freeze({ ...info, ...(info.resource !== undefined && { resource: new URL(info.resource) }) })
}
