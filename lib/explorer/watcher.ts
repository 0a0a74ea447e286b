// One page that watches: what it will be sent next, which has a bound.
import { setTimeout as sleep } from 'node:timers/promises'
import { LastingStream } from '../http/reply/lasting-stream.ts'
import type { OpenExchanges } from '../http/reply/open-exchanges.ts'

// Characters of the calls that wait for a page. Beyond them, calls are counted only.
const MAX_WAITING = 2 ** 20

// Milliseconds in which calls are collected for one message.
const INTERVAL = 100

/** One page that watches. */
export class Watcher {
  /** The reply to the page. It gets a message when it has sent the last one, so it buffers no more than one. */
  readonly stream: LastingStream
  /** When the page began to watch, in milliseconds since the epoch. */
  readonly began = Date.now()
  readonly #calls: string[] = []
  #length = 0
  #dropped = 0
  #open: string | null = null
  #sending: Promise<void> | undefined

  constructor (streams: OpenExchanges, onClose: () => void) {
    // A character has three bytes at most, and the signs of life that follow a message have few.
    this.stream = new LastingStream(streams, 4 * MAX_WAITING, { onClose })
  }

  /** Sends a call, or counts it as missing. @param call The JSON of a `WatchedCall`; undefined if there is none. */
  add (call: string | undefined): void {
    if (call === undefined || this.#length + call.length > MAX_WAITING) {
      this.#dropped++
    } else {
      this.#calls.push(call)
      this.#length += call.length
    }
    this.#sending ??= this.#send(INTERVAL)
  }

  /** Sends how much is open, at once if nothing was sent before. @param open JSON. */
  show (open: string): void {
    this.#open = open
    this.#sending ??= this.#send(0)
  }

  async #send (delay: number): Promise<void> {
    if (delay > 0) await sleep(delay, undefined, { ref: false })
    await this.stream.drained()
    this.#sending = undefined
    const calls = this.#calls.splice(0).join(',')
    this.stream.send(`{"calls":[${calls}],"dropped":${this.#dropped},"open":${this.#open}}`)
    this.#length = 0
    this.#dropped = 0
    this.#open = null
  }
}
