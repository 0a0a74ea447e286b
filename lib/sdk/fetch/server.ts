// The definition of a handler with `fetch`. The SDK v2's handlers support modern clients themselves.
import { shorten } from '../../protocol/bounds.ts'
import type { NotificationMessage, RequestId } from '../../protocol/message.ts'
import type { Entered, ServerDefinition } from '../../server/definition.ts'
import type { Incoming } from '../../server/call/incoming.ts'
import { hideFailure } from '../failure.ts'
import { findFreeId } from '../free-id.ts'
import { countMounts } from '../mounts.ts'
import { INITIALIZED } from '../notification.ts'
import type { FetchHandler } from '../shape.ts'
import { recordAccepted } from '../translate.ts'
import { LOCAL_URL } from '../web-request.ts'
import { whileConnected } from '../while-connected.ts'
import { FetchExchange } from './exchange.ts'

/** The definition of a handler with `fetch`. The handler itself notifies clients of changes, on their streams. */
export class FetchServer implements ServerDefinition {
  readonly #handler: FetchHandler
  // The ids of the handler's own sessions, by the sessions of the mounts.
  readonly #sessions = new WeakMap<object, string>()
  // The ids of running requests, by the sessions of the mounts.
  readonly #running = new WeakMap<object, Set<RequestId>>()
  readonly #enter: () => Entered<undefined>

  constructor (handler: FetchHandler) {
    this.#handler = handler
    this.#enter = countMounts(() => handler.close?.())
  }

  async enter (): Promise<Entered<undefined>> {
    return this.#enter()
  }

  async serve (incoming: Incoming): Promise<object> {
    const { message, caller } = incoming
    const running = this.#running.get(caller) ?? new Set<RequestId>()
    if (caller.sessionId !== undefined) this.#running.set(caller, running)
    const id = findFreeId(message.id, running)
    running.add(id)
    try {
      return await recordAccepted(incoming, await this.#exchange({ ...incoming, message: { ...message, id } }))
    } finally {
      running.delete(id)
    }
  }

  async #exchange (incoming: Incoming): Promise<object> {
    const { message, caller, channel } = incoming
    try {
      const exchange = new FetchExchange(this.#handler, incoming, this.#sessions.get(caller))
      const result = await whileConnected(channel, exchange.serve(message))
      const { sessionId } = exchange
      if (sessionId !== undefined && caller.sessionId !== undefined) this.#sessions.set(caller, sessionId)
      return result
    } catch (error) {
      throw hideFailure(error, channel.log, message.method)
    }
  }

  notified (incoming: Incoming<NotificationMessage>): void {
    const { message: { method, params }, caller, channel } = incoming
    const sessionId = this.#sessions.get(caller)
    // Without sessions, a handler has nothing to initialize.
    if (sessionId === undefined && method === INITIALIZED) return
    new FetchExchange(this.#handler, incoming, sessionId).send({ method, params })
      .catch((err) => { channel.log.warn({ err }, `${shorten(method)} could not be delivered`) })
  }

  async ended (session: object): Promise<void> {
    const sessionId = this.#sessions.get(session)
    if (sessionId === undefined) return
    await this.#handler.fetch(new Request(LOCAL_URL, { method: 'DELETE', headers: { 'mcp-session-id': sessionId } }))
  }
}
