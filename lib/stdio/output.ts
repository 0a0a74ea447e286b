// The output to a client: messages as lines of a byte stream.
import type { Writable } from 'node:stream'
import { doNothing } from '../do-nothing.ts'
import { escapeLineBreaks } from '../protocol/encode.ts'
import { messages } from '../telemetry/channels.ts'
import type { MountIdentity } from '../telemetry/events.ts'
import { publishLine } from './wire-events.ts'

/** The settings of an {@link Output}. */
export interface OutputSettings {
  readonly stream: Writable
  /** How many bytes may be buffered for a client that does not read. */
  readonly maxBuffered: number
}

const LONGEST_JOINED = 2 ** 24

/** Writes messages to a client. */
export class Output {
  /** Resolves to the reason when the client no longer reads. */
  readonly gone: Promise<Error>
  readonly #stream: Writable
  // Bound in the constructor, before `divertStdout` replaces the function.
  readonly #write: Writable['write']
  readonly #maxBuffered: number
  #resolveGone: (reason: Error) => void = doNothing
  readonly #waiting: Array<() => void> = []
  #identity: MountIdentity | undefined
  #isGone = false

  constructor ({ stream, maxBuffered }: OutputSettings) {
    this.#stream = stream
    this.#write = stream.write.bind(stream)
    this.#maxBuffered = maxBuffered
    this.gone = new Promise((resolve) => { this.#resolveGone = resolve })
    stream.on('drain', () => this.#release())
    // These listeners are never removed, because a pipe may break after the end, and an unhandled error would crash.
    stream.on('error', (error) => this.#leave(error))
    stream.on('close', () => this.#leave(new Error('The output was closed')))
  }

  /** Whether the client should read before more is sent. */
  get isFull (): boolean { return !this.#isGone && this.#stream.writableNeedDrain }

  /** Names the server whose messages are written, for events. */
  identify (identity: MountIdentity): void {
    this.#identity = identity
  }

  /** Sends a message. */
  send (json: string): void {
    if (this.#isGone) return
    // Only buffered bytes count, not the new message: the client is not to blame for its length.
    if (this.#stream.writableLength > this.#maxBuffered) {
      this.#leave(new Error(`The client left more than ${this.#maxBuffered} bytes unread`))
    } else {
      if (messages.hasSubscribers && this.#identity !== undefined) publishLine(this.#identity, 'out', json)
      this.#writeLine(toLine(json))
    }
  }

  /** Resolves when the client has read enough for more to be sent, or is gone. */
  async drained (): Promise<void> {
    if (this.isFull) await new Promise<void>((resolve) => { this.#waiting.push(resolve) })
  }

  /** Resolves when everything sent is written, the client is gone, or the time is up. @param timeout Milliseconds. */
  async flushed (timeout: number): Promise<void> {
    if (this.#isGone) return
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, timeout)
      const done = (): void => { clearTimeout(timer); resolve() }
      this.#write('', done)
    })
  }

  /** Stops sending. Later events of the stream are ignored. */
  stop (): void {
    this.#isGone = true
    this.#release()
  }

  // Joining a newline to the longest possible string would throw.
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
    this.#resolveGone(reason)
  }

  #release (): void {
    for (const resolve of this.#waiting.splice(0)) resolve()
  }
}

// A definition may return JSON with newlines. They have no meaning in JSON, but would end the message here.
function toLine (json: string): string {
  return escapeLineBreaks(json.includes('\n') ? json.replace(/[\r\n]+/g, ' ') : json)
}
