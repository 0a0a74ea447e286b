// One request while a server serves it.
import type { ReadResourceResult } from '@modelcontextprotocol/sdk/types.js'
import { RpcError } from '../../errors.ts'
import { ErrorCode } from '../../protocol/error-code.ts'
import type { RequestMessage } from '../../protocol/message.ts'
import type { RequestOutcome } from '../../telemetry/events.ts'
import { Asker, type AskingServer } from './asker.ts'
import type { Caller, Channel, Incoming } from './incoming.ts'
import { TimeoutError, type Deadlines } from './deadlines.ts'
import { reportFailure, toError } from './failure.ts'
import { hasLeft } from './has-left.ts'
import { InputRequired, InputRequiredError, type InputRequiredResult } from './input-required.ts'
import { RequestContext, type ContextCall, type ContextServer, type KnownTool } from './request-context.ts'
import type { Validation } from '../schema/validation.ts'

/** What a call uses of its server. All calls of a server share one object. */
export interface CallServer extends AskingServer, ContextServer {
  readonly deadlines: Deadlines
  /** Milliseconds that a handler may take; 0 for no limit. */
  readonly timeout: number
  /** Whether the messages of unexpected errors are sent to clients. */
  readonly exposeErrors: boolean
  /** Reads a resource on behalf of a handler. */
  readResource (uri: string, call: Call): Promise<ReadResourceResult>
  /** Returns the tool with a name; undefined if there is none. */
  findTool (name: unknown, call: Call): KnownTool | undefined
  /** Makes sure that the caller may use what the request names. @throws RpcError as the method would. */
  admit (call: Call): Promise<void>
}

/** What a call runs: a handler, with the settings that are fixed when it is registered. */
export interface Runnable<Returned> {
  handler (args: never, ctx: never): Returned
  /** Checks the arguments; undefined if there is nothing to check. */
  readonly check?: ((args: unknown) => Validation | Promise<Validation>) | undefined
  /** Milliseconds that the handler may take; 0 for no limit. @default the server's `timeout` */
  readonly timeout?: number | undefined
}

/** Thrown if the arguments of a call do not fit their schema. The message says why. */
export class InvalidArgumentsError extends Error {
  override readonly name = 'InvalidArgumentsError'
}

/** One request while a server serves it. The call owns everything that ends with it. Handlers see it through `ctx`. */
export class Call implements ContextCall {
  readonly message: RequestMessage
  readonly caller: Caller
  readonly channel: Channel
  readonly server: CallServer
  /** The context that handlers get. */
  readonly ctx: RequestContext
  /** What the tool threw, if the client gets a result all the same. */
  failure: unknown
  #outcome: RequestOutcome | undefined
  #isOver = false
  #abortReason: Error | undefined
  #controller: AbortController | undefined
  #over: AbortController | undefined
  #asker: Asker | undefined

  constructor ({ message, caller, channel }: Incoming, server: CallServer) {
    this.message = message
    this.caller = caller
    this.channel = channel
    this.server = server
    this.ctx = new RequestContext(this)
  }

  /** Whether the caller can be notified of changes. A legacy client needs a session for that. */
  get canListen (): boolean {
    const { era, sessionId } = this.caller
    return this.channel.canListen === true && (era === 'modern' || sessionId !== undefined)
  }

  /** A signal that is aborted when the client leaves or the call times out. It is created on first use. */
  get signal (): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController()
      if (this.#abortReason !== undefined) this.#controller.abort(this.#abortReason)
      else this.channel.onDisconnect((reason) => this.#abort(reason))
    }
    return this.#controller.signal
  }

  /** How the method ended; undefined until it has, and if nothing runs around it. */
  get outcome (): RequestOutcome | undefined {
    return this.#outcome !== undefined && hasLeft(this.channel) ? 'cancelled' : this.#outcome
  }

  /** Notes how the method ended, for the middlewares around it. */
  settle (outcome: RequestOutcome): void {
    this.#outcome = outcome
  }

  /** Whether the call has ended. After that, nothing is sent for it. */
  get isOver (): boolean { return this.#isOver }

  /** The asker of the call; undefined until the call first asks, or brings answers. */
  get asker (): Asker | undefined { return this.#asker }

  /**
   * Returns the asker of the call, which is created on first use.
   * @throws Error if the call has ended.
   * @throws RpcError -32602 if the request has answers to another call.
   */
  ask (): Asker {
    if (this.#asker === undefined) {
      this.#over = new AbortController()
      const { message: { method, params }, caller, channel } = this
      const signal = AbortSignal.any([this.signal, this.#over.signal])
      this.#asker = new Asker({ method, params, caller, channel, signal }, this.server)
    }
    if (this.#isOver) throw new Error('The call has ended; its client can no longer be asked')
    return this.#asker
  }

  /** Reads a resource on behalf of the handler. @throws RpcError if there is no such resource. */
  readResource (uri: string): Promise<ReadResourceResult> {
    return this.server.readResource(uri, this)
  }

  get tool (): KnownTool | undefined { return this.server.findTool(this.message.params.name, this) }

  admit (): Promise<void> {
    return this.server.admit(this)
  }

  /**
   * Checks the arguments, takes the answers that a modern request brings, and runs the handler with a time limit. A
   * handler that asks a legacy client by hand runs again with the answers.
   *
   * @param args A copy for the handler: the check writes defaults into it.
   * @throws InvalidArgumentsError, TimeoutError, or what the handler threw.
   * @throws RpcError -32602 if the request has answers to another call.
   * @throws InputRequiredError if a modern client has to answer first, whatever the handler returned or threw.
   */
  async run<Returned> (
    runnable: Runnable<Returned>, args: unknown
  ): Promise<Exclude<Awaited<Returned>, InputRequired>> {
    const { handler, check, timeout = this.server.timeout } = runnable
    let checked = args
    if (check !== undefined) {
      const checking = check(args)
      const validation = checking instanceof Promise ? await this.inTime(checking, timeout) : checking
      if (!validation.valid) throw new InvalidArgumentsError(validation.problem)
      checked = validation.value
    }
    this.#takeAnswers()

    try {
      for (;;) {
        // The cast holds, because the schema has checked the arguments.
        const returned = await this.inTime(handler(checked as never, this.ctx as never), timeout)
        if (!(returned instanceof InputRequired)) {
          if (this.#asker?.isAsking === true) throw new InputRequiredError()
          // The cast holds, because an InputRequired does not get here.
          return returned as Exclude<Awaited<Returned>, InputRequired>
        }
        await this.ask().askByHand(returned)
      }
    } catch (error) {
      throw this.#asker?.isAsking === true && !isFinal(error) ? new InputRequiredError() : error
    }
  }

  /**
   * Runs a function of the author with a time limit. It cannot ask the client.
   *
   * @param what What the function does, for the log: `completing 'language'`.
   * @throws RpcError
   */
  async attempt<T> (what: string, serve: () => T | PromiseLike<T>): Promise<T> {
    try {
      return await this.inTime(serve())
    } catch (error) {
      throw this.explain(error, what)
    }
  }

  /**
   * Waits for a handler, but no longer than its timeout. After that the call ends, `ctx.signal` is aborted, and the
   * result of the handler is dropped. The time that a legacy client takes for its answers does not count.
   *
   * @param timeout Milliseconds; 0 for no limit.
   * @throws TimeoutError
   */
  inTime<T> (pending: T | PromiseLike<T>, timeout = this.server.timeout): T | PromiseLike<T> {
    if (timeout === 0 || !isPromiseLike(pending)) return pending

    return new Promise<T>((resolve, reject) => {
      let isDone = false
      let counted = this.#waited
      const expire = (late = 0): void => {
        if (isDone) return
        if (this.#asker?.isWaiting === true) {
          const firedAt = Date.now()
          return this.#asker.onAnswered(() => expire(Date.now() - firedAt))
        }
        const more = this.#waited - counted - late
        if (more > 0) {
          counted = this.#waited
          deadline = this.server.deadlines.start(more, expire)
          return
        }
        isDone = true
        const error = new TimeoutError(`timed out after ${timeout} ms`)
        this.end(error)
        reject(error)
      }

      let deadline = this.server.deadlines.start(timeout, expire)
      pending.then(
        (value) => { isDone = true; deadline.clear(); resolve(value) },
        (error: unknown) => { isDone = true; deadline.clear(); reject(error) }
      )
    })
  }

  /** Resolves to the result that asks the client. @throws the given error if the handler did not ask. */
  async askBack (error: unknown): Promise<InputRequiredResult> {
    if (!(error instanceof InputRequiredError)) throw error
    return await this.inTime(this.ask().toResult())
  }

  /**
   * Returns the error to throw for what a handler threw: a question unchanged, anything else as {@link hide} returns
   * it.
   * @param what What failed, for the log: `reading resource notes://1`.
   */
  explain (error: unknown, what: string): RpcError | InputRequiredError {
    return error instanceof InputRequiredError ? error : this.hide(error, what)
  }

  /** Returns the error to send: an RpcError unchanged. Anything else is logged and hidden from the client. */
  hide (error: unknown, what: string): RpcError {
    if (error instanceof RpcError) return error
    const { channel: { log }, server: { exposeErrors } } = this
    if (!(error instanceof TimeoutError)) {
      const message = reportFailure(error, what, { log, exposeErrors })
      return new RpcError(ErrorCode.InternalError, message, undefined, { cause: toError(error) })
    }
    log.warn({ what }, `${what} ${error.message}`)
    return new RpcError(ErrorCode.InternalError, `Error ${what}: ${error.message}`, undefined, { cause: error })
  }

  /** Ends the call. @param reason Why `ctx.signal` is aborted; absent if it is not. */
  end (reason?: Error): void {
    this.#isOver = true
    if (reason !== undefined) this.#abort(reason)
    this.#over?.abort(new Error('The call has ended'))
  }

  // Milliseconds spent waiting for the answers of a legacy client.
  get #waited (): number { return this.#asker?.waited ?? 0 }

  #takeAnswers (): void {
    const { requestState, inputResponses } = this.message.params
    if ((requestState !== undefined || inputResponses !== undefined) && this.caller.era === 'modern') this.ask()
  }

  #abort (reason: Error): void {
    this.#abortReason ??= reason
    this.#controller?.abort(this.#abortReason)
  }
}

// A call that took too long would do so again, and a client that lacks a capability cannot answer all questions.
function isFinal (error: unknown): boolean {
  if (error instanceof TimeoutError) return true
  return error instanceof RpcError && error.code === ErrorCode.MissingRequiredClientCapability
}

function isPromiseLike<T> (value: T | PromiseLike<T>): value is PromiseLike<T> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function'
}
