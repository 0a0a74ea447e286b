// The reply streams that this process writes.
import { streamIdOf } from './event-id.ts'
import { LocalStream } from './local-stream.ts'
import type { Resumption, StreamSharing } from './session-stream.ts'

/** The reply streams of one session that this process writes. */
export class Replies implements Iterable<LocalStream> {
  readonly #sessionId: string
  readonly #resumption: Resumption | undefined
  readonly #byId = new Map<string, LocalStream>()
  #count = 0

  constructor (sessionId: string, resumption: Resumption | undefined) {
    this.#sessionId = sessionId
    this.#resumption = resumption
  }

  /** How many of them have a client that is connected. */
  get attached (): number {
    return [...this.#byId.values()].filter(({ isAttached }) => isAttached).length
  }

  /** Opens a stream. @param prefix The beginning of its name. @param share Makes the stream known to other nodes. */
  open (prefix = '', share?: (streamId: string) => StreamSharing): LocalStream {
    const id = streamIdOf(this.#sessionId, `${prefix}${++this.#count}`)
    const stream = new LocalStream(id, this.#resumption, share?.(id))
    this.#byId.set(id, stream)
    return stream
  }

  /** Finds a stream that has not ended. */
  find (streamId: string): LocalStream | undefined {
    return this.#byId.get(streamId)
  }

  /** Ends a stream; resolves when all of it is stored. */
  async end (stream: LocalStream): Promise<void> {
    await stream.end()
    this.#byId.delete(stream.id)
  }

  [Symbol.iterator] (): Iterator<LocalStream> {
    return this.#byId.values()
  }
}
