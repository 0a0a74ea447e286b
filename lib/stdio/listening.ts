// `subscriptions/listen` on stdio: a request that stays open (MCP 2026-07-28 subscriptions).
import type { ChangeHub } from '../notify/change-hub.ts'
import type { Subscription } from '../notify/subscriptions.ts'
import { findTopics } from '../notify/topics.ts'
import { serveFor } from '../conversation/serve.ts'
import { RpcError } from '../errors.ts'
import { encodeError } from '../protocol/encode.ts'
import { ErrorCode } from '../protocol/error-code.ts'
import type { RequestMessage } from '../protocol/message.ts'
import { encodeAcknowledgement, encodeEnd, readHonoured, reduceListen } from '../protocol/subscription.ts'
import type { Caller } from '../server/call/incoming.ts'
import type { ServerDefinition } from '../server/definition.ts'
import { toRpcError } from '../server/call/failure.ts'
import { resultOf } from '../server/call/result.ts'
import { readFilter } from '../server/features/subscriptions.ts'
import { PipeCall, type Pipe, type TakeReply } from './call.ts'

/** The parts of a connection that its subscriptions use. */
export interface ListeningPlace {
  readonly pipe: Pipe
  readonly server: ServerDefinition
  readonly changes: ChangeHub
}

/** One subscription of a client on stdio. Nothing is sent before the acknowledgement, which has to come first. */
export class Listening extends PipeCall {
  readonly #place: ListeningPlace
  readonly #subscription: Subscription
  readonly #endListeners: Array<() => void> = []
  #hasBegun = false

  /** @throws RpcError if there are too many subscriptions. @param takeReply As in {@link PipeCall}. */
  constructor (place: ListeningPlace, { id }: RequestMessage, takeReply: TakeReply) {
    const { subscriptions } = place.changes
    const subscription = subscriptions.open(id)
    if ('refused' in subscription) {
      throw new RpcError(ErrorCode.InternalError, `Too many open streams: ${subscriptions.max}; end one of them first`)
    }
    super(place.pipe, id, undefined, (json) => {
      subscription.close()
      takeReply(json)
      for (const listener of this.#endListeners.splice(0)) listener()
    })
    this.#place = place
    this.#subscription = subscription
  }

  override notify (method: string, params: object): void {
    if (this.#hasBegun) super.notify(method, params)
  }

  onEnd (listener: () => void): void {
    this.#endListeners.push(listener)
  }

  /** Asks the server which changes it reports, acknowledges those, and begins to send them. Never throws. */
  async begin (message: RequestMessage, caller: Caller): Promise<void> {
    const { server, pipe: { output } } = this.#place
    try {
      const requested = readFilter(message)
      this.#subscription.reserve(requested)
      const reduced = reduceListen(message, requested, caller.client)
      const incoming = { message: reduced, caller, channel: this }
      const filter = await serveFor(server, incoming, (outcome) => readHonoured(resultOf(outcome)))
      const topics = await findTopics(filter)
      if (this.isOver) return
      output.send(encodeAcknowledgement(this.id, filter))
      this.#hasBegun = true
      if (topics.size === 0) return this.cut('There are no changes to report')
      this.#subscription.start(topics, output)
    } catch (error) {
      this.answer(encodeError(this.id, toRpcError(error, this.log)))
    }
  }

  /** Ends the subscription, and notifies its client (MCP 2026-07-28 subscriptions, Graceful Closure). */
  override cut (reason: string): void {
    if (this.#hasBegun) this.end(new Error(reason), encodeEnd(this.id, this.#place.server.info))
    else super.cut(reason)
  }
}
