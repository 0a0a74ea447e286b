// A stream of a session that any node writes to: whoever is connected here is told what the store tells.
import { STORE } from './event-keeper.ts'
import type { Following, SharedEventStore, StoredEvent } from './event-store.ts'
import { eventIdOf, isWhole, type EventSink, type Resumption, type SessionStream } from './event-stream.ts'

/** How the streams of a session are resumed that is shared by nodes. */
export interface SharedResumption extends Resumption {
  readonly store: SharedEventStore
}

/** A stream that any node writes to. */
export class FollowedStream implements SessionStream {
  readonly id: string
  readonly #resumption: SharedResumption
  #connection: Connection | undefined
  // The one that came last, be it that it is not connected yet.
  #newest: Connection | undefined

  constructor (id: string, resumption: SharedResumption) {
    this.id = id
    this.#resumption = resumption
  }

  get isAttached (): boolean { return this.#connection !== undefined }

  /** Whether no client is connected, nor about to be. */
  get isAlone (): boolean { return this.#connection === undefined && this.#newest === undefined }

  /** Sends an event to whoever is connected, by whatever node. While the store is away only this node's client gets it. */
  send (message: string): void {
    this.keep(message).catch((error: unknown) => {
      this.#connection?.sink.send(message)
      this.#resumption.onFailure(error, STORE)
    })
  }

  /** Sends an event; settles when it is kept. */
  async keep (message: string): Promise<void> {
    await this.#resumption.store.append(this.id, message)
  }

  async drained (): Promise<void> {
    await this.#connection?.sink.drained()
  }

  async attach (sink: EventSink): Promise<void> {
    const connection = await this.#follow(sink)
    const { seq } = connection
    await orEnd(connection, this.#use(connection, false, () => {
      if (this.#resumption.primes) sink.prime(eventIdOf(this.id, seq), this.#resumption.retryInterval)
      connection.begin()
    }))
  }

  async resume (sink: EventSink, afterSeq: number): Promise<boolean> {
    const connection = await this.#follow(sink)
    const missed = await orEnd(connection, this.readMissed(afterSeq, connection.seq))
    if (missed === undefined) {
      connection.end()
      if (this.#newest === connection) this.#newest = undefined
      return false
    }
    await orEnd(connection, this.#use(connection, true, () => connection.begin(afterSeq, missed)))
    return true
  }

  detach (sink: EventSink): void {
    if (this.#newest?.sink === sink) this.#newest = undefined
    if (this.#connection?.sink !== sink) return
    this.#connection.end()
    this.#connection = undefined
  }

  pause (): void {
    if (this.#resumption.primes) this.release()
  }

  release (): void {
    this.#connection?.end()
    this.#connection?.sink.end()
    this.#connection = undefined
  }

  /** Tells whoever is connected what may have been missed while the store was away. */
  async catchUp (): Promise<void> {
    await this.#connection?.read()
  }

  /** @internal Called before a client is connected. Resolves to false when the client has connected to another node since. */
  protected async claim (_isResumed: boolean): Promise<boolean> {
    return true
  }

  /** @internal Called with each event that a client is told. */
  protected told (_message: string): void {}

  /** @internal The events behind one; undefined when they are no longer there. @param last The number of the last event. */
  protected async readMissed (afterSeq: number, last: number): Promise<readonly StoredEvent[] | undefined> {
    if (afterSeq === last) return []
    const events = await this.#resumption.store.read(this.id, afterSeq)
    return isWhole(events, afterSeq) ? events : undefined
  }

  async #follow (sink: EventSink): Promise<Connection> {
    const connection = new Connection(sink, {
      read: (afterSeq) => this.#resumption.store.read(this.id, afterSeq),
      idOf: (seq) => eventIdOf(this.id, seq),
      told: (message) => this.told(message),
      onFailure: (error) => this.#resumption.onFailure(error, STORE)
    })
    this.#newest = connection
    await connection.follow(this.#resumption.store, this.id)
    return connection
  }

  // Of two that come at once the later one stays.
  async #use (connection: Connection, isResumed: boolean, begin: () => void): Promise<void> {
    if (await this.claim(isResumed) && this.#newest === connection) {
      this.release()
      this.#connection = connection
      begin()
    } else {
      if (this.#newest === connection) this.#newest = undefined
      connection.end()
      connection.sink.end()
    }
  }
}

async function orEnd<T> (connection: Connection, done: Promise<T>): Promise<T> {
  try {
    return await done
  } catch (error) {
    connection.end()
    throw error
  }
}

interface Source {
  read (afterSeq: number): ReturnType<SharedEventStore['read']>
  idOf (seq: number): string
  told (message: string): void
  onFailure (error: unknown): void
}

/** One client that is told a stream: what it hears of at once, and what it has missed out of the store. */
class Connection {
  readonly sink: EventSink
  readonly #source: Source
  #following: Following | undefined
  #seq = 0
  // The last event that was heard of.
  #heard = 0
  // Until it has begun, and while it reads, nothing is told as it is heard.
  #hasBegun = false
  #reading: Promise<void> | undefined
  #readsAgain = false
  #isOver = false

  constructor (sink: EventSink, source: Source) {
    this.sink = sink
    this.#source = source
  }

  /** The event behind which it goes on. */
  get seq (): number { return this.#seq }

  async follow (store: SharedEventStore, streamId: string): Promise<void> {
    this.#following = await store.follow(streamId, (event) => this.#hear(event))
    this.#seq = this.#following.seq
  }

  /** Begins to tell, behind an event, what follows. @param missed What is known already. */
  begin (afterSeq = this.#seq, missed: readonly StoredEvent[] = []): void {
    this.#heard = Math.max(this.#heard, this.#seq)
    this.#seq = afterSeq
    this.#hasBegun = true
    if (missed.length > 0 || this.#heard > afterSeq) this.read(missed.length > 0 ? missed : undefined)
  }

  /**
   * Tells what the store has; settles when the client has been told. What cannot be read is told later: when something
   * else is heard of, or the store is back.
   */
  async read (missed?: readonly StoredEvent[]): Promise<void> {
    if (this.#isOver) return
    this.#readsAgain = this.#reading !== undefined
    this.#reading ??= this.#readAll(missed)
    await this.#reading
  }

  end (): void {
    this.#isOver = true
    this.#following?.end()
  }

  #hear (event: StoredEvent): void {
    this.#heard = Math.max(this.#heard, event.seq)
    if (!this.#hasBegun || this.#reading !== undefined || this.#isOver || event.seq <= this.#seq) return
    if (event.seq > this.#seq + 1) this.read()
    else this.#tell(event, this.sink.send)
  }

  async #readAll (missed?: readonly StoredEvent[]): Promise<void> {
    try {
      let events = missed ?? await this.#source.read(this.#seq)
      for (;;) {
        await this.#replay(events)
        if (this.#isOver || !(this.#readsAgain || (this.#heard > this.#seq && events?.length !== 0))) break
        this.#readsAgain = false
        events = await this.#source.read(this.#seq)
      }
    } catch (error) {
      this.#source.onFailure(error)
    }
    // Nothing was waited for since the last look at what was heard: what comes from now on is told at once.
    this.#reading = undefined
  }

  // No faster than the client reads: what it missed may be much.
  async #replay (events: readonly StoredEvent[] | undefined): Promise<void> {
    if (events === undefined || !isWhole(events, this.#seq)) {
      // What is left is no longer there; the client learns of it when it comes back for it.
      this.end()
      this.sink.end()
      return
    }
    for (const event of events) {
      if (this.#isOver) return
      this.#tell(event, this.sink.replay)
      await this.sink.drained()
    }
  }

  #tell ({ seq, message }: StoredEvent, tell: EventSink['replay']): void {
    this.#seq = seq
    tell.call(this.sink, message, this.#source.idOf(seq))
    this.#source.told(message)
  }
}
