// How an app closes: it serves on while balancers learn of it, ends its connections, and waits for its calls.
import { setTimeout as sleep } from 'node:timers/promises'
import type { FastifyInstance } from 'fastify'
import type { Mounted } from './create-mount.ts'
import { doNothing } from './do-nothing.ts'
import { createClosingReply } from './http/reply/closing-reply.ts'
import { ServerConnections } from './http/server-connections.ts'
import { duration } from './options/checks.ts'
import { resolve, type TableOf } from './options/table.ts'

/** How `app.mcp.drain()` closes the app. */
export interface DrainOptions {
  /**
   * How many milliseconds everything is served on after readiness has turned 503. Make it longer than the interval in
   * which balancers check readiness, or 2,000 behind a proxy that does not check it.
   * @default 0
   */
  readonly delay?: number
}

const DRAIN = { delay: duration(0) } satisfies TableOf<DrainOptions>

// Milliseconds without a request after which connections that are still open are ended. A proxy sends on them until it
// has none left, and only then notices that the app refuses new ones. The limit is for all of them together.
const LINGER = 1000
const LINGER_LIMIT = 10_000

/** Drains one app. */
export class AppDrain {
  readonly #root: FastifyInstance
  readonly #connections: ServerConnections
  readonly #mounts: ReadonlyMap<string, Mounted>
  readonly #closing = new AbortController()
  #drained: Promise<void> | undefined
  #ended: Promise<unknown> | undefined

  constructor (root: FastifyInstance, mounts: ReadonlyMap<string, Mounted>) {
    this.#root = root
    this.#connections = new ServerConnections(root.server)
    this.#mounts = mounts
  }

  /** Serves on for a while, and then closes the app. @throws MCP_ERR_INVALID_OPTION */
  begin (options: DrainOptions): Promise<void> {
    const { delay } = resolve(DRAIN, options)
    this.#drained ??= this.#drain(delay)
    return this.#drained
  }

  async #drain (delay: number): Promise<void> {
    const mounts = [...this.#mounts.values()]
    for (const mount of mounts) mount.leave()
    this.#connections.endAfterReplies()
    // An app that is closed meanwhile by other means does not wait.
    await sleep(delay, undefined, { signal: this.#closing.signal }).catch(doNothing)
    await this.#connections.refuseNew()
    const ended = mounts.map((mount) => mount.endStreams())
    if (delay > 0 && this.#ended === undefined) {
      await this.#connections.waitUntilQuiet(Math.min(delay, LINGER), Math.min(delay * 5, LINGER_LIMIT))
    }
    await Promise.all([...ended, this.endCalls()])
    await this.#root.close()
  }

  /**
   * Ends the streams of all mounts, and waits for the requests that they are serving. From then on, requests are
   * refused.
   */
  endCalls (): Promise<unknown> {
    this.#ended ??= this.#endCalls()
    return this.#ended
  }

  #endCalls (): Promise<unknown> {
    this.#closing.abort()
    this.#connections.endUnused()
    const mounts = [...this.#mounts.values()]
    this.#connections.onRequest(createClosingReply(mounts.flatMap(({ endpoints }) => [...endpoints.values()])))
    return Promise.all(mounts.map((mount) => mount.drain()))
  }
}
