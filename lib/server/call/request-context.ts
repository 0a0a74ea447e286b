// The context of a call: what its handler sees, and what it can do.
import type { FastifyRequest } from 'fastify'
import type { ReadResourceResult, Root, ToolAnnotations } from '@modelcontextprotocol/sdk/types.js'
import type { AuthInfo } from '../../auth/auth-info.ts'
import type { ClientIdentity } from '../../protocol/client-identity.ts'
import { Method } from '../../protocol/methods.ts'
import { passesThreshold, type LogLevel } from '../../protocol/log-level.ts'
import { resolveToJson } from '../../protocol/encode.ts'
import type { Params, RequestId, RequestMessage, WireObject } from '../../protocol/message.ts'
import { readProgressToken } from '../../protocol/request-meta.ts'
import type { Era } from '../../protocol/revisions.ts'
import type { RequestOutcome } from '../../telemetry/events.ts'
import type { Asker, AskOptions } from './asker.ts'
import type { Caller, Channel } from './incoming.ts'
import type { CompileForm } from '../schema/form.ts'
import {
  elicitForm, elicitUrl, listRoots, sample, type Elicited, type ElicitedUrl, type SampledBy, type SampleParams
} from './questions.ts'
import type { AnySchema } from '../schema/schema.ts'
import type { InferInput } from '../schema/infer.ts'

/** What a context uses of its server. All contexts of a server share one object. */
export interface ContextServer {
  /** Compiles the forms that users are asked to fill in. */
  readonly compileForm: CompileForm
  /** Notifies the subscribers of a resource that its contents have changed. */
  resourceUpdated (uri: string): void
}

/** What middlewares know of a tool. */
export interface KnownTool {
  readonly annotations?: ToolAnnotations
  readonly outputSchema?: unknown
}

/** What a context uses of its call. */
export interface ContextCall {
  readonly message: RequestMessage
  readonly caller: Caller
  readonly channel: Channel
  readonly server: ContextServer
  /** A signal that is aborted when the client leaves or the call times out. */
  readonly signal: AbortSignal
  /** What the tool threw, if the client gets a result that says so. */
  failure: unknown
  /** How the method ended; undefined until it has. */
  readonly outcome: RequestOutcome | undefined
  /** Whether the call has ended. After that, nothing is sent for it. */
  readonly isOver: boolean
  /** The asker of the call; undefined until the call first asks, or brings answers. */
  readonly asker: Asker | undefined
  /** Returns the asker of the call. @throws Error if the call has ended. */
  ask (): Asker
  /** Reads a resource on behalf of the handler. @throws RpcError if there is no such resource. */
  readResource (uri: string): Promise<ReadResourceResult>
  /** The tool that a `tools/call` names; undefined if there is none. */
  readonly tool: KnownTool | undefined
  /** Makes sure that the caller may use what the request names. @throws RpcError as the method would. */
  admit (): Promise<void>
  /** Waits no longer than a number of milliseconds; then the call ends. @throws TimeoutError */
  inTime<T> (pending: T | PromiseLike<T>, timeout: number): T | PromiseLike<T>
}

const NO_META: WireObject = Object.freeze({})
const NO_RESPONSES: WireObject = Object.freeze({})

/**
 * The request that a handler answers. Tools, resources and prompts have the same context, in both eras and over every
 * transport. It belongs to one request: once the handler has returned, it sends nothing.
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

  /** The parameters of the request, as they arrived. */
  get params (): Params { return this.#call.message.params }

  /** The id that the client gave the request. */
  get requestId (): RequestId { return this.#call.message.id }

  /** The request's `_meta`; an empty object if it has none. */
  get meta (): WireObject { return this.#call.message.params._meta ?? NO_META }

  /** The era of the client. It decides how the client is asked and answered. */
  get era (): Era { return this.#call.caller.era }

  /** The revision of the protocol in which the request is served. */
  get protocolVersion (): string { return this.#call.caller.protocolVersion }

  /** The client: its self-reported name and version, and what it can do. */
  get client (): ClientIdentity { return this.#call.caller.client }

  /** The id of the session; legacy only. */
  get sessionId (): string | undefined { return this.#call.caller.sessionId }

  /** The HTTP request with the host app's decorators; undefined if the call did not come over HTTP. */
  get request (): FastifyRequest | undefined { return this.#call.channel.request }

  /** What the mount's `auth` says about the sender of this request; undefined if the mount has no `auth`. */
  get auth (): AuthInfo | undefined { return this.#call.channel.auth }

  /** What the server's `lifespan` returned. */
  // The cast holds, because a server types the contexts of its handlers by its own lifespan.
  get lifespan (): Lifespan { return this.#call.channel.lifespan as Lifespan }

  /** @internal The call, for the middlewares of this package. */
  get call (): ContextCall { return this.#call }

  /** @internal Whether the host app itself calls, which needs no permission. */
  get isTrusted (): boolean { return this.#call.channel.isTrusted === true }

  /** A signal that is aborted when the client leaves or the call times out. */
  get signal (): AbortSignal { return this.#call.signal }

  /**
   * How the request ended, for a middleware whose `next()` has settled; undefined before.
   * @example
   * server.use(async (ctx, next) => {
   *   try {
   *     return await next()
   *   } finally {
   *     ctx.request?.log.info({ method: ctx.method, outcome: ctx.outcome }, 'served')
   *   }
   * })
   */
  get outcome (): RequestOutcome | undefined { return this.#call.outcome }

  /**
   * Reports progress to the client, if the client asked for it. A value that does not exceed the previous one is
   * dropped (MCP 2026-07-28 progress, Progress Flow). Await it, so that a client that reads slowly slows the handler
   * down.
   *
   * @param progress Work done so far, in any unit.
   * @param total All the work, in the same unit, if it is known.
   */
  reportProgress (progress: number, total?: number, message?: string): Promise<void> {
    return this.#quiet(async () => {
      const progressToken = readProgressToken(this.#call.message.params)
      if (progressToken === undefined || this.#call.isOver) return
      if (!Number.isFinite(progress) || progress <= this.#progress) return
      this.#progress = progress
      await this.#notify(Method.Progress, () => ({
        progressToken, progress, ...(Number.isFinite(total) && { total }), ...(message !== undefined && { message })
      }))
    })
  }

  /**
   * Sends a log message to the client, if the client asked for that level. A modern client asks in the `_meta` of the
   * request; a legacy client asks with `logging/setLevel`, and gets all levels until then. The app's own log is
   * `ctx.request.log`.
   * @param data Anything that JSON can carry.
   */
  log (level: LogLevel, data: unknown, logger?: string): Promise<void> {
    return this.#quiet(async () => {
      if (this.#call.isOver || !passesThreshold(level, this.#call.caller.logLevel)) return
      await this.#notify(Method.LogMessage, () => ({
        level, ...(logger !== undefined && { logger }), data: resolveToJson(data) ?? null
      }))
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

  /** Reads a resource of this server as the caller would. @throws RpcError if there is no such resource. */
  readResource (uri: string): Promise<ReadResourceResult> {
    return this.#quiet(() => this.#call.readResource(uri))
  }

  /**
   * Notifies the subscribers of a resource that its contents have changed: clients of both eras, of all mounts of this
   * server in this process. Calls in the same turn of the event loop are merged. It also works after the handler has
   * returned.
   * @param uri The URI, as clients write it.
   */
  notifyResourceUpdated (uri: string): void { this.#call.server.resourceUpdated(uri) }

  /**
   * Asks the user to fill in a form.
   *
   * If a modern client has to answer first, the call ends here, and the handler runs again from its beginning with the
   * answer. So wrap side effects that come before a question in {@link once}.
   *
   * @param schema The form: TypeBox, a Standard Schema or JSON Schema of a flat object of strings, numbers, booleans
   * and choices. Write it outside of the handler, so that it is compiled once. It checks what the user has filled in.
   * @throws RpcError if the client cannot be asked, does not answer in time, or gives an answer that does not fit.
   * @throws MCP_ERR_INVALID_SCHEMA if the schema does not describe a form.
   * @see https://modelcontextprotocol.io/specification/2026-07-28/client/elicitation
   * @example
   * const answer = await ctx.elicit('Delete the note?', Type.Object({ sure: Type.Boolean() }))
   * if (answer.action !== 'accept' || !answer.content.sure) return 'Nothing was deleted'
   */
  elicit<const S extends AnySchema> (
    message: string, schema: S, options: AskOptions = {}
  ): Promise<Elicited<InferInput<S>>> {
    return this.#quiet(async () => {
      const form = this.#call.server.compileForm(schema)
      return elicitForm<InferInput<S>>(this.#call.ask(), { message, form }, options)
    })
  }

  /**
   * Asks the user to open a page. Use it for a password, a payment or the like, which must not pass through the client.
   * A user who accepts has agreed to open the page, but may not have finished there.
   *
   * @param url An absolute URL.
   * @throws RpcError as {@link elicit}.
   */
  elicitUrl (message: string, url: string | URL, options: AskOptions = {}): Promise<ElicitedUrl> {
    return this.#quiet(async () => elicitUrl(this.#call.ask(), { message, url }, options))
  }

  /**
   * Asks the client's model to write a message.
   *
   * @param params The parameters of `sampling/createMessage`; `tools` need a client that has `sampling.tools`.
   * @throws RpcError as {@link elicit}.
   * @see https://modelcontextprotocol.io/specification/2026-07-28/client/sampling
   */
  sample<const P extends SampleParams> (params: P, options: AskOptions = {}): Promise<SampledBy<P>> {
    return this.#quiet(async () => sample(this.#call.ask(), params, options))
  }

  /** Resolves to the directories and files that the client lets the server use. @throws RpcError as {@link elicit}. */
  listRoots (options: AskOptions = {}): Promise<Root[]> {
    return this.#quiet(async () => listRoots(this.#call.ask(), options))
  }

  /**
   * Runs a side effect once, however often questions make the handler run again, and resolves to its value each time.
   * An effect that throws counts as not done, and runs again. If the client never answers, the effect is not undone.
   *
   * @param key Distinguishes the effect from the others of the call.
   * @param run Returns, or resolves to, anything that JSON can carry.
   */
  once<T> (key: string, run: () => T | PromiseLike<T>): Promise<T> {
    // In a later round the value has gone through JSON.
    return this.#quiet(async () => this.#call.ask().once(key, run) as Promise<T>)
  }

  /**
   * The answers to the questions of `inputRequired`, by their keys. They are as the client sent them, so check them.
   */
  get inputResponses (): WireObject { return this.#call.asker?.responses ?? NO_RESPONSES }

  /** The state that the handler passed to `inputRequired` when it asked; undefined at first. */
  get inputState (): unknown { return this.#call.asker?.ownState }

  /**
   * Ends the connection, but not the call: a legacy client resumes to get the rest. It does nothing if the client's
   * revision or the mount cannot resume streams.
   */
  closeStream (): void { this.#call.channel.closeStream?.() }

  // A handler may not await the promise, and an unhandled rejection would end the process.
  #quiet<T> (run: () => Promise<T>): Promise<T> {
    const promise = run()
    promise.catch(() => {})
    return promise
  }

  // A message that JSON cannot carry must not fail the call.
  async #notify (method: string, createParams: () => object): Promise<void> {
    try {
      this.#call.channel.notify(method, createParams())
    } catch (err) {
      this.#call.channel.log.warn({ err }, `${method} could not be sent`)
    }
    await this.#call.channel.drained?.()
  }
}
