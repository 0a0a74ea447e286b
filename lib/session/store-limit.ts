// Time limits of stores: a store that does not answer in time has failed.
import { Deadlines } from '../server/call/deadlines.ts'

/** A store has not answered in time. */
export class StoreTimeoutError extends Error {
  override readonly name = 'StoreTimeoutError'
}

/** How long a store may take, and what its failure is. */
export interface StoreLimit {
  /** Milliseconds; 0 for ever. */
  readonly timeout: number
  /** Whether a store that has not answered in time is left alone for a while, so that not every event waits for it. */
  readonly pauses?: boolean
  /** Makes the error of an operation that took too long. @default a {@link StoreTimeoutError} */
  readonly createError?: (message: string) => Error
}

// A store is asked again after so many times its timeout, or as soon as it has answered after all.
const TIMEOUTS_UNTIL_RETRY = 10

/** A store whose methods throw or reject when they do not settle in time. @param now The clock, in milliseconds. */
export function limitStore<S extends object> (store: S, limit: StoreLimit, now: () => number = Date.now): S {
  const { timeout, pauses = false, createError = createTimeoutError } = limit
  if (timeout === 0) return store
  const deadlines = new Deadlines()
  let leftAloneUntil = -Infinity

  function within (operate: () => unknown): unknown {
    if (leftAloneUntil > now()) throw createError('it is left alone, because it has not answered in time')
    const answer = operate()
    return answer instanceof Promise ? settleInTime(answer) : answer
  }

  function settleInTime (answer: Promise<unknown>): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const deadline = deadlines.start(timeout, () => {
        if (pauses) leftAloneUntil = now() + TIMEOUTS_UNTIL_RETRY * timeout
        reject(createError(`no answer within ${timeout} ms, which is 'storeTimeout'`))
      })
      answer.finally(() => { deadline.clear(); leftAloneUntil = -Infinity }).then(resolve, reject)
    })
  }

  return standIn(store, (member) => typeof member === 'function'
    ? (...args: unknown[]) => within(() => Reflect.apply(member, store, args))
    : member)
}

/** Stands in for an object, be it a frozen one, with other members. */
export function standIn<T extends object> (object: T, replace: (member: unknown, name: string | symbol) => unknown): T {
  // The members of a frozen object cannot be replaced in a proxy of its own. What is read of this one is all of the
  // object.
  return new Proxy({} as T, { get: (_target, name) => replace(Reflect.get(object, name, object), name) })
}

function createTimeoutError (message: string): Error {
  return new StoreTimeoutError(message)
}
