// Splits a stream of chunks into lines.

const NEWLINE = 10

/** Called with each line: its bytes, or undefined if it was too long. */
export type LineListener = (line: Buffer | undefined) => void

/** Assembles lines from chunks. A line that is too long is discarded while it arrives; the next one is not affected. */
export class LineSplitter {
  readonly #maxLength: number
  readonly #onLine: LineListener
  #parts: Buffer[] = []
  #length = 0

  /** @param maxLength The most bytes of a line. */
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

  /** Ends the stream. A last line without a newline counts, too. */
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
