// Limits how many calls of tools one caller has running at once.
import { kindOf, oneOf, required, whole } from '../options/checks.ts'
import { resolve, type TableOf } from '../options/table.ts'
import type { Hooks } from '../server/hooks.ts'
import { createNamer, limitBy, type LimitBy } from './caller.ts'
import { reject } from './limit-calls.ts'
import { createMatcher, toolNames } from './options.ts'

/** Options of {@link limitConcurrency}. */
export interface ConcurrencyOptions<Lifespan = unknown> {
  /** How many calls one caller may have running at once, in this process. */
  readonly max: number
  /** What a caller is. A function that returns the same name for all limits them together. @default 'principal' */
  readonly by?: LimitBy<Lifespan>
  /** The tools whose calls count, all together. @default all tools */
  readonly tools?: readonly string[]
  /**
   * How many more calls of one caller wait for their turn. A call leaves the queue when its client leaves, and after
   * the `timeout` of the server.
   * @default 0
   */
  readonly queue?: number
  /** What a call beyond the limit and the queue gets, as for `limitCalls`. @default 'tell' */
  readonly how?: 'tell' | 'refuse'
}

const CONCURRENCY = {
  max: required(whole()),
  by: limitBy('principal'),
  tools: toolNames(),
  queue: kindOf<number>('must be a whole number, 0 or more',
    (value) => Number.isSafeInteger(value) && Number(value) >= 0)(0),
  how: oneOf('tell', 'refuse')
} satisfies TableOf<ConcurrencyOptions<never>>

/** The running and waiting calls of one caller. */
interface Lane {
  running: number
  readonly waiting: Set<() => void>
}

/**
 * Limits how many calls of tools each caller has running at once in this process. Calls of the app itself are not
 * limited.
 *
 * @throws MCP_ERR_INVALID_OPTION
 * @example server.use(limitConcurrency({ max: 2, tools: ['render_video'], queue: 10 }))
 */
export function limitConcurrency<Lifespan = unknown> (options: ConcurrencyOptions<Lifespan>): Hooks<Lifespan> {
  const { max, by, tools, queue, how } = resolve(CONCURRENCY, options, 'limitConcurrency.')
  const isLimited = createMatcher(tools)
  const nameCaller = createNamer(by)
  // Only callers with running calls are listed.
  const lanes = new Map<string, Lane>()
  const problem = `Too many calls at once: ${max} of them are running. Wait until one of them ends, then try again.`

  return {
    async callTool (ctx, next) {
      const caller = isLimited(ctx.params.name) ? nameCaller(ctx) : undefined
      if (caller === undefined) return await next()
      const lane = lanes.get(caller) ?? { running: 0, waiting: new Set() }
      if (lane.running >= max && lane.waiting.size >= queue) return reject(how, { problem, status: 429 })
      lanes.set(caller, lane)
      if (lane.running >= max) await waitForTurn(lane, ctx.signal)
      else lane.running++
      try {
        return await next()
      } finally {
        leave(lane)
        if (lane.running === 0) lanes.delete(caller)
      }
    }
  }
}

/** Resolves when a call that ends passes on its turn. @throws the reason of the signal */
async function waitForTurn ({ waiting }: Lane, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted()
  await new Promise<void>((resolve, reject) => {
    const take = (): void => {
      signal.removeEventListener('abort', giveUp)
      resolve()
    }
    const giveUp = (): void => {
      waiting.delete(take)
      reject(signal.reason)
    }
    waiting.add(take)
    signal.addEventListener('abort', giveUp, { once: true })
  })
}

// The turn goes to the call that has waited longest, without becoming free in between.
function leave (lane: Lane): void {
  const [first] = lane.waiting
  if (first === undefined) {
    lane.running--
    return
  }
  lane.waiting.delete(first)
  first()
}
