// A legacy session: what `initialize` negotiated, and what is going on in it.
import { randomUUID } from 'node:crypto'
import type { ClientIdentity } from '../protocol/client-identity.ts'
import { encodeNotification } from '../protocol/encode.ts'
import type { LogLevel } from '../protocol/log-level.ts'
import type { RequestId } from '../protocol/message.ts'
import type { ServerRequest } from '../protocol/question.ts'
import type { Caller, WatchedResources } from '../server/call/incoming.ts'
import { Questions, type Answer } from './questions.ts'
import { RunningRequests, type Running } from './running.ts'
import type { SessionStream } from './stream/session-stream.ts'
import type { SessionStreams, SessionSupport, SupportedSession } from './support.ts'
import { WatchedUris } from './watched-uris.ts'

/** What a session is opened with. */
export interface SessionOpening extends Pick<Caller, 'protocolVersion' | 'client' | 'principal' | 'sessionId'> {
  /** Whom the session counts for. */
  readonly holder?: string | undefined
}

/** The client of a session that is opened before its client has said who it is. */
export const UNKNOWN_CLIENT: ClientIdentity = Object.freeze({ capabilities: Object.freeze({}) })

/** What `initialize` negotiated, found again by `Mcp-Session-Id`. What a session does not use, it does not hold. */
export class Session implements Caller, SupportedSession {
  readonly era = 'legacy'
  /** Its id, as in `Mcp-Session-Id`. */
  readonly sessionId: string
  // These two are changed by `introduce` alone.
  /** The revision of the protocol that was negotiated. */
  protocolVersion: string
  /** The client: its self-reported name and version, and what it can do. */
  client: ClientIdentity
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
  readonly #support: SessionSupport
  // Until the client chooses a level it gets all (MCP 2025-11-25 logging, Setting Log Level).
  #logLevel: LogLevel = 'debug'
  #streams: SessionStreams | undefined
  #questions: Questions | undefined
  #watched: WatchedUris | undefined
  #isEnded = false

  constructor (opening: SessionOpening, now: number, support: SessionSupport) {
    const { sessionId = randomUUID(), protocolVersion, client, principal, holder } = opening
    this.sessionId = sessionId
    this.principal = principal
    this.holder = holder
    this.protocolVersion = protocolVersion
    this.client = client
    this.#idleSince = now
    this.#support = support
  }

  /** Whether the client has said who it is. */
  get isIntroduced (): boolean { return this.client !== UNKNOWN_CLIENT }

  /** Takes what an `initialize` says that comes after the session was opened. */
  introduce (protocolVersion: string, client: ClientIdentity): void {
    this.protocolVersion = protocolVersion
    this.client = client
  }

  get logLevel (): LogLevel { return this.#logLevel }

  setLogLevel (level: LogLevel): void | Promise<void> {
    this.#logLevel = level
    return this.#support.storeLogLevel(this, level)
  }

  /** Takes note of the log level that the client has chosen by another node. */
  noteLogLevel (level: LogLevel): void {
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

  /** Whether a request is being served here, or a client connected. */
  get isBusy (): boolean { return !this.isIdleSince(Infinity) }

  /** Whether nothing has happened in the session since a moment, and no client listens. */
  isIdleSince (moment: number): boolean {
    return this.#requests === 0 && this.#idleSince <= moment && this.#streams?.isIdle !== false
  }

  /** Returns the running requests with an id that still wait for an answer. */
  awaiting (id: RequestId): readonly Running[] {
    const beside = this.#runningBeside?.awaiting(id) ?? []
    return id === this.#runningId && this.#running?.isOver === false ? [this.#running, ...beside] : beside
  }

  /**
   * Ends a running request without an answer, because the client wants none any more. Does nothing where several have
   * the id: which of them the client means is not known.
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
    this.#questions ??= new Questions(this.#support.prefix)
    return this.#questions
  }

  async ask (request: ServerRequest, timeout: number, signal: AbortSignal): Promise<unknown> {
    return await this.questions.ask(await this.streams.untilListening(signal), request, timeout, signal)
  }

  /** Takes an answer; one to a question that was never asked, or was answered before, is dropped. */
  answer (id: RequestId, answer: Answer): void {
    this.#questions?.answer(id, answer)
  }

  /** The resources whose changes the client wants to hear of. */
  get subscriptions (): WatchedResources {
    return this.#support.subscriptionsOf(this, this.#watchedUris)
  }

  get watched (): Iterable<string> { return this.#watched ?? [] }

  watchedAs (topic: string): string | undefined {
    return this.#watched?.spellingOf(topic)
  }

  noteWatched (uri: string, watches: boolean): void {
    // What is noted after the end would be counted for ever.
    if (watches && !this.#isEnded) this.#watchedUris.note(uri)
    else this.#watched?.delete(uri)
  }

  /** The streams of the session. */
  get streams (): SessionStreams {
    this.#streams ??= this.#support.createStreams(this)
    return this.#streams
  }

  /** Whether there has been any stream. */
  get hasStreamed (): boolean { return this.#streams !== undefined }

  /** Whether streams go on without a connection. */
  get isResumable (): boolean { return this.#support.isResumable }

  /** The GET stream, where changes are sent to it by this process. */
  get listening (): SessionStream | undefined { return this.#streams?.listening }

  notify (method: string, params: object): void {
    this.streams.send(encodeNotification(method, params))
  }

  closeListening (): void {
    this.streams.closeListening()
  }

  /** Whether it is over. */
  get isEnded (): boolean { return this.#isEnded }

  /** Ends all that is going on, because the session has ended. */
  close (reason: string): void {
    this.#isEnded = true
    this.#running?.cancel(reason)
    for (const running of this.#runningBeside ?? []) running.cancel(reason)
    this.#questions?.abandon()
    this.#watched?.clear()
    this.#streams?.close()
  }

  get #watchedUris (): WatchedUris {
    this.#watched ??= new WatchedUris(this.#support.watching, this.holder)
    return this.#watched
  }
}
