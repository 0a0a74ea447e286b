// Lines out of chunks of bytes, however those are cut.

const NEWLINE = 10

/** Takes what a line came to: its bytes, or undefined for one that was too long. */
export type LineListener = (line: Buffer | undefined) => void

/** Puts lines together. Of one that is too long nothing is kept, and what follows it is not lost. */
export class LineSplitter {
  readonly #maxLength: number
  readonly #onLine: LineListener
  #parts: Buffer[] = []
  #length = 0

  /** @param maxLength Bytes. */
  constructor (maxLength: number, onLine: LineListener) {
    this.#maxLength = maxLength
    this.#onLine = onLine
  }

  push (chunk: Buffer): void {
    let start = 0
    for (let end = chunk.indexOf(NEWLINE); end !== -1; end = chunk.indexOf(NEWLINE, start)) {
      this.#add(chunk.subarray(start, end))
      this.#finish()
      start = end + 1
    }
    this.#add(chunk.subarray(start))
  }

  /** Nothing follows: what has no newline behind it is a line, too. */
  end (): void {
    if (this.#length > 0) this.#finish()
  }

  #add (part: Buffer): void {
    this.#length += part.length
    if (this.#length > this.#maxLength) this.#parts = []
    else if (part.length > 0) this.#parts.push(part)
  }

  #finish (): void {
    const line = this.#length > this.#maxLength ? undefined : Buffer.concat(this.#parts)
    this.#parts = []
    this.#length = 0
    this.#onLine(line)
  }
}
