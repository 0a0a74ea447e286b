// One POST and its reply: a JSON body that becomes a stream only when it must.
import type { FastifyBaseLogger, FastifyReply, FastifyRequest } from 'fastify'
import { joinAnswers } from '../../conversation/batch-reply.ts'
import type { Answering } from '../../conversation/serve.ts'
import { CancelledError } from '../../protocol/cancellation.ts'
import { encodeError, encodeNotification } from '../../protocol/envelope.ts'
import { ErrorCode } from '../../protocol/error-code.ts'
import type { RequestId } from '../../protocol/message.ts'
import type { ServerRequest } from '../../protocol/question.ts'
import { InsufficientScopeError, RpcError, UnavailableError } from '../../errors.ts'
import type { AuthInfo } from '../../auth/auth-info.ts'
import type { Incoming } from '../../server/call/incoming.ts'
import type { LocalStream } from '../../session/stream/local-stream.ts'
import type { QuestionSink } from '../../session/questions.ts'
import type { Running } from '../../session/running.ts'
import type { Session } from '../../session/session.ts'
import type { Accepted } from '../accept.ts'
import { authOf } from '../guard/auth-hook.ts'
import type { OpenExchange } from './open-exchanges.ts'
import type { MountParts } from '../parts.ts'
import { RETRY_AFTER, sendJson } from './reply.ts'
import { SSE_HEADERS, SseStream } from './sse.ts'
import { statusOf } from './status.ts'

/** What a reply answers: one request by its id, or the requests of a batch; and the session of whoever asks. */
export interface Awaited {
  readonly id?: RequestId
  readonly batchOf?: number
  /** Those of a batch. */
  readonly ids?: readonly RequestId[]
  readonly session?: Session | undefined
}

/** What messages of a reply are written to. */
interface MessageSink { send (json: string): void }

// A quiet exchange is made a stream on its second beat, so that it is between one half and one interval old.
const BEATS_BEFORE_STREAM = 2

/** One POST and its reply. */
export class Exchange implements Answering, OpenExchange, Running {
  readonly request: FastifyRequest
  readonly takesJson = true
  readonly #reply: FastifyReply
  readonly #parts: MountParts
  readonly #accepted: Accepted
  readonly #session: Session | undefined
  readonly #id: RequestId | null
  readonly #isBatch: boolean
  readonly #ids: readonly RequestId[] | undefined
  readonly #answers: string[] = []
  #awaited: number
  #beats = 0
  #stream: SseStream | undefined
  // What the stream's messages go through where they are kept for a client that comes back.
  #events: LocalStream | undefined
  #gone: Error | undefined
  #disconnectListeners: Array<(reason: Error) => void> | undefined

  /** @param accepted What kinds of reply may be given; the mount's `jsonResponse` has been heeded. */
  constructor (reply: FastifyReply, parts: MountParts, accepted: Accepted, { id, batchOf, ids, session }: Awaited) {
    this.request = reply.request
    this.#reply = reply
    this.#parts = parts
    this.#accepted = accepted
    this.#session = session
    this.#id = id ?? null
    this.#isBatch = batchOf !== undefined
    this.#ids = ids
    this.#awaited = batchOf ?? 1
    parts.exchanges.add(this)
  }

  get log (): FastifyBaseLogger { return this.request.log }

  get auth (): AuthInfo | undefined { return authOf(this.request)?.info }

  get lifespan (): unknown { return this.#parts.lifespan }

  get canListen (): boolean { return !this.#parts.options.jsonResponse }

  notify (method: string, params: object): void {
    if (!this.#accepted.stream || this.isOver) return
    this.#openStream().send(encodeNotification(method, params))
  }

  async drained (): Promise<void> {
    await (this.#events ?? this.#stream)?.drained()
  }

  ask (question: ServerRequest, timeout: number, signal: AbortSignal): Promise<unknown> {
    const sink = this.isOver ? undefined : this.#findQuestionSink()
    if (this.#session === undefined || sink === undefined) {
      return Promise.reject(new RpcError(ErrorCode.InvalidRequest, `${question.method} cannot be sent: the client has no session, takes no stream, or has gone`))
    }
    return this.#session.questions.ask(sink, question, timeout, signal)
  }

  closeStream (): void {
    if (this.#session?.isResumable !== true || !this.#accepted.stream || this.isOver) return
    this.#openStream()
    this.#events?.pause()
  }

  onDisconnect (listener: (reason: Error) => void): void {
    // A listener added after the socket closed would never fire, so call it now.
    if (this.#events === undefined && isClosed(this.#reply)) this.#disconnected()
    if (this.#gone !== undefined) return listener(this.#gone)
    if (this.#disconnectListeners === undefined) {
      this.#disconnectListeners = []
      if (this.#stream === undefined) this.#reply.raw.once('close', () => { if (this.#stream === undefined) this.#disconnected() })
    }
    this.#disconnectListeners.push(listener)
  }

  /** Sends the answer to one of the requests. */
  answer (json: string): void {
    this.#answer(200, json)
    this.#forgetListeners()
  }

  /** Sends the error that one of the requests has failed with. Its status and headers count where no stream has begun. */
  fail (error: RpcError, { message, caller }: Incoming): void {
    if (this.#stream === undefined && !this.#isBatch) this.#setHeaders(error)
    this.#answer(statusOf(error, caller.era), encodeError(message.id, error))
    this.#forgetListeners()
  }

  #setHeaders (error: RpcError): void {
    const { auth } = this.#parts
    if (error instanceof UnavailableError) this.#reply.header('retry-after', RETRY_AFTER)
    if (error instanceof InsufficientScopeError && auth !== undefined) {
      this.#reply.header('www-authenticate', auth.challengeScopes(this.request, error.requiredScopes))
    }
  }

  // Listeners hold what was asked, and the reply may take long to be read.
  #forgetListeners (): void {
    if (this.#awaited === 0) this.#disconnectListeners = undefined
  }

  #answer (status: number, json: string): void {
    if (this.isOver) return
    this.#awaited--
    if (this.#stream === undefined && (this.#accepted.json || status !== 200)) this.#collect(status, json)
    else this.#openStream().send(json)
    if (this.#awaited === 0) this.#finish()
  }

  /** Half of a keep-alive interval has passed. */
  beat (): void {
    this.#beats++
    if (this.#stream !== undefined) this.#stream.keepAlive()
    else if (this.#accepted.stream && this.#beats >= BEATS_BEFORE_STREAM) this.#openStream()
  }

  /** Ends an exchange that the app cannot wait for any longer: `ctx.signal` is aborted and the client told. */
  cut (): void {
    this.#endEarly('The server is shutting down', 'send the request again')
  }

  abort (): void {
    this.#reply.raw.destroy()
  }

  /** Ends an exchange whose client wants no answer any more. A batch goes on: only one of its requests was meant. */
  cancel (reason: string): void {
    if (this.isOver || this.#isBatch) return
    // MCP 2025-11-25 cancellation: no response is sent, but the POST must end.
    if (this.#stream === undefined) this.#reply.code(202).send()
    this.#finish()
    this.#leave(new CancelledError(reason))
  }

  // The call goes on where its messages are kept for a client that comes back, and has to authorize anew to do so.
  #expire (): void {
    if (this.#events === undefined) this.#endEarly('The access token has expired', 'send the request again with a new one')
    else this.#stream?.end()
  }

  #endEarly (reason: string, advice: string): void {
    if (this.isOver) return
    this.#awaited = 1
    this.#answer(503, encodeError(this.#id, { code: ErrorCode.InternalError, message: `${reason}; ${advice}` }))
    this.#leave(new Error(reason))
  }

  // The stream that the client opened by GET serves only where the reply cannot be one.
  #findQuestionSink (): QuestionSink | undefined {
    if (this.#accepted.stream) return this.#openStream()
    return this.#session?.streams.questionSink
  }

  /** Whether all is answered, or nobody waits any more. */
  get isOver (): boolean { return this.#gone !== undefined || this.#awaited === 0 }

  #collect (status: number, json: string): void {
    this.#answers.push(json)
    if (this.#awaited > 0) return
    const body = this.#isBatch ? joinAnswers(this.#answers, this.#ids ?? [], this.log) : json
    sendJson(this.#reply.code(this.#isBatch ? 200 : status), body)
  }

  #openStream (): MessageSink {
    if (this.#stream !== undefined) return this.#events ?? this.#stream

    // The stream may be open for long. What its handler needs of the request, it has.
    this.request.body = undefined
    const stream: SseStream = new SseStream(this.#parts.options.maxBuffered, () => this.#streamClosed(stream))
    this.#stream = stream
    stream.on('error', (error) => this.log.warn({ err: error }, error.message))
    // A hook of the app may fail, or send something else in the stream's place.
    this.#reply.raw.once('close', () => { stream.destroy(); this.#release() })
    if (this.#session?.isResumable === true) {
      // What is no batch answers a request, which has an id.
      this.#events = this.#session.streams.openReply(this.#ids ?? [this.#id as RequestId])
      this.#events.attach(stream)
    }
    const sink = this.#events ?? stream
    for (const answer of this.#answers.splice(0)) sink.send(answer)
    this.#reply.headers(SSE_HEADERS).send(stream)
    this.#parts.expiry?.watch(this.#reply, () => this.#expire())
    return sink
  }

  #finish (): void {
    // What is not kept yet is still to be sent.
    if (this.#events === undefined) this.#stream?.end()
    else this.#session?.streams.endReply(this.#events)
    this.#release()
  }

  // Where messages are kept, the client is expected back.
  #streamClosed (stream: SseStream): void {
    if (this.#events === undefined) this.#disconnected()
    else this.#events.detach(stream)
    this.#release()
  }

  #disconnected (): void {
    if (!this.isOver) this.#leave(new Error('The client closed the connection'))
  }

  #leave (reason: Error): void {
    this.#gone = reason
    this.#release()
    for (const listener of this.#disconnectListeners ?? []) listener(reason)
  }

  // What the client has not read yet keeps the exchange open.
  #release (): void {
    if (this.isOver && (this.#stream === undefined || isClosed(this.#reply))) this.#parts.exchanges.delete(this)
  }
}

/** Whether a reply has been sent, or its client has gone. */
export function isClosed ({ raw }: FastifyReply): boolean {
  // Of an HTTP/2 response only its stream knows.
  const response: { readonly destroyed: boolean, readonly stream?: { readonly destroyed: boolean } } = raw
  return (response.stream ?? response).destroyed
}
