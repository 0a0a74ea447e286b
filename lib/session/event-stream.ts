// One stream of a legacy session: its events are numbered and, with an event store, outlive the connection.
import { EventKeeper, STORE, type EventOutlet, type Keeping } from './event-keeper.ts'
import { isWireObject } from '../protocol/message.ts'
import type { StoredEvent } from './event-store.ts'

/** A connection that events are written to. */
export interface EventSink {
  /** Sends an event. @param id What the client names to go on behind it; absent where nothing is kept. */
  send (message: string, id?: string): void
  /** Sends an event that was sent before, to a client that has missed it. */
  replay (message: string, id: string): void
  /** Tells the client how to come back: from which event, and after how many milliseconds. */
  prime (id: string, retry: number | undefined): void
  /** Waits until the client has read enough for more to be sent, or has gone. */
  drained (): Promise<void>
  end (): void
}

/** How the streams of a session are resumed. */
export interface Resumption extends Keeping {
  /** Milliseconds after which a client may come back. */
  readonly retryInterval: number | undefined
  /** Whether the session's revision has priming events (2025-11-25 has, earlier clients trip over them). */
  readonly primes: boolean
}

/** A stream as far as its client and whoever sends to it are concerned. */
export interface SessionStream {
  readonly id: string
  /** Whether a client is connected. */
  readonly isAttached: boolean
  /** Sends an event; without a connection it waits in the store, if there is one. */
  send (message: string): void
  /** Waits until the client has read enough for more to be sent. */
  drained (): Promise<void>
  /** Connects a client that has seen nothing of the stream; one that was connected before is disconnected. */
  attach (sink: EventSink): void | Promise<void>
  /**
   * Connects a client that has seen the stream up to an event, and begins to tell it the rest; false, and nothing has
   * changed, when what it missed is no longer there.
   */
  resume (sink: EventSink, afterSeq: number): Promise<boolean>
  /** Takes note that a client is no longer connected. */
  detach (sink: EventSink): void
  /** Ends the connection but not the stream: the client is to come back for the rest. Nothing happens where it could not. */
  pause (): void
  /** Ends the connection, because the client has another one. */
  release (): void
}

/** What other nodes have to do with a stream, to which its client may come back by any of them. */
export interface StreamSharing {
  /** Settles when the client may learn of the stream; when it rejects, nothing is kept. */
  readonly opening: Promise<void>
  /** Ends the connections to other nodes. Resolves to false when the client has connected to one of them since. */
  readonly claim: () => Promise<boolean>
}

/** A stream's id is the session's with a number, an event's is the stream's with another. */
export function eventIdOf (streamId: string, seq: number): string {
  return `${streamId}.${seq}`
}

/** Reads an event id; undefined when it is none of this session's. */
export function parseEventId (eventId: string, sessionId: string): { readonly streamId: string, readonly seq: number } | undefined {
  const [session, stream = '', seq = '', ...rest] = eventId.split('.')
  const isOurs = session === sessionId && /^[\da-z-]{1,64}$/i.test(stream) && /^\d{1,15}$/.test(seq) && rest.length === 0
  return isOurs ? { streamId: `${session}.${stream}`, seq: Number(seq) } : undefined
}

/** One stream of a session. */
export class EventStream implements SessionStream, EventOutlet {
  readonly id: string
  readonly #resumption: Resumption | undefined
  readonly #keeper: EventKeeper | undefined
  readonly #sharing: StreamSharing | undefined
  #sink: EventSink | undefined
  // A connection that is still told what it missed; it gets what is new from the store, too.
  #replaying: EventSink | undefined
  #seq = 0
  // Who has seen nothing behind this event has missed one that is not kept.
  #lostBehind = -1
  #ended = false
  readonly #untilSent: Array<() => void> = []

  /**
   * @param resumption Absent where nothing is kept.
   * @param sharing Absent where one process serves the session.
   */
  constructor (id: string, resumption: Resumption | undefined, sharing?: StreamSharing) {
    this.id = id
    this.#resumption = resumption
    this.#sharing = sharing
    this.#keeper = resumption && new EventKeeper(id, resumption, this, sharing?.opening)
  }

  /** A stream that has ended and of which only the store knows. */
  static recall (id: string, resumption: Resumption | undefined): EventStream {
    const stream = new EventStream(id, resumption)
    stream.#seq = Infinity
    stream.#ended = true
    return stream
  }

  get isAttached (): boolean { return this.#sink !== undefined || this.#replaying !== undefined }

  send (message: string): void {
    if (this.#ended) return
    if (this.#keeper === undefined) this.#sink?.send(message)
    else this.#keeper.keep(message)
  }

  /** An event of the stream, to be sent: with its number, where it is kept. */
  pass (message: string, seq?: number): void {
    if (seq === undefined) this.#sink?.send(message)
    // What a client was told out of the store is not told again.
    else if (seq > this.#seq) this.#sink?.send(message, eventIdOf(this.id, seq))
    if (seq !== undefined) this.kept(seq)
    if (this.#keeper?.isIdle === true) this.#settle()
  }

  kept (seq: number): void {
    this.#seq = Math.max(this.#seq, seq)
  }

  lost (): void {
    this.#lostBehind = this.#seq
    // It is told what the store has, so that it would miss this event and never know.
    this.#replaying?.end()
    this.#replaying = undefined
  }

  async drained (): Promise<void> {
    if (this.#keeper?.isIdle === false) await new Promise<void>((resolve) => { this.#untilSent.push(resolve) })
    await this.#sink?.drained()
  }

  attach (sink: EventSink): void {
    this.release()
    this.#sink = sink
    if (this.#resumption?.primes !== true) return
    this.#keeper?.whenOpen(() => sink.prime(eventIdOf(this.id, this.#seq), this.#resumption?.retryInterval))
  }

  async resume (sink: EventSink, afterSeq: number): Promise<boolean> {
    const missed = await this.#readMissed(afterSeq)
    if (missed === undefined) return false
    if (await this.#sharing?.claim() === false) {
      sink.end()
    } else {
      this.release()
      this.#replaying = sink
      this.#replay(sink, afterSeq, missed)
    }
    return true
  }

  detach (sink: EventSink): void {
    if (this.#sink === sink) this.#sink = undefined
    if (this.#replaying === sink) this.#replaying = undefined
  }

  pause (): void {
    if (this.#resumption?.primes === true) this.#keeper?.whenOpen(() => this.release())
  }

  /** Ends the stream; settles when all of it is kept. A client that is still told what it missed gets the rest. */
  async end (): Promise<void> {
    this.#ended = true
    if (this.#keeper?.isIdle !== false) this.#settle()
    await this.#keeper?.settled
  }

  release (): void {
    this.#sink?.end()
    this.#replaying?.end()
    this.#sink = undefined
    this.#replaying = undefined
  }

  // All has been sent.
  #settle (): void {
    for (const tell of this.#untilSent.splice(0)) tell()
    if (!this.#ended) return
    this.#sink?.end()
    this.#sink = undefined
  }

  // No faster than the client reads: what it missed may be much.
  async #replay (sink: EventSink, afterSeq: number, missed: readonly StoredEvent[]): Promise<void> {
    let seq = afterSeq
    for (let events: readonly StoredEvent[] | undefined = missed; events !== undefined; events = await this.#readMissed(seq)) {
      for (const event of events) {
        if (this.#replaying !== sink) return
        sink.replay(event.message, eventIdOf(this.id, event.seq))
        seq = event.seq
        await sink.drained()
      }
      if (this.#replaying !== sink) return
      // An event that was handed on during this replay, while the store was away, has to be read once it is stored.
      if (seq >= this.#seq && this.#keeper?.isAhead !== true) return this.#goOn(sink, seq)
    }
    // What is left is no longer there; the client learns of it when it comes back for it.
    if (this.#replaying === sink) this.release()
  }

  #goOn (sink: EventSink, seq: number): void {
    this.#replaying = undefined
    this.kept(seq)
    if (this.#ended) sink.end()
    else this.#sink = sink
  }

  // Undefined when something is missing from what the store has.
  async #readMissed (afterSeq: number): Promise<readonly StoredEvent[] | undefined> {
    if (this.#resumption === undefined) return undefined
    const { store, onFailure } = this.#resumption
    try {
      await this.#keeper?.settled
      if (afterSeq > this.#seq || afterSeq <= this.#lostBehind) return undefined
      if (afterSeq === this.#seq) return []
      const events = await store.read(this.id, afterSeq)
      // Behind 0 there is nothing in a stream that never was, either.
      if (afterSeq === 0 && events?.length === 0) return undefined
      if (!isWhole(events, afterSeq)) return undefined
      if (this.#seq === Infinity) this.#seq = events.at(-1)?.seq ?? afterSeq
      return events
    } catch (error) {
      onFailure(error, STORE)
    }
  }
}

/** Whether events are all of those behind another one. */
export function isWhole (events: readonly StoredEvent[] | undefined, afterSeq: number): events is readonly StoredEvent[] {
  return Array.isArray(events) && events.every((event: unknown, index) => isStoredEvent(event) && event.seq === afterSeq + 1 + index)
}

// A store may be of the app's own making.
function isStoredEvent (event: unknown): event is StoredEvent {
  return isWireObject(event) && typeof event.message === 'string'
}
