// What a handler is given of the request it answers.
import type { FastifyRequest } from 'fastify'
import type {
  CreateMessageResult, CreateMessageResultWithTools, ReadResourceResult, Root
} from '@modelcontextprotocol/sdk/types.js'
import type { AuthInfo } from '../../auth/auth-info.ts'
import type { ClientIdentity } from '../../protocol/client-identity.ts'
import { passesThreshold, type LogLevel } from '../../protocol/log-level.ts'
import { resolveToJson } from '../../protocol/json.ts'
import type { Params, RequestId, RequestMessage, WireObject } from '../../protocol/message.ts'
import { readProgressToken } from '../../protocol/request-meta.ts'
import type { Era } from '../../protocol/revisions.ts'
import type { Asker, AskOptions } from './asker.ts'
import type { Caller, Channel } from './incoming.ts'
import type { CompileForm } from '../schema/form.ts'
import { elicitForm, elicitUrl, listRoots, sample, type Elicited, type ElicitedUrl, type SampleParams } from './questions.ts'
import type { AnySchema } from '../schema/schema.ts'
import type { InferInput } from '../schema/infer.ts'

/** What a context needs of the server that it belongs to. One for all requests. */
export interface ContextServer {
  /** Compiles what a user is asked to fill in. */
  readonly compileForm: CompileForm
  /** Tells subscribers of a resource that its contents have changed. */
  resourceUpdated (uri: string): void
}

/** What a context shows of its call, and does by it. */
export interface ContextCall {
  readonly message: RequestMessage
  readonly caller: Caller
  readonly channel: Channel
  readonly server: ContextServer
  /** Aborted when the client goes away or the call times out. */
  readonly signal: AbortSignal
  /** Whether the call has ended: nothing is sent for it after that. */
  readonly isOver: boolean
  /** What asks the client; undefined for a call that has had nothing to do with questions. */
  readonly asker: Asker | undefined
  /** Returns what asks the client. @throws Error when the call has ended, RpcError -32602 for answers of another call. */
  ask (): Asker
  /** Reads a resource on behalf of the handler. @throws RpcError when there is no such resource. */
  readResource (uri: string): Promise<ReadResourceResult>
}

const NO_META: WireObject = Object.freeze({})
const NO_RESPONSES: WireObject = Object.freeze({})

/**
 * The request a handler answers. The same in tools, resources and prompts, in both eras and over every transport.
 * Good for this one request only: once the handler has returned, it sends nothing.
 */
export class RequestContext<Lifespan = unknown> {
  readonly #call: ContextCall
  #progress = -Infinity

  /** @internal */
  constructor (call: ContextCall) {
    this.#call = call
  }

  /** The method of the request, e.g. `tools/call`. */
  get method (): string { return this.#call.message.method }

  /** The parameters of the request as they came. */
  get params (): Params { return this.#call.message.params }

  /** The id that the client gave the request. */
  get requestId (): RequestId { return this.#call.message.id }

  /** The request's `_meta`; an empty object where it has none. */
  get meta (): WireObject { return this.#call.message.params._meta ?? NO_META }

  /** The era of the client, which decides how it is asked and answered. */
  get era (): Era { return this.#call.caller.era }

  /** The revision of the protocol that the request is served by. */
  get protocolVersion (): string { return this.#call.caller.protocolVersion }

  /** The client: its self-reported name and version, and what it can do. */
  get client (): ClientIdentity { return this.#call.caller.client }

  /** The session; legacy only. */
  get sessionId (): string | undefined { return this.#call.caller.sessionId }

  /** The HTTP request with the host app's decorators; absent when the call did not come over HTTP. */
  get request (): FastifyRequest | undefined { return this.#call.channel.request }

  /** What the mount's `auth` says of whoever sent this request; absent where it has none. */
  get auth (): AuthInfo | undefined { return this.#call.channel.auth }

  /** What the server's `lifespan` returned. */
  // The definition that ran the lifespan is the one that types its handlers' contexts.
  get lifespan (): Lifespan { return this.#call.channel.lifespan as Lifespan }

  /** Aborted when the client goes away or the call times out. Made on first use. */
  get signal (): AbortSignal { return this.#call.signal }

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
    const progressToken = readProgressToken(this.#call.message.params)
    if (progressToken === undefined || this.#call.isOver || !Number.isFinite(progress) || progress <= this.#progress) return
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
      if (this.#call.isOver || !passesThreshold(level, this.#call.caller.logLevel)) return
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
    return this.#quiet(() => this.#call.readResource(uri))
  }

  /**
   * Tells whoever watches a resource that its contents have changed: clients of both eras, of all mounts of this server
   * in this process. Calls of one turn of the event loop are joined. Works after the handler has returned, too.
   *
   * @param uri As clients name it.
   */
  notifyResourceUpdated (uri: string): void {
    this.#call.server.resourceUpdated(uri)
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
    return this.#quiet(async () => elicitForm<InferInput<S>>(this.#call.ask(), { message, form: this.#call.server.compileForm(schema) }, options))
  }

  /**
   * Asks the user to open a page: for what must not pass through the client, such as a password or a payment. That the
   * user accepts says that they have agreed, and not that they are done.
   *
   * @param url An absolute URL.
   * @throws RpcError as {@link elicit}.
   */
  elicitUrl (message: string, url: string | URL, options: AskOptions = {}): Promise<ElicitedUrl> {
    return this.#quiet(async () => elicitUrl(this.#call.ask(), { message, url }, options))
  }

  /**
   * Has the client's model write a message.
   *
   * @param params What the model is given, as in `sampling/createMessage`; `tools` need a client that has `sampling.tools`.
   * @throws RpcError as {@link elicit}.
   * @see https://modelcontextprotocol.io/specification/2026-07-28/client/sampling
   */
  sample<const P extends SampleParams> (params: P, options: AskOptions = {}): Promise<P extends { tools: unknown } ? CreateMessageResultWithTools : CreateMessageResult> {
    return this.#quiet(async () => sample(this.#call.ask(), params, options))
  }

  /**
   * The directories and files that the client lets the server work with.
   * @throws RpcError as {@link elicit}.
   */
  listRoots (options: AskOptions = {}): Promise<Root[]> {
    return this.#quiet(async () => listRoots(this.#call.ask(), options))
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
    return this.#quiet(async () => this.#call.ask().once(key, run) as Promise<T>)
  }

  /** The answers to what the handler asked by `inputRequired`, by key, as they came: check them. */
  get inputResponses (): WireObject { return this.#call.asker?.responses ?? NO_RESPONSES }

  /** What the handler kept by `inputRequired` when it asked; undefined at first. */
  get inputState (): unknown { return this.#call.asker?.ownState }

  /**
   * Ends the connection but not the call: a legacy client comes back for the rest. Nothing happens where it could not,
   * because its revision or the mount knows no way to go on with a stream.
   */
  closeStream (): void {
    this.#call.channel.closeStream?.()
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
      this.#call.channel.notify(method, createParams())
    } catch (err) {
      this.#call.channel.log.warn({ err }, `${method} could not be sent`)
    }
    await this.#call.channel.drained?.()
  }
}
