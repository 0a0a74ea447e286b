// POST by a legacy client: requests, batches, notifications and responses.
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { FastifyReply } from 'fastify'
import { idsOf } from '../conversation/batch-reply.ts'
import { isNotice, isUse } from '../conversation/notices.ts'
import { serve, serveInPlace, serveInSession } from '../conversation/serve.ts'
import { readBatch } from '../protocol/batch.ts'
import type { Classified } from '../protocol/classify.ts'
import { encodeError } from '../protocol/encode.ts'
import { reduceInitialize } from '../protocol/initialize.ts'
import type { RequestId, RequestMessage } from '../protocol/message.ts'
import { Method } from '../protocol/methods.ts'
import type { Refusal } from '../protocol/refusals.ts'
import { refusals } from '../telemetry/channels.ts'
import type { Sessions } from '../session/sessions.ts'
import type { Accepted } from './accept.ts'
import { Exchange } from './reply/exchange.ts'
import { deliver } from './deliver.ts'
import {
  findCaller, openCaller, readLegacyHeaders, refuseSession, SESSION_HEADER, type LegacyCaller
} from './legacy.ts'
import { authOf } from './guard/auth-hook.ts'
import type { MountParts } from './parts.ts'
import { sendBusy, sendRefusal } from './reply/reply.ts'
import { publishHttpRefusal } from './reply/http-events.ts'
import { sendUnserved } from './reply/unserved.ts'

type Messages = ReadonlyArray<Classified | Refusal>

/** A POST whose caller is being looked up. */
interface Posted {
  readonly reply: FastifyReply
  /** The id of the request, if the body is a single one, or else null. */
  readonly id: RequestId | null
  /** Whether the POST is more than a part of the handshake. */
  readonly isUse: boolean
}

/** A request that needs a place. */
interface Requested {
  readonly id: RequestId
  readonly reply: FastifyReply
  /** The id of its session; undefined without one. */
  readonly sessionId?: string | undefined
}

/** Serves what legacy clients post. In a cluster, the session of a request has to be looked up in the store. */
export class LegacyPost {
  readonly #parts: MountParts
  readonly #sessions: Sessions | undefined

  constructor (parts: MountParts) {
    this.#parts = parts
    this.#sessions = parts.options.stateless ? undefined : parts.sessions
  }

  /** Serves one request. */
  serveRequest (message: RequestMessage, reply: FastifyReply, accepted: Accepted): void {
    const { id } = message
    if (message.method === Method.Initialize) {
      return this.#serveInPlace({ id, reply }, () =>
        this.#serveInitialize(message, reply, accepted).catch((error: unknown) => sendUnserved(reply, id, error)))
    }
    this.#withCaller({ reply, id, isUse: true }, (found) => {
      const awaited = { id, session: found.session }
      this.#serveInPlace({ id, reply, sessionId: found.session?.sessionId }, () =>
        this.#serveFor(found, message, new Exchange(reply, this.#parts, accepted, awaited)))
    })
  }

  /** Takes notifications and responses. They get no answer, but an unknown session is refused. */
  acknowledge (messages: Messages, reply: FastifyReply): void {
    const posted: Posted = { reply, id: null, isUse: this.#parts.cluster === undefined || messages.some(isUse) }
    this.#withCaller(posted, (found) =>
      this.#deliver(messages, found, reply, () => { reply.code(202).send() }))
  }

  /** Serves a batch, if the revision of the session has batches. */
  serveBatch (body: readonly unknown[], reply: FastifyReply, accepted: Accepted): void {
    this.#withCaller({ reply, id: null, isUse: true }, (found) => {
      const messages = readBatch(body, found.caller.protocolVersion, this.#parts.options.maxBatch)
      if ('kind' in messages) return sendRefusal(reply, messages)
      const answered = messages.filter((message) => !isNotice(message))
      return this.#deliver(messages, found, reply, () => {
        if (answered.length === 0) return reply.code(202).send()
        const awaited = { id: idsOf(messages), answers: answered.length, session: found.session }
        this.#serveEach(answered, found, new Exchange(reply, this.#parts, accepted, awaited))
      })
    })
  }

  // Continues with the caller of a POST: at once, or in a cluster once the store has been asked.
  #withCaller ({ reply, id, isUse }: Posted, serve: (found: LegacyCaller) => void | Promise<void>): void {
    const headers = readLegacyHeaders(reply.request, this.#parts)
    const found = findCaller(this.#sessions, headers, isUse)
    const goOn = (caller: LegacyCaller | undefined): void | Promise<void> =>
      caller === undefined ? sendRefusal(reply, refuseSession(headers, id)) : serve(caller)
    if (found instanceof Promise) found.then(goOn).catch((error: unknown) => sendUnserved(reply, id, error))
    else goOn(found)
  }

  #serveInPlace ({ id, reply, sessionId }: Requested, serve: () => Promise<unknown>): void {
    const holder = this.#parts.callHolderOf?.(reply.request)
    const refusal = serveInPlace(this.#parts.calls, { id, holder, sessionId }, serve)
    if (refusal !== undefined) sendBusy(reply, refusal)
  }

  async #serveInitialize (message: RequestMessage, reply: FastifyReply, accepted: Accepted): Promise<void> {
    const { request } = reply
    const headers = {
      ...readLegacyHeaders(request, this.#parts),
      holder: this.#parts.holderOf(request),
      grantId: authOf(request)?.info.grantId
    }
    const found = await openCaller(this.#sessions, headers, message)
    if (found.kind === 'refusal') return found.status === 400 ? sendRefusal(reply, found) : sendBusy(reply, found)

    const { session } = found
    if (session !== undefined) reply.header(SESSION_HEADER, session.sessionId)
    const exchange = new Exchange(reply, this.#parts, accepted, { id: message.id, session })
    await this.#serveFor(found, reduceInitialize(message, found.caller.client), exchange)
  }

  #serveFor ({ caller, session }: LegacyCaller, message: RequestMessage, exchange: Exchange): Promise<unknown> {
    if (session !== undefined) return serveInSession(this.#parts, { session, message, channel: exchange })
    return serve(this.#parts.definition, { message, caller, channel: exchange })
  }

  // Takes the notices among the messages. In a cluster they are forwarded first to the nodes that wait for them.
  #deliver (messages: Messages, found: LegacyCaller, reply: FastifyReply, next: () => unknown): void | Promise<void> {
    const deliverHere = (): void => {
      deliver(this.#parts, messages, found, reply.request)
      next()
    }
    const forwarded = found.session && this.#sessions?.forward(messages, found.session)
    if (forwarded !== undefined) return forwarded.then(deliverHere)
    deliverHere()
  }

  // Serves one message per turn of the event loop: all of them at once might block it for long.
  async #serveEach (messages: Messages, caller: LegacyCaller, exchange: Exchange): Promise<void> {
    const holder = this.#parts.callHolderOf?.(exchange.request)
    const sessionId = caller.session?.sessionId
    for (const message of messages) {
      const refusal = message.kind === 'request'
        ? serveInPlace(this.#parts.calls, { id: message.request.id, holder, sessionId }, () =>
          this.#serveFor(caller, message.request, exchange))
        : message
      if (refusal?.kind === 'refusal') {
        if (refusals.hasSubscribers) publishHttpRefusal(exchange.request, refusal)
        exchange.answer(encodeError(refusal.id, refusal))
      }
      await nextTurn()
    }
  }
}
