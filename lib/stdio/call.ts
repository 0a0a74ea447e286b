// One request from a client on stdio, and its way back.
import type { FastifyBaseLogger } from 'fastify'
import type { AuthInfo } from '../auth/auth-info.ts'
import { Departure } from '../conversation/departure.ts'
import type { Answering } from '../conversation/serve.ts'
import { RpcError } from '../errors.ts'
import { CancelledError } from '../protocol/cancellation.ts'
import { encodeError, encodeNotification } from '../protocol/encode.ts'
import { ErrorCode } from '../protocol/error-code.ts'
import type { RequestId } from '../protocol/message.ts'
import type { ServerRequest } from '../protocol/question.ts'
import type { Incoming } from '../server/call/incoming.ts'
import type { Running } from '../session/running.ts'
import type { Session } from '../session/session.ts'
import type { MountIdentity } from '../telemetry/events.ts'
import type { Output } from './output.ts'

/** The parts that all requests of one connection share. */
export interface Pipe {
  /** Names the server in events. */
  readonly identity: MountIdentity
  readonly output: Output
  readonly log: FastifyBaseLogger
  readonly lifespan: unknown
  readonly auth: AuthInfo | undefined
}

/** Called with the reply to a request; undefined if it gets none. */
export type TakeReply = (json: string | undefined) => void

/** One request from a client on stdio. */
export class PipeCall implements Answering, Running {
  readonly identity: MountIdentity
  readonly id: RequestId
  readonly session: Session | undefined
  readonly log: FastifyBaseLogger
  readonly lifespan: unknown
  readonly auth: AuthInfo | undefined
  readonly canListen = true
  readonly takesJson = true
  readonly #output: Output
  readonly #takeReply: TakeReply
  readonly #departure = new Departure()
  #isOver = false

  /** @param takeReply Called once, however the request ends. */
  constructor (
    { identity, output, log, lifespan, auth }: Pipe, id: RequestId, session: Session | undefined, takeReply: TakeReply
  ) {
    this.identity = identity
    this.id = id
    this.session = session
    this.log = log
    this.lifespan = lifespan
    this.auth = auth
    this.#output = output
    this.#takeReply = takeReply
  }

  get isOver (): boolean { return this.#isOver }

  notify (method: string, params: object): void {
    if (!this.#isOver) this.#output.send(encodeNotification(method, params))
  }

  drained (): Promise<void> {
    return this.#output.drained()
  }

  ask (question: ServerRequest, timeout: number, signal: AbortSignal): Promise<unknown> {
    if (this.session === undefined || this.#isOver) {
      const problem = `${question.method} cannot be sent: the client has no session, or has left`
      return Promise.reject(new RpcError(ErrorCode.InvalidRequest, problem))
    }
    return this.session.questions.ask(this.#output, question, { timeout, signal })
  }

  onDisconnect (listener: (reason: Error) => void): void {
    this.#departure.add(listener)
  }

  /** Answers the request, unless it has ended before. */
  answer (json: string): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#takeReply(json)
  }

  fail (error: RpcError, { message }: Incoming): void {
    this.answer(encodeError(message.id, error))
  }

  /** Ends the request without an answer, because its client has cancelled it or its session has ended. */
  cancel (reason: string): void {
    if (!this.#isOver) this.end(new CancelledError(reason))
  }

  /** Ends the request before its handler has: aborts `ctx.signal`. @param json The message for the client, if any. */
  end (reason: Error, json?: string): void {
    this.#isOver = true
    this.#takeReply(json)
    this.#departure.leave(reason)
  }

  /** Ends the request before its handler has, and sends the client an error. */
  cut (reason: string): void {
    const error = { code: ErrorCode.InternalError, message: `${reason}; send the request again` }
    this.end(new Error(reason), encodeError(this.id, error))
  }
}
