// One request that an SDK server is busy with: the way back to its client, and to no other.
import { CancelledError } from '../protocol/cancellation.ts'
import { ErrorCode } from '../protocol/error-code.ts'
import { isLogLevel, passesThreshold } from '../protocol/log-level.ts'
import type { WireObject } from '../protocol/message.ts'
import { findMissingCapability, isQuestion, type ServerRequest } from '../protocol/question.ts'
import { missingCapability, RpcError } from '../errors.ts'
import type { Caller, Channel } from '../server/context.ts'

/** The way to the client of one request; once that has ended, to the client's session. */
export class SdkCall {
  readonly caller: Caller
  readonly channel: Channel
  #over: boolean
  #controller: AbortController | undefined
  #missing: RpcError | undefined

  /** @param over Whether there is no request, but only a session. */
  constructor (caller: Caller, channel: Channel, over = false) {
    this.caller = caller
    this.channel = channel
    this.#over = over
  }

  /** Aborted when the client goes away, or cancels the request. Made on first use. */
  get signal (): AbortSignal {
    if (this.#controller === undefined) {
      const controller = new AbortController()
      this.#controller = controller
      this.channel.onDisconnect((reason) => controller.abort(givenReason(reason)))
    }
    return this.#controller.signal
  }

  /** Sends a notification: ahead of the result, or behind it by the session's own stream. */
  async notify (method: string, params: WireObject): Promise<void> {
    if (method === 'notifications/message' && isLogLevel(params.level) && !passesThreshold(params.level, this.caller.logLevel)) return
    if (!this.#over) {
      this.channel.notify(method, params)
      await this.channel.drained?.()
    } else if (method !== 'notifications/progress') {
      // MCP 2025-11-25 progress, Behavior Requirements: progress stops with the request.
      this.caller.notify?.(method, params)
    }
  }

  /** Sends a request to the client and comes to its result. @throws RpcError */
  ask (request: ServerRequest, signal: AbortSignal): Promise<unknown> {
    const { caller, channel } = this
    if (caller.era === 'modern') return Promise.reject(this.findMissing(request) ?? cannotAsk(request, `a client of revision ${caller.protocolVersion} is not asked in the middle of a call. Native tools can ask it, by ctx.elicit, ctx.sample and ctx.listRoots`))
    // The SDK keeps the time.
    const answer = this.#over ? caller.ask?.(request, 0, signal) : channel.ask?.(request, 0, AbortSignal.any([signal, this.signal]))
    return answer ?? Promise.reject(cannotAsk(request, 'the client has no session'))
  }

  /** Finds out whether a modern client has not declared what a question needs. */
  findMissing (request: ServerRequest): RpcError | undefined {
    const { era, client } = this.caller
    const requiredCapabilities = era === 'modern' && isQuestion(request) ? findMissingCapability(request, client.capabilities) : undefined
    if (requiredCapabilities !== undefined) this.#missing = missingCapability(request.method, requiredCapabilities)
    return this.#missing
  }

  /** Lets a result pass. @throws RpcError when it only tells, in the SDK's way, of a capability that is missing. */
  conclude (result: object & { readonly isError?: unknown }): object {
    if (this.#missing !== undefined && result.isError === true) throw this.#missing
    return result
  }

  /** The request has been answered. */
  end (): void {
    this.#over = true
  }
}

/** Returns why a request was cancelled, as the SDK's signals tell it: the client's words, or undefined where it has none. */
export function givenReason (error: Error): string | undefined {
  return error instanceof CancelledError ? error.reason : undefined
}

function cannotAsk ({ method }: ServerRequest, reason: string): RpcError {
  return new RpcError(ErrorCode.InvalidRequest, `${method} cannot be sent: ${reason}`)
}
