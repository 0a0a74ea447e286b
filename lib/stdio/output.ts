// What a client reads: messages, one a line, on a stream of bytes.
import type { Writable } from 'node:stream'
import { doNothing } from '../do-nothing.ts'
import { escapeLineBreaks } from '../protocol/json.ts'

/** What is written to, and how much of it may wait. */
export interface OutputSettings {
  readonly stream: Writable
  /** Bytes that may wait for a client that does not read. */
  readonly maxBuffered: number
}

const LONGEST_JOINED = 2 ** 24

/** The way to a client. */
export class Output {
  /** Settles when the client does not read any more, and tells why. */
  readonly gone: Promise<Error>
  readonly #stream: Writable
  // As it is now: what others write to stdout is about to go elsewhere.
  readonly #write: Writable['write']
  readonly #maxBuffered: number
  #tellGone: (reason: Error) => void = doNothing
  readonly #waiting: Array<() => void> = []
  #isGone = false

  constructor ({ stream, maxBuffered }: OutputSettings) {
    this.#stream = stream
    this.#write = stream.write.bind(stream)
    this.#maxBuffered = maxBuffered
    this.gone = new Promise((resolve) => { this.#tellGone = resolve })
    stream.on('drain', () => this.#release())
    // These stay: a pipe may break when all is over, and must not take the process with it.
    stream.on('error', (error) => this.#leave(error))
    stream.on('close', () => this.#leave(new Error('The output was closed')))
  }

  /** Whether the client has to read before more should be sent. */
  get isFull (): boolean { return !this.#isGone && this.#stream.writableNeedDrain }

  /** Sends a message. */
  send (json: string): void {
    if (this.#isGone) return
    // What already waits counts, not the message: a long one is no fault of the client.
    if (this.#stream.writableLength > this.#maxBuffered) this.#leave(new Error(`The client left more than ${this.#maxBuffered} bytes unread`))
    else this.#writeLine(toLine(json))
  }

  /** Waits until the client has read enough for more to be sent, or has gone. */
  async drained (): Promise<void> {
    if (this.isFull) await new Promise<void>((resolve) => { this.#waiting.push(resolve) })
  }

  /** Waits until all that was sent is written, or the client has gone. @param timeout Milliseconds. */
  async flushed (timeout: number): Promise<void> {
    if (this.#isGone) return
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, timeout)
      const done = (): void => { clearTimeout(timer); resolve() }
      this.#write('', done)
    })
  }

  /** Sends nothing more: what becomes of the stream is no concern any longer. */
  stop (): void {
    this.#isGone = true
    this.#release()
  }

  // The longest text there can be could not be joined with anything.
  #writeLine (line: string): void {
    if (line.length > LONGEST_JOINED) {
      this.#write(line)
      this.#write('\n')
    } else {
      this.#write(`${line}\n`)
    }
  }

  #leave (reason: Error): void {
    if (this.#isGone) return
    this.stop()
    this.#tellGone(reason)
  }

  #release (): void {
    for (const resolve of this.#waiting.splice(0)) resolve()
  }
}

// A definition may have made its JSON with newlines, which mean nothing there and would end the message here.
function toLine (json: string): string {
  return escapeLineBreaks(json.includes('\n') ? json.replace(/[\r\n]+/g, ' ') : json)
}
