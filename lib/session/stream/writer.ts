// Numbers and stores the events of one stream, in order, and passes each on once the store has it.
import type { EventStore } from '../../store/event-store.ts'
import { EVENT_STORE, type LogFailure } from '../log-failure.ts'

/** The store of the events of a stream. */
export interface EventStorage {
  readonly store: EventStore
  readonly logFailure: LogFailure
  /**
   * For an error of an outage, returns a promise that resolves to true when the operation may be retried, and to false
   * if it never may. Returns undefined for any other error.
   */
  readonly untilBack?: (error: unknown) => Promise<boolean> | undefined
}

/** The receiver of the events of a writer. */
export interface WriterOutlet {
  /** Takes an event. @param seq Its number; absent if it is not stored, or not stored yet. */
  pass (message: string, seq?: number): void
  /** Takes the number of the oldest event that was passed without a number. */
  stored (seq: number): void
  /** Called when an event that was passed without a number will never be stored. */
  lost (): void
}

/** An event that is not stored yet. */
interface Waiting {
  readonly message: string
  isPassed: boolean
}

// The most events of a stream that wait for a slow or unreachable store. Beyond that the oldest are not stored, and a
// client that has not seen them cannot resume.
const MAX_WAITING = 1000

// The most characters of these events together. A character takes one or two bytes, so they take 8 MiB at most. The
// newest event waits whatever its length.
const MAX_WAITING_CHARACTERS = 4 * 1024 * 1024

const TOO_SLOW = 'the event store is slower than the events of a stream: ' +
  `more than ${MAX_WAITING} events or ${MAX_WAITING_CHARACTERS} characters wait, so the oldest are not stored, ` +
  'and a client that has not seen them cannot resume'

/** The writer of one stream. */
export class Writer {
  readonly #streamId: string
  readonly #storage: EventStorage
  readonly #outlet: WriterOutlet
  readonly #waiting: Waiting[] = []
  #work: Promise<void> | undefined
  #openListeners: Array<() => void> | undefined
  #passedListeners: Array<() => void> | undefined
  // The number of the last event that the store has taken.
  #last = 0
  #isOff = false
  #isUnreachable = false
  #isTooSlow = false
  // The number of characters of the waiting events.
  #characters = 0

  /** @param opening Resolves when the client may resume the stream. If it rejects, events are not stored. */
  constructor (streamId: string, storage: EventStorage, outlet: WriterOutlet, opening?: Promise<unknown>) {
    this.#streamId = streamId
    this.#storage = storage
    this.#outlet = outlet
    if (opening === undefined) return
    const listeners: Array<() => void> = []
    this.#openListeners = listeners
    this.#work = opening.then(() => this.#open(listeners), (error: unknown) => this.#giveUp(error))
  }

  /** Resolves when all events are stored; undefined if they are stored already. */
  get settled (): Promise<void> | undefined { return this.#work }

  /** Whether all events have been passed on. */
  get isIdle (): boolean { return this.#waiting.every(({ isPassed }) => isPassed) }

  /** Whether events were passed on before the store had them. */
  get isAhead (): boolean { return this.#waiting.some(({ isPassed }) => isPassed) }

  /** Calls a listener once the client may resume the stream; never if the stream cannot be resumed. */
  whenOpen (listener: () => void): void {
    if (this.#openListeners !== undefined) this.#openListeners.push(listener)
    else if (!this.#isOff) listener()
  }

  /** Calls a listener once all events have been passed on; at once if none waits. */
  whenPassed (listener: () => void): void {
    if (this.isIdle) return listener()
    this.#passedListeners ??= []
    this.#passedListeners.push(listener)
  }

  /** Stores an event and passes it on: synchronously if the store returns a number and not a promise. */
  write (message: string): void {
    if (this.#isOff) return this.#outlet.pass(message)
    if (this.#work !== undefined) return this.#wait(message)
    const appended = this.#append(message)
    if (typeof appended === 'number') return this.#outlet.pass(message, appended)
    const event = { message, isPassed: false }
    this.#add(event)
    this.#work = this.#settle(event, appended).then(() => this.#workOff())
  }

  #wait (message: string): void {
    if (this.#isFull(message)) this.#makeRoom(message)
    this.#add({ message, isPassed: this.#isUnreachable })
    if (this.#isUnreachable) this.#outlet.pass(message)
  }

  #isFull (message: string): boolean {
    return this.#waiting.length >= MAX_WAITING || this.#characters + message.length > MAX_WAITING_CHARACTERS
  }

  // A connected client gets the events that are not stored. The first event is being stored, so the second is dropped.
  #makeRoom (message: string): void {
    while (this.#waiting.length > 1 && this.#isFull(message)) {
      this.#passAll(this.#waiting.slice(0, 2))
      this.#remove(1)
      this.#outlet.lost()
      if (!this.#isUnreachable) this.#reportSlowness()
    }
  }

  #reportSlowness (): void {
    if (!this.#isTooSlow) this.#storage.logFailure(new Error(TOO_SLOW), EVENT_STORE)
    this.#isTooSlow = true
  }

  #add (event: Waiting): void {
    this.#waiting.push(event)
    this.#characters += event.message.length
  }

  #remove (index: number): void {
    for (const { message } of this.#waiting.splice(index, 1)) this.#characters -= message.length
  }

  // Turns an exception of the store into a rejection.
  #append (message: string): number | Promise<number> {
    try {
      const appended = this.#storage.store.append(this.#streamId, message)
      return appended instanceof Promise ? appended.then((seq: unknown) => this.#check(seq)) : this.#check(appended)
    } catch (error) {
      return Promise.reject(error)
    }
  }

  // Clients resume by event numbers, so an invalid number would lose the event.
  #check (seq: unknown): number {
    if (!Number.isSafeInteger(seq) || Number(seq) <= this.#last) {
      const rule = `must return the number of the event, an integer above ${this.#last}`
      throw new TypeError(`append() of an event store ${rule}, not ${String(seq)}`)
    }
    this.#last = Number(seq)
    return this.#last
  }

  async #workOff (): Promise<void> {
    for (let event = this.#waiting[0]; event !== undefined; event = this.#waiting[0]) {
      await this.#settle(event, this.#append(event.message))
    }
    this.#work = undefined
  }

  async #settle (event: Waiting, appended: number | Promise<number>): Promise<void> {
    try {
      const seq = await appended
      this.#isUnreachable = false
      this.#remove(0)
      if (event.isPassed) this.#outlet.stored(seq)
      else this.#outlet.pass(event.message, seq)
      this.#notifyPassed()
    } catch (error) {
      await this.#fail(event, error)
    }
  }

  // A connected client does not have to wait for the store.
  async #fail (event: Waiting, error: unknown): Promise<void> {
    const { logFailure, untilBack } = this.#storage
    const isBack = untilBack?.(error)
    this.#isUnreachable = isBack !== undefined
    this.#passAll(this.#isUnreachable ? this.#waiting : [event])
    if (await isBack === true) return
    this.#isUnreachable = false
    this.#remove(0)
    this.#outlet.lost()
    logFailure(error, EVENT_STORE)
  }

  #passAll (events: readonly Waiting[]): void {
    for (const event of events) {
      if (event.isPassed) continue
      event.isPassed = true
      this.#outlet.pass(event.message)
    }
    this.#notifyPassed()
  }

  #notifyPassed (): void {
    if (this.#passedListeners === undefined || !this.isIdle) return
    const listeners = this.#passedListeners
    this.#passedListeners = undefined
    for (const listener of listeners) listener()
  }

  #open (listeners: ReadonlyArray<() => void>): Promise<void> {
    this.#openListeners = undefined
    for (const listener of listeners) listener()
    return this.#workOff()
  }

  #giveUp (error: unknown): void {
    this.#isOff = true
    this.#openListeners = undefined
    this.#work = undefined
    this.#passAll(this.#waiting.splice(0))
    this.#storage.logFailure(error, EVENT_STORE)
  }
}
