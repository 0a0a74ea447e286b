// Sends the events of one stream over one connection, each once and in order: live ones as they are heard of, and those
// that were missed out of the store.
import { isWireObject } from '../../protocol/message.ts'
import type { StoredEvent } from '../../store/event-store.ts'
import { eventIdOf } from './event-id.ts'
import type { EventSink } from './session-stream.ts'

/** Where a tail reads what it has not heard. */
export interface TailSource {
  /** The id of the stream. */
  readonly id: string
  /** Whether events were passed without a number that {@link read} waits for. */
  readonly isAhead?: boolean
  /** Reads the stored events behind one; undefined when one of them is no longer stored. */
  read (afterSeq: number): ReadEvents | Promise<ReadEvents>
  /** Called with each event that was sent with its number. */
  sent? (message: string): void
  /** Called when a read fails. It is repeated with the next event, or the next call of {@link Tail.again}. */
  failed (error: unknown): void
  /** Called when nothing is sent any more; may be called twice. */
  ended? (): void
}

type ReadEvents = readonly StoredEvent[] | undefined

/** The events of one stream on their way to one connection. */
export class Tail {
  readonly sink: EventSink
  readonly #source: TailSource
  // The number of the last event that was sent.
  #seq = 0
  // The highest number that was heard of.
  #heard = 0
  #hasBegun = false
  #reading: Promise<void> | undefined
  #readsAgain = false
  #isFinishing = false
  #isOver = false

  constructor (sink: EventSink, source: TailSource) {
    this.sink = sink
    this.#source = source
  }

  /** Whether nothing is sent any more. */
  get isOver (): boolean { return this.#isOver }

  /** Begins to send the events behind one. @param missed For a client that resumes: those that were read already. */
  begin (afterSeq: number, missed?: readonly StoredEvent[]): void {
    this.#seq = afterSeq
    this.#hasBegun = true
    if (missed !== undefined && missed.length > 0) this.#reading = this.#catchUp(missed)
    else if (this.#readsAgain || this.#heard > afterSeq || (missed && this.#source.isAhead)) this.again()
  }

  /** Takes a live event, which the store has already. Others may have been lost before it, and it may come twice. */
  hear (event: StoredEvent): void {
    this.#heard = Math.max(this.#heard, event.seq)
    if (!this.#isLive || event.seq <= this.#seq) return
    if (event.seq === this.#seq + 1) this.#send(event)
    else this.again()
  }

  /** Takes the event that follows the one before. @param seq Its number; absent when it is not stored, or not yet. */
  pass (message: string, seq?: number): void {
    if (seq === undefined) {
      if (this.#isLive) this.sink.send(message)
    } else {
      this.#heard = Math.max(this.#heard, seq)
      if (this.#isLive && seq > this.#seq) this.#send({ seq, message })
    }
  }

  /** Takes the number of an event that was passed without one. */
  advance (seq: number): void {
    this.#heard = Math.max(this.#heard, seq)
    if (this.#isLive) this.#seq = Math.max(this.#seq, seq)
  }

  /**
   * An event that was passed without a number is not stored: a client that is still sent stored events would miss it.
   */
  lose (): void {
    if (!this.#isLive && !this.#isOver) this.close()
  }

  /** Sends what may have been missed; resolves when the client has been sent all that could be read. */
  async again (): Promise<void> {
    if (this.#isOver) return
    this.#readsAgain = true
    if (!this.#hasBegun) return
    this.#reading ??= this.#catchUp()
    await this.#reading
  }

  /** Ends the connection once all that was heard of has been sent. */
  finish (): void {
    this.#isFinishing = true
    if (this.#isLive) this.close()
  }

  /** Sends nothing any more, and ends the connection. */
  close (): void {
    this.end()
    this.sink.end()
  }

  /** Sends nothing any more. */
  end (): void {
    this.#isOver = true
    this.#source.ended?.()
  }

  // Until it has begun, and while it reads, it sends nothing that it hears: the store has it, too.
  get #isLive (): boolean { return this.#hasBegun && this.#reading === undefined && !this.#isOver }

  async #catchUp (missed?: readonly StoredEvent[]): Promise<void> {
    try {
      let events = missed ?? await this.#read()
      while (await this.#replay(events) && this.#isBehind(events)) events = await this.#read()
    } catch (error) {
      this.#source.failed(error)
    }
    // Nothing was awaited since it was found not to be behind: live events are sent from here on.
    this.#reading = undefined
    if (this.#isFinishing) this.close()
  }

  #read (): ReadEvents | Promise<ReadEvents> {
    this.#readsAgain = false
    return this.#source.read(this.#seq)
  }

  // An event that was heard of and cannot be read is not waited for.
  #isBehind (read: ReadEvents): boolean {
    return this.#readsAgain || this.#source.isAhead === true || (this.#heard > this.#seq && read?.length !== 0)
  }

  // No faster than the client reads: it may have missed many events.
  async #replay (events: ReadEvents): Promise<boolean> {
    if (!isWhole(events, this.#seq)) {
      // The rest is no longer stored. The client finds out when it comes back for it.
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

/** Whether events are all of those behind another one, up to the last of them. */
export function isWhole (events: ReadEvents, afterSeq: number): events is readonly StoredEvent[] {
  const isNext = (event: unknown, index: number): boolean => isStoredEvent(event) && event.seq === afterSeq + 1 + index
  return Array.isArray(events) && events.every(isNext)
}

// A store may be of the app's own making.
function isStoredEvent (event: unknown): event is StoredEvent {
  return isWireObject(event) && typeof event.message === 'string'
}
