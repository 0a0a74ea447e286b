// Node.js runs this beside a program whose modules are recorded.
import type { LoadHook } from 'node:module'
import type { MessagePort } from 'node:worker_threads'

let port: MessagePort | undefined

/** Called with the data that was passed to `register`. */
export function initialize (data: MessagePort): void {
  port = data
}

/** Called for each module. */
export const load: LoadHook = async function load (url, context, next) {
  port?.postMessage(url)
  return await next(url, context)
}
