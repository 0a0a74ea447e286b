// A stream that any node writes to. This node follows it in the store, and sends its events to the client.
import type { Following, SharedEventStore, StoredEvent } from '../../store/event-store.ts'
import { EVENT_STORE } from '../log-failure.ts'
import { eventIdOf } from './event-id.ts'
import type { EventSink, Resumption, SessionStream } from './session-stream.ts'
import { isWhole, Tail } from './tail.ts'

/** How the streams of a session that several nodes serve are resumed. */
export interface SharedResumption extends Resumption {
  readonly store: SharedEventStore
}

/** The steps of connecting a client that differ between kinds of streams. */
export interface SharedStreamHooks {
  /**
   * Called before anything is sent to a client that resumes. Resolves to false if the stream does not exist.
   * @param last The number of the last event of the stream.
   */
  readonly isThere?: (last: number) => Promise<boolean>
  /** Called before a client is connected. Resolves to false if the client has connected to another node since. */
  readonly claim: (isResumed: boolean) => Promise<boolean>
  /** Called with each event that was sent to the client. */
  readonly sent?: (message: string) => void
}

/** A stream that any node writes to. */
export class SharedStream implements SessionStream {
  readonly id: string
  readonly #resumption: SharedResumption
  readonly #hooks: SharedStreamHooks
  #tail: Tail | undefined
  // The tail of the client that came last, until it is connected.
  #pending: Tail | undefined

  constructor (id: string, resumption: SharedResumption, hooks: SharedStreamHooks) {
    this.id = id
    this.#resumption = resumption
    this.#hooks = hooks
  }

  get isAttached (): boolean { return this.#tail?.isOver === false }

  /** Whether no client is connected or about to be connected. */
  get isAlone (): boolean { return !this.isAttached && this.#pending === undefined }

  /**
   * Sends a message to the client, whichever node it is connected to. During an outage only a client that is connected
   * to this node gets it.
   */
  send (message: string): void {
    this.append(message).catch((error: unknown) => {
      this.#tail?.sink.send(message)
      this.#failed(error)
    })
  }

  /** Sends a message; resolves when it is stored. */
  async append (message: string): Promise<void> {
    await this.#resumption.store.append(this.id, message)
  }

  async attach (sink: EventSink): Promise<void> {
    await this.#connect(sink, async (tail, seq) => {
      if (!await this.#claim(tail, false)) return
      if (this.#resumption.primes) sink.prime(eventIdOf(this.id, seq), this.#resumption.retryInterval)
      tail.begin(seq)
    })
  }

  async resume (sink: EventSink, afterSeq: number): Promise<boolean> {
    return await this.#connect(sink, async (tail, seq) => {
      const missed = await this.#readMissed(afterSeq, seq)
      if (missed === undefined) tail.end()
      else if (await this.#claim(tail, true)) tail.begin(afterSeq, missed)
      return missed !== undefined
    })
  }

  detach (sink: EventSink): void {
    if (this.#pending?.sink === sink) this.#pending = undefined
    if (this.#tail?.sink !== sink) return
    this.#tail.end()
    this.#tail = undefined
  }

  pause (): void {
    if (this.#resumption.primes) this.release()
  }

  release (): void {
    this.#tail?.close()
    this.#tail = undefined
  }

  /** Sends the client any event that this node may have missed; resolves when that is done. */
  async again (): Promise<void> {
    await Promise.all([this.#tail?.again(), this.#pending?.again()])
  }

  /** Ends the connection once the client has been sent everything that is stored. */
  finish (): void {
    this.#tail?.again()
    this.#tail?.finish()
  }

  async #connect<T> (sink: EventSink, connect: (tail: Tail, last: number) => Promise<T>): Promise<T> {
    const { store } = this.#resumption
    let following: Following | undefined
    const tail = new Tail(sink, {
      id: this.id,
      read: (afterSeq) => store.read(this.id, afterSeq),
      failed: (error) => this.#failed(error),
      ended: () => following?.end(),
      ...(this.#hooks.sent !== undefined && { sent: this.#hooks.sent })
    })
    this.#pending = tail
    try {
      following = await store.follow(this.id, (event) => tail.receive(event))
      return await connect(tail, following.seq)
    } catch (error) {
      tail.end()
      throw error
    } finally {
      if (this.#pending === tail) this.#pending = undefined
    }
  }

  // If two clients connect at the same time, the later one stays.
  async #claim (tail: Tail, isResumed: boolean): Promise<boolean> {
    if (await this.#hooks.claim(isResumed) && this.#pending === tail) {
      this.release()
      this.#tail = tail
      return true
    }
    tail.close()
    return false
  }

  async #readMissed (afterSeq: number, last: number): Promise<readonly StoredEvent[] | undefined> {
    if (await this.#hooks.isThere?.(last) === false) return undefined
    if (afterSeq === last) return []
    const events = await this.#resumption.store.read(this.id, afterSeq)
    return isWhole(events, afterSeq) ? events : undefined
  }

  #failed (error: unknown): void {
    this.#resumption.logFailure(error, EVENT_STORE)
  }
}
