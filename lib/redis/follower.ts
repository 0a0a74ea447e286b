// Who is told of the events of one stream, as they come by a connection that may break.
import type { StoredEvent } from '../session/event-store.ts'

// How many characters of messages wait; beyond that the oldest are not told, and the next number shows it.
const MAX_WAITING_CHARACTERS = 4 * 1024 * 1024

type ReadEvents = (afterSeq: number) => Promise<readonly StoredEvent[] | undefined>

/** Tells of events once and in order, be it that the connection by which they come was away for a while. */
export class Follower {
  readonly #listener: (event: StoredEvent) => void
  // Nothing is told before it begins, and after it has ended.
  #last = Infinity
  // What is heard while something else is to be told before it.
  #waiting: StoredEvent[] | undefined = []
  #waitingCharacters = 0
  #hasBegun = false
  // The connection was away before the first event was told.
  #catchesUp: ReadEvents | undefined

  constructor (listener: (event: StoredEvent) => void) {
    this.#listener = listener
  }

  /** An event has come, perhaps not for the first time. */
  hear (event: StoredEvent): void {
    if (this.#waiting === undefined) this.#tell(event)
    else this.#wait(this.#waiting, event)
  }

  /** Begins to tell of the events behind one. */
  begin (afterSeq: number): void {
    this.#last = afterSeq
    this.#hasBegun = true
    this.#goOn([])
    if (this.#catchesUp !== undefined) this.catchUp(this.#catchesUp)
  }

  /**
   * Tells what was missed, and then what has come meanwhile. Where it cannot be read, or is no longer there, the next number shows it.
   * @param read Comes to the events behind one.
   */
  async catchUp (read: ReadEvents): Promise<void> {
    if (!this.#hasBegun) {
      this.#catchesUp = read
      return
    }
    this.#waiting = []
    this.#waitingCharacters = 0
    this.#goOn(await read(this.#last).catch(() => undefined) ?? [])
  }

  /** Nothing is told any more. */
  end (): void {
    this.#last = Infinity
  }

  #wait (waiting: StoredEvent[], event: StoredEvent): void {
    waiting.push(event)
    this.#waitingCharacters += event.message.length
    while (waiting.length > 1 && this.#waitingCharacters > MAX_WAITING_CHARACTERS) {
      for (const { message } of waiting.splice(0, 1)) this.#waitingCharacters -= message.length
    }
  }

  #goOn (missed: readonly StoredEvent[]): void {
    const waiting = this.#waiting ?? []
    this.#waiting = undefined
    for (const event of [...missed, ...waiting]) this.#tell(event)
  }

  #tell (event: StoredEvent): void {
    if (event.seq <= this.#last) return
    this.#last = event.seq
    this.#listener(event)
  }
}
