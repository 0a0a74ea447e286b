// POST by a legacy revision: requests and batches of sessions, and what needs no answer.
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Classified } from '../protocol/classify.ts'
import { encodeError } from '../protocol/envelope.ts'
import type { Message, Params, Refusal, RequestMessage } from '../protocol/message.ts'
import type { Mount } from '../mount.ts'
import type { ResolvedOptions } from '../options.ts'
import type { Caller } from '../server/context.ts'
import type { SessionManager } from '../session/manager.ts'
import type { Session } from '../session/session.ts'
import type { Accepted } from './accept.ts'
import { readBatch } from './batch.ts'
import { Exchange, type ExchangeSettings } from './exchange.ts'
import { findCaller, openCaller, readLegacyHeaders, SESSION_HEADER, type LegacyCaller } from './legacy.ts'
import { createMuteChannel } from './mute-channel.ts'
import { sendBusy, sendRefusal } from './reply.ts'
import { serve } from './serve.ts'

type Notification = Extract<Message, { kind: 'notification' }>

/** What legacy clients post. */
export class LegacyPost {
  readonly #mount: Mount
  readonly #sessions: SessionManager | undefined
  readonly #settings: ExchangeSettings
  readonly #maxBatch: number

  constructor (mount: Mount, { stateless, maxBatch }: ResolvedOptions, settings: ExchangeSettings) {
    this.#mount = mount
    this.#sessions = stateless ? undefined : mount.sessionManager
    this.#settings = settings
    this.#maxBatch = maxBatch
  }

  /** Serves one request. */
  serveRequest (message: RequestMessage, reply: FastifyReply, accepted: Accepted): void {
    const opens = message.method === 'initialize'
    const headers = readLegacyHeaders(reply.request)
    const found = opens ? openCaller(this.#sessions, headers, message) : findCaller(this.#sessions, headers, message.id)
    if (found.kind === 'refusal') return found.status === 503 ? sendBusy(reply, found) : sendRefusal(reply, found)

    if (opens && found.session !== undefined) reply.header(SESSION_HEADER, found.session.sessionId)
    this.#serveFor(found, message, new Exchange(reply, this.#settings, accepted, { id: message.id, session: found.session }))
  }

  #serveFor ({ caller, session }: LegacyCaller, message: RequestMessage, exchange: Exchange): void {
    if (session === undefined) serve(this.#mount.definition, message, caller, exchange)
    else this.#serveIn(session, message, exchange)
  }

  async #serveIn (session: Session, message: RequestMessage, exchange: Exchange): Promise<void> {
    session.begin(message.id, exchange)
    const served = await serve(this.#mount.definition, message, session, exchange)
    this.#mount.sessionManager.settle(session, message.id)
    // An `initialize` that fails leaves no session behind.
    if (message.method === 'initialize' && !served) this.#mount.sessionManager.end(session.sessionId, 'refused')
  }

  /** Takes notifications and responses, which want no answer; but a session that is none must be told so. */
  acknowledge (messages: ReadonlyArray<Classified | Refusal>, reply: FastifyReply): void {
    const found = findCaller(this.#sessions, readLegacyHeaders(reply.request), null)
    if (found.kind === 'refusal') return sendRefusal(reply, found)
    this.#deliver(messages, found, reply.request)
    reply.code(202).send()
  }

  #deliver (messages: ReadonlyArray<Classified | Refusal>, { caller, session }: LegacyCaller, request: FastifyRequest): void {
    for (const message of messages) {
      if (message.kind === 'response') session?.answer(message.id, message)
      else if (message.kind === 'notification' && message.method === 'notifications/cancelled') cancel(message.params, session)
      else if (message.kind === 'notification') this.#notify(message, caller, request)
    }
    if (session === undefined) return
    session.begin()
    this.#mount.sessionManager.settle(session)
  }

  #notify ({ method, params }: Notification, caller: Caller, request: FastifyRequest): void {
    const { definition, lifespan } = this.#mount
    definition.notified?.(method, params, caller, createMuteChannel(request.log, lifespan, request))
  }

  /** Serves a batch, where the session's revision has them. */
  serveBatch (body: readonly unknown[], reply: FastifyReply, accepted: Accepted): void {
    const found = findCaller(this.#sessions, readLegacyHeaders(reply.request), null)
    if (found.kind === 'refusal') return sendRefusal(reply, found)
    const messages = readBatch(body, found.caller.protocolVersion, this.#maxBatch)
    if ('kind' in messages) return sendRefusal(reply, messages)

    const { session } = found
    const answered = messages.filter(({ kind }) => kind === 'request' || kind === 'refusal')
    if (answered.length === 0) return this.acknowledge(messages, reply)
    this.#deliver(messages, found, reply.request)
    const exchange = new Exchange(reply, this.#settings, accepted, { batchOf: answered.length, session })
    for (const message of messages) {
      if (message.kind === 'request') this.#serveFor(found, message.request, exchange)
      else if (message.kind === 'refusal') exchange.answer(200, encodeError(message.id, message))
    }
  }
}

function cancel ({ requestId, reason }: Params, session: Session | undefined): void {
  session?.cancel(requestId, typeof reason === 'string' ? reason : 'the client gave no reason')
}
