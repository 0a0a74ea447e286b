// The input from a client: lines of a byte stream, read no faster than the client reads the output.
import type { Readable } from 'node:stream'
import { LineSplitter, type LineListener } from './line-splitter.ts'
import type { Output } from './output.ts'

/** The settings of an {@link Input}. */
export interface InputSettings {
  readonly stream: Readable
  /** The most bytes of a line. */
  readonly maxLength: number
  /** The output to the same client. Reading pauses while it is full. */
  readonly output: Output
  readonly onLine: LineListener
  /** Called when the input has ended. @param error The error that has ended it, if any. */
  readonly onEnd: (error?: Error) => void
}

/** Reads the lines that a client writes. */
export class Input {
  readonly #settings: InputSettings
  readonly #splitter: LineSplitter
  #isStopped = false

  constructor (settings: InputSettings) {
    this.#settings = settings
    this.#splitter = new LineSplitter(settings.maxLength, (line) => { if (!this.#isStopped) settings.onLine(line) })
  }

  /** Starts reading. */
  start (): void {
    const { stream, onEnd } = this.#settings
    // A stream that has already ended emits no further 'end'.
    if (stream.readableEnded || stream.destroyed) return onEnd()
    stream.on('error', onEnd).on('end', this.#end).on('close', this.#end).on('data', this.#take)
  }

  /** Stops reading. The stream then no longer keeps the process alive. */
  stop (): void {
    const { stream } = this.#settings
    this.#isStopped = true
    // The 'error' listener stays, because a later error without a listener would crash the process.
    stream.off('data', this.#take).off('close', this.#end).off('end', this.#end)
    stream.pause()
  }

  readonly #take = (chunk: Buffer | string): void => {
    // A stream with an encoding emits strings.
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
