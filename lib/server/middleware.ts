// Middlewares: functions around every request of a server.
import { doNothing } from '../do-nothing.ts'
import type { Call } from './call/call.ts'
import type { RequestContext } from './call/request-context.ts'
import { outcomeOfError, outcomeOfResult } from './call/request-outcome.ts'
import { valueOf, type MethodResult } from './call/result.ts'
import type { Next } from './hooks.ts'

/**
 * Runs around every request. `next()` runs the next middleware and at last the method, and resolves to the result as
 * the handler made it; return that, a changed copy of it, or throw. A `ToolError` thrown around `tools/call` reaches
 * the model. `next()` may be called once. All requests share the results of lists, so these are frozen.
 *
 * All middlewares together may take the server's `timeout` before the method, and as long again after it. If they take
 * longer, the request ends with an error and `ctx.signal` is aborted. The time of the method itself does not count: it
 * has limits of its own.
 *
 * @example
 * server.use(async (ctx, next) => {
 *   const start = performance.now()
 *   const result = await next()
 *   ctx.request?.log.info({ method: ctx.method, ms: performance.now() - start }, 'served')
 *   return result
 * })
 */
export type Middleware<Lifespan = unknown> = (
  ctx: RequestContext<Lifespan>, next: () => Promise<object>
) => Promise<object> | NotPromise

const CALLED_TWICE = 'a middleware called next() twice for one request; call it once and use its result, ' +
  'or call next.again() to run the method once more'

// A promise of undefined is an object as well: without this type, a forgotten `return` would not be an error.
type NotPromise = object & { readonly then?: never }

/**
 * Runs a request through the middlewares. The first one is outermost.
 * @param serve Runs the method, which has time limits of its own.
 * @throws TimeoutError, or what a middleware or the method threw.
 */
export async function runThrough (
  middlewares: ReadonlyArray<Middleware<never>>, call: Call, serve: () => MethodResult | Promise<MethodResult>
): Promise<object> {
  let method = undefined as Promise<object> | undefined
  let reach = doNothing
  const reached = new Promise<void>((resolve) => { reach = resolve })
  const answer = run(0)
  await call.inTime(Promise.race([answer, reached]))
  if (method !== undefined) await Promise.race([answer, method]).catch(doNothing)
  return await call.inTime(answer)

  async function run (index: number): Promise<object> {
    const middleware = middlewares[index]
    if (middleware === undefined) {
      method = runMethod()
      reach()
      return await method
    }
    let isCalled = false
    const next: Next<object> = () => {
      if (isCalled) return quiet(Promise.reject(new TypeError(CALLED_TWICE)))
      isCalled = true
      return quiet(run(index + 1))
    }
    next.again = () => quiet(run(index + 1))
    // The type of a context depends on the lifespan of its server, which is the server that has this middleware.
    const result = await middleware(call.ctx as RequestContext<never>, next)
    if (typeof result === 'object' && result !== null) return result
    throw new TypeError('a middleware must return a result: what next() resolved to, or another object')
  }

  async function runMethod (): Promise<object> {
    // A method that runs again may succeed.
    call.failure = undefined
    try {
      const result = valueOf(await serve())
      call.settle(outcomeOfResult(result, call.failure))
      return result
    } catch (error) {
      call.settle(outcomeOfError(error))
      throw error
    }
  }
}

// A middleware may not await the promise, and an unhandled rejection would end the process.
function quiet (done: Promise<object>): Promise<object> {
  done.catch(doNothing)
  return done
}
