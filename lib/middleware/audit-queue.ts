// Entries that wait to be written down, one after the other.
import type { FastifyBaseLogger } from 'fastify'
import { doNothing } from '../do-nothing.ts'
import { inTime } from './in-time.ts'

/** The settings of a queue. Times are milliseconds. */
export interface QueueSettings {
  readonly maxQueued: number
  readonly timeout: number
  readonly retryDelay: number
}

/** Hands entries to a writer, one at a time and in their order. An entry stays until it is written. */
export class AuditQueue<Entry> {
  readonly #write: (entry: Entry) => unknown
  readonly #settings: QueueSettings
  readonly #log: FastifyBaseLogger
  readonly #entries: Entry[] = []
  #dropped = 0
  #isFailing = false
  #isClosing = false
  #writing: Promise<void> | undefined
  #wake: () => void = doNothing

  constructor (write: (entry: Entry) => unknown, settings: QueueSettings, log: FastifyBaseLogger) {
    this.#write = write
    this.#settings = settings
    this.#log = log
  }

  /** Adds an entry. Never throws. */
  add (entry: Entry): void {
    const { maxQueued } = this.#settings
    if (this.#entries.length >= maxQueued) {
      if (this.#dropped === 0) {
        this.#log.error({ maxQueued }, 'entries of the audit log are dropped, because too many wait for the writer')
      }
      this.#dropped++
      return
    }
    this.#entries.push(entry)
    // Later, because a call that is about to be answered adds the entry.
    this.#writing ??= Promise.resolve().then(() => this.#writeAll())
  }

  /** Writes the queued entries, each once more, until the first failure. */
  async close (): Promise<void> {
    this.#isClosing = true
    this.#wake()
    await this.#writing
    const lost = this.#entries.length + this.#dropped
    if (lost > 0) this.#log.error({ lost }, 'entries of the audit log were not written')
  }

  async #writeAll (): Promise<void> {
    for (let [entry] = this.#entries; entry !== undefined; [entry] = this.#entries) {
      if (await this.#tryToWrite(entry)) this.#entries.shift()
      else if (this.#isClosing) break
      else await this.#pause()
    }
    this.#writing = undefined
  }

  async #tryToWrite (entry: Entry): Promise<boolean> {
    try {
      const { timeout } = this.#settings
      const written = this.#write(entry)
      await (timeout === 0 ? written : inTime(written, timeout, 'writing an entry'))
      if (this.#isFailing) this.#log.info({}, 'the audit log is written again')
      this.#isFailing = false
      return true
    } catch (err) {
      if (!this.#isFailing) this.#log.error({ err }, 'the audit log cannot be written; its entries wait')
      this.#isFailing = true
      return false
    }
  }

  #pause (): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, this.#settings.retryDelay)
      this.#wake = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }
}
