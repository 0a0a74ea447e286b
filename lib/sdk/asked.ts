// The questions of SDK servers to clients. Here each has the id that the server gave it; on the wire it has an id of
// the session.
import type { RequestId } from '../protocol/message.ts'
import type { ServerRequest } from '../protocol/question.ts'
import type { RpcError } from '../errors.ts'
import type { Caller } from '../server/call/incoming.ts'
import type { SdkCall } from './sdk-call.ts'
import type { SdkMessage } from './shape.ts'

interface Asked { readonly caller: Caller, readonly controller: AbortController }

/** The open questions of one server. */
export class AskedQuestions {
  readonly #asked = new Map<unknown, Asked>()
  readonly #answer: (message: SdkMessage) => void

  /** @param answer Passes an answer to the server. */
  constructor (answer: (message: SdkMessage) => void) {
    this.#answer = answer
  }

  /**
   * Asks the client of a call. A question that fails is answered with an error, because the SDK keeps a question until
   * it is answered.
   * @param id The id that the server gave the question.
   */
  ask (call: SdkCall, id: RequestId, request: ServerRequest): void {
    const controller = new AbortController()
    this.#asked.set(id, { caller: call.caller, controller })
    call.ask(request, controller.signal).then(
      (result) => this.#settle({ jsonrpc: '2.0', id, result: Object(result) }),
      // SdkCall.ask rejects with nothing else.
      ({ code, message, data }: RpcError) => this.#settle({ jsonrpc: '2.0', id, error: { code, message, data } })
    )
  }

  /** Returns whether an open question was put to this caller. */
  isAskedOf (id: unknown, caller: Caller): boolean {
    return this.#asked.get(id)?.caller === caller
  }

  /** Cancels a question. @param id The id that the server gave it. */
  cancel (id: unknown): void {
    this.#asked.get(id)?.controller.abort()
  }

  /** Cancels all questions. */
  abandon (): void {
    for (const { controller } of this.#asked.values()) controller.abort()
  }

  #settle (message: SdkMessage): void {
    this.#asked.delete(message.id)
    this.#answer(message)
  }
}
