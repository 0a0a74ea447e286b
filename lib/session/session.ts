// A legacy session: what `initialize` negotiated, and the requests, questions and streams of its client.
import { randomUUID } from 'node:crypto'
import type { ClientIdentity } from '../protocol/client-identity.ts'
import { encodeNotification } from '../protocol/encode.ts'
import type { LogLevel } from '../protocol/log-level.ts'
import type { RequestId } from '../protocol/message.ts'
import type { ServerRequest } from '../protocol/question.ts'
import type { Caller, WatchedResources } from '../server/call/incoming.ts'
import { Questions, type Answer } from './questions.ts'
import { RunningRequests, type Running } from './running.ts'
import type { SessionUse } from './session-summary.ts'
import type { SessionStream } from './stream/session-stream.ts'
import type { SessionStreams, SessionSupport, SupportedSession } from './support.ts'
import { WatchedUris } from './watched-uris.ts'

/** The initial values of a session. */
export interface SessionOpening extends Pick<Caller, 'protocolVersion' | 'client' | 'principal' | 'sessionId'> {
  /** The holder whose share the session counts towards. */
  readonly holder?: string | undefined
  /** The grant of the token that opens the session, if it names one. */
  readonly grantId?: string | undefined
  /** When the session was opened, in milliseconds since the epoch. @default now */
  readonly openedAt?: number | undefined
}

/** The client of a session that was opened before `initialize`, as HTTP+SSE does. */
export const UNKNOWN_CLIENT: ClientIdentity = Object.freeze({ capabilities: Object.freeze({}) })

/**
 * What `initialize` negotiated, found again by `Mcp-Session-Id`. Most parts are created on first use, to keep idle
 * sessions small.
 */
export class Session implements Caller, SupportedSession {
  readonly era = 'legacy'
  /** The id, as in `Mcp-Session-Id`. */
  readonly sessionId: string
  // Only `introduce` changes these two.
  /** The revision of the protocol that was negotiated. */
  protocolVersion: string
  /** The client: its self-reported name and version, and what it can do. */
  client: ClientIdentity
  readonly principal: string | undefined
  /** The holder whose share it counts towards; undefined if it counts towards none. */
  readonly holder: string | undefined
  /** The grant of the token that opened it. */
  readonly grantId: string | undefined
  /** When it was opened, in milliseconds since the epoch. */
  readonly openedAt: number
  // The fields that every request uses stand together: with many sessions, none of them is in the processor's cache.
  #requests = 0
  #calls = 0
  #isUsed = false
  #idleSince: number
  // Most clients have one request at a time. A Map for it would be a fifth of the memory of an idle session.
  #runningId: RequestId | undefined
  #running: Running | undefined
  #runningBeside: RunningRequests | undefined
  readonly #support: SessionSupport
  // Until the client chooses a level it gets all messages (MCP 2025-11-25 logging, Setting Log Level).
  #logLevel: LogLevel = 'debug'
  #streams: SessionStreams | undefined
  #questions: Questions | undefined
  #watched: WatchedUris | undefined
  #isEnded = false

  constructor (opening: SessionOpening, now: number, support: SessionSupport) {
    const { sessionId = randomUUID(), protocolVersion, client, principal, holder, grantId, openedAt = now } = opening
    this.sessionId = sessionId
    this.principal = principal
    this.holder = holder
    this.grantId = grantId
    this.openedAt = openedAt
    this.protocolVersion = protocolVersion
    this.client = client
    this.#idleSince = now
    this.#support = support
  }

  /** Whether the client has sent `initialize`. */
  get isIntroduced (): boolean { return this.client !== UNKNOWN_CLIENT }

  /** Sets what a later `initialize` negotiated, for a session that was opened before it. */
  introduce (protocolVersion: string, client: ClientIdentity): void {
    this.protocolVersion = protocolVersion
    this.client = client
  }

  get logLevel (): LogLevel { return this.#logLevel }

  setLogLevel (level: LogLevel): void | Promise<void> {
    this.#logLevel = level
    return this.#support.storeLogLevel(this, level)
  }

  /** Sets the log level that the client chose through another node. */
  noteLogLevel (level: LogLevel): void {
    this.#logLevel = level
  }

  /** Marks the beginning of a request. Until it ends the session is not idle. */
  begin (id?: RequestId, running?: Running): void {
    this.#requests++
    if (id === undefined || running === undefined) return
    this.#calls++
    if (this.#running === undefined) {
      this.#runningId = id
      this.#running = running
    } else {
      this.#runningBeside ??= new RunningRequests()
      this.#runningBeside.add(id, running)
    }
  }

  /** Marks the end of a request that began with the same arguments. */
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

  /** Whether the client has used the session, beyond opening it. */
  get isUsed (): boolean { return this.#isUsed }

  /** Marks the session as used. */
  use (): void {
    this.#isUsed = true
  }

  /** How many requests have begun, and on how many streams a client listens, on this node. */
  get usage (): SessionUse {
    return { calls: this.#calls, streams: this.#streams?.attached ?? 0 }
  }

  /** When its last request ended, in milliseconds since the epoch. */
  get usedAt (): number { return this.#idleSince }

  /** Whether a request is being served. */
  get isServing (): boolean { return this.#requests > 0 }

  /** Whether a request is being served, or a client is connected, on this node. */
  get isBusy (): boolean { return !this.isIdleSince(Infinity) }

  /** Whether no request has been served since a moment, and no client is connected. */
  isIdleSince (moment: number): boolean {
    return this.#requests === 0 && this.#idleSince <= moment && this.#streams?.isIdle !== false
  }

  /** Returns the running requests with an id that still wait for an answer. */
  awaiting (id: RequestId): readonly Running[] {
    const beside = this.#runningBeside?.awaiting(id) ?? []
    return id === this.#runningId && this.#running?.isOver === false ? [this.#running, ...beside] : beside
  }

  /**
   * Ends a running request without an answer, because the client has cancelled it. Does nothing if several requests
   * have the id, because it is not known which of them the client means.
   * @returns Whether several requests have the id.
   */
  cancel (id: RequestId, reason: string): boolean {
    const [running, ...others] = this.awaiting(id)
    if (others.length > 0) return true
    running?.cancel(reason)
    return false
  }

  /** The open questions to the client. */
  get questions (): Questions {
    this.#questions ??= new Questions(this.#support.prefix)
    return this.#questions
  }

  async ask (request: ServerRequest, timeout: number, signal: AbortSignal): Promise<unknown> {
    return await this.questions.ask(await this.streams.untilListening(signal), request, { timeout, signal })
  }

  /** Rejects the open questions. @param reason Why no answer will come. */
  abandonQuestions (reason: string): void {
    this.#questions?.abandon(reason)
  }

  /** Passes an answer to the question that it belongs to. It is dropped if no question with that id is open. */
  answer (id: RequestId, answer: Answer): void {
    this.#questions?.answer(id, answer)
  }

  /** The resources that the client is subscribed to. */
  get subscriptions (): WatchedResources {
    return this.#support.subscriptionsOf(this, this.#watchedUris)
  }

  get watched (): Iterable<string> { return this.#watched ?? [] }

  watchedAs (topic: string): string | undefined {
    return this.#watched?.spellingOf(topic)
  }

  noteWatched (uri: string, watches: boolean): void {
    // After the end, nothing would ever release the URI from the budget.
    if (watches && !this.#isEnded) this.#watchedUris.note(uri)
    else this.#watched?.delete(uri)
  }

  /** The streams of the session. */
  get streams (): SessionStreams {
    this.#streams ??= this.#support.createStreams(this)
    return this.#streams
  }

  /** Whether the session has had any stream. */
  get hasStreamed (): boolean { return this.#streams !== undefined }

  /** Whether streams outlive their connection, so that the client can resume them. */
  get isResumable (): boolean { return this.#support.isResumable }

  /** The GET stream, if this process sends changes to it. */
  get listening (): SessionStream | undefined { return this.#streams?.listening }

  notify (method: string, params: object): void {
    this.streams.send(encodeNotification(method, params))
  }

  closeListening (): void {
    this.streams.closeListening()
  }

  /** Whether the session has ended. */
  get isEnded (): boolean { return this.#isEnded }

  /** Ends the requests, questions, subscriptions and streams, because the session has ended. */
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
