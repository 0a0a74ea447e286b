// What a client writes: a stream of bytes, read line by line and no faster than its client reads.
import type { Readable } from 'node:stream'
import { LineSplitter, type LineListener } from './line-splitter.ts'
import type { Output } from './output.ts'

/** What is read from, and who is told. */
export interface InputSettings {
  readonly stream: Readable
  /** Bytes of a line. */
  readonly maxLength: number
  /** While it is full, nothing is read. */
  readonly output: Output
  readonly onLine: LineListener
  /** Nothing more will come. @param error What went wrong, if something did. */
  readonly onEnd: (error?: Error) => void
}

/** The lines that a client writes. */
export class Input {
  readonly #settings: InputSettings
  readonly #splitter: LineSplitter
  #isStopped = false

  constructor (settings: InputSettings) {
    this.#settings = settings
    this.#splitter = new LineSplitter(settings.maxLength, (line) => { if (!this.#isStopped) settings.onLine(line) })
  }

  /** Begins to read. */
  start (): void {
    const { stream, onEnd } = this.#settings
    // One that has ended does not say so again.
    if (stream.readableEnded || stream.destroyed) return onEnd()
    stream.on('error', onEnd).on('end', this.#end).on('close', this.#end).on('data', this.#take)
  }

  /** Reads no more, and lets the process end as far as the stream is concerned. */
  stop (): void {
    const { stream } = this.#settings
    this.#isStopped = true
    // The listener of errors stays: one that comes later must not take the process with it.
    stream.off('data', this.#take).off('close', this.#end).off('end', this.#end)
    stream.pause()
  }

  readonly #take = (chunk: Buffer | string): void => {
    // A stream with an encoding has strings.
    this.#splitter.push(typeof chunk === 'string' ? Buffer.from(chunk) : chunk)
    if (this.#settings.output.isFull) this.#wait()
  }

  readonly #end = (): void => {
    this.#splitter.end()
    this.#settings.onEnd()
  }

  async #wait (): Promise<void> {
    const { stream, output } = this.#settings
    stream.pause()
    await output.drained()
    if (!this.#isStopped) stream.resume()
  }
}
