// Keeps the events of one stream, in order; each is handed on once the store has it, with the number that it was given.
import type { EventStore } from './event-store.ts'

/** Where the events of a stream are kept. */
export interface Keeping {
  readonly store: EventStore
  /** Told when the store fails. */
  readonly onFailure: (error: unknown, what: string) => void
  /** Waits until a store that is away may be tried again; comes to false when it never may, undefined for any other failure. */
  readonly untilBack?: (error: unknown) => Promise<boolean> | undefined
}

/** Where events go once they are kept. */
export interface EventOutlet {
  /** Takes an event. @param seq Its number; absent when it is not kept, or not yet. */
  pass (message: string, seq?: number): void
  /** Learns the number of an event that it has taken without one. */
  kept (seq: number): void
  /** Learns that an event is not kept, and never will be. */
  lost (): void
}

/** An event that is not kept yet. */
interface Waiting {
  readonly message: string
  isPassed: boolean
}

export const STORE = 'the event store'

// How many events of a stream wait for a store that is slow or away. Beyond that, the oldest are not kept: a client that comes
// back from before them is refused.
const MAX_WAITING = 1000

// How many characters they have together, of one or two bytes each, so that they take 8 MiB at most. The newest waits whatever
// its length.
const MAX_WAITING_CHARACTERS = 4 * 1024 * 1024

const TOO_SLOW = `it takes the events of a stream more slowly than they are sent: of more than ${MAX_WAITING} events or ` +
  `${MAX_WAITING_CHARACTERS} characters that wait, the oldest are not kept, and a client that comes back for them is refused`

/** Keeps the events of one stream. */
export class EventKeeper {
  readonly #streamId: string
  readonly #keeping: Keeping
  readonly #outlet: EventOutlet
  readonly #waiting: Waiting[] = []
  #work: Promise<void> | undefined
  #opened: Array<() => void> | undefined
  // The number of the last event that the store has taken.
  #last = 0
  #isOff = false
  #isAway = false
  #isTooSlow = false
  // Of the events that wait.
  #characters = 0

  /** @param opening Comes when the stream may be known to its client; when it rejects, nothing is kept. */
  constructor (streamId: string, keeping: Keeping, outlet: EventOutlet, opening?: Promise<unknown>) {
    this.#streamId = streamId
    this.#keeping = keeping
    this.#outlet = outlet
    if (opening === undefined) return
    const listeners: Array<() => void> = []
    this.#opened = listeners
    this.#work = opening.then(() => this.#open(listeners), (error: unknown) => this.#giveUp(error))
  }

  /** Settles when all is kept; undefined when it is. */
  get settled (): Promise<void> | undefined { return this.#work }

  /** Whether all events have been handed on. */
  get isIdle (): boolean { return this.#waiting.every(({ isPassed }) => isPassed) }

  /** Whether events have been handed on that the store does not have yet. */
  get isAhead (): boolean { return this.#waiting.some(({ isPassed }) => isPassed) }

  /** Calls back once the client may come back to the stream; never, where it could not. */
  whenOpen (listener: () => void): void {
    if (this.#opened !== undefined) this.#opened.push(listener)
    else if (!this.#isOff) listener()
  }

  /** Keeps an event and hands it on: at once, where the store can tell its number at once. */
  keep (message: string): void {
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
    this.#add({ message, isPassed: this.#isAway })
    if (this.#isAway) this.#outlet.pass(message)
  }

  #isFull (message: string): boolean {
    return this.#waiting.length >= MAX_WAITING || this.#characters + message.length > MAX_WAITING_CHARACTERS
  }

  // Who is connected gets what is not kept. The first event is on its way to the store.
  #makeRoom (message: string): void {
    while (this.#waiting.length > 1 && this.#isFull(message)) {
      this.#passAll(this.#waiting.slice(0, 2))
      this.#remove(1)
      this.#outlet.lost()
      if (!this.#isAway) this.#reportSlowness()
    }
  }

  #reportSlowness (): void {
    if (!this.#isTooSlow) this.#keeping.onFailure(new Error(TOO_SLOW), STORE)
    this.#isTooSlow = true
  }

  #add (event: Waiting): void {
    this.#waiting.push(event)
    this.#characters += event.message.length
  }

  #remove (index: number): void {
    for (const { message } of this.#waiting.splice(index, 1)) this.#characters -= message.length
  }

  // One that throws fails as one that rejects.
  #append (message: string): number | Promise<number> {
    try {
      const appended = this.#keeping.store.append(this.#streamId, message)
      return appended instanceof Promise ? appended.then((seq: unknown) => this.#check(seq)) : this.#check(appended)
    } catch (error) {
      return Promise.reject(error)
    }
  }

  // Clients name events by their numbers, so a number that is none would lose the event.
  #check (seq: unknown): number {
    if (!Number.isSafeInteger(seq) || Number(seq) <= this.#last) {
      throw new TypeError(`append() of an event store must return the number of the event, an integer above ${this.#last}, not ${String(seq)}`)
    }
    this.#last = Number(seq)
    return this.#last
  }

  async #workOff (): Promise<void> {
    for (let event = this.#waiting[0]; event !== undefined; event = this.#waiting[0]) await this.#settle(event, this.#append(event.message))
    this.#work = undefined
  }

  async #settle (event: Waiting, appended: number | Promise<number>): Promise<void> {
    try {
      const seq = await appended
      this.#isAway = false
      this.#remove(0)
      if (event.isPassed) this.#outlet.kept(seq)
      else this.#outlet.pass(event.message, seq)
    } catch (error) {
      await this.#fail(event, error)
    }
  }

  // Who is connected need not wait for the store.
  async #fail (event: Waiting, error: unknown): Promise<void> {
    const { onFailure, untilBack } = this.#keeping
    const isBack = untilBack?.(error)
    this.#isAway = isBack !== undefined
    this.#passAll(this.#isAway ? this.#waiting : [event])
    if (await isBack === true) return
    this.#isAway = false
    this.#remove(0)
    this.#outlet.lost()
    onFailure(error, STORE)
  }

  #passAll (events: readonly Waiting[]): void {
    for (const event of events) {
      if (event.isPassed) continue
      event.isPassed = true
      this.#outlet.pass(event.message)
    }
  }

  #open (listeners: ReadonlyArray<() => void>): Promise<void> {
    this.#opened = undefined
    for (const listener of listeners) listener()
    return this.#workOff()
  }

  #giveUp (error: unknown): void {
    this.#isOff = true
    this.#opened = undefined
    this.#work = undefined
    this.#passAll(this.#waiting.splice(0))
    this.#keeping.onFailure(error, STORE)
  }
}
