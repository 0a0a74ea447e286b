// One request that an SDK server is serving, with the way back to its client.
import { CancelledError } from '../protocol/cancellation.ts'
import { ErrorCode } from '../protocol/error-code.ts'
import { isLogLevel, passesThreshold } from '../protocol/log-level.ts'
import type { WireObject } from '../protocol/message.ts'
import { findMissingCapability, isQuestion, type ServerRequest } from '../protocol/question.ts'
import { missingCapability, RpcError } from '../errors.ts'
import type { Caller, Channel, Incoming } from '../server/call/incoming.ts'
import { askPublishing } from '../server/call/question-events.ts'

/** The sender of a message, and the way back to it. */
export type Origin = Omit<Incoming, 'message'>

/** The way to the client of one request, and to the client's session once the request has ended. */
export class SdkCall {
  readonly caller: Caller
  readonly channel: Channel
  #over = false
  #controller: AbortController | undefined
  #missing: RpcError | undefined

  constructor ({ caller, channel }: Origin) {
    this.caller = caller
    this.channel = channel
  }

  /** Aborted when the client leaves or cancels the request. Created on first use. */
  get signal (): AbortSignal {
    if (this.#controller === undefined) {
      const controller = new AbortController()
      this.#controller = controller
      this.channel.onDisconnect((reason) => controller.abort(givenReason(reason)))
    }
    return this.#controller.signal
  }

  /** Sends a notification: with the reply while the request runs, and on the session's own stream afterwards. */
  async notify (method: string, params: WireObject): Promise<void> {
    const { level } = params
    if (method === 'notifications/message' && isLogLevel(level) && !passesThreshold(level, this.caller.logLevel)) return
    if (!this.#over) {
      this.channel.notify(method, params)
      await this.channel.drained?.()
    } else if (method !== 'notifications/progress') {
      // MCP 2025-11-25 progress, Behavior Requirements: progress stops with the request.
      this.caller.notify?.(method, params)
    }
  }

  /** Sends a request to the client, and resolves to its result. @throws RpcError */
  ask (request: ServerRequest, signal: AbortSignal): Promise<unknown> {
    const { caller, channel } = this
    if (caller.era === 'modern') {
      return Promise.reject(this.findMissing(request) ?? cannotAsk(request, notInACall(caller)))
    }
    // The timeout is 0, because the SDK has its own.
    const send = async (asked: ServerRequest): Promise<unknown> => {
      const answer = this.#over
        ? caller.ask?.(asked, 0, signal)
        : channel.ask?.(asked, 0, AbortSignal.any([signal, this.signal]))
      return await (answer ?? Promise.reject(cannotAsk(asked, 'the client has no session')))
    }
    return isQuestion(request) ? askPublishing(this, request, send) : send(request)
  }

  /** Returns an error if a modern client does not declare the capability that a question needs; otherwise undefined. */
  findMissing (request: ServerRequest): RpcError | undefined {
    const { era, client } = this.caller
    const isForModern = era === 'modern' && isQuestion(request)
    const required = isForModern ? findMissingCapability(request, client.capabilities) : undefined
    if (required !== undefined) this.#missing = missingCapability(request.method, required)
    return this.#missing
  }

  /**
   * Returns the result of the request.
   * @throws RpcError if the result only reports a missing capability: the SDK turns that error into a result.
   */
  conclude (result: object & { readonly isError?: unknown }): object {
    if (this.#missing !== undefined && result.isError === true) throw this.#missing
    return result
  }

  /** Ends the request. Later messages of the server go to the session. */
  end (): void {
    this.#over = true
  }
}

/** Returns the reason that a client gave for a cancellation, for the SDK's signals; undefined if it gave none. */
export function givenReason (error: Error): string | undefined {
  return error instanceof CancelledError ? error.reason : undefined
}

/** Creates the way to a session outside of any request. */
export function createSessionCall (origin: Origin): SdkCall {
  const call = new SdkCall(origin)
  call.end()
  return call
}

function notInACall ({ protocolVersion }: Caller): string {
  return `a client of revision ${protocolVersion} is not asked in the middle of a call. ` +
    'Native tools can ask it, by ctx.elicit, ctx.sample and ctx.listRoots'
}

function cannotAsk ({ method }: ServerRequest, reason: string): RpcError {
  return new RpcError(ErrorCode.InvalidRequest, `${method} cannot be sent: ${reason}`)
}
