// A legacy session: what `initialize` negotiated, and what is going on in it.
import { randomUUID } from 'node:crypto'
import { encodeNotification } from '../protocol/envelope.ts'
import type { LogLevel } from '../protocol/log-level.ts'
import type { RequestId } from '../protocol/message.ts'
import type { ServerRequest } from '../protocol/question.ts'
import type { ClientIdentity } from '../protocol/client-identity.ts'
import { ErrorCode } from '../protocol/error-code.ts'
import { RpcError } from '../errors.ts'
import type { Caller, WatchedResources } from '../server/context.ts'
import { Questions, type Answer, type QuestionSink } from './questions.ts'
import { LocalStream } from './stream/local-stream.ts'
import type { ResumableStream, Resumption, SessionStream, StreamSharing } from './stream/session-stream.ts'
import { RunningRequests, type Running } from './running.ts'
import { WatchBudget } from '../notify/watch-budget.ts'
import { WatchedUris } from './watched-uris.ts'

/** What a session is opened with. */
export interface SessionOpening extends Pick<Caller, 'protocolVersion' | 'client' | 'principal' | 'sessionId'> {
  /** Whom it counts for. */
  readonly holder?: string | undefined
  /** What it may watch counts in; absent where it counts by itself. */
  readonly watching?: WatchBudget | undefined
}

// The stream that the client opens by GET has the first number, those of its requests the ones behind.
const LISTENING = 0

/** What `initialize` negotiated, found again by `Mcp-Session-Id`. What a session does not use, it does not hold. */
export class Session implements Caller {
  readonly era = 'legacy'
  /** Its id, as in `Mcp-Session-Id`. */
  readonly sessionId: string
  /** The revision of the protocol that was negotiated. */
  readonly protocolVersion: string
  /** The client: its self-reported name and version, and what it can do. */
  readonly client: ClientIdentity
  readonly principal: string | undefined
  /** Whom it counts for; undefined where it counts for nobody. */
  readonly holder: string | undefined
  // What each request touches stands together, as of many sessions none is in the processor's cache.
  #requests = 0
  #isUsed = false
  #idleSince: number
  // Most clients have one request at a time: a Map for it would be a fifth of what an idle session holds.
  #runningId: RequestId | undefined
  #running: Running | undefined
  #runningBeside: RunningRequests | undefined
  readonly #resumption: Resumption | undefined
  // Until the client chooses a level it gets all (MCP 2025-11-25 logging, Setting Log Level).
  #logLevel: LogLevel = 'debug'
  #streams: Map<string, LocalStream> | undefined
  #streamCount = LISTENING
  #questions: Questions | undefined
  readonly #watching: WatchBudget | undefined
  #subscriptions: WatchedUris | undefined
  #waitingForStream: Array<() => void> | undefined
  #ended = false

  /** @param resumption How streams are resumed; undefined where they are not. */
  constructor ({ sessionId = randomUUID(), protocolVersion, client, principal, holder, watching }: SessionOpening, now: number, resumption?: Resumption) {
    this.sessionId = sessionId
    this.protocolVersion = protocolVersion
    this.client = client
    this.principal = principal
    this.holder = holder
    this.#watching = watching
    this.#idleSince = now
    this.#resumption = resumption
  }

  get logLevel (): LogLevel { return this.#logLevel }

  setLogLevel (level: LogLevel): void | Promise<void> {
    this.#logLevel = level
  }

  /** A request begins: until it ends the session is not idle. */
  begin (id?: RequestId, running?: Running): void {
    this.#requests++
    if (id === undefined || running === undefined) return
    if (this.#running === undefined) {
      this.#runningId = id
      this.#running = running
    } else {
      this.#runningBeside ??= new RunningRequests()
      this.#runningBeside.add(id, running)
    }
  }

  /** A request has ended, which began with the same arguments. */
  end (now: number, id?: RequestId, running?: Running): void {
    this.#requests--
    this.#idleSince = now
    if (id === undefined || running === undefined) return
    if (id !== this.#runningId || running !== this.#running) {
      this.#runningBeside?.delete(id, running)
    } else {
      this.#runningId = undefined
      this.#running = undefined
    }
  }

  /** Whether its client has done more than open it. */
  get isUsed (): boolean { return this.#isUsed }

  /** Takes note that its client does more than open it. */
  use (): void {
    this.#isUsed = true
  }

  /** Whether a request is being served. */
  get isServing (): boolean { return this.#requests > 0 }

  /** Whether nothing has happened in the session since a moment, and nobody listens. */
  isIdleSince (moment: number): boolean {
    return this.#requests === 0 && this.#idleSince <= moment && this.listening?.isAttached !== true
  }

  /** The requests with an id that wait for an answer here. */
  awaiting (id: RequestId): readonly Running[] {
    const beside = this.#runningBeside?.awaiting(id) ?? []
    return id === this.#runningId && this.#running?.isOver === false ? [this.#running, ...beside] : beside
  }

  /**
   * Ends a running request without an answer, because the client wants none any more. Nothing happens where several have the
   * id: which of them the client means is not known.
   * @returns Whether several have the id.
   */
  cancel (id: RequestId, reason: string): boolean {
    const [running, ...others] = this.awaiting(id)
    if (others.length > 0) return true
    running?.cancel(reason)
    return false
  }

  /** The questions that the client was asked. */
  get questions (): Questions {
    this.#questions ??= new Questions(this.prefix)
    return this.#questions
  }

  notify (method: string, params: object): void {
    this.listening?.send(encodeNotification(method, params))
  }

  async ask (request: ServerRequest, timeout: number, signal: AbortSignal): Promise<unknown> {
    return await this.questions.ask(await this.untilListening(signal), request, timeout, signal)
  }

  closeListening (): void {
    this.listening?.pause()
  }

  /** Takes an answer; one to a question that was never asked, or was answered before, is dropped. */
  answer (id: RequestId, answer: Answer): void {
    this.#questions?.answer(id, answer)
  }

  /** The resources whose changes the client wants to hear of. */
  get subscriptions (): WatchedResources {
    this.#subscriptions ??= new WatchedUris(this.#watching ?? new WatchBudget(), this.holder)
    return this.#subscriptions
  }

  get watched (): Iterable<string> { return this.#subscriptions ?? [] }

  watchedAs (topic: string): string | undefined {
    return this.#subscriptions?.spellingOf(topic)
  }

  /** Whether streams go on without a connection. */
  get isResumable (): boolean { return this.#resumption !== undefined }

  /** Whether it is over. */
  get isEnded (): boolean { return this.#ended }

  /** The stream that the client has opened by GET, if it has. */
  get listening (): SessionStream | undefined {
    return this.#streams?.get(this.listeningId)
  }

  /** The id of that stream. */
  get listeningId (): string { return `${this.sessionId}.${LISTENING}` }

  /** The stream of a GET; the same one each time. */
  listen (): SessionStream {
    return this.listening ?? this.#addStream(this.listeningId)
  }

  /** What a question goes by that cannot go by the reply to its request; undefined where nobody listens. */
  get questionSink (): QuestionSink | undefined {
    return this.listening?.isAttached === true ? this.listening : undefined
  }

  /** Tells whoever waits for the stream of the client that it has been opened, or never will be. */
  opened (): void {
    for (const tell of this.#waitingForStream?.splice(0) ?? []) tell()
  }

  /** A stream for the reply to requests. */
  openStream (ids: readonly RequestId[]): LocalStream {
    const streamId = `${this.sessionId}.${this.prefix}${++this.#streamCount}`
    return this.#addStream(streamId, this.shareStream(streamId, ids))
  }

  /** Whether there has been any stream. */
  get hasStreamed (): boolean { return this.#streams !== undefined }

  /** Finds a stream of the session, be it that only the store knows of it; whether there was one shows when it is resumed. */
  findStream (streamId: string): ResumableStream {
    return this.findOwnStream(streamId) ?? LocalStream.recall(streamId, this.#resumption)
  }

  /** Ends a stream; what it sent stays in the store for a client that missed it. */
  async endStream (stream: LocalStream): Promise<void> {
    await stream.end()
    this.#streams?.delete(stream.id)
  }

  /** Ends all that is going on, because the session has ended. */
  close (reason: string): void {
    this.#ended = true
    this.opened()
    this.#running?.cancel(reason)
    for (const running of this.#runningBeside ?? []) running.cancel(reason)
    this.#questions?.abandon()
    this.#subscriptions?.clear()
    for (const stream of this.#streams?.values() ?? []) this.endStream(stream)
  }

  /** What the names of its streams and questions begin with. */
  protected get prefix (): string { return '' }

  protected findOwnStream (streamId: string): LocalStream | undefined {
    return this.#streams?.get(streamId)
  }

  /** Lets other nodes know that a reply becomes a stream. */
  protected shareStream (_streamId: string, _ids: readonly RequestId[]): StreamSharing | undefined {
    return undefined
  }

  // Servers ask as soon as there is a session, which is before its client listens.
  protected async untilListening (signal: AbortSignal): Promise<QuestionSink> {
    while (this.listening?.isAttached !== true && !signal.aborted) await this.untilOpened(signal)
    return this.listen()
  }

  protected async untilOpened (signal: AbortSignal): Promise<void> {
    if (this.#ended) throw new RpcError(ErrorCode.InternalError, 'The session has ended')
    await new Promise<void>((resolve) => {
      this.#waitingForStream ??= []
      this.#waitingForStream.push(resolve)
      signal.addEventListener('abort', () => resolve(), { once: true })
    })
  }

  #addStream (streamId: string, sharing?: StreamSharing): LocalStream {
    const stream = new LocalStream(streamId, this.#resumption, sharing)
    this.#streams ??= new Map()
    this.#streams.set(stream.id, stream)
    return stream
  }
}
