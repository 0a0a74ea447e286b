// The support of sessions that live in one process: streams, log level and subscriptions are in memory.
import { doNothing } from '../do-nothing.ts'
import { hasPriming } from '../protocol/revisions.ts'
import type { WatchedResources } from '../server/call/incoming.ts'
import { WatchBudget } from '../notify/watch-budget.ts'
import type { EventStore } from '../store/event-store.ts'
import type { LogFailure } from './log-failure.ts'
import type { QuestionSink } from './questions.ts'
import { getStreamIdOf } from './stream/event-id.ts'
import { LocalStream } from './stream/local-stream.ts'
import { Replies } from './stream/replies.ts'
import type { ResumableStream, Resumption, SessionStream } from './stream/session-stream.ts'
import type { SessionStreams, SessionSupport, SupportedSession } from './support.ts'
import { Waiters } from './waiters.ts'
import type { WatchedUris } from './watched-uris.ts'

/** The settings of a {@link LocalSupport}. */
export interface LocalSettings {
  /** Stores events for clients that resume streams; absent if streams cannot be resumed. */
  readonly store?: EventStore | undefined
  /** Milliseconds that a disconnected client waits before it reconnects. */
  readonly retryInterval?: number | undefined
  /** The budget of the URIs that sessions watch. @default a new one */
  readonly watching?: WatchBudget | undefined
  /** @default logs nothing */
  readonly logFailure?: LogFailure
}

/** The support of sessions that live in one process. */
export class LocalSupport implements SessionSupport {
  readonly prefix = ''
  readonly watching: WatchBudget
  readonly #settings: LocalSettings

  constructor (settings: LocalSettings = {}) {
    this.watching = settings.watching ?? new WatchBudget()
    this.#settings = settings
  }

  get isResumable (): boolean { return this.#settings.store !== undefined }

  createStreams (session: SupportedSession): SessionStreams {
    return new LocalStreams(session, this.#resumptionFor(session))
  }

  subscriptionsOf (_session: SupportedSession, watched: WatchedUris): WatchedResources {
    return watched
  }

  storeLogLevel (): undefined {}

  #resumptionFor ({ protocolVersion }: SupportedSession): Resumption | undefined {
    const { store, retryInterval, logFailure = doNothing } = this.#settings
    return store && { store, retryInterval, primes: hasPriming(protocolVersion), logFailure }
  }
}

/** The streams of a session in one process. Each part is created on first use, to keep idle sessions small. */
class LocalStreams implements SessionStreams {
  readonly #session: SupportedSession
  readonly #resumption: Resumption | undefined
  #get: LocalStream | undefined
  #replies: Replies | undefined
  #waiters: Waiters | undefined

  constructor (session: SupportedSession, resumption: Resumption | undefined) {
    this.#session = session
    this.#resumption = resumption
  }

  get isIdle (): boolean { return this.#get?.isAttached !== true }

  get attached (): number {
    return Number(!this.isIdle) + (this.#replies?.attached ?? 0)
  }

  get listening (): SessionStream | undefined { return this.#get }

  get questionSink (): QuestionSink | undefined {
    return this.#get?.isAttached === true ? this.#get : undefined
  }

  listen (): SessionStream {
    this.#get ??= new LocalStream(getStreamIdOf(this.#session.sessionId), this.#resumption)
    return this.#get
  }

  send (message: string): void {
    this.#get?.send(message)
  }

  // A server may ask as soon as the session is open, before its client has opened the GET stream.
  async untilListening (signal: AbortSignal): Promise<QuestionSink> {
    this.#waiters ??= new Waiters(this.#session)
    while (this.isIdle && !signal.aborted) await this.#waiters.wait(signal)
    return this.listen()
  }

  opened (): void {
    this.#waiters?.wake()
  }

  closeListening (): void {
    this.#get?.pause()
  }

  openReply (): LocalStream {
    this.#replies ??= new Replies(this.#session.sessionId, this.#resumption)
    return this.#replies.open()
  }

  async endReply (stream: LocalStream): Promise<void> {
    await this.#replies?.end(stream)
  }

  find (streamId: string): ResumableStream {
    const known = streamId === this.#get?.id ? this.#get : this.#replies?.find(streamId)
    return known ?? LocalStream.recall(streamId, this.#resumption)
  }

  close (): void {
    this.opened()
    this.#get?.end()
    this.#get = undefined
    for (const stream of this.#replies ?? []) this.endReply(stream)
  }
}
