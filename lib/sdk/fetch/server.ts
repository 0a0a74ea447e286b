// Something with `fetch` as a definition: the SDK v2's handlers bring their own modern support.
import { doNothing } from '../../do-nothing.ts'
import { shorten } from '../../protocol/bounds.ts'
import type { Params, RequestId, RequestMessage } from '../../protocol/message.ts'
import type { Caller, Channel } from '../../server/context.ts'
import type { ServerDefinition } from '../../server/definition.ts'
import type { Entered } from '../../server/server-options.ts'
import { hideFailure } from '../failure.ts'
import { findFreeId } from '../free-id.ts'
import { INITIALIZED } from '../notification.ts'
import { whileConnected } from '../while-connected.ts'
import type { FetchHandler } from '../shape.ts'
import { follow } from '../translate.ts'
import { LOCAL_URL } from '../web-request.ts'
import { FetchExchange } from './exchange.ts'

/** Something with `fetch` as a definition. */
export class FetchServer implements ServerDefinition {
  readonly #handler: FetchHandler
  // The handler's own sessions, by those of the mounts.
  readonly #sessions = new WeakMap<object, string>()
  // The ids of the requests that run, by the sessions of the mounts.
  readonly #running = new WeakMap<object, Set<RequestId>>()
  #mounts = 0

  constructor (handler: FetchHandler) {
    this.#handler = handler
  }

  async enter (): Promise<Entered<unknown>> {
    this.#mounts++
    return { value: undefined, close: () => this.#leave() }
  }

  // The streams of its clients are its own.
  onChange (): () => void {
    return doNothing
  }

  async serve (message: RequestMessage, caller: Caller, channel: Channel): Promise<object> {
    const running = this.#running.get(caller) ?? new Set<RequestId>()
    if (caller.sessionId !== undefined) this.#running.set(caller, running)
    const id = findFreeId(message.id, running)
    running.add(id)
    try {
      return follow(message, caller, await this.#exchange({ ...message, id }, caller, channel))
    } finally {
      running.delete(id)
    }
  }

  async #exchange (message: RequestMessage, caller: Caller, channel: Channel): Promise<object> {
    try {
      const exchange = new FetchExchange(this.#handler, { caller, channel, sessionId: this.#sessions.get(caller) })
      const result = await whileConnected(channel, exchange.serve(message))
      if (exchange.sessionId !== undefined && caller.sessionId !== undefined) this.#sessions.set(caller, exchange.sessionId)
      return result
    } catch (error) {
      throw hideFailure(error, channel.log, message.method)
    }
  }

  async handle (message: RequestMessage, caller: Caller, channel: Channel): Promise<string> {
    return JSON.stringify(await this.serve(message, caller, channel))
  }

  notified (method: string, params: Params, caller: Caller, channel: Channel): void {
    const sessionId = this.#sessions.get(caller)
    // A handler without sessions has nothing to begin.
    if (sessionId === undefined && method === INITIALIZED) return
    new FetchExchange(this.#handler, { caller, channel, sessionId }).send({ method, params })
      .catch((err) => { channel.log.warn({ err }, `${shorten(method)} could not be handed over`) })
  }

  async ended (session: object): Promise<void> {
    const sessionId = this.#sessions.get(session)
    if (sessionId === undefined) return
    await this.#handler.fetch(new Request(LOCAL_URL, { method: 'DELETE', headers: { 'mcp-session-id': sessionId } }))
  }

  async #leave (): Promise<void> {
    if (--this.#mounts === 0) await this.#handler.close?.()
  }
}
