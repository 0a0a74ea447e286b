// The streams of a session that several nodes serve, as one of them sees it.
import type { RequestId } from '../../protocol/message.ts'
import type { ClusterNode } from '../../store/cluster.ts'
import type { Connecting, SessionState } from '../../store/session-store.ts'
import { SESSION_STORE, type LogFailure } from '../log-failure.ts'
import type { QuestionSink } from '../questions.ts'
import { getStreamIdOf } from '../stream/event-id.ts'
import type { LocalStream } from '../stream/local-stream.ts'
import { Replies } from '../stream/replies.ts'
import type { ResumableStream, SessionStream, StreamSharing } from '../stream/session-stream.ts'
import type { SharedResumption, SharedStream } from '../stream/shared-stream.ts'
import type { SessionStreams, SupportedSession } from '../support.ts'
import { Waiters } from '../waiters.ts'
import { ForeignReply } from './foreign-reply.ts'
import { GetStream } from './get-stream.ts'
import type { NodeLink } from './node-link.ts'
import type { Outage } from './outage.ts'
import { SessionEndedError } from './unavailable.ts'

/** The parts that all sessions of a node share. */
export interface NodeParts {
  readonly node: ClusterNode
  readonly link: NodeLink
  readonly outage: Outage
  readonly logFailure: LogFailure
  /** Called when a client may have missed changes. */
  readonly onMissed: (sessionId: string) => void
}

/** The streams of a session that several nodes serve. */
export class NodeStreams implements SessionStreams {
  readonly #session: SupportedSession
  readonly #parts: NodeParts
  readonly #resumption: SharedResumption
  readonly #replies: Replies
  readonly #foreign = new Map<string, ForeignReply>()
  // The highest known turn of a connection to each stream, on any node.
  readonly #turns = new Map<string, number>()
  readonly #waiters: Waiters
  readonly #get: GetStream

  constructor (session: SupportedSession, parts: NodeParts, resumption: SharedResumption) {
    const { sessionId } = session
    const { node, link, onMissed } = parts
    this.#session = session
    this.#parts = parts
    this.#resumption = resumption
    this.#replies = new Replies(sessionId, resumption)
    this.#waiters = new Waiters(session)
    this.#get = new GetStream(getStreamIdOf(sessionId), {
      nodeId: node.id,
      connect: (streamId, nodeId) => this.#connect(streamId, nodeId),
      isLatest: (streamId, turn) => this.#isLatest(streamId, turn),
      noteWatched: (uri, watches) => session.noteWatched(uri, watches),
      takeFrom: (nodeId, streamId, turn) => link.send(nodeId, { kind: 'taken', sessionId, streamId, turn }),
      announce: async () => {
        await link.announce(sessionId)
        this.opened()
      },
      notifyMissed: () => onMissed(sessionId)
    }, resumption)
  }

  get isIdle (): boolean {
    return this.listening?.isAttached !== true && [...this.#foreign.values()].every(({ isAlone }) => isAlone)
  }

  get attached (): number {
    const foreign = [...this.#foreign.values()].filter(({ isAlone }) => !isAlone).length
    return Number(this.#get.stream.isAttached) + this.#replies.attached + foreign
  }

  get listening (): SharedStream | undefined {
    return this.#get.isListener ? this.#get.stream : undefined
  }

  get questionSink (): QuestionSink {
    return { send: (json) => this.#ask(json) }
  }

  listen (): SessionStream {
    return this.#get.stream
  }

  send (message: string): void {
    this.#get.stream.send(message)
  }

  async untilListening (signal: AbortSignal): Promise<QuestionSink> {
    const end = this.#parts.link.onAnnounced(this.#session.sessionId, () => this.opened())
    try {
      while (!signal.aborted && !await this.#hasListener()) await this.#waiters.wait(signal)
    } finally {
      end()
    }
    return { send: (json) => this.#get.stream.append(json) }
  }

  opened (): void {
    this.#waiters.wake()
  }

  closeListening (): void {
    const { sessionId } = this.#session
    this.pause()
    this.#attempt(this.#parts.link.broadcast({ kind: 'paused', sessionId }))
  }

  openReply (ids: readonly RequestId[]): LocalStream {
    return this.#replies.open(`${this.#parts.node.id}-`, (streamId) => this.#share(streamId, ids))
  }

  async endReply (stream: LocalStream): Promise<void> {
    const { outage, node } = this.#parts
    const { sessionId } = this.#session
    await this.#replies.end(stream)
    this.#turns.delete(stream.id)
    await this.#attempt(outage.insist(() => node.sessions.change(sessionId, { kind: 'end', streamId: stream.id })))
  }

  find (streamId: string): ResumableStream {
    if (streamId === this.#get.stream.id) return this.#get.stream
    return this.#replies.find(streamId) ?? this.#findForeign(streamId)
  }

  close (): void {
    this.opened()
    for (const stream of this.#replies) this.endReply(stream)
    this.#get.stream.release()
    for (const reply of this.#foreign.values()) reply.release()
  }

  /** Lets another node pass on changes, after the session has been closed here. */
  async leave (): Promise<void> {
    const { node } = this.#parts
    if (!this.#get.isListener) return
    await this.#attempt(node.sessions.change(this.#session.sessionId, { kind: 'unlisten', node: node.id }))
  }

  /** Ends the connection of the GET stream, if this node has it. */
  pause (): void {
    this.#get.stream.pause()
  }

  /**
   * Ends the connection of a stream, because the client has connected to another node. A connection with a higher turn
   * stays.
   * @returns For the GET stream, whether all changes up to now were passed on.
   */
  release (streamId: string, turn: number): boolean {
    const get = streamId === this.#get.stream.id ? this.#get : undefined
    const reply = this.#replies.find(streamId) ?? this.#foreign.get(streamId)
    if ((get ?? reply) === undefined || turn <= (this.#turns.get(streamId) ?? 0)) return false
    this.#turns.set(streamId, turn)
    reply?.release()
    return get?.handOff() === true
  }

  /** Called when the previous node confirms that it passed on all changes up to now. */
  handOffConfirmed (): void {
    this.#get.handOffConfirmed()
  }

  /** Sends the clients of this node any events that they may have missed during an outage. */
  async catchUp (): Promise<void> {
    if (this.#get.isListener) await this.#catchUpListening()
    await Promise.all([this.#get.stream, ...this.#foreign.values()].map((stream) => stream.again()))
  }

  /** Finds what happened on other nodes without a message from them, because it was lost or the node died. */
  async check (): Promise<void> {
    this.opened()
    this.#get.check()
    for (const [streamId, reply] of this.#foreign) {
      if (reply.isAlone) this.#forgetForeign(streamId)
      await reply.check()
    }
  }

  // The client may have connected to another node during the outage, whose message did not arrive.
  async #catchUpListening (): Promise<void> {
    const { id } = this.#parts.node
    // A node that takes over meanwhile must not get a confirmation that no change was missed.
    this.#get.suspect()
    const { listener = id, subscriptions = [] } = await this.#readState() ?? {}
    for (const uri of subscriptions) this.#session.noteWatched(uri, true)
    if (listener === id) this.#get.notifyMissed()
    else this.#get.handOff()
  }

  #readState (): Promise<SessionState | undefined> {
    return this.#parts.node.sessions.readState(this.#session.sessionId)
  }

  async #hasListener (): Promise<boolean> {
    return (await this.#readState())?.listener !== undefined
  }

  async #ask (json: string): Promise<void> {
    if (!await this.#hasListener()) throw new Error('the client has opened no stream')
    await this.#get.stream.append(json)
  }

  #share (streamId: string, ids: readonly RequestId[]): StreamSharing {
    const { sessions } = this.#parts.node
    return {
      opening: sessions.change(this.#session.sessionId, { kind: 'begin', streamId, ids }),
      claim: () => this.#claim(streamId)
    }
  }

  #findForeign (streamId: string): ForeignReply {
    const { node } = this.#parts
    const known = this.#foreign.get(streamId)
    const reply = known ?? new ForeignReply(streamId, this.#resumption, { node, claim: () => this.#claim(streamId) })
    this.#foreign.set(streamId, reply)
    return reply
  }

  #forgetForeign (streamId: string): void {
    this.#foreign.delete(streamId)
    this.#turns.delete(streamId)
  }

  // Counts a connection of the client to a stream. `listener` is this node for the GET stream, and else undefined.
  // Throws SessionEndedError.
  async #connect (streamId: string, listener?: string): Promise<Connecting> {
    const connecting = await this.#parts.node.sessions.connect(this.#session.sessionId, listener)
    if (connecting === undefined || this.#session.isEnded) throw new SessionEndedError()
    this.#turns.set(streamId, Math.max(connecting.turn, this.#turns.get(streamId) ?? 0))
    return connecting
  }

  #isLatest (streamId: string, turn: number): boolean {
    return turn === this.#turns.get(streamId)
  }

  // If a client resumes on several nodes at the same time, the connection that the store counted last stays.
  async #claim (streamId: string): Promise<boolean> {
    const { sessionId } = this.#session
    const { turn } = await this.#connect(streamId)
    await this.#parts.link.broadcast({ kind: 'taken', sessionId, streamId, turn })
    return this.#isLatest(streamId, turn)
  }

  async #attempt (done: Promise<void>): Promise<void> {
    await done.catch((error: unknown) => this.#parts.logFailure(error, SESSION_STORE))
  }
}
