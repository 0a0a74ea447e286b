// Sends the events of one stream over one connection, each once and in order: live events as they arrive, and missed
// ones from the store.
import { isWireObject } from '../../protocol/message.ts'
import type { StoredEvent } from '../../store/event-store.ts'
import { eventIdOf } from './event-id.ts'
import type { EventSink } from './session-stream.ts'

/** The stream of a tail, with the store from which missed events are read. */
export interface TailSource {
  /** The id of the stream. */
  readonly id: string
  /** Whether events were passed on before the store had them. {@link read} waits for these. */
  readonly isAhead?: boolean
  /** Reads the stored events after a number; undefined if one of them is no longer stored. */
  read (afterSeq: number): ReadEvents | Promise<ReadEvents>
  /** Called with each event that was sent with its number. */
  sent? (message: string): void
  /** Called if a read fails. The next event, or the next call of {@link Tail.again}, repeats it. */
  failed (error: unknown): void
  /** Called when the tail stops sending; may be called twice. */
  ended? (): void
}

type ReadEvents = readonly StoredEvent[] | undefined

/** Sends the events of one stream over one connection. */
export class Tail {
  readonly sink: EventSink
  readonly #source: TailSource
  // The number of the last event that was sent.
  #seq = 0
  // The highest number that this tail knows of.
  #newest = 0
  #hasBegun = false
  #reading: Promise<void> | undefined
  #readsAgain = false
  #isFinishing = false
  #isOver = false

  constructor (sink: EventSink, source: TailSource) {
    this.sink = sink
    this.#source = source
  }

  /** Whether the tail has stopped sending. */
  get isOver (): boolean { return this.#isOver }

  /** Starts sending the events after a number. @param missed For a client that resumes, the events read already. */
  begin (afterSeq: number, missed?: readonly StoredEvent[]): void {
    this.#seq = afterSeq
    this.#hasBegun = true
    if (missed !== undefined && missed.length > 0) this.#reading = this.#catchUp(missed)
    else if (this.#readsAgain || this.#newest > afterSeq || (missed && this.#source.isAhead)) this.again()
  }

  /** Takes a live event, which is stored already. Events before it may be missing, and it may arrive twice. */
  receive (event: StoredEvent): void {
    this.#newest = Math.max(this.#newest, event.seq)
    if (!this.#isLive || event.seq <= this.#seq) return
    if (event.seq === this.#seq + 1) this.#send(event)
    else this.again()
  }

  /** Takes the next event. @param seq Its number; absent if it is not stored, or not stored yet. */
  pass (message: string, seq?: number): void {
    if (seq === undefined) {
      if (this.#isLive) this.sink.send(message)
    } else {
      this.#newest = Math.max(this.#newest, seq)
      if (this.#isLive && seq > this.#seq) this.#send({ seq, message })
    }
  }

  /** Takes the number of an event that was passed without a number. */
  advance (seq: number): void {
    this.#newest = Math.max(this.#newest, seq)
    if (this.#isLive) this.#seq = Math.max(this.#seq, seq)
  }

  /**
   * Called when an event that was passed without a number will never be stored. A client that is still catching up from
   * the store would miss it, so its connection ends.
   */
  lose (): void {
    if (!this.#isLive && !this.#isOver) this.close()
  }

  /** Sends any event that may have been missed; resolves when all that could be read has been sent. */
  async again (): Promise<void> {
    if (this.#isOver) return
    this.#readsAgain = true
    if (!this.#hasBegun) return
    this.#reading ??= this.#catchUp()
    await this.#reading
  }

  /** Ends the connection once all known events have been sent. */
  finish (): void {
    this.#isFinishing = true
    if (this.#isLive) this.close()
  }

  /** Stops sending, and ends the connection. */
  close (): void {
    this.end()
    this.sink.end()
  }

  /** Stops sending. */
  end (): void {
    this.#isOver = true
    this.#source.ended?.()
  }

  // Live events are held back until begin() and during a replay, which reads them from the store.
  get #isLive (): boolean { return this.#hasBegun && this.#reading === undefined && !this.#isOver }

  async #catchUp (missed?: readonly StoredEvent[]): Promise<void> {
    try {
      let events = missed ?? await this.#read()
      while (await this.#replay(events) && this.#isBehind(events)) events = await this.#read()
    } catch (error) {
      this.#source.failed(error)
    }
    // No await lies between the last check of isBehind and this line, so no live event was held back in between.
    this.#reading = undefined
    if (this.#isFinishing) this.close()
  }

  #read (): ReadEvents | Promise<ReadEvents> {
    this.#readsAgain = false
    return this.#source.read(this.#seq)
  }

  // Does not wait for an event that was announced and cannot be read.
  #isBehind (read: ReadEvents): boolean {
    return this.#readsAgain || this.#source.isAhead === true || (this.#newest > this.#seq && read?.length !== 0)
  }

  // Waits for the client to read, because it may have missed many events.
  async #replay (events: ReadEvents): Promise<boolean> {
    if (!isWhole(events, this.#seq)) {
      // The rest is no longer stored. The client learns this when it resumes.
      this.close()
      return false
    }
    for (const event of events) {
      if (this.#isOver) return false
      this.#seq = event.seq
      this.sink.replay(event.message, eventIdOf(this.#source.id, event.seq))
      this.#source.sent?.(event.message)
      await this.sink.drained()
    }
    return !this.#isOver
  }

  #send ({ seq, message }: StoredEvent): void {
    this.#seq = seq
    this.sink.send(message, eventIdOf(this.#source.id, seq))
    this.#source.sent?.(message)
  }
}

/** Whether events follow a number without a gap. */
export function isWhole (events: ReadEvents, afterSeq: number): events is readonly StoredEvent[] {
  const isNext = (event: unknown, index: number): boolean => isStoredEvent(event) && event.seq === afterSeq + 1 + index
  return Array.isArray(events) && events.every(isNext)
}

// The app may have its own store, which may return anything.
function isStoredEvent (event: unknown): event is StoredEvent {
  return isWireObject(event) && typeof event.message === 'string'
}
