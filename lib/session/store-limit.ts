// Time limits of stores: an operation that does not settle in time fails.
import { Deadlines } from '../server/call/deadlines.ts'

/** A store did not answer in time. */
export class StoreTimeoutError extends Error {
  override readonly name = 'StoreTimeoutError'
}

/** How long an operation of a store may take, and the error of an operation that takes longer. */
export interface StoreLimit {
  /** Milliseconds; 0 for no limit. */
  readonly timeout: number
  /** Whether a store that did not answer in time is not called for a while, so that not every event waits for it. */
  readonly pauses?: boolean
  /** Creates the error of an operation that took too long. @default a {@link StoreTimeoutError} */
  readonly createError?: (message: string) => Error
}

// The pause ends after ten timeouts, or as soon as the late answer arrives.
const TIMEOUTS_UNTIL_RETRY = 10

/**
 * Returns a store whose methods reject if they do not settle in time, and throw during a pause.
 * @param now The clock, in milliseconds.
 */
export function limitStore<S extends object> (store: S, limit: StoreLimit, now: () => number = Date.now): S {
  const { timeout, pauses = false, createError = createTimeoutError } = limit
  if (timeout === 0) return store
  const deadlines = new Deadlines()
  let pausedUntil = -Infinity

  function within (operate: () => unknown): unknown {
    if (pausedUntil > now()) throw createError('the store is not called for a while, because it did not answer in time')
    const answer = operate()
    return answer instanceof Promise ? settleInTime(answer) : answer
  }

  function settleInTime (answer: Promise<unknown>): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const deadline = deadlines.start(timeout, () => {
        if (pauses) pausedUntil = now() + TIMEOUTS_UNTIL_RETRY * timeout
        reject(createError(`no answer within ${timeout} ms, which is 'storeTimeout'`))
      })
      answer.finally(() => { deadline.clear(); pausedUntil = -Infinity }).then(resolve, reject)
    })
  }

  return standIn(store, (member) => typeof member === 'function'
    ? (...args: unknown[]) => within(() => Reflect.apply(member, store, args))
    : member)
}

/** Returns an object whose members are those of the given one, which may be frozen, passed through `replace`. */
export function standIn<T extends object> (object: T, replace: (member: unknown, name: string | symbol) => unknown): T {
  // A proxy of a frozen object may not return other members, so the target is an empty object.
  return new Proxy({} as T, { get: (_target, name) => replace(Reflect.get(object, name, object), name) })
}

function createTimeoutError (message: string): Error {
  return new StoreTimeoutError(message)
}
