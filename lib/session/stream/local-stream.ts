// A stream that only this process writes to: its writer, and the tail of the connected client.
import type { StoredEvent } from '../../store/event-store.ts'
import { EVENT_STORE } from '../log-failure.ts'
import { eventIdOf } from './event-id.ts'
import type { EventSink, Resumption, SessionStream, StreamSharing } from './session-stream.ts'
import { isWhole, Tail, type TailSource } from './tail.ts'
import { Writer, type WriterOutlet } from './writer.ts'

/**
 * A stream that only this process writes to. With an event store its events are numbered and outlive the connection.
 */
export class LocalStream implements SessionStream, WriterOutlet, TailSource {
  readonly id: string
  readonly #resumption: Resumption | undefined
  readonly #writer: Writer | undefined
  readonly #sharing: StreamSharing | undefined
  #tail: Tail | undefined
  // The number of the last stored event.
  #seq = 0
  // A client whose Last-Event-ID is at or before this number cannot resume: a later event was not stored.
  #lostBehind = -1
  #isEnded = false

  /**
   * @param resumption Absent if events are not stored.
   * @param sharing Absent if only one process serves the session.
   */
  constructor (id: string, resumption: Resumption | undefined, sharing?: StreamSharing) {
    this.id = id
    this.#resumption = resumption
    this.#sharing = sharing
    this.#writer = resumption && new Writer(id, resumption, this, sharing?.opening)
  }

  /** Returns a stream that has ended, and whose events only the store has. */
  static recall (id: string, resumption: Resumption | undefined): LocalStream {
    const stream = new LocalStream(id, resumption)
    stream.#seq = Infinity
    stream.#isEnded = true
    return stream
  }

  get isAttached (): boolean { return this.#tail?.isOver === false }

  send (message: string): void {
    if (this.#isEnded) return
    if (this.#writer === undefined) this.#tail?.pass(message)
    else this.#writer.write(message)
  }

  /** Resolves when all events have been passed on, and the client has read enough for more to be sent. */
  async drained (): Promise<void> {
    const writer = this.#writer
    if (writer?.isIdle === false) await new Promise<void>((resolve) => { writer.whenPassed(resolve) })
    await this.#tail?.sink.drained()
  }

  attach (sink: EventSink): void {
    this.release()
    this.#tail = new Tail(sink, this)
    this.#tail.begin(this.#seq)
    if (this.#resumption?.primes !== true) return
    this.#writer?.whenOpen(() => sink.prime(eventIdOf(this.id, this.#seq), this.#resumption?.retryInterval))
  }

  async resume (sink: EventSink, afterSeq: number): Promise<boolean> {
    const missed = await this.read(afterSeq)
    if (missed === undefined) return false
    const isClaimed = await this.#sharing?.claim() !== false
    const last = missed.at(-1)?.seq ?? afterSeq
    if (isClaimed && last > this.#lostBehind) this.#begin(sink, afterSeq, missed)
    else sink.end()
    return true
  }

  detach (sink: EventSink): void {
    if (this.#tail?.sink !== sink) return
    this.#tail.end()
    this.#tail = undefined
  }

  pause (): void {
    if (this.#resumption?.primes === true) this.#writer?.whenOpen(() => this.release())
  }

  /** Ends the stream; resolves when all of it is stored. A client that is still catching up gets the rest. */
  async end (): Promise<void> {
    this.#isEnded = true
    this.#finish()
    await this.#writer?.settled
  }

  release (): void {
    this.#tail?.close()
    this.#tail = undefined
  }

  pass (message: string, seq?: number): void {
    if (seq !== undefined) this.#seq = seq
    this.#tail?.pass(message, seq)
  }

  stored (seq: number): void {
    this.#seq = seq
    this.#tail?.advance(seq)
  }

  lost (): void {
    this.#lostBehind = this.#seq
    this.#tail?.lose()
  }

  get isAhead (): boolean { return this.#writer?.isAhead === true }

  async read (afterSeq: number): Promise<readonly StoredEvent[] | undefined> {
    if (this.#resumption === undefined) return undefined
    try {
      await this.#writer?.settled
      if (afterSeq > this.#seq || afterSeq <= this.#lostBehind) return undefined
      if (afterSeq === this.#seq) return []
      const events = await this.#resumption.store.read(this.id, afterSeq)
      // A stream that never existed also has no events after 0, but cannot be resumed.
      if (!isWhole(events, afterSeq) || (afterSeq === 0 && events.length === 0)) return undefined
      if (this.#seq === Infinity) this.#seq = events.at(-1)?.seq ?? afterSeq
      return events
    } catch (error) {
      this.failed(error)
    }
  }

  failed (error: unknown): void {
    this.#resumption?.logFailure(error, EVENT_STORE)
  }

  #begin (sink: EventSink, afterSeq: number, missed: readonly StoredEvent[]): void {
    this.release()
    this.#tail = new Tail(sink, this)
    this.#tail.advance(this.#seq)
    this.#tail.begin(afterSeq, missed)
    if (this.#isEnded) this.#finish()
  }

  #finish (): void {
    if (this.#writer === undefined) this.#tail?.finish()
    else this.#writer.whenPassed(() => this.#tail?.finish())
  }
}
