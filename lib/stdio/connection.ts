// Serves one client on stdio: its messages of both eras, and its running calls.
import { principalOf } from '../auth/auth-info.ts'
import { idsOf, joinAnswers } from '../conversation/batch-reply.ts'
import { createNotifyingCaller } from '../conversation/callers.ts'
import { isNotice, takeNotice, type Notice } from '../conversation/notices.ts'
import { serve, serveInSession, type SessionServer } from '../conversation/serve.ts'
import { doNothing } from '../do-nothing.ts'
import type { RpcError } from '../errors.ts'
import { ChangeHub } from '../notify/change-hub.ts'
import { readBatch } from '../protocol/batch.ts'
import { classify, type LegacyRequest, type ModernRequest } from '../protocol/classify.ts'
import { encodeError, encodeResponse } from '../protocol/encode.ts'
import { parseInitialize, reduceInitialize } from '../protocol/initialize.ts'
import type { RequestId, RequestMessage } from '../protocol/message.ts'
import { Method } from '../protocol/methods.ts'
import { refuse, type Refusal } from '../protocol/refusals.ts'
import { negotiateRevision, type Era } from '../protocol/revisions.ts'
import type { ServerDefinition } from '../server/definition.ts'
import { SessionDisposal } from '../server/session-disposal.ts'
import { LocalSupport } from '../session/local-support.ts'
import { RunningRequests } from '../session/running.ts'
import { messages, refusals } from '../telemetry/channels.ts'
import type { SessionEnd } from '../telemetry/events.ts'
import { publishRefusal } from '../telemetry/refusal-events.ts'
import { SessionPublisher } from '../telemetry/session-events.ts'
import { Session } from '../session/session.ts'
import type { EventSink } from '../session/stream/session-stream.ts'
import { PipeCall, type Pipe, type TakeReply } from './call.ts'
import { Listening } from './listening.ts'
import type { ResolvedStdioOptions } from './options.ts'
import { readLine, readRevision } from './read-line.ts'
import { publishLine } from './wire-events.ts'

// All sessions on stdio share this support, because none of them stores messages.
const LOCAL = new LocalSupport()
const SHUTTING_DOWN = 'The server is shutting down'
const NO_BATCHES = 'only a session of revision 2025-03-26 has batches; send each message on its own'

/** The connection to one client on stdio. */
export class Connection {
  /** Notifies the client of changes. */
  readonly changes: ChangeHub
  readonly #server: ServerDefinition
  readonly #options: ResolvedStdioOptions
  readonly #pipe: Pipe
  readonly #principal: string | undefined
  readonly #sessionServer: SessionServer
  readonly #calls = new RunningRequests<PipeCall>()
  // The session that `initialize` has opened, if any. A set, because the change hub takes any number of sessions.
  readonly #sessions = new Set<Session>()
  readonly #publisher: SessionPublisher
  readonly #disposal: SessionDisposal
  #onIdle: (() => void) | undefined

  constructor (server: ServerDefinition, options: ResolvedStdioOptions, pipe: Pipe) {
    this.#server = server
    this.#options = options
    this.#pipe = pipe
    this.#principal = options.auth && principalOf(options.auth)
    this.#sessionServer = {
      definition: server,
      sessions: {
        settle: (session, id, running) => session.end(Date.now(), id, running),
        finish: (sessionId, reason) => {
          for (const session of this.#sessions) if (session.sessionId === sessionId) this.#endSession(session, reason)
        }
      }
    }
    this.#publisher = new SessionPublisher(pipe.identity)
    this.#disposal = new SessionDisposal(server, (err) => pipe.log.error({ err }, "a session's server failed to close"))
    this.changes = new ChangeHub(this.#sessions, {
      streams: { max: options.maxStreams },
      onFailure: (err) => { pipe.log.error({ err }, 'changes could not be published') }
    })
    this.changes.start(server)
  }

  /** Serves the messages of a line. @param line Undefined if the line was too long. */
  receive (line: Buffer | undefined): void {
    const parsed = readLine(line, this.#options)
    if (parsed === undefined) return
    if (parsed.kind === 'refusal') return this.#refuse(parsed)
    if (messages.hasSubscribers) publishLine(this.#pipe.identity, 'in', String(line))
    if (Array.isArray(parsed.value)) this.#receiveBatch(parsed.value)
    else this.#receiveMessage(parsed.value)
  }

  /**
   * Ends the connection: subscriptions at once, and requests that are still running after the grace period.
   * @param gracePeriod Milliseconds.
   */
  async end (gracePeriod: number): Promise<void> {
    const [session] = this.#sessions
    for (const call of this.#calls) if (call instanceof Listening) call.cut(SHUTTING_DOWN)
    // The client can no longer answer questions.
    session?.questions.abandon()
    if (!this.#calls.isEmpty && gracePeriod > 0) await this.#untilIdle(gracePeriod)
    for (const call of this.#calls) call.cut(SHUTTING_DOWN)
    this.changes.stop()
    if (session !== undefined) this.#endSession(session, 'closed')
    await this.#disposal.done()
  }

  /** Ends all requests, because the client no longer reads their replies. */
  abandon ({ message }: Error): void {
    for (const call of this.#calls) call.end(new Error(message))
  }

  #receiveMessage (value: unknown): void {
    const message = classify(value, readRevision(value), this.#options)
    if (message.kind === 'refusal') this.#refuse(message, value)
    else if (message.kind === 'request') this.#receiveRequest(message, (json) => this.#send(json))
    else this.#take(message)
  }

  // MCP 2025-03-26 basic, Batching.
  #receiveBatch (batch: readonly unknown[]): void {
    const [session] = this.#sessions
    if (session === undefined) return this.#refuse(refuse('invalidRequest', null, NO_BATCHES))
    const messages = readBatch(batch, session.protocolVersion, this.#options.maxBatch)
    if ('kind' in messages) return this.#refuse(messages)

    const ids = idsOf(messages)
    const replies: string[] = []
    let awaited = messages.filter((message) => !isNotice(message)).length
    const takeReply: TakeReply = (json) => {
      if (json !== undefined) replies.push(json)
      if (--awaited === 0 && replies.length > 0) this.#send(joinAnswers(replies, ids, this.#pipe.log))
    }
    for (const message of messages) {
      if (message.kind === 'request') this.#receiveRequest(message, takeReply)
      else if (message.kind === 'refusal') {
        this.#publish(message)
        takeReply(encodeError(message.id, message))
      } else this.#take(message)
    }
  }

  #receiveRequest (message: ModernRequest | LegacyRequest, takeReply: TakeReply): void {
    const refusal = message.era === 'modern'
      ? this.#serveModern(message, takeReply)
      : this.#serveLegacy(message.request, takeReply)
    if (refusal === undefined) return
    this.#publish(refusal, message.request)
    takeReply(encodeError(message.request.id, refusal))
  }

  #serveModern ({ request, meta }: ModernRequest, takeReply: TakeReply): Refusal | undefined {
    const caller = { ...meta, principal: this.#principal }
    if (request.method !== Method.SubscriptionsListen) {
      serve(this.#server, { message: request, caller, channel: this.#open(request.id, undefined, takeReply) })
      return
    }
    // Notifications of a subscription carry only its id, so two open subscriptions must not have the same id.
    if (this.#calls.awaiting(request.id).some((call) => call instanceof Listening)) {
      const problem = `an open subscription already has the id ${JSON.stringify(request.id)}; use another id`
      return refuse('invalidRequest', request.id, problem)
    }
    try {
      const place = { pipe: this.#pipe, server: this.#server, changes: this.changes }
      const listening: Listening = new Listening(place, request, (json) => this.#over(listening, json, takeReply))
      this.#calls.add(request.id, listening)
      listening.begin(request, caller)
    } catch (error) {
      // The cast holds: the constructor only throws an RpcError, if there are too many subscriptions.
      return refuse('full', request.id, (error as RpcError).message)
    }
  }

  #serveLegacy (request: RequestMessage, takeReply: TakeReply): Refusal | undefined {
    const { id, method } = request
    const [session] = this.#sessions
    if (method === Method.Initialize) return this.#initialize(request, takeReply)
    if (session !== undefined) this.#serveInSession(session, request, takeReply)
    // MCP 2025-11-25 lifecycle, Initialization: a client may ping before `initialize`.
    else if (method === Method.Ping) takeReply(encodeResponse(id, '{}'))
    else return refuse('invalidRequest', id, "send 'initialize' first, or name the revision in '_meta' of the request")
  }

  // A client that initializes again no longer uses its former session.
  #initialize (request: RequestMessage, takeReply: TakeReply): Refusal | undefined {
    const { id, params } = request
    const opening = parseInitialize(params)
    if ('problem' in opening) return refuse('invalidParams', id, opening.problem)

    for (const former of this.#sessions) this.#endSession(former, 'deleted')
    const { requested, client } = opening
    const protocolVersion = negotiateRevision(requested)
    const session = new Session({ protocolVersion, client, principal: this.#principal }, Date.now(), LOCAL)
    this.#sessions.add(session)
    this.#publisher.opened(session)
    this.#serveInSession(session, reduceInitialize(request, client), takeReply)
  }

  #serveInSession (session: Session, message: RequestMessage, takeReply: TakeReply): void {
    serveInSession(this.#sessionServer, { session, message, channel: this.#open(message.id, session, takeReply) })
  }

  #open (id: RequestId, session: Session | undefined, takeReply: TakeReply): PipeCall {
    const call: PipeCall = new PipeCall(this.#pipe, id, session, (json) => this.#over(call, json, takeReply))
    this.#calls.add(id, call)
    return call
  }

  #over (call: PipeCall, json: string | undefined, takeReply: TakeReply): void {
    this.#calls.delete(call.id, call)
    takeReply(json)
    if (this.#calls.isEmpty) this.#onIdle?.()
  }

  #take (notice: Notice & { readonly era: Era }): void {
    const [session] = this.#sessions
    // MCP 2025-11-25 lifecycle: before the client is initialized, the server sends no messages outside of requests.
    const isInitialized = notice.kind === 'notification' && notice.method === Method.Initialized
    if (session !== undefined && isInitialized && !session.streams.listen().isAttached) {
      session.streams.listen().attach(createSink(this.#pipe))
      session.streams.opened()
    }
    takeNotice(notice, {
      definition: this.#server,
      caller: notice.era === 'modern' && notice.kind === 'notification'
        ? createNotifyingCaller(notice.params, this.#principal)
        : session,
      session,
      createChannel: () => new PipeCall(this.#pipe, '', session, doNothing),
      cancel: (requestId, reason) => this.#cancel(requestId, reason)
    })
  }

  // Returns true if several requests have the id, so that it is unknown which one the client means.
  #cancel (requestId: RequestId, reason: string): boolean {
    const [call, ...others] = this.#calls.awaiting(requestId)
    if (others.length === 0) call?.cancel(reason)
    return others.length > 0
  }

  #endSession (session: Session, reason: SessionEnd): void {
    if (!this.#sessions.delete(session)) return
    this.#publisher.ended(session, reason)
    for (const call of this.#calls) if (call.session === session) call.cut('The session has ended')
    session.close('the session has ended')
    this.#disposal.begin(session)
  }

  async #untilIdle (time: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, time)
      this.#onIdle = () => { clearTimeout(timer); resolve() }
    })
  }

  #refuse (refusal: Refusal, message?: unknown): void {
    this.#publish(refusal, message)
    this.#send(encodeError(refusal.id, refusal))
  }

  #publish (refusal: Refusal, message?: unknown): void {
    if (!refusals.hasSubscribers) return
    const [session] = this.#sessions
    const { identity, auth } = this.#pipe
    publishRefusal(identity, refusal, { auth, sessionId: session?.sessionId, message })
  }

  #send (json: string | undefined): void {
    if (json !== undefined) this.#pipe.output.send(json)
  }
}

// Messages that a session sends outside of a call go straight to the output, because stdio stores and replays nothing.
function createSink ({ output }: Pipe): EventSink {
  const [send, drained] = [(json: string) => output.send(json), () => output.drained()]
  return { send, drained, replay: doNothing, prime: doNothing, end: doNothing }
}
