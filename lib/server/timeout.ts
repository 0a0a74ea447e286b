// Ends calls that take too long.
import { askerOf, deadlinesOf, endContext, type RequestContext } from './request-context.ts'

/** A call took longer than its `timeout`. */
export class TimeoutError extends Error {
  override readonly name = 'TimeoutError'
}

/**
 * Waits for a handler, but no longer than its timeout; then `ctx.signal` is aborted and what the handler still does is lost.
 * The time that a legacy client takes for its answers does not count.
 *
 * @param timeoutMs 0 waits for ever.
 * @throws TimeoutError
 */
export function withTimeout<T> (pending: T | PromiseLike<T>, ctx: RequestContext, timeoutMs: number): T | PromiseLike<T> {
  if (timeoutMs === 0 || !isPromiseLike(pending)) return pending

  return new Promise<T>((resolve, reject) => {
    let isOver = false
    let waited = waitedBy(ctx)
    let deadline = deadlinesOf(ctx).start(timeoutMs, expire)

    function expire (late = 0): void {
      if (isOver) return
      const asker = askerOf(ctx)
      if (asker?.isWaiting === true) {
        const firedAt = Date.now()
        return asker.onAnswered(() => expire(Date.now() - firedAt))
      }

      const more = waitedBy(ctx) - waited - late
      if (more > 0) {
        waited = waitedBy(ctx)
        deadline = deadlinesOf(ctx).start(more, expire)
        return
      }
      isOver = true
      const error = new TimeoutError(`timed out after ${timeoutMs} ms`)
      endContext(ctx, error)
      reject(error)
    }
    pending.then(
      (value) => { isOver = true; deadline.clear(); resolve(value) },
      (error: unknown) => { isOver = true; deadline.clear(); reject(error) }
    )
  })
}

function waitedBy (ctx: RequestContext): number {
  return askerOf(ctx)?.waited ?? 0
}

function isPromiseLike<T> (value: T | PromiseLike<T>): value is PromiseLike<T> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function'
}
