// POST by a legacy revision: requests and batches of sessions, and what needs no answer.
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { FastifyReply } from 'fastify'
import { isNotice, isUse } from '../conversation/notices.ts'
import { serve, serveInPlace, serveInSession } from '../conversation/serve.ts'
import { readBatch } from '../protocol/batch.ts'
import type { Classified } from '../protocol/classify.ts'
import { encodeError } from '../protocol/envelope.ts'
import { reduceInitialize } from '../protocol/initialize.ts'
import type { RequestId, RequestMessage } from '../protocol/message.ts'
import { Method } from '../protocol/methods.ts'
import type { Refusal } from '../protocol/refusals.ts'
import type { Sessions } from '../session/sessions.ts'
import type { Accepted } from './accept.ts'
import { Exchange } from './reply/exchange.ts'
import { deliver } from './deliver.ts'
import {
  findCaller, openCaller, readLegacyHeaders, refuseSession, SESSION_HEADER, type LegacyCaller, type LegacyHeaders
} from './legacy.ts'
import type { MountParts } from './parts.ts'
import { sendBusy, sendRefusal } from './reply/reply.ts'
import { sendUnserved } from './reply/unserved.ts'

type Messages = ReadonlyArray<Classified | Refusal>

/** A request and how it is replied to. */
interface Posted {
  readonly reply: FastifyReply
  readonly accepted: Accepted
  readonly headers: LegacyHeaders
}

/** What legacy clients post. In a cluster, the session of a request is known only after a look at the store. */
export class LegacyPost {
  readonly #parts: MountParts
  readonly #sessions: Sessions | undefined

  constructor (parts: MountParts) {
    this.#parts = parts
    this.#sessions = parts.options.stateless ? undefined : parts.sessions
  }

  /** Serves one request. */
  serveRequest (message: RequestMessage, reply: FastifyReply, accepted: Accepted): void {
    const posted: Posted = { reply, accepted, headers: readLegacyHeaders(reply.request) }
    if (message.method === Method.Initialize) {
      return this.#serveInPlace(message, reply, () =>
        this.#serveInitialize(message, posted).catch((error: unknown) => sendUnserved(reply, message.id, error)))
    }
    const found = findCaller(this.#sessions, posted.headers, true)
    if (!(found instanceof Promise)) return this.#serveFound(found, message, posted)
    found.then((caller) => this.#serveFound(caller, message, posted))
      .catch((error: unknown) => sendUnserved(reply, message.id, error))
  }

  /** Takes notifications and responses, which want no answer; but a session that is none must be told so. */
  acknowledge (messages: ReadonlyArray<Classified | Refusal>, reply: FastifyReply): void {
    const headers = readLegacyHeaders(reply.request)
    const found = findCaller(this.#sessions, headers, this.#parts.cluster === undefined || messages.some(isUse))
    if (found instanceof Promise) {
      found.then((caller) => this.#acknowledgeOf(caller, messages, reply))
        .catch((error: unknown) => sendUnserved(reply, null, error))
    } else {
      this.#acknowledgeOf(found, messages, reply)
    }
  }

  /** Serves a batch, where the session's revision has them. */
  serveBatch (body: readonly unknown[], reply: FastifyReply, accepted: Accepted): void {
    const posted: Posted = { reply, accepted, headers: readLegacyHeaders(reply.request) }
    const found = findCaller(this.#sessions, posted.headers, true)
    if (found instanceof Promise) {
      found.then((caller) => this.#serveBatchOf(caller, body, posted))
        .catch((error: unknown) => sendUnserved(reply, null, error))
    } else {
      this.#serveBatchOf(found, body, posted)
    }
  }

  #serveFound (found: LegacyCaller | undefined, message: RequestMessage, { reply, accepted, headers }: Posted): void {
    if (found === undefined) return sendRefusal(reply, refuseSession(headers, message.id))
    const awaited = { id: message.id, session: found.session }
    this.#serveInPlace(message, reply, () =>
      this.#serveFor(found, message, new Exchange(reply, this.#parts, accepted, awaited)))
  }

  #serveInPlace ({ id }: RequestMessage, reply: FastifyReply, serve: () => Promise<unknown>): void {
    const refusal = serveInPlace(this.#parts.calls, { id, holder: this.#parts.callHolderOf?.(reply.request) }, serve)
    if (refusal !== undefined) sendBusy(reply, refusal)
  }

  async #serveInitialize (message: RequestMessage, { reply, accepted, headers }: Posted): Promise<void> {
    const found = await openCaller(this.#sessions, { ...headers, holder: this.#parts.holderOf(reply.request) }, message)
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

  #acknowledgeOf (found: LegacyCaller | undefined, messages: Messages, reply: FastifyReply): void | Promise<void> {
    if (found === undefined) return sendRefusal(reply, refuseSession(readLegacyHeaders(reply.request), null))
    return this.#forwardThen(messages, found, () => {
      deliver(this.#parts, messages, found, reply.request)
      reply.code(202).send()
    })
  }

  #serveBatchOf (found: LegacyCaller | undefined, body: readonly unknown[], posted: Posted): void | Promise<void> {
    const { reply, accepted, headers } = posted
    if (found === undefined) return sendRefusal(reply, refuseSession(headers, null))
    const messages = readBatch(body, found.caller.protocolVersion, this.#parts.options.maxBatch)
    if ('kind' in messages) return sendRefusal(reply, messages)
    return this.#forwardThen(messages, found, () => {
      deliver(this.#parts, messages, found, reply.request)
      const answered = messages.filter((message) => !isNotice(message))
      if (answered.length === 0) return reply.code(202).send()
      const awaited = { id: idsOf(messages), answers: answered.length, session: found.session }
      this.#serveEach(answered, found, new Exchange(reply, this.#parts, accepted, awaited))
    })
  }

  // What is acknowledged has reached the nodes that wait for it.
  #forwardThen (messages: Messages, { session }: LegacyCaller, next: () => unknown): void | Promise<void> {
    const forwarded = session && this.#sessions?.forward(messages, session)
    if (forwarded !== undefined) return forwarded.then(() => { next() })
    next()
  }

  // One a turn of the event loop, which all at once might hold for long.
  async #serveEach (messages: Messages, caller: LegacyCaller, exchange: Exchange): Promise<void> {
    const holder = this.#parts.callHolderOf?.(exchange.request)
    for (const message of messages) {
      const refusal = message.kind === 'request'
        ? serveInPlace(this.#parts.calls, { id: message.request.id, holder }, () =>
          this.#serveFor(caller, message.request, exchange))
        : message
      if (refusal?.kind === 'refusal') exchange.answer(encodeError(refusal.id, refusal))
      await nextTurn()
    }
  }
}

function idsOf (messages: ReadonlyArray<Classified | Refusal>): readonly RequestId[] {
  return messages.flatMap((message) => message.kind === 'request' ? message.request.id : [])
}
