// A session that several nodes serve, as one of them sees it.
import type { ClusterNode } from '../store/cluster.ts'
import type { NodeLink } from './nodes/node-link.ts'
import type { Outage } from './nodes/outage.ts'
import { topicOfResource } from '../protocol/change.ts'
import { encodeNotification } from '../protocol/envelope.ts'
import type { LogLevel } from '../protocol/log-level.ts'
import type { RequestId } from '../protocol/message.ts'
import type { WatchedResources } from '../server/context.ts'
import type { QuestionSink } from './questions.ts'
import { ForeignReply } from './nodes/foreign-reply.ts'
import { GetStream, SessionEndedError } from './nodes/get-stream.ts'
import type { LocalStream } from './stream/local-stream.ts'
import type { ResumableStream, SessionStream, StreamSharing } from './stream/session-stream.ts'
import type { SharedResumption, SharedStream } from './stream/shared-stream.ts'
import { Session, type SessionOpening } from './session.ts'
import type { Connecting, SessionChange, SessionState } from '../store/session-store.ts'
import { unavailable } from './nodes/unavailable.ts'
import { WatchBudget } from '../notify/watch-budget.ts'
import { WatchedUris } from './watched-uris.ts'

/** What the sessions of a node have in common. */
export interface SessionHost {
  readonly node: ClusterNode
  readonly link: NodeLink
  readonly outage: Outage
  /** Told what could not be done, of which no client hears. */
  readonly onFailure: (error: unknown, what: string) => void
  /** Told that a client may not have heard of all that has changed. */
  readonly onMissed: (session: SharedSession) => void
}

/** A session that several nodes serve. What they all have to know is in the store. */
export class SharedSession extends Session {
  readonly #host: SessionHost
  readonly #resumption: SharedResumption
  readonly #watched: WatchedUris
  readonly #replies = new Map<string, ForeignReply>()
  // The highest turn of a connection to each stream that is known here, be it that of another node.
  readonly #turns = new Map<string, number>()
  #getStream: GetStream | undefined

  constructor (opening: SessionOpening, now: number, host: SessionHost, resumption: SharedResumption) {
    super(opening, now, resumption)
    this.#watched = new WatchedUris(opening.watching ?? new WatchBudget(), opening.holder)
    this.#host = host
    this.#resumption = resumption
  }

  /** Takes over the log level, which other nodes may have changed. */
  update (level: LogLevel): void {
    super.setLogLevel(level)
  }

  override async setLogLevel (level: LogLevel): Promise<void> {
    super.setLogLevel(level)
    await this.#save({ kind: 'logLevel', level })
  }

  override get subscriptions (): WatchedResources {
    const watched = this.#watched
    return {
      get size () { return watched.size },
      has: (uri) => watched.has(uri),
      add: (uri) => this.#watch(uri, true),
      delete: (uri) => this.#watch(uri, false)
    }
  }

  override get watched (): Iterable<string> { return this.#watched }

  override watchedAs (topic: string): string | undefined {
    return this.#watched.spellingOf(topic)
  }

  /** Takes note of what its client wants to hear of, or no longer wants to. */
  watch (uri: string, watches: boolean): void {
    // What is told after its end must not be counted.
    if (watches && !this.isEnded) this.#watched.note(uri)
    else this.#watched.delete(uri)
  }

  /** Reads what its client wants to hear of, and all else that is known; undefined when it has ended. */
  async refreshWatched (): Promise<SessionState | undefined> {
    const state = await this.#host.node.sessions.readState(this.sessionId)
    for (const uri of state?.subscriptions ?? []) this.watch(uri, true)
    return state
  }

  /** Whether a request is being served here, or a client connected. */
  get isBusy (): boolean {
    return !this.isIdleSince(Infinity)
  }

  override isIdleSince (moment: number): boolean {
    return super.isIdleSince(moment) && [...this.#replies.values()].every(({ isAlone }) => isAlone)
  }

  override notify (method: string, params: object): void {
    this.#stream.send(encodeNotification(method, params))
  }

  override closeListening (): void {
    this.pauseListening()
    this.#attempt(this.#host.link.tellAll({ kind: 'paused', sessionId: this.sessionId }))
  }

  /** Ends the connection of the GET stream, if it is here. */
  pauseListening (): void {
    this.#getStream?.stream.pause()
  }

  override get listening (): SharedStream | undefined {
    return this.#isListener ? this.#getStream?.stream : undefined
  }

  override listen (): SessionStream {
    return this.#stream
  }

  override get questionSink (): QuestionSink {
    return { send: (json) => this.#ask(json) }
  }

  override findStream (streamId: string): ResumableStream {
    if (streamId === this.listeningId) return this.#stream
    return this.findOwnStream(streamId) ?? this.#findReply(streamId)
  }

  override async endStream (stream: LocalStream): Promise<void> {
    const { sessionId } = this
    await super.endStream(stream)
    this.#turns.delete(stream.id)
    await this.#attempt(this.#host.outage.insist(() => this.#host.node.sessions.change(sessionId, { kind: 'end', streamId: stream.id })))
  }

  /** Counts a connection of the client to a stream. @param listener This node, for the GET stream. @throws SessionEndedError */
  async connect (streamId: string, listener?: string): Promise<Connecting> {
    const connecting = await this.#host.node.sessions.connect(this.sessionId, listener)
    if (connecting === undefined || this.isEnded) throw new SessionEndedError()
    this.#turns.set(streamId, Math.max(connecting.turn, this.#turns.get(streamId) ?? 0))
    return connecting
  }

  /** Whether no later connection to a stream is known of. */
  isLatest (streamId: string, turn: number): boolean {
    return turn === this.#turns.get(streamId)
  }

  /**
   * Ends the connection of a stream, because the client has one to another node; one that is later than that stays.
   * @returns Whether changes were passed on here until now.
   */
  release (streamId: string, turn: number): boolean {
    const get = streamId === this.listeningId ? this.#getStream : undefined
    const reply = this.findOwnStream(streamId) ?? this.#replies.get(streamId)
    if ((get ?? reply) === undefined || turn <= (this.#turns.get(streamId) ?? 0)) return false
    this.#turns.set(streamId, turn)
    reply?.release()
    return get?.handOff() === true
  }

  /** The node that listened before has passed on all that has changed until now. */
  handedOff (): void {
    this.#getStream?.handedOff()
  }

  /** Tells whoever is connected what may have been missed while the store was away. */
  async catchUp (): Promise<void> {
    if (this.#getStream?.isListener === true) await this.#catchUpListening(this.#getStream)
    await Promise.all([this.#getStream?.stream, ...this.#replies.values()].map((stream) => stream?.again()))
  }

  /** Finds out what has happened elsewhere that nobody tells. */
  async check (): Promise<void> {
    this.opened()
    this.#getStream?.check()
    for (const [streamId, reply] of this.#replies) {
      if (reply.isAlone) this.#forgetReply(streamId)
      await reply.check()
    }
  }

  override close (reason: string): void {
    super.close(reason)
    this.#watched.clear()
    this.#getStream?.stream.release()
    for (const reply of this.#replies.values()) reply.release()
  }

  /** Lets other nodes pass on what changes; what goes on here ends. */
  async leave (reason: string): Promise<void> {
    const { node } = this.#host
    this.close(reason)
    if (this.#isListener) await this.#attempt(node.sessions.change(this.sessionId, { kind: 'unlisten', node: node.id }))
  }

  protected override get prefix (): string { return `${this.#host.node.id}-` }

  protected override shareStream (streamId: string, ids: readonly RequestId[]): StreamSharing {
    return {
      opening: this.#announce(streamId, ids),
      claim: () => this.#takeOver(streamId)
    }
  }

  protected override async untilListening (signal: AbortSignal): Promise<QuestionSink> {
    const end = this.#host.link.onAnnounced(this.sessionId, () => this.opened())
    try {
      while (!signal.aborted && !await this.#hasListener()) await this.untilOpened(signal)
    } finally {
      end()
    }
    return { send: (json) => this.#stream.append(json) }
  }

  // That the client has connected to another node was told while this one could hear nothing.
  async #catchUpListening (getStream: GetStream): Promise<void> {
    const { id } = this.#host.node
    // Another node that takes over before the client is told must not be told that nothing was missed.
    getStream.suspect()
    const { listener = id } = await this.refreshWatched() ?? {}
    if (listener === id) getStream.tellMissed()
    else getStream.handOff()
  }

  async #hasListener (): Promise<boolean> {
    return (await this.#host.node.sessions.readState(this.sessionId))?.listener !== undefined
  }

  async #ask (json: string): Promise<void> {
    if (!await this.#hasListener()) throw new Error('the client has opened no stream')
    await this.#stream.append(json)
  }

  get #isListener (): boolean { return this.#getStream?.isListener === true }

  get #stream (): SharedStream {
    this.#getStream ??= new GetStream(this, this.#host, this.#resumption)
    return this.#getStream.stream
  }

  #findReply (streamId: string): ForeignReply {
    const { node } = this.#host
    const reply = this.#replies.get(streamId) ?? new ForeignReply(streamId, this.#resumption, node, () => this.#takeOver(streamId))
    this.#replies.set(streamId, reply)
    return reply
  }

  async #announce (streamId: string, ids: readonly RequestId[]): Promise<void> {
    await this.#host.node.sessions.change(this.sessionId, { kind: 'begin', streamId, ids })
  }

  // Of several nodes that a client has come back to at once, the one that the store has counted last stays.
  async #takeOver (streamId: string): Promise<boolean> {
    const { turn } = await this.connect(streamId)
    await this.#host.link.tellAll({ kind: 'taken', sessionId: this.sessionId, streamId, turn })
    return this.isLatest(streamId, turn)
  }

  #forgetReply (streamId: string): void {
    this.#replies.delete(streamId)
    this.#turns.delete(streamId)
  }

  async #watch (uri: string, watches: boolean): Promise<void> {
    const { sessionId } = this
    const topic = topicOfResource(uri)
    const isNew = watches && !this.#watched.has(uri)
    // Counted before the store is waited for, so that no more can be asked for at once than there may be.
    if (watches) this.#watched.add(uri)
    try {
      await this.#save(watches ? { kind: 'subscribe', topic, uri } : { kind: 'unsubscribe', topic })
    } catch (error) {
      if (isNew) this.#watched.delete(uri)
      throw error
    }
    if (!watches) this.#watched.delete(uri)
    await this.#host.link.tellAll({ kind: 'watched', sessionId, uri, watches }).catch(unavailable)
  }

  // Nothing is acknowledged before the store has it.
  async #save (change: SessionChange): Promise<void> {
    await this.#host.node.sessions.change(this.sessionId, change).catch(unavailable)
  }

  async #attempt (done: Promise<void>): Promise<void> {
    await done.catch((error: unknown) => this.#host.onFailure(error, 'the session store'))
  }
}
