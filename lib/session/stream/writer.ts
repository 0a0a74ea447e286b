// Numbers and stores the events of one stream, in order, and passes each on once the store has it.
import type { EventStore } from '../../store/event-store.ts'

/** Where the events of a stream are stored. */
export interface EventStorage {
  readonly store: EventStore
  /** Called when the store fails. */
  readonly onFailure: (error: unknown, what: string) => void
  /**
   * For an error of an outage, returns a promise that resolves when the store may be tried again: to false when it
   * never may. Returns undefined for any other error.
   */
  readonly untilBack?: (error: unknown) => Promise<boolean> | undefined
}

/** Where a writer passes its events on to. */
export interface WriterOutlet {
  /** Takes an event. @param seq Its number; absent when it is not stored, or not yet. */
  pass (message: string, seq?: number): void
  /** Takes the number of the oldest event that was passed without one. */
  stored (seq: number): void
  /** An event that was passed without a number is not stored and never will be. */
  lost (): void
}

/** An event that is not stored yet. */
interface Waiting {
  readonly message: string
  isPassed: boolean
}

export const EVENT_STORE = 'the event store'

// How many events of a stream wait for a store that is slow or away. Beyond that the oldest are not stored, and a
// client that has not seen them cannot resume.
const MAX_WAITING = 1000

// How many characters they have together, of one or two bytes each, so that they take 8 MiB at most. The newest event
// waits whatever its length.
const MAX_WAITING_CHARACTERS = 4 * 1024 * 1024

const TOO_SLOW = 'it takes the events of a stream more slowly than they are sent: ' +
  `of more than ${MAX_WAITING} events or ${MAX_WAITING_CHARACTERS} characters that wait, the oldest are not kept, ` +
  'and a client that comes back for them is refused'

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
  // How many characters the events have that wait.
  #characters = 0

  /** @param opening Resolves when the client may learn of the stream. When it rejects, nothing is stored. */
  constructor (streamId: string, storage: EventStorage, outlet: WriterOutlet, opening?: Promise<unknown>) {
    this.#streamId = streamId
    this.#storage = storage
    this.#outlet = outlet
    if (opening === undefined) return
    const listeners: Array<() => void> = []
    this.#openListeners = listeners
    this.#work = opening.then(() => this.#open(listeners), (error: unknown) => this.#giveUp(error))
  }

  /** Resolves when all is stored; undefined when it is. */
  get settled (): Promise<void> | undefined { return this.#work }

  /** Whether all events have been passed on. */
  get isIdle (): boolean { return this.#waiting.every(({ isPassed }) => isPassed) }

  /** Whether events were passed on that the store does not have yet. */
  get isAhead (): boolean { return this.#waiting.some(({ isPassed }) => isPassed) }

  /** Calls a listener once the client may resume the stream; never, where it could not. */
  whenOpen (listener: () => void): void {
    if (this.#openListeners !== undefined) this.#openListeners.push(listener)
    else if (!this.#isOff) listener()
  }

  /** Calls a listener once all events have been passed on; at once, where they have. */
  whenPassed (listener: () => void): void {
    if (this.isIdle) return listener()
    this.#passedListeners ??= []
    this.#passedListeners.push(listener)
  }

  /** Stores an event and passes it on: at once, where the store returns its number at once. */
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

  // A client that is connected gets the events that are not stored. The first event is on its way to the store.
  #makeRoom (message: string): void {
    while (this.#waiting.length > 1 && this.#isFull(message)) {
      this.#passAll(this.#waiting.slice(0, 2))
      this.#remove(1)
      this.#outlet.lost()
      if (!this.#isUnreachable) this.#reportSlowness()
    }
  }

  #reportSlowness (): void {
    if (!this.#isTooSlow) this.#storage.onFailure(new Error(TOO_SLOW), EVENT_STORE)
    this.#isTooSlow = true
  }

  #add (event: Waiting): void {
    this.#waiting.push(event)
    this.#characters += event.message.length
  }

  #remove (index: number): void {
    for (const { message } of this.#waiting.splice(index, 1)) this.#characters -= message.length
  }

  // A store that throws fails as one that rejects.
  #append (message: string): number | Promise<number> {
    try {
      const appended = this.#storage.store.append(this.#streamId, message)
      return appended instanceof Promise ? appended.then((seq: unknown) => this.#check(seq)) : this.#check(appended)
    } catch (error) {
      return Promise.reject(error)
    }
  }

  // Clients name events by their numbers, so that any other value would lose the event.
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
      this.#tellPassed()
    } catch (error) {
      await this.#fail(event, error)
    }
  }

  // A client that is connected need not wait for the store.
  async #fail (event: Waiting, error: unknown): Promise<void> {
    const { onFailure, untilBack } = this.#storage
    const isBack = untilBack?.(error)
    this.#isUnreachable = isBack !== undefined
    this.#passAll(this.#isUnreachable ? this.#waiting : [event])
    if (await isBack === true) return
    this.#isUnreachable = false
    this.#remove(0)
    this.#outlet.lost()
    onFailure(error, EVENT_STORE)
  }

  #passAll (events: readonly Waiting[]): void {
    for (const event of events) {
      if (event.isPassed) continue
      event.isPassed = true
      this.#outlet.pass(event.message)
    }
    this.#tellPassed()
  }

  #tellPassed (): void {
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
    this.#storage.onFailure(error, EVENT_STORE)
  }
}
