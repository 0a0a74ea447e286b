// The reply of another node to a call whose client has come back here.
import type { ClusterNode } from '../cluster/cluster.ts'
import type { RequestId } from '../protocol/message.ts'
import type { StoredEvent } from './event-store.ts'
import type { EventSink } from './event-stream.ts'
import { FollowedStream, type SharedResumption } from './followed-stream.ts'
import { answerLostCalls, findUnanswered, readAnswered } from './lost-call.ts'

/** The reply of another node to a call. It ends with the last answer, or once it is found to have ended. */
export class ResumedReply extends FollowedStream {
  readonly #node: ClusterNode
  readonly #takeOver: () => Promise<boolean>
  readonly #onFailure: (error: unknown) => void
  readonly #answered: RequestId[] = []
  #ids: readonly RequestId[] | undefined

  /** @param takeOver Tells the other nodes that the client is connected here; resolves to false when it has connected to one of them since. */
  constructor (id: string, resumption: SharedResumption, node: ClusterNode, takeOver: () => Promise<boolean>) {
    super(id, resumption)
    this.#node = node
    this.#takeOver = takeOver
    this.#onFailure = (error) => resumption.onFailure(error, 'the session store')
  }

  override async resume (sink: EventSink, afterSeq: number): Promise<boolean> {
    const isResumed = await super.resume(sink, afterSeq)
    this.check().catch(this.#onFailure)
    return isResumed
  }

  /** Finds out whether the call is still being answered. */
  async check (): Promise<void> {
    if (!this.isAttached) return
    this.#ids = await this.#readIds()
    if (this.#ids === undefined) {
      // However slowly the client reads.
      this.catchUp().then(() => this.release())
    } else if (!this.#endIfAnswered() && !await this.#node.isAlive(ownerOf(this.id))) {
      // Whoever is connected hears of it as of any other event.
      await answerLostCalls(this.#node, this.id, this.#ids)
    }
  }

  protected override async claim (): Promise<boolean> {
    return await this.#takeOver()
  }

  protected override async readMissed (afterSeq: number, last: number): Promise<readonly StoredEvent[] | undefined> {
    this.#ids = await this.#readIds()
    this.#answered.length = 0
    // There never was such a stream.
    if (this.#ids === undefined && last === 0) return undefined
    return await super.readMissed(afterSeq, last)
  }

  protected override told (message: string): void {
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
    const isOver = this.#answered.length > 0 && this.#ids !== undefined && findUnanswered(this.#ids, this.#answered).length === 0
    if (isOver) this.release()
    return isOver
  }
}

// The name of a reply begins with the node that sends it.
function ownerOf (streamId: string): string {
  return streamId.slice(streamId.indexOf('.') + 1, streamId.lastIndexOf('-'))
}
