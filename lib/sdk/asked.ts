// The questions of SDK servers to clients: each has the server's id here, and the session's id on the wire.
import type { RequestId } from '../protocol/message.ts'
import type { ServerRequest } from '../protocol/question.ts'
import type { RpcError } from '../errors.ts'
import type { Caller } from '../server/call/incoming.ts'
import type { SdkCall } from './sdk-call.ts'
import type { SdkMessage } from './shape.ts'

interface Asked { readonly caller: Caller, readonly controller: AbortController }

/** The questions of one server that have not been answered. */
export class AskedQuestions {
  readonly #asked = new Map<unknown, Asked>()
  readonly #answer: (message: SdkMessage) => void

  /** @param answer Passes an answer to the server. */
  constructor (answer: (message: SdkMessage) => void) {
    this.#answer = answer
  }

  /**
   * Asks the client of a call. A question that fails is answered with an error, because the SDK drops a question only
   * once it is answered.
   * @param id The server's id of the question.
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

  /** Returns whether a question was put to a caller. */
  isAskedOf (id: unknown, caller: Caller): boolean {
    return this.#asked.get(id)?.caller === caller
  }

  /** Gives up a question. @param id The server's id of it. */
  cancel (id: unknown): void {
    this.#asked.get(id)?.controller.abort()
  }

  /** Gives up all questions. */
  abandon (): void {
    for (const { controller } of this.#asked.values()) controller.abort()
  }

  #settle (message: SdkMessage): void {
    this.#asked.delete(message.id)
    this.#answer(message)
  }
}
