// One request of HTTP+SSE: it arrives by POST, and its answer and other messages go to the stream of its session.
import type { FastifyBaseLogger, FastifyRequest } from 'fastify'
import { Departure } from '../../conversation/departure.ts'
import { encodeError } from '../../protocol/encode.ts'
import { CancelledError } from '../../protocol/cancellation.ts'
import { ErrorCode } from '../../protocol/error-code.ts'
import type { RequestId } from '../../protocol/message.ts'
import type { ServerRequest } from '../../protocol/question.ts'
import type { AuthInfo } from '../../auth/auth-info.ts'
import { RpcError } from '../../errors.ts'
import type { Running } from '../../session/running.ts'
import type { MountIdentity } from '../../telemetry/events.ts'
import { authOf } from '../guard/auth-hook.ts'
import type { SseConnection } from './connection.ts'
import type { OpenExchange } from '../reply/open-exchanges.ts'
import type { MountParts } from '../parts.ts'
import type { Answering } from '../../conversation/serve.ts'
import type { Incoming } from '../../server/call/incoming.ts'

/** One request of HTTP+SSE. */
export class SseCall implements Answering, OpenExchange, Running {
  readonly request: FastifyRequest
  readonly auth: AuthInfo | undefined
  readonly lifespan: unknown
  readonly canListen = true
  readonly takesJson = true
  // The stream that carries the answer counts them.
  readonly unreadBytes = 0
  readonly #parts: MountParts
  readonly #connection: SseConnection
  readonly #id: RequestId
  #isOver = false
  // Created with the first listener, or when the client leaves.
  #departure: Departure | undefined

  constructor (parts: MountParts, connection: SseConnection, request: FastifyRequest, id: RequestId) {
    this.request = request
    this.auth = authOf(request)?.info
    this.lifespan = parts.lifespan
    this.#parts = parts
    this.#connection = connection
    this.#id = id
    connection.hold(this)
    parts.exchanges.add(this)
  }

  get identity (): MountIdentity { return this.#parts.identity }

  get log (): FastifyBaseLogger { return this.request.log }

  get isOver (): boolean { return this.#isOver }

  notify (method: string, params: object): void {
    if (!this.#isOver) this.#connection.session.notify(method, params)
  }

  async drained (): Promise<void> {
    await this.#connection.drained()
  }

  ask (question: ServerRequest, timeout: number, signal: AbortSignal): Promise<unknown> {
    if (this.#isOver) {
      const problem = `${question.method} cannot be sent: the request is over`
      return Promise.reject(new RpcError(ErrorCode.InvalidRequest, problem))
    }
    return this.#connection.session.questions.ask(this.#connection, question, { timeout, signal })
  }

  onDisconnect (listener: (reason: Error) => void): void {
    this.#departure ??= new Departure()
    this.#departure.add(listener)
  }

  answer (json: string): void {
    if (this.#isOver) return
    this.#connection.send(json)
    this.#end()
  }

  // The POST has been answered before the request was served, so the error has no status and no headers.
  fail (error: RpcError, { message }: Incoming): void {
    this.answer(encodeError(message.id, error))
  }

  // The session's stream is kept alive and cut by its connection.
  beat (): void {}

  abort (): void {}

  cut (): void {
    this.endEarly('The server is shutting down', 'send the request again')
  }

  /** Answers with an error before the handler has ended, and aborts `ctx.signal`. */
  endEarly (reason: string, advice: string): void {
    this.answer(encodeError(this.#id, { code: ErrorCode.InternalError, message: `${reason}; ${advice}` }))
    this.#leave(new Error(reason))
  }

  cancel (reason: string): void {
    if (this.#isOver) return
    this.#end()
    this.#leave(new CancelledError(reason))
  }

  #end (): void {
    this.#isOver = true
    this.#parts.exchanges.delete(this)
    this.#connection.release(this)
  }

  #leave (reason: Error): void {
    this.#departure ??= new Departure()
    this.#departure.leave(reason)
  }
}
