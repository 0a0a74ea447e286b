// Waits for what others do, but not for ever.

/**
 * Resolves to what something resolves to.
 * @param timeout Milliseconds.
 * @param what What takes its time, for the error.
 * @throws Error after the timeout
 */
export async function inTime<T> (pending: T | PromiseLike<T>, timeout: number, what: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`${what} took longer than ${timeout} ms`)), timeout)
  })
  try {
    return await Promise.race([pending, late])
  } finally {
    clearTimeout(timer)
  }
}
