// What a handler is given of the request it answers.
import type { FastifyRequest } from 'fastify'
import type { CreateMessageRequest, CreateMessageResult, CreateMessageResultWithTools, ReadResourceResult, Root } from '@modelcontextprotocol/sdk/types.js'
import type { AuthInfo } from '../auth/auth-info.ts'
import type { ClientIdentity } from '../protocol/client-identity.ts'
import { passesThreshold, type LogLevel } from '../protocol/log-level.ts'
import { resolveToJson } from '../protocol/json.ts'
import type { Params, RequestId, RequestMessage, WireObject } from '../protocol/message.ts'
import { readProgressToken } from '../protocol/request-meta.ts'
import type { Era } from '../protocol/revisions.ts'
import { Asker, type AskingServer, type AskOptions } from './asker.ts'
import type { Caller, Channel } from './context.ts'
import type { Deadlines } from './deadlines.ts'
import type { CompileForm } from './form.ts'
import { elicitForm, elicitUrl, listRoots, sample, type Elicited, type ElicitedUrl } from './questions.ts'
import type { AnySchema, InferInput } from './schema.ts'

/** What a context needs of the server that it belongs to. One for all requests. */
export interface ContextServer extends AskingServer {
  /** Ends calls that take too long. */
  readonly deadlines: Deadlines
  /** Compiles what a user is asked to fill in. */
  readonly compileForm: CompileForm
  /** Reads a resource on behalf of a request. */
  readResource (uri: string, ctx: RequestContext, channel: Channel): Promise<ReadResourceResult>
  /** Tells whoever watches a resource that its contents have changed. */
  resourceUpdated (uri: string): void
}

/** What a client's model is asked. */
export type SampleParams = Omit<CreateMessageRequest['params'], '_meta' | 'task'>

const NO_META: WireObject = Object.freeze({})
const NO_RESPONSES: WireObject = Object.freeze({})

/** Ends a context: nothing is sent for it any more. With a reason, `ctx.signal` is aborted. */
export let endContext: (ctx: RequestContext, reason?: Error) => void

/** What ends a context's call when it takes too long. */
export let deadlinesOf: (ctx: RequestContext) => Deadlines

/** What asks on behalf of a context; undefined for one that has nothing to do with questions. */
export let askerOf: (ctx: RequestContext) => Asker | undefined

/** What asks on behalf of a context, made where there is none yet. */
export let askerFor: (ctx: RequestContext) => Asker

/**
 * Takes the answers and the state that a modern request brings along. Called once its arguments have been checked.
 * @throws RpcError -32602 when they do not belong to the request.
 */
export let takeAnswers: (ctx: RequestContext) => void

/**
 * The request a handler answers. The same in tools, resources and prompts, in both eras and over every transport.
 * Good for this one request only: once the handler has returned, it sends nothing.
 */
export class RequestContext<Lifespan = unknown> {
  static {
    endContext = (ctx, reason) => {
      ctx.#ended = true
      if (reason !== undefined) ctx.#abort(reason)
      ctx.#over?.abort(new Error('The call has ended'))
    }
    deadlinesOf = (ctx) => ctx.#server.deadlines
    askerOf = (ctx) => ctx.#asker
    askerFor = (ctx) => ctx.#ask()
    takeAnswers = (ctx) => {
      const { requestState, inputResponses } = ctx.#message.params
      if (ctx.era === 'modern' && (requestState !== undefined || inputResponses !== undefined)) ctx.#ask()
    }
  }

  readonly #message: RequestMessage
  readonly #caller: Caller
  readonly #channel: Channel
  readonly #server: ContextServer
  #ended = false
  #progress = -Infinity
  #abortion: Error | undefined
  #controller: AbortController | undefined
  #asker: Asker | undefined
  #over: AbortController | undefined

  /** @internal */
  constructor (message: RequestMessage, caller: Caller, channel: Channel, server: ContextServer) {
    this.#message = message
    this.#caller = caller
    this.#channel = channel
    this.#server = server
  }

  /** The method of the request, e.g. `tools/call`. */
  get method (): string { return this.#message.method }

  /** The parameters of the request as they came. */
  get params (): Params { return this.#message.params }

  /** The id that the client gave the request. */
  get requestId (): RequestId { return this.#message.id }

  /** The request's `_meta`; an empty object where it has none. */
  get meta (): WireObject { return this.#message.params._meta ?? NO_META }

  /** The era of the client, which decides how it is asked and answered. */
  get era (): Era { return this.#caller.era }

  /** The revision of the protocol that the request is served by. */
  get protocolVersion (): string { return this.#caller.protocolVersion }

  /** The client: its self-reported name and version, and what it can do. */
  get client (): ClientIdentity { return this.#caller.client }

  /** The session; legacy only. */
  get sessionId (): string | undefined { return this.#caller.sessionId }

  /** The HTTP request with the host app's decorators; absent when the call did not come over HTTP. */
  get request (): FastifyRequest | undefined { return this.#channel.request }

  /** What the mount's `auth` says of whoever sent this request; absent where it has none. */
  get auth (): AuthInfo | undefined { return this.#channel.auth }

  /** What the server's `lifespan` returned. */
  // The definition that ran the lifespan is the one that types its handlers' contexts.
  get lifespan (): Lifespan { return this.#channel.lifespan as Lifespan }

  /** Aborted when the client goes away or the call times out. Made on first use. */
  get signal (): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController()
      if (this.#abortion !== undefined) this.#controller.abort(this.#abortion)
      else this.#channel.onDisconnect((reason) => this.#abort(reason))
    }
    return this.#controller.signal
  }

  /**
   * Tells the client how far the call is; nothing is sent to a client that did not ask for it.
   * A value that does not exceed the one before is dropped (MCP 2026-07-28 progress, Progress Flow). Await it: a client
   * that reads slowly then holds the handler back.
   *
   * @param progress Work done so far, in any unit.
   * @param total All the work, in the same unit, where it is known.
   */
  reportProgress (progress: number, total?: number, message?: string): Promise<void> {
    return this.#quiet(() => this.#reportProgress(progress, total, message))
  }

  async #reportProgress (progress: number, total: number | undefined, message: string | undefined): Promise<void> {
    const progressToken = readProgressToken(this.#message.params)
    if (progressToken === undefined || this.#ended || !Number.isFinite(progress) || progress <= this.#progress) return
    this.#progress = progress
    await this.#notify('notifications/progress', () => ({
      progressToken,
      progress,
      ...(Number.isFinite(total) && { total }),
      ...(message !== undefined && { message })
    }))
  }

  /**
   * Sends a log message to the client, if it asked for that level: a modern client by the request's `_meta`, a legacy
   * one by `logging/setLevel` (until then it gets all levels). The app's own log is `ctx.request.log`.
   *
   * @param data Anything that JSON can carry.
   */
  log (level: LogLevel, data: unknown, logger?: string): Promise<void> {
    return this.#quiet(async () => {
      if (this.#ended || !passesThreshold(level, this.#caller.logLevel)) return
      await this.#notify('notifications/message', () => ({ level, ...(logger !== undefined && { logger }), data: resolveToJson(data) ?? null }))
    })
  }

  /** {@link log} at level `debug`. */
  debug (data: unknown, logger?: string): Promise<void> { return this.log('debug', data, logger) }

  /** {@link log} at level `info`. */
  info (data: unknown, logger?: string): Promise<void> { return this.log('info', data, logger) }

  /** {@link log} at level `warning`. */
  warning (data: unknown, logger?: string): Promise<void> { return this.log('warning', data, logger) }

  /** {@link log} at level `error`. */
  error (data: unknown, logger?: string): Promise<void> { return this.log('error', data, logger) }

  /**
   * Reads a resource of this server as the caller would.
   * @throws RpcError when there is no such resource.
   */
  readResource (uri: string): Promise<ReadResourceResult> {
    return this.#quiet(() => this.#server.readResource(uri, this, this.#channel))
  }

  /**
   * Tells whoever watches a resource that its contents have changed: clients of both eras, of all mounts of this server
   * in this process. Calls of one turn of the event loop are joined. Works after the handler has returned, too.
   *
   * @param uri As clients name it.
   */
  notifyResourceUpdated (uri: string): void {
    this.#server.resourceUpdated(uri)
  }

  /**
   * Asks the user to fill in a form.
   *
   * Where a modern client has to answer first, the call ends here: the handler runs again with the answer, from its
   * beginning. So put side effects that come before a question into {@link once}.
   *
   * @param schema The form: TypeBox, a Standard Schema or JSON Schema of a flat object of strings, numbers, booleans and
   * choices. Write it outside of the handler, so that it is compiled once. What the user fills in is checked by it.
   * @throws RpcError when the client cannot be asked, does not answer in time, or answers with what does not fit.
   * @throws MCP_ERR_INVALID_SCHEMA when the schema is none of a form.
   * @see https://modelcontextprotocol.io/specification/2026-07-28/client/elicitation
   * @example
   * const answer = await ctx.elicit('Delete the note?', Type.Object({ sure: Type.Boolean() }))
   * if (answer.action !== 'accept' || !answer.content.sure) return 'Nothing was deleted'
   */
  elicit<const S extends AnySchema> (message: string, schema: S, options: AskOptions = {}): Promise<Elicited<InferInput<S>>> {
    return this.#quiet(async () => elicitForm<InferInput<S>>(this.#ask(), { message, form: this.#server.compileForm(schema) }, options))
  }

  /**
   * Asks the user to open a page: for what must not pass through the client, such as a password or a payment. That the
   * user accepts says that they have agreed, and not that they are done.
   *
   * @param url An absolute URL.
   * @throws RpcError as {@link elicit}.
   */
  elicitUrl (message: string, url: string | URL, options: AskOptions = {}): Promise<ElicitedUrl> {
    return this.#quiet(async () => elicitUrl(this.#ask(), { message, url }, options))
  }

  /**
   * Has the client's model write a message.
   *
   * @param params What the model is given, as in `sampling/createMessage`; `tools` need a client that has `sampling.tools`.
   * @throws RpcError as {@link elicit}.
   * @see https://modelcontextprotocol.io/specification/2026-07-28/client/sampling
   */
  sample<const P extends SampleParams> (params: P, options: AskOptions = {}): Promise<P extends { tools: unknown } ? CreateMessageResultWithTools : CreateMessageResult> {
    return this.#quiet(async () => sample(this.#ask(), params, options))
  }

  /**
   * The directories and files that the client lets the server work with.
   * @throws RpcError as {@link elicit}.
   */
  listRoots (options: AskOptions = {}): Promise<Root[]> {
    return this.#quiet(async () => listRoots(this.#ask(), options))
  }

  /**
   * Runs a side effect once, however often questions make the handler run again, and comes to its value each time. One
   * that throws has not happened, and runs again. When the client never answers, the effect stays.
   *
   * @param key Tells the effect from the others of the call.
   * @param run Comes to anything that JSON can carry.
   */
  once<T> (key: string, run: () => T | PromiseLike<T>): Promise<T> {
    // What comes back of a later round is what the first one's JSON made of it.
    return this.#quiet(async () => this.#ask().once(key, run) as Promise<T>)
  }

  /** The answers to what the handler asked by `inputRequired`, by key, as they came: check them. */
  get inputResponses (): WireObject { return this.#asker?.responses ?? NO_RESPONSES }

  /** What the handler kept by `inputRequired` when it asked; undefined at first. */
  get inputState (): unknown { return this.#asker?.ownState }

  /**
   * Ends the connection but not the call: a legacy client comes back for the rest. Nothing happens where it could not,
   * because its revision or the mount knows no way to go on with a stream.
   */
  closeStream (): void {
    this.#channel.closeStream?.()
  }

  #ask (): Asker {
    if (this.#asker === undefined) {
      this.#over = new AbortController()
      const signal = AbortSignal.any([this.signal, this.#over.signal])
      this.#asker = new Asker({ method: this.method, params: this.params, caller: this.#caller, channel: this.#channel, signal }, this.#server)
    }
    if (this.#ended) throw new Error('The call has ended; nobody can be asked for it any more')
    return this.#asker
  }

  // Nobody may be waiting when a promise is rejected, which would end the process.
  #quiet<T> (run: () => Promise<T>): Promise<T> {
    const promise = run()
    promise.catch(() => {})
    return promise
  }

  // A message that JSON cannot carry must fail neither the call nor, where nobody awaits it, the process.
  async #notify (method: string, createParams: () => object): Promise<void> {
    try {
      this.#channel.notify(method, createParams())
    } catch (err) {
      this.#channel.log.warn({ err }, `${method} could not be sent`)
    }
    await this.#channel.drained?.()
  }

  #abort (reason: Error): void {
    this.#abortion ??= reason
    this.#controller?.abort(this.#abortion)
  }
}
