// One POST and its reply: a JSON body, or a stream if a message has to be sent before the answer.
import type { FastifyBaseLogger, FastifyReply, FastifyRequest } from 'fastify'
import { joinAnswers } from '../../conversation/batch-reply.ts'
import { Departure } from '../../conversation/departure.ts'
import type { Answering } from '../../conversation/serve.ts'
import { CancelledError } from '../../protocol/cancellation.ts'
import { encodeError, encodeNotification } from '../../protocol/encode.ts'
import { ErrorCode } from '../../protocol/error-code.ts'
import type { ServerRequest } from '../../protocol/question.ts'
import { RpcError } from '../../errors.ts'
import type { AuthInfo } from '../../auth/auth-info.ts'
import type { Incoming } from '../../server/call/incoming.ts'
import type { LocalStream } from '../../session/stream/local-stream.ts'
import type { QuestionSink } from '../../session/questions.ts'
import type { Running } from '../../session/running.ts'
import type { Session } from '../../session/session.ts'
import type { MountIdentity } from '../../telemetry/events.ts'
import type { Accepted } from '../accept.ts'
import { authOf } from '../guard/auth-hook.ts'
import type { EndStream } from './expiry.ts'
import type { OpenExchange } from './open-exchanges.ts'
import type { MountParts } from '../parts.ts'
import { OVER, UNBEGUN, type Awaited, type ReplyState, type Streaming, type Unbegun } from './reply-state.ts'
import { isClosed, sendMessage } from './reply.ts'
import { SSE_HEADERS, SseStream } from './sse.ts'
import { setErrorHeaders, statusOf } from './status.ts'

const UNASKABLE = 'cannot be sent: the client has no session, accepts no stream, or has left'

// A silent exchange becomes a stream on its second beat, when it is between one half and one interval old.
const BEATS_BEFORE_STREAM = 2
const isBatch = (id: Awaited['id']): id is Extract<Awaited['id'], object> => typeof id === 'object'

/** One POST and its reply. */
export class Exchange implements Answering, OpenExchange, Running {
  readonly request: FastifyRequest
  readonly takesJson = true
  readonly #reply: FastifyReply
  readonly #parts: MountParts
  readonly #accepted: Accepted
  readonly #session: Session | undefined
  readonly #id: Awaited['id']
  #awaited: number
  #state: ReplyState
  #beats = 0
  #departure: Departure | undefined

  /** @param accepted The kinds of reply that may be sent: those that the client accepts and `jsonResponse` allows. */
  constructor (reply: FastifyReply, parts: MountParts, accepted: Accepted, { id, answers, session }: Awaited) {
    this.request = reply.request
    this.#reply = reply
    this.#parts = parts
    this.#accepted = accepted
    this.#session = session
    this.#id = id
    this.#awaited = answers ?? 1
    this.#state = isBatch(id) ? { kind: 'unbegun', answers: [] } : UNBEGUN
    parts.exchanges.add(this)
  }

  get identity (): MountIdentity { return this.#parts.identity }

  get log (): FastifyBaseLogger { return this.request.log }

  get auth (): AuthInfo | undefined { return authOf(this.request)?.info }

  get lifespan (): unknown { return this.#parts.lifespan }

  get canListen (): boolean { return !this.#parts.options.jsonResponse }

  get unreadBytes (): number { return (this.#stream?.sse.unread ?? 0) + this.#reply.raw.writableLength }

  /** Whether every request has been answered, or the client no longer waits. */
  get isOver (): boolean { return this.#state.kind === 'over' }

  notify (method: string, params: object): void {
    const state = this.#state
    if (!this.#accepted.stream || state.kind === 'over') return
    this.#openStream(state).sink.send(encodeNotification(method, params))
  }

  async drained (): Promise<void> { await this.#stream?.sink.drained() }

  ask (question: ServerRequest, timeout: number, signal: AbortSignal): Promise<unknown> {
    const sink = this.#findQuestionSink()
    if (this.#session === undefined || sink === undefined) {
      return Promise.reject(new RpcError(ErrorCode.InvalidRequest, `${question.method} ${UNASKABLE}`))
    }
    return this.#session.questions.ask(sink, question, { timeout, signal })
  }

  closeStream (): void {
    const state = this.#state
    if (this.#session?.isResumable !== true || !this.#accepted.stream || state.kind === 'over') return
    this.#openStream(state).events?.pause()
  }

  onDisconnect (listener: (reason: Error) => void): void {
    // A listener added after the socket closed would never fire, so call it now.
    if (this.#stream?.events === undefined && isClosed(this.#reply)) this.#disconnected()
    if (this.#departure === undefined) {
      this.#departure = new Departure()
      // A stream reports on its own that its connection has closed.
      const closed = (): void => { if (this.#stream === undefined) this.#disconnected() }
      if (this.#stream === undefined) this.#reply.raw.once('close', closed)
    }
    this.#departure.add(listener)
  }

  /** Sends the answer to one request. */
  answer (json: string): void {
    this.#answer(200, json)
    if (this.#awaited === 0) this.#departure?.dispose()
  }

  /** Sends the error of one request. If no stream has begun, the error also decides the HTTP status and headers. */
  fail (error: RpcError, { message, caller }: Incoming): void {
    if (this.#state.kind === 'unbegun' && !isBatch(this.#id)) setErrorHeaders(this.#reply, error, this.#parts.auth)
    this.#answer(statusOf(error, caller.era), encodeError(message.id, error))
    if (this.#awaited === 0) this.#departure?.dispose()
  }

  /** Called when half of a keep-alive interval has passed. Turns a silent reply into a stream, or sends a comment. */
  beat (): void {
    const state = this.#state
    this.#beats++
    if (state.kind !== 'unbegun') this.#stream?.sse.keepAlive()
    else if (this.#accepted.stream && this.#beats >= BEATS_BEFORE_STREAM) this.#openStream(state)
  }

  /** Ends an exchange before its handler has: aborts `ctx.signal` and sends the client an error. */
  cut (): void {
    this.#endEarly('The server is shutting down', 'send the request again')
  }

  abort (): void { this.#reply.raw.destroy() }

  /** Ends an exchange whose client has cancelled it. A batch goes on, because only one of its requests is cancelled. */
  cancel (reason: string): void {
    const state = this.#state
    if (state.kind === 'over' || isBatch(this.#id)) return
    // MCP 2025-11-25 cancellation: no response is sent, but the POST must end.
    if (state.kind === 'unbegun') this.#reply.code(202).send()
    else this.#endStream(state)
    this.#leave(new CancelledError(reason))
  }

  /** The stream, even after its last message; undefined if the reply is not a stream. */
  get #stream (): Streaming | undefined {
    const state = this.#state
    if (state.kind === 'streaming') return state
    return state.kind === 'over' ? state.stream : undefined
  }

  // If the messages are stored, the call goes on: a client that resumes must authenticate again to read them.
  #expire ({ sse, events }: Streaming, why: Parameters<EndStream>[0]): void {
    if (why === 'signed-out') return
    if (why === 'withdrawn') this.#endEarly('The access was withdrawn', 'sign in again')
    else if (events !== undefined) sse.end()
    else this.#endEarly('The access token has expired', 'send the request again with a new one')
  }

  #endEarly (reason: string, advice: string): void {
    if (this.isOver) return
    this.#awaited = 1
    const failure = { code: ErrorCode.InternalError, message: `${reason}; ${advice}` }
    this.#answer(503, encodeError(isBatch(this.#id) ? null : this.#id, failure))
    this.#leave(new Error(reason))
  }

  // The session's GET stream carries questions only if the reply cannot be a stream.
  #findQuestionSink (): QuestionSink | undefined {
    const state = this.#state
    if (state.kind === 'over') return undefined
    return this.#accepted.stream ? this.#openStream(state).sink : this.#session?.streams.questionSink
  }

  #answer (status: number, json: string): void {
    const state = this.#state
    if (state.kind === 'over') return
    this.#awaited--
    if (state.kind === 'unbegun' && (this.#accepted.json || status !== 200)) return this.#collect(state, status, json)

    const stream = this.#openStream(state)
    const isLast = this.#awaited === 0
    // Set this before sending. If the last answer cannot be delivered, the client has not left a running call.
    if (isLast) this.#state = { kind: 'over', stream }
    stream.sink.send(json)
    if (isLast) this.#endStream(stream)
  }

  #collect ({ answers }: Unbegun, status: number, json: string): void {
    const isOne = !isBatch(this.#id)
    if (!isOne) answers.push(json)
    if (this.#awaited > 0) return
    this.#state = OVER
    this.#parts.exchanges.delete(this)
    sendMessage(this.#reply.code(isOne ? status : 200), isOne ? json : joinAnswers(answers, this.#id, this.log))
  }

  #openStream (state: Unbegun | Streaming): Streaming {
    if (state.kind === 'streaming') return state

    // Free the body, because the stream may stay open for long and the handler already has its arguments.
    this.request.body = undefined
    const ids = isBatch(this.#id) ? this.#id : [this.#id]
    const events = this.#session?.isResumable === true ? this.#session.streams.openReply(ids) : undefined
    const onClose = (): void => this.#streamClosed(sse, events)
    const sse: SseStream = new SseStream(this.#parts.options.maxBuffered, { request: this.request, onClose })
    const stream: Streaming = { kind: 'streaming', sse, events, sink: events ?? sse }
    this.#state = stream
    sse.on('error', (error) => this.log.warn({ err: error }, error.message))
    // An onSend hook of the app may fail or replace the stream. The stream is then never read, so destroy it.
    this.#reply.raw.once('close', () => { sse.destroy(); this.#release() })
    events?.attach(sse)
    for (const answer of state.answers) stream.sink.send(answer)
    this.#reply.headers(SSE_HEADERS).send(sse)
    this.#parts.expiry?.watch(this.#reply, (why) => this.#expire(stream, why))
    return stream
  }

  #endStream ({ sse, events }: Streaming): void {
    // A stream with events must not end yet: it still has to send the messages that are being stored.
    if (events === undefined) sse.end()
    else this.#session?.streams.endReply(events)
    this.#release()
  }

  // If messages are stored, the client may resume, so its call goes on.
  #streamClosed (sse: SseStream, events: LocalStream | undefined): void {
    if (events === undefined) this.#disconnected()
    else events.detach(sse)
    this.#release()
  }

  #disconnected (): void {
    if (!this.isOver) this.#leave(new Error('The client closed the connection'))
  }

  #leave (reason: Error): void {
    const stream = this.#stream
    this.#state = stream === undefined ? OVER : { kind: 'over', stream }
    this.#release()
    ;(this.#departure ??= new Departure()).leave(reason)
  }

  // The exchange stays open until the client has read everything.
  #release (): void {
    if (this.isOver && (this.#stream === undefined || isClosed(this.#reply))) this.#parts.exchanges.delete(this)
  }
}
