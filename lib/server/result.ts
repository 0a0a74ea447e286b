// Results on their way to the wire: what the modern era adds to each, and results that are serialised ahead of time.
import type { Implementation } from '@modelcontextprotocol/sdk/types.js'
import { SERVER_INFO_KEY } from '../protocol/request-meta.ts'
import type { Era } from '../protocol/revisions.ts'

/** How long and by whom a result may be cached (MCP 2026-07-28 caching). */
export interface CacheHint {
  /** Milliseconds for which the result may be taken as fresh. @default 0 */
  readonly ttlMs?: number
  /** `public`: the same for every caller. `private`: for the one who asked. @default 'public' for lists of what was registered, 'private' for what a handler makes */
  readonly scope?: 'public' | 'private'
}

/** A result that is the same for many requests, as JSON. */
export class PreparedResult {
  readonly json: string
  #value: object | undefined

  constructor (value: object) {
    this.json = JSON.stringify(value)
  }

  /** The result, deep-frozen: a change would be seen by every later request. */
  get value (): object {
    this.#value ??= JSON.parse(this.json, (_key, value: unknown) => Object.freeze(value)) as object
    return this.#value
  }
}

/** What a method comes to: a result, or one prepared for its era. */
export type Outcome = object | PreparedResult

/** The result that a method came to. */
export function valueOf (outcome: Outcome): object {
  return outcome instanceof PreparedResult ? outcome.value : outcome
}

/** Tells what is wrong with a `cache` option; undefined when nothing is. */
export function findCacheProblem (hint: CacheHint | undefined): string | undefined {
  const { ttlMs = 0, scope = 'public' } = hint ?? {}
  if (!Number.isSafeInteger(ttlMs) || ttlMs < 0) return "must have as 'ttlMs' a whole number of milliseconds from 0"
  return scope === 'public' || scope === 'private' ? undefined : "must have as 'scope' either 'public' or 'private'"
}

/** Makes results complete for their era. One per server. */
export class ResultFinisher {
  readonly #identity: { readonly [SERVER_INFO_KEY]: Implementation }

  constructor (info: Implementation) {
    this.#identity = Object.freeze({ [SERVER_INFO_KEY]: info })
  }

  /** Adds what the era demands of every result; the result given is not written to. */
  finish (result: object & { readonly _meta?: object }, era: Era): object {
    return era === 'legacy'
      ? result
      : { resultType: 'complete', ...result, _meta: result._meta === undefined ? this.#identity : { ...this.#identity, ...result._meta } }
  }

  /** The JSON of a result for its era. Throws when the result holds what JSON cannot carry. */
  encode (outcome: Outcome, era: Era): string {
    return outcome instanceof PreparedResult ? outcome.json : JSON.stringify(this.finish(outcome, era))
  }
}

/** The hint for what differs from caller to caller, whatever the author said: caches must not hand it on. */
export function keepPrivate (hint: CacheHint | undefined): CacheHint {
  return { ...hint, scope: 'private' }
}

/** The caching fields of a result; a legacy one has none. */
export function cacheFields (era: Era, fallbackScope: 'public' | 'private', hint: CacheHint | undefined): object | undefined {
  return era === 'legacy' ? undefined : { ttlMs: hint?.ttlMs ?? 0, cacheScope: hint?.scope ?? fallbackScope }
}
