// Tokens that were verified before.
import { createHash } from 'node:crypto'
import type { AuthInfo } from './auth-info.ts'
import type { Verify } from './auth-options.ts'
import { findOptionProblem, isCount, optional, type Checks } from '../option-check.ts'
import { findTimeoutProblem } from '../server/timeout.ts'

/** How long, and how many, verified tokens are remembered. */
export interface TokenCacheOptions {
  /** Tokens; past it the one not used for longest is forgotten. @default 1000 */
  readonly maxEntries?: number
  /** Milliseconds, but never beyond the token's expiry; for so long a token may be used that was revoked. @default 60000 */
  readonly ttl?: number
}

interface Entry { readonly info: AuthInfo, readonly goodUntil: number }

/** A bounded cache of verified tokens, which holds no token itself but the AuthInfo of each. */
export class TokenCache {
  readonly #maxEntries: number
  readonly #ttl: number
  readonly #now: () => number
  // In the order in which they were used.
  readonly #entries = new Map<string, Entry>()

  /** @param now The clock, in milliseconds. */
  constructor ({ maxEntries = 1000, ttl = 60_000 }: TokenCacheOptions = {}, now: () => number = Date.now) {
    this.#maxEntries = maxEntries
    this.#ttl = ttl
    this.#now = now
  }

  get size (): number { return this.#entries.size }

  /** The key of a token for one resource: what is good for one may be none for another. */
  keyOf (token: string, resource: string): string {
    return createHash('sha256').update(resource).update('\n').update(token).digest('base64url')
  }

  get (key: string): AuthInfo | undefined {
    const entry = this.#entries.get(key)
    if (entry === undefined) return undefined
    this.#entries.delete(key)
    if (entry.goodUntil <= this.#now()) return undefined
    this.#entries.set(key, entry)
    return entry.info
  }

  set (key: string, info: AuthInfo): void {
    const goodUntil = Math.min(this.#now() + this.#ttl, (info.expiresAt ?? Infinity) * 1000)
    this.#entries.delete(key)
    this.#entries.set(key, { info, goodUntil })
    // The first one is the one not used for longest.
    while (this.#entries.size > this.#maxEntries) this.#entries.delete(String(this.#entries.keys().next().value))
  }
}

const CHECKS: Checks<TokenCacheOptions> = { maxEntries: optional(isCount), ttl: findTimeoutProblem }

/** Tells what is wrong with a `cache` option; undefined when nothing is. */
export function findCacheProblem (value: unknown): string | undefined {
  if (value === undefined || value === false) return undefined
  if (typeof value !== 'object' || value === null) return 'must be false or an object, such as { ttl: 60_000 }'
  const wrong = findOptionProblem(value, CHECKS)
  return wrong && `has a '${wrong.name}' that ${wrong.problem}`
}

/** Remembers what a verifier comes to. @param options `false` for no cache. @param now The clock, in milliseconds. */
export function withCache (verify: (token: string, resource: string) => Promise<AuthInfo>, options: TokenCacheOptions | false | undefined, now: () => number): Verify {
  if (options === false) return (token, _request, { resource }) => verify(token, resource)
  const cache = new TokenCache(options, now)

  return function verifyOnce (token, _request, { resource }) {
    const key = cache.keyOf(token, resource)
    return cache.get(key) ?? remember(key, verify(token, resource))
  }

  async function remember (key: string, verifying: Promise<AuthInfo>): Promise<AuthInfo> {
    const info = await verifying
    cache.set(key, info)
    return info
  }
}
