// `subscriptions/listen`: opens a stream that notifies a modern client of changes.
import type { FastifyBaseLogger, FastifyReply, FastifyRequest } from 'fastify'
import { encodeError, encodeNotification } from '../protocol/encode.ts'
import type { RequestId, RequestMessage } from '../protocol/message.ts'
import {
  encodeAcknowledgement, encodeEnd, readHonoured, reduceListen, type SubscriptionFilter
} from '../protocol/subscription.ts'
import type { RpcError } from '../errors.ts'
import type { Subscription } from '../notify/subscriptions.ts'
import { findTopics, type Topics } from '../notify/topics.ts'
import { isNoPlace, refusePlace } from '../conversation/places.ts'
import { serveFor } from '../conversation/serve.ts'
import type { MountIdentity } from '../telemetry/events.ts'
import type { Caller, Channel } from '../server/call/incoming.ts'
import { Departure } from '../conversation/departure.ts'
import { toRpcError } from '../server/call/failure.ts'
import { resultOf } from '../server/call/result.ts'
import { readFilter } from '../server/features/subscriptions.ts'
import type { AuthInfo } from '../auth/auth-info.ts'
import { takesStream } from './accept.ts'
import { authOf } from './guard/auth-hook.ts'
import { LastingStream } from './reply/lasting-stream.ts'
import type { OpenExchange, OpenExchanges } from './reply/open-exchanges.ts'
import type { MountParts } from './parts.ts'
import { refuseUnread, sendBusy, sendMessage, sendRefusal } from './reply/reply.ts'
import { setErrorHeaders, statusOf } from './reply/status.ts'

const OPEN_STREAMS = 'open streams'
const NOT_ACCEPTABLE = 'Not Acceptable: subscriptions/listen is answered with text/event-stream'
const CLOSING = 'The server is shutting down; send the request again'

/** The parts that a stream begins with. */
interface Begun {
  readonly topics: Topics
  readonly opening: Opening
}

/** Serves one `subscriptions/listen`. Never throws. */
type Listen = (message: RequestMessage, caller: Caller, reply: FastifyReply) => void

/** Builds the handler of `subscriptions/listen` for one mount. */
export function createListenHandler (parts: MountParts): Listen {
  const { definition: server, streams, changes: { subscriptions }, options: { maxBuffered } } = parts

  return function listen (message, caller, reply) {
    const { id } = message
    if (!takesStream(reply.request.headers.accept)) {
      return sendRefusal(reply, { ...refuseUnread(reply.request, 406, NOT_ACCEPTABLE), id })
    }
    const subscription = subscriptions.open(id, parts.holderOf(reply.request))
    if (isNoPlace(subscription)) return sendBusy(reply, refusePlace(subscription, OPEN_STREAMS, id))
    open(subscription, message, caller, reply)
  }

  async function open (
    subscription: Subscription, message: RequestMessage, caller: Caller, reply: FastifyReply
  ): Promise<void> {
    const opening = new Opening(reply, message.id, parts)
    let begun = false
    try {
      const noPlace = parts.cluster && await subscription.findRefusal()
      if (noPlace !== undefined && opening.settle()) sendBusy(reply, refusePlace(noPlace, OPEN_STREAMS, message.id))
      if (noPlace !== undefined) return
      const requested = readFilter(message)
      subscription.reserve(requested)
      const reduced = reduceListen(message, requested, caller.client)
      const incoming = { message: reduced, caller, channel: opening }
      const filter = await serveFor(server, incoming, (outcome) => readHonoured(resultOf(outcome)))
      const topics = await findTopics(filter)
      begun = opening.settle()
      if (begun) begin(subscription, filter, { topics, opening })
    } catch (error) {
      const rpcError = toRpcError(error, reply.log)
      if (opening.settle()) refuseListener(rpcError, message.id, reply)
    } finally {
      if (!begun) {
        subscription.close()
        opening.end()
      }
    }
  }

  function refuseListener (error: RpcError, id: RequestId, reply: FastifyReply): void {
    setErrorHeaders(reply, error, parts.auth)
    sendMessage(reply.code(statusOf(error, 'modern')), encodeError(id, error))
  }

  function begin (subscription: Subscription, filter: SubscriptionFilter, { topics, opening }: Begun): void {
    const { id, request } = opening
    const stream = new LastingStream(streams, maxBuffered, {
      request,
      onClose: () => { subscription.close(); opening.end() },
      onCut: () => stream.send(encodeEnd(id, server.info))
    })
    stream.send(encodeAcknowledgement(id, filter))
    if (topics.size > 0) subscription.start(topics, stream)
    else stream.cut()
    opening.begin(stream)
    parts.expiry?.watch(opening.reply, () => stream.cut())
  }
}

/**
 * A `subscriptions/listen` request until its stream begins. The acknowledgement must come first, so a notification
 * before it is dropped.
 */
class Opening implements Channel, OpenExchange {
  readonly identity: MountIdentity
  readonly request: FastifyRequest
  readonly auth: AuthInfo | undefined
  readonly log: FastifyBaseLogger
  readonly lifespan: unknown
  readonly canListen = true
  readonly unreadBytes = 0
  readonly reply: FastifyReply
  readonly id: RequestId
  readonly #open: OpenExchanges
  readonly #departure = new Departure()
  // Undefined once the request has been answered.
  #disconnected: (() => void) | undefined
  #stream: LastingStream | undefined
  #endListeners: Array<() => void> | undefined

  constructor (reply: FastifyReply, id: RequestId, { identity, lifespan, streams }: MountParts) {
    this.identity = identity
    this.request = reply.request
    this.auth = authOf(reply.request)?.info
    this.log = reply.log
    this.lifespan = lifespan
    this.reply = reply
    this.id = id
    this.#open = streams
    this.#disconnected = () => this.#leave('The client closed the connection')
    reply.raw.on('close', this.#disconnected)
    streams.add(this)
  }

  onDisconnect (listener: (reason: Error) => void): void {
    this.#departure.add(listener)
  }

  onEnd (listener: () => void): void {
    this.#endListeners ??= []
    this.#endListeners.push(listener)
  }

  notify (method: string, params: object): void {
    this.#stream?.send(encodeNotification(method, params))
  }

  /** Sends the stream, to which the acknowledgement has been written. */
  begin (stream: LastingStream): void {
    this.#stream = stream
    // The stream may be open for hours, and the body is no longer needed.
    this.request.body = undefined
    stream.start(this.reply)
  }

  /** Calls the `onEnd` listeners, because the stream has ended or will never begin. */
  end (): void {
    for (const listener of this.#endListeners?.splice(0) ?? []) listener()
  }

  /** Claims the right to answer the request. Returns false if it has been answered or its client has left. */
  settle (): boolean {
    if (this.#disconnected === undefined) return false
    this.#stopWaiting(this.#disconnected)
    this.#departure.dispose()
    return true
  }

  beat (): void {}

  // An opening that was cut has left the open exchanges, so it is never aborted.
  abort (): void {}

  cut (): void {
    sendRefusal(this.reply, { ...refuseUnread(this.request, 503, CLOSING), id: this.id })
    this.#leave('The server is shutting down')
  }

  #leave (reason: string): void {
    if (this.#disconnected !== undefined) this.#stopWaiting(this.#disconnected)
    this.#departure.leave(new Error(reason))
  }

  #stopWaiting (disconnected: () => void): void {
    this.#open.delete(this)
    this.reply.raw.off('close', disconnected)
    this.#disconnected = undefined
  }
}
