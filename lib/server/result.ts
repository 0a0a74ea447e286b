// Results on their way to the wire: what the modern era adds to each, and results that are serialised ahead of time.
import type { Implementation } from '@modelcontextprotocol/sdk/types.js'
import { isObject } from '../options/checks.ts'
import { encodeResponse } from '../protocol/envelope.ts'
import { encodeJson } from '../protocol/json.ts'
import type { RequestId } from '../protocol/message.ts'
import { SERVER_INFO_KEY } from '../protocol/request-meta.ts'
import type { Era } from '../protocol/revisions.ts'
import type { Incoming, Outcome } from './definition.ts'
import { TextResult } from './text-result.ts'

/** How long and by whom a result may be cached (MCP 2026-07-28 caching). */
export interface CacheHint {
  /** Milliseconds for which the result may be taken as fresh. @default 0 */
  readonly ttlMs?: number
  /** `public`: the same for every caller. `private`: for the one who asked. @default 'public' for lists of what was registered, 'private' for what a handler makes */
  readonly scope?: 'public' | 'private'
}

// Clients of one make give the requests that they begin with the same ids.
const MAX_REPLIES = 4

/** A result that is the same for many requests, as JSON. */
export class PreparedResult {
  readonly json: string
  readonly #replies = new Map<RequestId, string>()
  #value: object | undefined

  constructor (value: object) {
    this.json = encodeJson(value)
  }

  /** The result, deep-frozen: a change would be seen by every later request. */
  get value (): object {
    this.#value ??= JSON.parse(this.json, (_key, value: unknown) => Object.freeze(value)) as object
    return this.#value
  }

  /** Encodes as the result does, for a copy of this package that does not know this class. */
  toJSON (): object {
    return this.value
  }

  /**
   * Returns the JSON of the reply to a request. The last few are kept: to join one of 20 KB anew takes 8 µs, half as long
   * as all that Node.js and Fastify do.
   */
  replyTo (id: RequestId): string {
    const known = this.#replies.get(id)
    if (known !== undefined) return known
    const reply = encodeResponse(id, this.json)
    if (this.#replies.size === MAX_REPLIES) this.#replies.clear()
    this.#replies.set(id, reply)
    return reply
  }
}

/** What a method of an `McpServer` returns: a result, one prepared for its era, or one that is a text. */
export type MethodResult = object | PreparedResult | TextResult

/** Returns the result of a method as an object. */
export function valueOf (result: MethodResult): object {
  if (result instanceof TextResult) return result.toObject()
  return result instanceof PreparedResult ? result.value : result
}

/** Tells what is wrong with a `cache` option; undefined when nothing is. */
export function findCacheProblem (hint: unknown): string | undefined {
  if (!isObject(hint)) return "must be an object, such as { ttlMs: 60_000, scope: 'private' }"
  const { ttlMs = 0, scope = 'public', ...unknown }: Readonly<Record<string, unknown>> = { ...hint }
  if (Object.keys(unknown).length > 0) return `must have 'ttlMs' and 'scope' at most, and not '${Object.keys(unknown).join("', '")}'`
  if (!Number.isSafeInteger(ttlMs) || Number(ttlMs) < 0) return "must have as 'ttlMs' a whole number of milliseconds from 0"
  return scope === 'public' || scope === 'private' ? undefined : "must have as 'scope' either 'public' or 'private'"
}

/** Makes results complete for their era. One per server. */
export class ResultFinisher {
  readonly #identity: { readonly [SERVER_INFO_KEY]: Implementation }
  readonly #identityJson: string

  constructor (info: Implementation) {
    this.#identity = Object.freeze({ [SERVER_INFO_KEY]: info })
    this.#identityJson = JSON.stringify(this.#identity)
  }

  /** Adds what the era demands of every result; the result given is not written to. */
  finish (result: object & { readonly _meta?: object }, era: Era): object {
    return era === 'legacy'
      ? result
      : { resultType: 'complete', ...result, _meta: result._meta === undefined ? this.#identity : { ...this.#identity, ...result._meta } }
  }

  /**
   * Returns what a server resolves a request to: JSON, or the result as it was made where the channel takes no JSON.
   * @throws when the result holds what JSON cannot carry, or its JSON is no object.
   */
  resolve (result: MethodResult, { caller: { era }, channel: { takesJson } }: Incoming): Outcome {
    if (takesJson !== true) return valueOf(result)
    if (result instanceof TextResult) return this.#encodeText(result, era)
    return result instanceof PreparedResult ? result : encodeObject(this.finish(result, era))
  }

  #encodeText (result: TextResult, era: Era): string {
    const fields = result.encodeFields()
    return era === 'legacy' ? `{${fields}}` : `{"resultType":"complete",${fields},"_meta":${this.#identityJson}}`
  }
}

const OPENING_BRACE = 123

/** Returns the JSON of a result. @throws when it holds what JSON cannot carry, or its JSON is no object, as by a `toJSON`. */
export function encodeObject (result: object): string {
  const json = encodeJson(result)
  if (json.charCodeAt(0) === OPENING_BRACE) return json
  throw new TypeError('the JSON of a result must be an object; return one without a toJSON that makes it something else')
}

/** The hint for what differs from caller to caller, whatever the author said: caches must not hand it on. */
export function keepPrivate (hint: CacheHint | undefined): CacheHint {
  return { ...hint, scope: 'private' }
}

/** The caching fields of a result; a legacy one has none. */
export function cacheFields (era: Era, fallbackScope: 'public' | 'private', hint: CacheHint | undefined): object | undefined {
  return era === 'legacy' ? undefined : { ttlMs: hint?.ttlMs ?? 0, cacheScope: hint?.scope ?? fallbackScope }
}
