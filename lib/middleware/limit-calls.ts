// Limits how often callers call tools.
import type { FastifyBaseLogger } from 'fastify'
import type { CallToolResult } from '@modelcontextprotocol/sdk/types.js'
import { MCP_ERR_INVALID_OPTION, UnavailableError } from '../errors.ts'
import { duration, func, isObject, oneOf, required, text, whole } from '../options/checks.ts'
import { resolve, type TableOf } from '../options/table.ts'
import { errorResult } from '../server/features/tool-result.ts'
import type { Hooks } from '../server/hooks.ts'
import { createNamer, limitBy, type LimitBy } from './caller.ts'
import { createMatcher, span, toMilliseconds, toolNames, type Span } from './options.ts'
import { StoreGuard } from './store-guard.ts'
import { WindowCounts } from './window-counts.ts'

/** A limiter of `rate-limiter-flexible`, or anything like it. */
export interface Limiter {
  /**
   * Counts a call. Resolves if the caller had one left. Otherwise it rejects with an object that has `msBeforeNext`,
   * the milliseconds until the caller has calls again. Any other rejection begins an outage.
   */
  consume (key: string): Promise<unknown>
}

/** A limit, in the words of `rate-limiter-flexible`. */
export interface LimiterOptions {
  /** How many calls a caller has in a window. */
  readonly points: number
  /** The length of the window, in seconds. */
  readonly duration: number
  /** The beginning of the names of its keys. */
  readonly keyPrefix: string
}

/** Creates the limiter of a limit in a store that nodes share. */
export type LimitStore = (limit: LimiterOptions) => Limiter

/** Options of {@link limitCalls}. */
export interface CallLimitOptions<Lifespan = unknown> {
  /** How many calls one caller may make in a window of time. */
  readonly max: number
  /** The length of the window. It begins with the first call of a caller. */
  readonly window: Span
  /** What a caller is. @default 'principal' */
  readonly by?: LimitBy<Lifespan>
  /** The tools whose calls count, all together. For a limit of each, use several. @default all tools */
  readonly tools?: readonly string[]
  /**
   * What a caller without calls gets: `tell` tells the model by a result with `isError`, and `refuse` refuses the
   * request with HTTP status 429 and `Retry-After`.
   * @default 'tell'
   */
  readonly how?: 'tell' | 'refuse'
  /**
   * Where calls are counted, so that nodes count together: a function that creates a limiter of
   * `rate-limiter-flexible`. The window must be whole seconds.
   * @default this process
   */
  readonly store?: LimitStore
  /** The name of the limit in its store. Limits of one name and store share their counts. @default made of the limit */
  readonly name?: string
  /** The longest wait for the store, in milliseconds. After it, an outage begins. @default 1000 */
  readonly timeout?: number
  /** Whether calls are served while the store cannot be reached. @default 'allow' */
  readonly onOutage?: 'allow' | 'refuse'
  /** How many callers this process counts at once; beyond it, the oldest window is forgotten. @default 100000 */
  readonly maxCallers?: number
}

const CALL_LIMIT = {
  max: required(whole()),
  window: required(span()),
  by: limitBy('principal'),
  tools: toolNames(),
  how: oneOf('tell', 'refuse'),
  store: func<LimitStore>('must be a function (limit) => limiter'),
  name: text(),
  timeout: duration(1000),
  onOutage: oneOf('allow', 'refuse'),
  maxCallers: whole(100_000)
} satisfies TableOf<CallLimitOptions<never>>

/** Resolves to the milliseconds until a caller has calls again: 0 if it has one now; undefined in an outage. */
type Count = (caller: string, log: FastifyBaseLogger) => number | Promise<number | undefined>

/**
 * Limits how often each caller calls tools. Calls of the app itself are not limited.
 *
 * @throws MCP_ERR_INVALID_OPTION
 * @example
 * server.use(limitCalls({ max: 60, window: '1 minute' }))
 * server.use(limitCalls({ max: 5, window: '1 hour', tools: ['create_report'], how: 'refuse' }))
 */
export function limitCalls<Lifespan = unknown> (options: CallLimitOptions<Lifespan>): Hooks<Lifespan> {
  const resolved = resolve(CALL_LIMIT, options, 'limitCalls.')
  const { max, window, by, tools, how, onOutage = 'allow' } = resolved
  const isLimited = createMatcher(tools)
  const nameCaller = createNamer(by)
  const count = resolved.store === undefined ? countHere(resolved) : countInStore(resolved, resolved.store)
  const limit = `${max} in ${typeof window === 'number' ? `${window} ms` : window}`

  return {
    async callTool (ctx, next) {
      const caller = isLimited(ctx.params.name) ? nameCaller(ctx) : undefined
      if (caller === undefined) return await next()
      const wait = await count(caller, ctx.call.channel.log)
      if (wait === 0 || (wait === undefined && onOutage === 'allow')) return await next()
      return reject(how, wait === undefined
        ? { problem: 'The calls of this tool cannot be counted at the moment; try again later', status: 503 }
        : { problem: describe(limit, wait), status: 429, retryAfter: Math.ceil(wait / 1000) })
    }
  }
}

function describe (limit: string, wait: number): string {
  const seconds = Math.ceil(wait / 1000)
  return `Too many calls: the limit is ${limit}. Try again in ${seconds} second${seconds === 1 ? '' : 's'}.`
}

/** Why a call is not served. */
export interface Rejection {
  readonly problem: string
  readonly status: 429 | 503
  /** Seconds. */
  readonly retryAfter?: number
}

/** Returns the result that tells the model why its call is not served. @throws UnavailableError to refuse it */
export function reject (
  how: 'tell' | 'refuse' | undefined, { problem, status, retryAfter }: Rejection
): CallToolResult {
  if (how === 'refuse') throw new UnavailableError(problem, status, retryAfter)
  return errorResult(problem)
}

function countHere ({ max, window, maxCallers }: { max: number, window: Span, maxCallers: number }): Count {
  const counts = new WindowCounts(max, toMilliseconds(window), { maxCallers })
  return (caller) => counts.count(caller)
}

interface StoreLimit {
  readonly max: number
  readonly window: Span
  readonly tools: readonly string[] | undefined
  readonly name: string | undefined
  readonly timeout: number
  readonly onOutage: 'allow' | 'refuse' | undefined
}

function countInStore ({ max, window, tools, name, timeout, onOutage }: StoreLimit, create: LimitStore): Count {
  const seconds = toMilliseconds(window) / 1000
  if (!Number.isInteger(seconds)) {
    throw new MCP_ERR_INVALID_OPTION('limitCalls.window', "must be whole seconds with 'store', such as '1 minute'")
  }
  const keyPrefix = `mcp-calls:${name ?? JSON.stringify([max, seconds, tools])}`
  const limiter: unknown = create({ points: max, duration: seconds, keyPrefix })
  if (!isLimiter(limiter)) {
    const problem = 'must return a limiter of rate-limiter-flexible, such as ' +
      'new RateLimiterRedis({ storeClient, ...limit })'
    throw new MCP_ERR_INVALID_OPTION('limitCalls.store', problem)
  }
  const effect = onOutage === 'refuse' ? 'calls are refused' : 'calls are not limited'
  const guard = new StoreGuard({ what: 'limitCalls', effect, timeout })
  return async (caller, log) => {
    const answered = await guard.ask(() => consume(limiter, caller), log)
    return answered?.answer
  }
}

function isLimiter (value: unknown): value is Limiter {
  return isObject(value) && 'consume' in value && typeof value.consume === 'function'
}

async function consume (limiter: Limiter, caller: string): Promise<number> {
  try {
    await limiter.consume(caller)
    return 0
  } catch (error) {
    const { msBeforeNext } = Object(error) as { readonly msBeforeNext?: unknown }
    if (error instanceof Error || typeof msBeforeNext !== 'number') throw error
    return Math.max(msBeforeNext, 1)
  }
}
