// The reply stream of a call that another node serves, for a client that resumes it here, and the answers to the calls
// of a node that has died.
import { encodeError } from '../../protocol/encode.ts'
import { ErrorCode } from '../../protocol/error-code.ts'
import { isRequestId, isWireObject, parseJson, type RequestId } from '../../protocol/message.ts'
import type { ClusterNode } from '../../store/cluster.ts'
import { SESSION_STORE } from '../log-failure.ts'
import type { EventSink, ResumableStream } from '../stream/session-stream.ts'
import { SharedStream, type SharedResumption } from '../stream/shared-stream.ts'

const LOST = {
  code: ErrorCode.InternalError,
  message: 'The server process that was answering this request has died; whether it took effect is not known. ' +
    'Send it again if that is safe'
}

/** The settings of a {@link ForeignReply}. */
export interface ForeignReplySettings {
  readonly node: ClusterNode
  /**
   * Notifies the other nodes that the client is connected here. Resolves to false if the client has connected to one of
   * them since.
   */
  readonly claim: () => Promise<boolean>
}

/** The reply stream of another node. Its connection ends after the last answer, or once the store says it has ended. */
export class ForeignReply implements ResumableStream {
  readonly #stream: SharedStream
  readonly #node: ClusterNode
  readonly #failed: (error: unknown) => void
  readonly #answered: RequestId[] = []
  // The ids of the requests that the reply answers; undefined if it has ended.
  #ids: readonly RequestId[] | undefined

  constructor (id: string, resumption: SharedResumption, { node, claim }: ForeignReplySettings) {
    this.#stream = new SharedStream(id, resumption, {
      claim,
      isThere: (last) => this.#isThere(last),
      sent: (message) => this.#sent(message)
    })
    this.#node = node
    this.#failed = (error) => resumption.logFailure(error, SESSION_STORE)
  }

  get id (): string { return this.#stream.id }

  /** Whether no client is connected or about to be connected. */
  get isAlone (): boolean { return this.#stream.isAlone }

  async resume (sink: EventSink, afterSeq: number): Promise<boolean> {
    const isResumed = await this.#stream.resume(sink, afterSeq)
    this.check().catch(this.#failed)
    return isResumed
  }

  detach (sink: EventSink): void {
    this.#stream.detach(sink)
  }

  /** Ends the connection. */
  release (): void {
    this.#stream.release()
  }

  /** Sends the client any event that this node may have missed. */
  async again (): Promise<void> {
    await this.#stream.again()
  }

  /** Ends the connection if the reply has ended, and answers its calls if their node has died. */
  async check (): Promise<void> {
    if (!this.#stream.isAttached) return
    this.#ids = await this.#readIds()
    if (this.#ids === undefined) {
      // A slow client still gets all stored events first.
      this.#stream.finish()
    } else if (!this.#endIfAnswered() && !await this.#node.isAlive(ownerOf(this.id))) {
      // The answers reach the client as events of the stream.
      await answerLostCalls(this.#node, this.id, this.#ids)
    }
  }

  async #isThere (last: number): Promise<boolean> {
    this.#ids = await this.#readIds()
    this.#answered.length = 0
    return this.#ids !== undefined || last > 0
  }

  #sent (message: string): void {
    const id = readAnswered(message)
    if (id === undefined) return
    this.#answered.push(id)
    this.#endIfAnswered()
  }

  async #readIds (): Promise<readonly RequestId[] | undefined> {
    const [sessionId = ''] = this.id.split('.')
    return (await this.#node.sessions.readState(sessionId))?.calls.get(this.id)
  }

  #endIfAnswered (): boolean {
    const ids = this.#ids
    const isOver = this.#answered.length > 0 && ids !== undefined && findUnanswered(ids, this.#answered).length === 0
    if (isOver) this.#stream.release()
    return isOver
  }
}

/** Answers the open requests of a stream with an error, because their node has died, and ends the stream. */
export async function answerLostCalls (node: ClusterNode, streamId: string, ids: readonly RequestId[]): Promise<void> {
  const { sessions, events } = node
  const [sessionId = ''] = streamId.split('.')
  // Answers are the last events of a stream, so they are still stored if the oldest events were dropped.
  const stored = await events.read(streamId, 0) ?? []
  const answered = stored.flatMap(({ message }) => readAnswered(message) ?? [])
  for (const id of findUnanswered(ids, answered)) await events.append(streamId, encodeError(id, LOST))
  await sessions.change(sessionId, { kind: 'end', streamId })
}

/** Returns the id of the request that a message answers; undefined if the message is not an answer. */
export function readAnswered (message: string): RequestId | undefined {
  // Another program may have written to the store.
  const parsed = parseJson(message)
  return isWireObject(parsed) && parsed.method === undefined && isRequestId(parsed.id) ? parsed.id : undefined
}

// Requests of one batch may have the same id, and each gets its own answer.
function findUnanswered (ids: readonly RequestId[], answered: readonly RequestId[]): readonly RequestId[] {
  const left = [...answered]
  return ids.filter((id) => {
    const index = left.indexOf(id)
    if (index !== -1) left.splice(index, 1)
    return index === -1
  })
}

// The name of a reply stream begins with the id of the node that writes it.
function ownerOf (streamId: string): string {
  return streamId.slice(streamId.indexOf('.') + 1, streamId.lastIndexOf('-'))
}
