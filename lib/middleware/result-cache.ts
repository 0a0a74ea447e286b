// Serves requests from a cache, and keeps their results.
import { doNothing } from '../do-nothing.ts'
import { toJson } from '../protocol/encode.ts'
import { isWireObject, parseJson } from '../protocol/message.ts'
import type { RequestContext } from '../server/call/request-context.ts'
import type { CacheStore } from './cache-store.ts'
import { StoreGuard, type Log } from './store-guard.ts'

/** The settings of a {@link ResultCache}. Times are milliseconds. */
export interface ResultCacheSettings {
  readonly store: CacheStore
  readonly ttl: number
  /** How many characters the JSON of a result may have. */
  readonly maxLength: number
  /** The longest wait for the store. */
  readonly timeout: number
}

/** A request that may be served from the cache. */
export interface Cacheable<Result> {
  readonly key: string
  readonly groups: readonly string[]
  readonly run: () => Promise<Result>
}

/** A result that is being made. */
interface Flight {
  readonly groups: readonly string[]
  /** Whether a change has come since it began. The result may then show the state before the change. */
  isStale: boolean
  /** Resolves to the JSON of the result; to undefined if others must not have it. Never rejects. */
  readonly text: Promise<string | undefined>
  readonly land: (text: string | undefined) => void
}

// How many groups are remembered for a store that cannot be reached.
const MAX_UNDROPPED = 1000

/** Serves requests from a store of results. */
export class ResultCache {
  readonly #settings: ResultCacheSettings
  readonly #guard: StoreGuard
  readonly #now: () => number
  // The results that are being made, by their keys.
  readonly #flights = new Map<string, Flight>()
  // The groups that the store could not be asked to drop.
  readonly #undropped = new Set<string>()
  #distrustedUntil = 0
  #log: Log

  /** @param now The clock, in milliseconds. */
  constructor (settings: ResultCacheSettings, now: () => number = Date.now) {
    this.#settings = settings
    this.#now = now
    this.#guard = new StoreGuard({
      what: 'cacheResults', effect: 'calls run as without a cache', timeout: settings.timeout
    })
  }

  /** Whether a request has been served. */
  get isUsed (): boolean { return this.#log !== undefined }

  /** Serves a request. @throws what the method throws, and what it would throw for a caller who may not use it */
  async serve<Result extends object> (ctx: RequestContext, request: Cacheable<Result>): Promise<Result> {
    const { log } = ctx.call.channel
    this.#log = log
    const other = this.#flights.get(request.key)
    if (other !== undefined) {
      const text = await other.text
      // Of those that have waited in vain, each makes its own result: an error is meant for one of them.
      return text === undefined ? await request.run() : await use(ctx, text)
    }

    const flight = this.#begin(request)
    const kept = await this.#read(request.key, log)
    if (kept === undefined || flight.isStale) return await this.#fly(ctx, request, flight)
    flight.land(kept)
    this.#end(request.key, flight)
    return await use(ctx, kept)
  }

  /** Forgets all results of a group, and those that are being made. */
  drop (group: string): void {
    for (const [key, flight] of this.#flights) {
      if (!flight.groups.includes(group)) continue
      flight.isStale = true
      this.#flights.delete(key)
    }
    // Too many to remember: what the store has now is not used.
    if (this.#undropped.size >= MAX_UNDROPPED) this.#distrustedUntil = this.#now() + this.#settings.ttl
    else this.#undropped.add(group)
    this.#dropAll(this.#log).catch(doNothing)
  }

  async #read (key: string, log: Log): Promise<string | undefined> {
    if (this.#undropped.size > 0 && !await this.#dropAll(log)) return undefined
    if (this.#now() < this.#distrustedUntil) return undefined
    const text = (await this.#guard.ask(() => this.#settings.store.get(key), log))?.answer
    // Another program may have written to the store.
    return typeof text === 'string' && isWireObject(parseJson(text)) ? text : undefined
  }

  // Resolves to whether the store has dropped what it had to.
  async #dropAll (log: Log): Promise<boolean> {
    for (const group of this.#undropped) {
      const dropped = await this.#guard.ask(() => this.#settings.store.drop(group), log)
      if (dropped === undefined) return false
      this.#undropped.delete(group)
    }
    return true
  }

  #begin ({ key, groups }: Cacheable<unknown>): Flight {
    let land: Flight['land'] = doNothing
    const text = new Promise<string | undefined>((resolve) => { land = resolve })
    const flight: Flight = { groups, isStale: false, text, land }
    this.#flights.set(key, flight)
    return flight
  }

  #end (key: string, flight: Flight): void {
    if (this.#flights.get(key) === flight) this.#flights.delete(key)
  }

  async #fly<Result extends object> (
    ctx: RequestContext, { key, run }: Cacheable<Result>, flight: Flight
  ): Promise<Result> {
    // Read now: a signal that is created later may miss that the client has left.
    const { signal } = ctx
    let text: string | undefined
    try {
      const result = await run()
      text = flight.isStale || signal.aborted ? undefined : this.#encode(ctx, result)
      return result
    } finally {
      flight.land(text)
      this.#keep(key, flight, text).catch(doNothing)
    }
  }

  // Nobody waits for the store. Until it has the result, requests are served by the flight.
  async #keep (key: string, flight: Flight, text: string | undefined): Promise<void> {
    const { store, ttl } = this.#settings
    if (text !== undefined) {
      await this.#guard.ask(() => store.set(key, { text, ttl, groups: flight.groups }), this.#log)
      // The change may have come before the store had what it made stale.
      if (flight.isStale) for (const group of flight.groups) this.drop(group)
    }
    this.#end(key, flight)
  }

  // Returns undefined for a result that others must not have.
  #encode (ctx: RequestContext, result: object): string | undefined {
    const { isError, resultType } = result as { readonly isError?: unknown, readonly resultType?: unknown }
    const isQuestion = resultType === 'input_required' || ctx.call.asker !== undefined
    if (isError === true || isQuestion) return undefined
    const text = tryEncode(result)
    return text === undefined || text.length > this.#settings.maxLength ? undefined : text
  }
}

// The text is the JSON of a result of the same method. @throws RpcError if the caller may not have it
async function use<Result> (ctx: RequestContext, text: string): Promise<Result> {
  await ctx.call.admit()
  return JSON.parse(text) as Result
}

// The error of a result that JSON cannot carry is that of the request.
function tryEncode (result: object): string | undefined {
  try {
    return toJson(result)
  } catch {
    return undefined
  }
}
