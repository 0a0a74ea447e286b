// POST by a legacy revision: requests and batches of sessions, and what needs no answer.
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { FastifyReply } from 'fastify'
import type { Classified } from '../protocol/classify.ts'
import { encodeError } from '../protocol/envelope.ts'
import { reduceInitialize } from '../protocol/initialize.ts'
import type { Refusal, RequestId, RequestMessage } from '../protocol/message.ts'
import type { Sessions } from '../session/manager.ts'
import type { Accepted } from './accept.ts'
import { readBatch } from '../protocol/batch.ts'
import { Exchange } from './exchange.ts'
import { deliver, serveInSession } from './in-session.ts'
import { findCaller, openCaller, readLegacyHeaders, SESSION_HEADER, type LegacyCaller } from './legacy.ts'
import type { MountParts } from './parts.ts'
import { sendBusy, sendRefusal } from './reply.ts'
import { serve, serveInPlace } from './serve.ts'
import { sendUnserved } from './unserved.ts'

/** What legacy clients post. */
export class LegacyPost {
  readonly #parts: MountParts
  readonly #sessions: Sessions | undefined

  constructor (parts: MountParts) {
    this.#parts = parts
    this.#sessions = parts.options.stateless ? undefined : parts.sessions
  }

  /** Serves one request. */
  serveRequest (message: RequestMessage, reply: FastifyReply, accepted: Accepted): void {
    const found = message.method === 'initialize' ? undefined : findCaller(this.#sessions, readLegacyHeaders(reply.request), message.id)
    if (found?.kind === 'refusal') return sendRefusal(reply, found)
    const call = { id: message.id, holder: this.#parts.callHolderOf?.(reply.request) }
    const refusal = serveInPlace(this.#parts.calls, call, () => found === undefined
      ? this.#serveInitialize(message, reply, accepted).catch((error: unknown) => sendUnserved(reply, message.id, error))
      : this.#serveFor(found, message, new Exchange(reply, this.#parts, accepted, { id: message.id, session: found.session })))
    if (refusal !== undefined) sendBusy(reply, refusal)
  }

  async #serveInitialize (message: RequestMessage, reply: FastifyReply, accepted: Accepted): Promise<void> {
    const { request } = reply
    const found = await openCaller(this.#sessions, { ...readLegacyHeaders(request), holder: this.#parts.holderOf(request) }, message)
    if (found.kind === 'refusal') return found.status === 400 ? sendRefusal(reply, found) : sendBusy(reply, found)

    const { session } = found
    if (session !== undefined) reply.header(SESSION_HEADER, session.sessionId)
    await this.#serveFor(found, reduceInitialize(message, found.caller.client), new Exchange(reply, this.#parts, accepted, { id: message.id, session }))
  }

  #serveFor ({ caller, session }: LegacyCaller, message: RequestMessage, exchange: Exchange): Promise<unknown> {
    if (session !== undefined) return serveInSession(this.#parts, session, message, exchange)
    return serve(this.#parts.definition, { message, caller, channel: exchange })
  }

  /** Takes notifications and responses, which want no answer; but a session that is none must be told so. */
  acknowledge (messages: ReadonlyArray<Classified | Refusal>, reply: FastifyReply): void {
    const found = findCaller(this.#sessions, readLegacyHeaders(reply.request), null)
    if (found.kind === 'refusal') return sendRefusal(reply, found)
    deliver(this.#parts, messages, found, reply.request)
    reply.code(202).send()
  }

  /** Serves a batch, where the session's revision has them. */
  serveBatch (body: readonly unknown[], reply: FastifyReply, accepted: Accepted): void {
    const found = findCaller(this.#sessions, readLegacyHeaders(reply.request), null)
    if (found.kind === 'refusal') return sendRefusal(reply, found)
    const messages = readBatch(body, found.caller.protocolVersion, this.#parts.options.maxBatch)
    if ('kind' in messages) return sendRefusal(reply, messages)

    const { session } = found
    const answered = messages.filter(({ kind }) => kind === 'request' || kind === 'refusal')
    if (answered.length === 0) return this.acknowledge(messages, reply)
    deliver(this.#parts, messages, found, reply.request)
    const exchange = new Exchange(reply, this.#parts, accepted, { batchOf: answered.length, ids: idsOf(messages), session })
    this.#serveEach(answered, found, exchange)
  }

  // One a turn of the event loop, which all at once might hold for long.
  async #serveEach (messages: ReadonlyArray<Classified | Refusal>, caller: LegacyCaller, exchange: Exchange): Promise<void> {
    const holder = this.#parts.callHolderOf?.(exchange.request)
    for (const message of messages) {
      const refusal = message.kind === 'request'
        ? serveInPlace(this.#parts.calls, { id: message.request.id, holder }, () => this.#serveFor(caller, message.request, exchange))
        : message
      if (refusal?.kind === 'refusal') exchange.answer(200, encodeError(refusal.id, refusal))
      await nextTurn()
    }
  }
}

function idsOf (messages: ReadonlyArray<Classified | Refusal>): readonly RequestId[] {
  return messages.flatMap((message) => message.kind === 'request' ? message.request.id : [])
}
