// One stream of a legacy session: its events are numbered and, with an event store, outlive the connection.
import type { EventStore, StoredEvent } from './event-store.ts'

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
export interface Resumption {
  readonly store: EventStore
  /** Milliseconds after which a client may come back. */
  readonly retryInterval: number | undefined
  /** Whether the session's revision has priming events (2025-11-25 has, earlier clients trip over them). */
  readonly primes: boolean
  /** Told when the store fails. */
  readonly onFailure: (error: unknown, what: string) => void
}

/** A stream's id is the session's with a number, an event's is the stream's with another. */
export function eventIdOf (streamId: string, seq: number): string {
  return `${streamId}.${seq}`
}

/** Reads an event id; undefined when it is none of this session's. */
export function parseEventId (eventId: string, sessionId: string): { readonly streamId: string, readonly seq: number } | undefined {
  const [session, stream, seq, ...rest] = eventId.split('.')
  const isOurs = session === sessionId && isNumber(stream) && isNumber(seq) && rest.length === 0
  return isOurs ? { streamId: `${session}.${stream}`, seq: Number(seq) } : undefined
}

function isNumber (text: string | undefined): boolean {
  return text !== undefined && /^\d{1,15}$/.test(text)
}

const STORE = 'the event store'

/** One stream of a session. */
export class EventStream {
  readonly id: string
  readonly #resumption: Resumption | undefined
  #sink: EventSink | undefined
  // A connection that is still told what it missed; it gets what is new from the store, too.
  #replaying: EventSink | undefined
  #seq = 0
  #ended = false
  #kept: Promise<void> = Promise.resolve()

  /** @param resumption Absent where nothing is kept. */
  constructor (id: string, resumption: Resumption | undefined) {
    this.id = id
    this.#resumption = resumption
  }

  /** A stream that has ended and of which only the store knows. */
  static recall (id: string, resumption: Resumption | undefined): EventStream {
    const stream = new EventStream(id, resumption)
    stream.#seq = Infinity
    stream.#ended = true
    return stream
  }

  /** Whether a client is connected. */
  get isAttached (): boolean { return this.#sink !== undefined || this.#replaying !== undefined }

  /** Sends an event; without a connection it waits in the store, if there is one. */
  send (message: string): void {
    if (this.#ended) return
    if (this.#resumption === undefined) return this.#sink?.send(message)
    const seq = ++this.#seq
    const { store, onFailure } = this.#resumption
    // One after the other, for a store that is elsewhere.
    this.#kept = this.#kept.then(async () => { await store.append(this.id, message) }).catch((error) => onFailure(error, STORE))
    this.#sink?.send(message, eventIdOf(this.id, seq))
  }

  /** Waits until the client has read enough for more to be sent. */
  async drained (): Promise<void> {
    await this.#sink?.drained()
  }

  /** Connects a client that has seen nothing of the stream; one that was connected before is disconnected. */
  attach (sink: EventSink): void {
    this.#disconnect()
    this.#sink = sink
    if (this.#resumption?.primes === true) sink.prime(eventIdOf(this.id, this.#seq), this.#resumption.retryInterval)
  }

  /**
   * Connects a client that has seen the stream up to an event, and begins to tell it the rest; false, and nothing has
   * changed, when what it missed is no longer there.
   */
  async resume (sink: EventSink, afterSeq: number): Promise<boolean> {
    const missed = await this.#readMissed(afterSeq)
    if (missed === undefined) return false
    this.#disconnect()
    this.#replaying = sink
    this.#replay(sink, afterSeq, missed)
    return true
  }

  /** Takes note that a client is no longer connected. */
  detach (sink: EventSink): void {
    if (this.#sink === sink) this.#sink = undefined
    if (this.#replaying === sink) this.#replaying = undefined
  }

  /** Ends the connection but not the stream: the client is to come back for the rest. Nothing happens where it could not. */
  pause (): void {
    if (this.#resumption?.primes === true) this.#disconnect()
  }

  /** Ends the stream; settles when all of it is kept. A client that is still told what it missed gets the rest. */
  end (): Promise<void> {
    this.#ended = true
    this.#sink?.end()
    this.#sink = undefined
    return this.#kept
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
      if (seq === this.#seq) return this.#goOn(sink)
    }
    // What is left is no longer there; the client learns of it when it comes back for it.
    if (this.#replaying === sink) this.#disconnect()
  }

  #goOn (sink: EventSink): void {
    this.#replaying = undefined
    if (this.#ended) sink.end()
    else this.#sink = sink
  }

  // Undefined when something is missing from what the store has.
  async #readMissed (afterSeq: number): Promise<readonly StoredEvent[] | undefined> {
    if (this.#resumption === undefined || afterSeq > this.#seq) return undefined
    if (afterSeq === this.#seq) return []
    const { store, onFailure } = this.#resumption
    try {
      await this.#kept
      const events = await store.read(this.id, afterSeq)
      // Behind 0 there is nothing in a stream that never was, either.
      if (afterSeq === 0 && events?.length === 0) return undefined
      if (this.#seq === Infinity) this.#seq = events?.at(-1)?.seq ?? afterSeq
      const isWhole = events?.every(({ seq }, index) => seq === afterSeq + 1 + index) === true && (events.length > 0 || afterSeq === this.#seq)
      return isWhole ? events : undefined
    } catch (error) {
      onFailure(error, STORE)
    }
  }

  #disconnect (): void {
    this.#sink?.end()
    this.#replaying?.end()
    this.#sink = undefined
    this.#replaying = undefined
  }
}
